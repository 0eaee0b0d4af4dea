"""linalg ops evaluated as whole arrays: maps, guards, reductions, and the errors of maps that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.reference import EvaluationError, assert_close, linalg

Run = Callable[..., Any]


def generic(ins: str, types: str, out: str, maps: list[str], loops: str, args: str, body: str, before: str = "") -> str:
    """A function `@f(%x, %y ..)` around one generic whose out is a zero-filled tensor."""
    element = out.rpartition("x")[2].rstrip(">")
    zero = "0.0" if element.startswith(("f", "b")) else "0"
    names = ", ".join(f"{name}: {type_}" for name, type_ in zip(ins.split(", "), types.split(", ")))
    maps_text = ", ".join(f"affine_map<{m}>" for m in maps)
    return f"""func.func @f({names}) -> {out} {{
      {before}
      %z = arith.constant {zero} : {element}
      %e = tensor.empty() : {out}
      %i = linalg.fill ins(%z : {element}) outs(%e : {out}) -> {out}
      %r = linalg.generic {{indexing_maps = [{maps_text}], iterator_types = [{loops}]}}
          ins({ins} : {types}) outs(%i : {out}) {{
      ^bb0({args}):
        {body}
      }} -> {out}
      return %r : {out}
    }}"""


P, R = '"parallel"', '"reduction"'


def test_window_map_makes_a_convolution(run: Run, rng: np.random.Generator) -> None:
    text = generic(
        "%x, %w", "tensor<11xf32>, tensor<3xf32>", "tensor<5xf32>",
        ["(d0, d1) -> (d0 * 2 + d1)", "(d0, d1) -> (d1)", "(d0, d1) -> (d0)"], f"{P}, {R}", "%a: f32, %b: f32, %acc: f32",
        "%m = arith.mulf %a, %b : f32\n%s = arith.addf %acc, %m : f32\nlinalg.yield %s : f32",
    )  # fmt: skip
    x, w = rng.standard_normal(11).astype(np.float32), rng.standard_normal(3).astype(np.float32)
    expected = np.array([(x[2 * i : 2 * i + 3] * w).sum() for i in range(5)])
    assert_close(run(text, x, w), expected, what="conv", reorder=True)


def test_guarded_extract_reads_nothing_where_the_guard_is_off(run: Run, rng: np.random.Generator) -> None:
    body = """
        %j = linalg.index 0 : index
        %k = affine.apply affine_map<(d0) -> (d0 - 2)>(%j)
        %c0 = arith.constant 0 : index
        %low = arith.cmpi sge, %k, %c0 : index
        %v = scf.if %low -> (f32) {
          %c5 = arith.constant 5 : index
          %high = arith.cmpi slt, %k, %c5 : index
          %u = scf.if %high -> (f32) {
            %g = tensor.extract %x[%k] : tensor<5xf32>
            scf.yield %g : f32
          } else {
            scf.yield %a : f32
          }
          scf.yield %u : f32
        } else {
          %minus = arith.constant -1.0 : f32
          scf.yield %minus : f32
        }
        linalg.yield %v : f32"""
    text = generic("%y", "tensor<9xf32>", "tensor<9xf32>", ["(d0) -> (d0)"] * 2, P, "%a: f32, %o: f32", body)
    text = text.replace("@f(%y", "@f(%x: tensor<5xf32>, %y")
    x, y = rng.standard_normal(5).astype(np.float32), rng.standard_normal(9).astype(np.float32)
    np.testing.assert_array_equal(run(text, x, y), np.concatenate([[-1, -1], x, y[7:]]).astype(np.float32))
    unguarded = text.replace("arith.cmpi slt, %k, %c5", "arith.cmpi ne, %k, %c5")
    with pytest.raises(EvaluationError, match=r"tensor.extract \(%g\) in @f: index \(6,\) is out of bounds, .* shape \(5,\)"):
        run(unguarded, x, y)


def test_division_guarded_by_an_if_does_not_raise(run: Run) -> None:
    body = """
        %z0 = arith.constant 0 : i32
        %bad = arith.cmpi eq, %b, %z0 : i32
        %v = scf.if %bad -> (i32) {
          scf.yield %z0 : i32
        } else {
          %q = arith.divsi %a, %b : i32
          scf.yield %q : i32
        }
        linalg.yield %v : i32"""
    maps = ["(d0) -> (d0)"] * 3
    text = generic("%x, %y", "tensor<3xi32>, tensor<3xi32>", "tensor<3xi32>", maps, P, "%a: i32, %b: i32, %o: i32", body)
    assert run(text, np.int32([7, 7, -7]), np.int32([2, 0, 2])).tolist() == [3, 0, -3]


def test_transposed_and_constant_maps_permute_and_broadcast(run: Run, rng: np.random.Generator) -> None:
    text = generic(
        "%x, %y", "tensor<4x3xf32>, tensor<2x3xf32>", "tensor<3x4xf32>",
        ["(d0, d1) -> (d1, d0)", "(d0, d1) -> (1, d0)", "(d0, d1) -> (d0, d1)"], f"{P}, {P}", "%a: f32, %b: f32, %o: f32",
        "%s = arith.subf %a, %b : f32\nlinalg.yield %s : f32",
    )  # fmt: skip
    x, y = rng.standard_normal((4, 3)).astype(np.float32), rng.standard_normal((2, 3)).astype(np.float32)
    np.testing.assert_array_equal(run(text, x, y), x.T - y[1][:, None])


@pytest.mark.parametrize("points", [4, 1 << 21])
def test_large_spaces_are_cut_without_changing_the_answer(
    run: Run, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, points: int
) -> None:
    monkeypatch.setattr(linalg, "POINTS", points)
    text = generic(
        "%x, %y", "tensor<7x5xf32>, tensor<5x3xf32>", "tensor<7x3xf32>",
        ["(d0, d1, d2) -> (d0, d2)", "(d0, d1, d2) -> (d2, d1)", "(d0, d1, d2) -> (d0, d1)"], f"{P}, {P}, {R}",
        "%a: f32, %b: f32, %acc: f32", "%m = arith.mulf %a, %b : f32\n%s = arith.addf %acc, %m : f32\nlinalg.yield %s : f32",
    )  # fmt: skip
    x, y = rng.standard_normal((7, 5)).astype(np.float32), rng.standard_normal((5, 3)).astype(np.float32)
    assert_close(run(text, x, y), x @ y, what="matmul", reorder=True)


ARGMAX = """func.func @f(%x: tensor<3x5xf32>) -> (tensor<3xf32>, tensor<3xindex>) {
  %lowest = arith.constant 0xFF800000 : f32
  %none = arith.constant -1 : index
  %e = tensor.empty() : tensor<3xf32>
  %g = tensor.empty() : tensor<3xindex>
  %i = linalg.fill ins(%lowest : f32) outs(%e : tensor<3xf32>) -> tensor<3xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%g : tensor<3xindex>) {
  ^bb0(%o: index):
    linalg.yield %none : index
  } -> tensor<3xindex>
  %m, %at = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>,
      affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<3x5xf32>) outs(%i, %h : tensor<3xf32>, tensor<3xindex>) {
  ^bb0(%a: f32, %best: f32, %where: index):
    %j = linalg.index 1 : index
    %more = arith.cmpf ogt, %a, %best : f32
    %b = arith.select %more, %a, %best : f32
    %w = arith.select %more, %j, %where : index
    linalg.yield %b, %w : f32, index
  } -> (tensor<3xf32>, tensor<3xindex>)
  return %m, %at : tensor<3xf32>, tensor<3xindex>
}"""


def test_two_coupled_accumulators_run_in_order(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 5)).astype(np.float32)
    x[1, 4] = x[1, 2] = 9
    best, at = run(ARGMAX, x)
    np.testing.assert_array_equal(best, x.max(1))
    assert at.tolist() == x.argmax(1).tolist() and at[1] == 2


@pytest.mark.parametrize(
    ("combine", "element", "expected"),
    [
        ("maxui", "i8", lambda x: x.view(np.uint8).max(1).view(np.int8)),
        ("minui", "i8", lambda x: x.view(np.uint8).min(1).view(np.int8)),
        ("maxsi", "i8", lambda x: x.max(1)),
        ("addi", "i8", lambda x: x.sum(1, dtype=np.int8)),
        ("muli", "i8", lambda x: x.prod(1, dtype=np.int8)),
        ("xori", "i8", lambda x: np.bitwise_xor.reduce(x, axis=1)),
        ("addi", "i1", lambda x: np.logical_xor.reduce(x, axis=1)),
        ("ori", "i1", lambda x: x.any(1)),
        ("maxui", "i1", lambda x: x.any(1)),
    ],
)
def test_integer_reductions_start_from_the_accumulator(
    run: Run, rng: np.random.Generator, combine: str, element: str, expected: Any
) -> None:
    body = f"%s = arith.{combine} %a, %acc : {element}\nlinalg.yield %s : {element}"
    maps = ["(d0, d1) -> (d0, d1)", "(d0, d1) -> (d0)"]
    args = f"%a: {element}, %acc: {element}"
    text = generic("%x", f"tensor<4x9x{element}>", f"tensor<4x{element}>", maps, f"{P}, {R}", args, body)
    if combine in ("muli", "minui"):  # zero absorbs: start from -1, all bits set
        text = text.replace("arith.constant 0 :", "arith.constant -1 :")
    x = rng.integers(-128, 128, (4, 9)).astype(np.int8)
    x = x > 100 if element == "i1" else x
    found, want = run(text, x), expected(x)
    assert (
        found.tolist()
        == ((-want).astype(np.int8) if combine == "muli" else np.maximum(want, 0) if combine == "maxsi" else want).tolist()
    )


def test_reduction_that_ignores_its_loop_counts_it(run: Run) -> None:
    body = "%one = arith.constant 1.0 : f32\n%s = arith.addf %acc, %one : f32\nlinalg.yield %s : f32"
    maps = ["(d0, d1) -> (d0, d1)", "(d0, d1) -> (d0)"]
    text = generic("%x", "tensor<2x6xf32>", "tensor<2xf32>", maps, f"{P}, {R}", "%a: f32, %acc: f32", body)
    assert run(text, np.zeros((2, 6), np.float32)).tolist() == [6, 6]


def test_empty_reduction_leaves_the_accumulator(run: Run) -> None:
    body = "%s = arith.addf %acc, %a : f32\nlinalg.yield %s : f32"
    maps = ["(d0, d1) -> (d0, d1)", "(d0, d1) -> (d0)"]
    text = generic("%x", "tensor<2x0xf32>", "tensor<2xf32>", maps, f"{P}, {R}", "%a: f32, %acc: f32", body)
    assert run(text.replace("0.0 : f32", "3.0 : f32"), np.zeros((2, 0), np.float32)).tolist() == [3, 3]


def test_named_ops_bring_their_own_bodies(run: Run, rng: np.random.Generator) -> None:
    text = """func.func @f(%x: tensor<4x3xf32>, %y: tensor<3x4xf32>)
        -> (tensor<4x4xf32>, tensor<3x4xf32>, tensor<2x4x3xf32>, tensor<4x3xf32>) {
      %z = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<4x4xf32>
      %i = linalg.fill ins(%z : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
      %m = linalg.matmul ins(%x, %y : tensor<4x3xf32>, tensor<3x4xf32>) outs(%i : tensor<4x4xf32>) -> tensor<4x4xf32>
      %e1 = tensor.empty() : tensor<3x4xf32>
      %t = linalg.transpose ins(%x : tensor<4x3xf32>) outs(%e1 : tensor<3x4xf32>) permutation = [1, 0]
      %e2 = tensor.empty() : tensor<2x4x3xf32>
      %b = linalg.broadcast ins(%x : tensor<4x3xf32>) outs(%e2 : tensor<2x4x3xf32>) dimensions = [0]
      %e3 = tensor.empty() : tensor<4x3xf32>
      %a = linalg.add ins(%x, %x : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e3 : tensor<4x3xf32>) -> tensor<4x3xf32>
      return %m, %t, %b, %a : tensor<4x4xf32>, tensor<3x4xf32>, tensor<2x4x3xf32>, tensor<4x3xf32>
    }"""
    x, y = rng.standard_normal((4, 3)).astype(np.float32), rng.standard_normal((3, 4)).astype(np.float32)
    matmul, transposed, broadcast, doubled = run(text, x, y)
    assert_close(matmul, x @ y, what="matmul", reorder=True)
    np.testing.assert_array_equal(transposed, x.T)
    np.testing.assert_array_equal(broadcast, np.stack([x, x]))
    np.testing.assert_array_equal(doubled, x + x)


def test_operands_that_disagree_about_a_loop_are_named(run: Run) -> None:
    body = "%s = arith.addf %a, %b : f32\nlinalg.yield %s : f32"
    maps = ["(d0) -> (d0)"] * 3
    text = generic("%x, %y", "tensor<4xf32>, tensor<5xf32>", "tensor<4xf32>", maps, P, "%a: f32, %b: f32, %o: f32", body)
    with pytest.raises(EvaluationError, match="axis 0 of operand 1 is 5, expected 4, the extent of loop 0"):
        run(text, np.zeros(4, np.float32), np.zeros(5, np.float32))


def test_window_that_leaves_its_operand_is_an_error(run: Run) -> None:
    body = "%s = arith.addf %acc, %a : f32\nlinalg.yield %s : f32"
    maps = ["(d0, d1) -> (d0 + d1)", "(d0, d1) -> (d1)", "(d0, d1) -> (d0)"]
    args = "%a: f32, %b: f32, %acc: f32"
    text = generic("%x, %w", "tensor<6xf32>, tensor<3xf32>", "tensor<5xf32>", maps, f"{P}, {R}", args, body)
    with pytest.raises(EvaluationError, match=r"operand 0 is accessed by .* outside of its shape \(6,\)"):
        run(text, np.zeros(6, np.float32), np.zeros(3, np.float32))
