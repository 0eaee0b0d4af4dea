"""vector and memref ops that only move elements, against NumPy on one memref of random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.reference import EvaluationError

Run = Callable[..., Any]
FLAT = "vector<{n}xf32>"


def moved(run: Run, x: Any, body: str, shape: tuple[int, ...], element: str = "f32", **options: Any) -> Any:
    """Run `body`, which makes %r of `shape` from the memref %x, and return %r."""
    source = "x".join(map(str, x.shape)) + "xf32"
    target = "x".join(map(str, shape)) + f"x{element}"
    zeros = ", ".join(["%c0"] * len(shape))
    return run(
        f"""func.func @f(%x: memref<{source}>, %o: memref<{target}>) attributes {{outs = 1 : i64}} {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %pad = arith.constant -7.0 : f32
      {body}
      vector.transfer_write %r, %o[{zeros}] {{in_bounds = [{", ".join(["true"] * len(shape))}]}}
          : vector<{target}>, memref<{target}>
      return
    }}""",
        x,
        **options,
    )


LOAD = "%v = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<4x6xf32>, vector<4x6xf32>\n"
ROW = "%w = vector.transfer_read %x[%c1, %c0], %pad {in_bounds = [true]} : memref<4x6xf32>, vector<6xf32>\n"


def window(x: Any, i: int, j: int, rows: int, columns: int) -> Any:
    padded = np.full((20, 20), -7, np.float32)
    padded[5:9, 5:11] = x
    return padded[5 + i : 5 + i + rows, 5 + j : 5 + j + columns]


READS: dict[str, tuple[str, tuple[int, ...], Callable[[Any], Any]]] = {
    "minor identity": ("[%c1, %c2], %pad {in_bounds = [true]} : memref<4x6xf32>, vector<4xf32>", (4,), lambda x: x[1, 2:6]),
    "transposed": (
        "[%c1, %c2], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d1, d0)>} : "
        "memref<4x6xf32>, vector<4x3xf32>", (4, 3), lambda x: x[1:4, 2:6].T,
    ),
    "a column": (
        "[%c1, %c2], %pad {in_bounds = [true], permutation_map = affine_map<(d0, d1) -> (d0)>} : memref<4x6xf32>, vector<3xf32>",
        (3,), lambda x: x[1:4, 2],
    ),
    "broadcast rows": (
        "[%c1, %c2], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (0, d1)>} : "
        "memref<4x6xf32>, vector<5x3xf32>", (5, 3), lambda x: np.tile(x[1, 2:5], (5, 1)),
    ),
    "broadcast columns": (
        "[%c1, %c2], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d0, 0)>} : "
        "memref<4x6xf32>, vector<3x5xf32>", (3, 5), lambda x: np.tile(x[1:4, 2:3], (1, 5)),
    ),
    "one element everywhere": (
        "[%c1, %c2], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (0, 0)>} : "
        "memref<4x6xf32>, vector<2x5xf32>", (2, 5), lambda x: np.full((2, 5), x[1, 2]),
    ),
    "out of bounds on both axes": (
        "[%c3, %c2], %pad {in_bounds = [false, false]} : memref<4x6xf32>, vector<2x7xf32>", (2, 7),
        lambda x: window(x, 3, 2, 2, 7),
    ),
    "out of bounds without the attribute": (
        "[%c3, %c2], %pad : memref<4x6xf32>, vector<7xf32>", (7,), lambda x: window(x, 3, 2, 1, 7)[0],
    ),
    "out of bounds and transposed": (
        "[%c3, %c2], %pad {permutation_map = affine_map<(d0, d1) -> (d1, d0)>} : memref<4x6xf32>, vector<7x2xf32>", (7, 2),
        lambda x: window(x, 3, 2, 2, 7).T,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_transfer_read_takes_the_window(run: Run, rng: np.random.Generator, name: str) -> None:
    text, shape, expected = READS[name]
    x = rng.standard_normal((4, 6)).astype(np.float32)
    np.testing.assert_array_equal(moved(run, x, f"%r = vector.transfer_read %x{text}", shape), expected(x))


def test_transfer_read_before_the_start_pads(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 6)).astype(np.float32)
    body = "%m = arith.constant -2 : index\n%r = vector.transfer_read %x[%c1, %m], %pad : memref<4x6xf32>, vector<9xf32>"
    np.testing.assert_array_equal(moved(run, x, body, (9,)), window(x, 1, -2, 1, 9)[0])


def test_masked_transfers_touch_only_their_lanes(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 6)).astype(np.float32)
    body = """%m = vector.create_mask %c3 : vector<5xi1>
      %r = vector.transfer_read %x[%c1, %c2], %pad, %m : memref<4x6xf32>, vector<5xf32>
      vector.transfer_write %r, %o[%c0], %m : vector<5xf32>, memref<5xf32>"""
    text = f"""func.func @f(%x: memref<4x6xf32>, %o: memref<5xf32>) attributes {{outs = 1 : i64}} {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %pad = arith.constant -7.0 : f32
      {body}
      return
    }}"""
    found = run(text, x)
    np.testing.assert_array_equal(found[:3], x[1, 2:5])
    assert np.isnan(found[3:]).all()


MOVES: dict[str, tuple[str, tuple[int, ...], Callable[[Any], Any]]] = {
    "broadcast of a scalar": ("%r = vector.broadcast %pad : f32 to vector<2x3xf32>", (2, 3), lambda x: np.full((2, 3), -7.0)),
    "broadcast of a row": (ROW + "%r = vector.broadcast %w : vector<6xf32> to vector<2x6xf32>", (2, 6),
        lambda x: np.tile(x[1], (2, 1))),
    "transpose": (LOAD + "%r = vector.transpose %v, [1, 0] : vector<4x6xf32> to vector<6x4xf32>", (6, 4), lambda x: x.T),
    "shape_cast": (LOAD + "%r = vector.shape_cast %v : vector<4x6xf32> to vector<3x8xf32>", (3, 8), lambda x: x.reshape(3, 8)),
    "extract a row": (LOAD + "%r = vector.extract %v[2] : vector<6xf32> from vector<4x6xf32>", (6,), lambda x: x[2]),
    "extract at a value": (
        LOAD + "%e = vector.extract %v[%c3, 1] : f32 from vector<4x6xf32>\n%r = vector.broadcast %e : f32 to vector<2xf32>", (2,),
        lambda x: np.full(2, x[3, 1]),
    ),
    "insert a row": (
        LOAD + ROW + "%r = vector.insert %w, %v[%c3] : vector<6xf32> into vector<4x6xf32>", (4, 6),
        lambda x: np.stack([*x[:3], x[1]]),
    ),
    "shuffle": (
        ROW + "%r = vector.shuffle %w, %w[0, 7, 2, 11] : vector<6xf32>, vector<6xf32>", (4,), lambda x: x[1][[0, 1, 2, 5]],
    ),
    "extract_strided_slice": (
        LOAD + "%r = vector.extract_strided_slice %v {offsets = [1, 2], sizes = [2, 3], strides = [1, 1]} : "
        "vector<4x6xf32> to vector<2x3xf32>", (2, 3), lambda x: x[1:3, 2:5],
    ),
    "insert_strided_slice": (
        LOAD + "%s = vector.broadcast %pad : f32 to vector<2xf32>\n%r = vector.insert_strided_slice %s, %v "
        "{offsets = [1, 2], strides = [1]} : vector<2xf32> into vector<4x6xf32>", (4, 6), lambda x: put(x, (1, slice(2, 4)), -7),
    ),
    "elements apart and together": (
        "%s = vector.load %x[%c2, %c1] : memref<4x6xf32>, vector<2xf32>\n%a, %b = vector.to_elements %s : vector<2xf32>\n"
        "%r = vector.from_elements %b, %a : vector<2xf32>", (2,), lambda x: x[2, [2, 1]],
    ),
    "gather": (
        "%i = arith.constant dense<[3, 0, 2]> : vector<3xindex>\n%m = arith.constant dense<[true, false, true]> : vector<3xi1>\n"
        "%p = vector.broadcast %pad : f32 to vector<3xf32>\n"
        "%r = vector.gather %x[%c1, %c1] [%i], %m, %p : memref<4x6xf32>, vector<3xindex>, vector<3xi1>, "
        "vector<3xf32> into vector<3xf32>",
        (3,), lambda x: np.float32([x[1, 4], -7, x[1, 3]]),
    ),
    "maskedload": (
        "%m = vector.create_mask %c2 : vector<4xi1>\n%p = vector.broadcast %pad : f32 to vector<4xf32>\n"
        "%r = vector.maskedload %x[%c3, %c3], %m, %p : memref<4x6xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>", (4,),
        lambda x: np.float32([x[3, 3], x[3, 4], -7, -7]),
    ),
    "multi_reduction": (
        LOAD + "%z = vector.broadcast %pad : f32 to vector<4xf32>\n"
        "%r = vector.multi_reduction <maximumf>, %v, %z [1] : vector<4x6xf32> to vector<4xf32>", (4,), lambda x: x.max(1),
    ),
    "reduction with an accumulator": (
        ROW + "%s = vector.reduction <minimumf>, %w, %pad : vector<6xf32> into f32\n"
        "%r = vector.broadcast %s : f32 to vector<1xf32>",
        (1,), lambda x: np.float32([-7]),
    ),
    "fma": (ROW + "%r = vector.fma %w, %w, %w : vector<6xf32>", (6,),
        lambda x: (x[1].astype(np.float64) ** 2 + x[1]).astype(np.float32)),
}  # fmt: skip


def put(x: Any, index: Any, value: float) -> Any:
    y = x.copy()
    y[index] = value
    return y


@pytest.mark.parametrize("name", MOVES)
def test_vector_op_moves_elements_as_numpy_does(run: Run, rng: np.random.Generator, name: str) -> None:
    body, shape, expected = MOVES[name]
    x = rng.standard_normal((4, 6)).astype(np.float32)
    np.testing.assert_array_equal(moved(run, x, body, shape), expected(x))


def test_contract_is_a_matmul_into_its_accumulator(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 6)).astype(np.float32)
    body = (
        LOAD
        + """%z = vector.broadcast %pad : f32 to vector<4x4xf32>
      %r = vector.contract {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
          affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
          %v, %v, %z : vector<4x6xf32>, vector<4x6xf32> into vector<4x4xf32>"""
    )
    np.testing.assert_allclose(moved(run, x, body, (4, 4)), x @ x.T - 7, rtol=1e-5)


def test_outerproduct_adds_to_its_accumulator(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 6)).astype(np.float32)
    body = (
        LOAD
        + ROW
        + """%c = vector.load %x[%c0, %c0] : memref<4x6xf32>, vector<4xf32>
      %r = vector.outerproduct %c, %w, %v : vector<4xf32>, vector<6xf32>"""
    )
    np.testing.assert_allclose(moved(run, x, body, (4, 6)), np.outer(x[0, :4], x[1]) + x, rtol=1e-6)


def test_step_compare_and_select_make_a_mask(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 6)).astype(np.float32)
    body = (
        ROW
        + """%i = vector.step : vector<6xindex>
      %t = vector.broadcast %c3 : index to vector<6xindex>
      %m = "arith.cmpi"(%i, %t) {predicate = 6 : i64} : (vector<6xindex>, vector<6xindex>) -> vector<6xi1>
      %p = vector.broadcast %pad : f32 to vector<6xf32>
      %r = "arith.select"(%m, %w, %p) : (vector<6xi1>, vector<6xf32>, vector<6xf32>) -> vector<6xf32>"""
    )
    np.testing.assert_array_equal(moved(run, x, body, (6,)), np.where(np.arange(6) < 3, x[1], np.float32(-7)))


def test_vector_bitcast_splits_elements(run: Run) -> None:
    x = np.float32([[1.5, -2]])
    body = """%v = vector.load %x[%c0, %c0] : memref<1x2xf32>, vector<2xf32>
      %r = vector.bitcast %v : vector<2xf32> to vector<4xi16>"""
    assert moved(run, x, body, (4,), "i16").tobytes() == x.tobytes()


def test_a_vector_read_before_a_store_keeps_what_it_read(run: Run) -> None:
    text = """func.func @f(%o: memref<4xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %one = arith.constant dense<1.0> : vector<2xf32>
      %two = arith.constant dense<2.0> : vector<2xf32>
      %c2 = arith.constant 2 : index
      vector.store %one, %o[%c0] : memref<4xf32>, vector<2xf32>
      %v = vector.load %o[%c0] : memref<4xf32>, vector<2xf32>
      vector.store %two, %o[%c0] : memref<4xf32>, vector<2xf32>
      vector.store %v, %o[%c2] : memref<4xf32>, vector<2xf32>
      return
    }"""
    assert run(text).tolist() == [2, 2, 1, 1]


def test_extract_outside_of_the_vector_is_an_error(run: Run) -> None:
    x = np.zeros((4, 6), np.float32)
    body = "%c6 = arith.constant 6 : index\n" + ROW + "%e = vector.extract %w[%c6] : f32 from vector<6xf32>\n"
    with pytest.raises(EvaluationError, match=r"vector.extract \(%e\) in @f: index \(6,\) is out of bounds"):
        moved(run, x, body + "%r = vector.broadcast %e : f32 to vector<1xf32>", (1,))


MEMREFS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "subview with a stride": (
        "%u = memref.subview %x[1, 0] [2, 3] [2, 2] : memref<4x6xf32> to memref<2x3xf32, strided<[12, 2], offset: 6>>",
        "2x3xf32, strided<[12, 2], offset: 6>", lambda x: x[1:4:2, 0:6:2],
    ),
    "subview that drops an axis": (
        "%u = memref.subview %x[%c2, 1] [1, 4] [1, 1] : memref<4x6xf32> to memref<4xf32, strided<[1], offset: ?>>",
        "4xf32, strided<[1], offset: ?>", lambda x: x[2, 1:5],
    ),
    "collapse_shape": ("%u = memref.collapse_shape %x [[0, 1]] : memref<4x6xf32> into memref<24xf32>", "24xf32",
        lambda x: x.reshape(24)),
    "expand_shape": (
        "%u = memref.expand_shape %x [[0, 1], [2]] output_shape [2, 2, 6] : memref<4x6xf32> into memref<2x2x6xf32>", "2x2x6xf32",
        lambda x: x.reshape(2, 2, 6),
    ),
    "reinterpret_cast": (
        '%u = "memref.reinterpret_cast"(%x) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, static_offsets = array<i64: 1>, '
        "static_sizes = array<i64: 3, 2>, static_strides = array<i64: 1, 6>}> : (memref<4x6xf32>) -> "
        "memref<3x2xf32, strided<[1, 6], offset: 1>>", "3x2xf32, strided<[1, 6], offset: 1>", lambda x: x[:2, 1:4].T,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEMREFS)
def test_memref_views_share_the_memory_of_their_source(run: Run, rng: np.random.Generator, name: str) -> None:
    op, type_, view = MEMREFS[name]
    text = f"""func.func @f(%x: memref<4x6xf32>) {{
      %c2 = arith.constant 2 : index
      %z = arith.constant 9.0 : f32
      {op}
      linalg.fill ins(%z : f32) outs(%u : memref<{type_}>)
      return
    }}"""
    x = rng.standard_normal((4, 6)).astype(np.float32)
    expected = x.copy()
    view(expected)[...] = 9
    run(text, x)
    np.testing.assert_array_equal(x, expected)


def test_collapse_of_memory_with_gaps_is_an_error(run: Run) -> None:
    text = """func.func @f(%x: memref<4x6xf32>) {
      %u = memref.subview %x[0, 0] [4, 3] [1, 1] : memref<4x6xf32> to memref<4x3xf32, strided<[6, 1]>>
      %v = memref.collapse_shape %u [[0, 1]] : memref<4x3xf32, strided<[6, 1]>> into memref<12xf32>
      return
    }"""
    with pytest.raises(EvaluationError, match=r"cannot be seen as .* without a copy"):
        run(text, np.zeros((4, 6), np.float32))


def test_dynamic_extents_come_from_operands_and_arguments(run: Run) -> None:
    text = """func.func @f(%x: memref<?xf32>) -> f32 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %x, %c0 : memref<?xf32>
      %a = memref.alloc(%n) : memref<?xf32>
      "memref.copy"(%x, %a) : (memref<?xf32>, memref<?xf32>) -> ()
      %z = arith.constant 0.0 : f32
      %s = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %z) -> (f32) {
        %v = memref.load %a[%i] : memref<?xf32>
        %w = arith.addf %acc, %v : f32
        scf.yield %w : f32
      }
      return %s : f32
    }"""
    assert run(text, np.float32([1, 2, 3, 4, 5])) == 15


def test_a_function_may_be_given_a_vector(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal(4).astype(np.float32)
    got = run(
        """func.func @f(%x: vector<4xf32>) -> vector<4xf32> {
      %y = arith.addf %x, %x : vector<4xf32>
      return %y : vector<4xf32>
    }""",
        x,
    )
    np.testing.assert_array_equal(got, x + x)
