"""What a program leaves open: a reordered sum is let pass, whatever comes after it; a wrong one is not."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from rung.backends.reference.compare import differing
from rung.dialects.upstream import parse
from rung.judges.run import judge_passes
from rung.judges.run.draw import Draw
from rung.judges.run.freedom import STRICT
from rung.judges.run.judge import run
from rung.judges.run.policy import Leeway
from rung.passes.runner import PassFailure


@dataclass(frozen=True)
class Becomes(ModulePass):
    """Puts another program in the place of the one it is given."""

    text: str = ""
    name = "becomes-another"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        other = parse(self.text)
        for old in list(op.body.block.ops):
            old.detach()
            old.erase()
        for new in list(other.body.block.ops):
            new.detach()
            op.body.block.add_op(new)


def loop(flags: str = "", element: str = "f32", *, count: int = 50, first: int = 0, op: str = "addf", init: str = "0.0") -> str:
    """The sum of %x from element `first` on, forward; `backward` reads it from the end."""
    return f"""
func.func @main(%x: memref<{count}x{element}>, %o: memref<1x{element}>) attributes {{outs = 1 : i64}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %from = arith.constant {first} : index
  %n = arith.constant {count} : index
  %zero = arith.constant {init} : {element}
  %s = scf.for %i = %from to %n step %c1 iter_args(%acc = %zero) -> ({element}) {{
    %j = affine.apply affine_map<(d0) -> (d0)>(%i)
    %a = memref.load %x[%j] : memref<{count}x{element}>
    %t = arith.{op} %acc, %a {flags} : {element}
    scf.yield %t : {element}
  }}
  memref.store %s, %o[%c0] : memref<1x{element}>
  return
}}
"""


def backward(text: str, count: int = 50) -> str:
    return text.replace("affine_map<(d0) -> (d0)>", f"affine_map<(d0) -> (d0 * -1 + {count - 1})>")


REASSOC = "fastmath<reassoc>"


@pytest.mark.parametrize("element", ["f16", "bf16", "f32", "f64"])
def test_sum_that_may_be_reordered_may_run_backward(element):
    text = loop(REASSOC, element)
    for seed in range(3):
        judge_passes(parse(text), [Becomes(backward(text))], seed=seed)


@pytest.mark.parametrize("element", ["f16", "f32", "f64"])
def test_sum_without_the_flag_may_not_run_backward(element):
    with pytest.raises(PassFailure, match="reassociates"):
        judge_passes(parse(loop("", element)), [Becomes(backward(loop("", element)))])


def test_product_that_may_be_reordered_may_run_backward():
    text = loop(REASSOC, op="mulf", init="1.0")
    judge_passes(parse(text), [Becomes(backward(text))])


@pytest.mark.parametrize("lost", [1, 2])
def test_summand_lost_from_a_sum_that_may_be_reordered_is_found(lost):
    with pytest.raises(PassFailure, match="input plain"):
        judge_passes(parse(loop(REASSOC, count=800)), [Becomes(loop(REASSOC, count=800, first=lost))])


def nd(*lines: str, result: str = "tensor<20xf32>") -> str:
    body = "\n".join(f"  {line}" for line in lines)
    return f"func.func @main(%x: tensor<20x64xf32>) -> {result} {{\n{body}\n  return %r : {result}\n}}"


SUM = '%s = nd.reduce "sum" %x axes [1] : tensor<20x64xf32> -> tensor<20xf32>'
FLIPPED = "%f = nd.flip %x axes [1] : tensor<20x64xf32> -> tensor<20x64xf32>"
SUM_BACKWARD = SUM.replace("%x", "%f")
CANCELLED = (
    '%b = nd.const 1.0e7 : f32 -> tensor<20xf32>', '%t = nd.binary "add" %s, %b : tensor<20xf32> -> tensor<20xf32>',
    '%r = nd.binary "sub" %t, %b : tensor<20xf32> -> tensor<20xf32>',
)  # fmt: skip
COMPARED = ("%z = nd.const 0.0 : f32 -> tensor<20xf32>", '%r = nd.binary "cmplt" %z, %s : tensor<20xf32> -> tensor<20xi1>')


@pytest.mark.parametrize(
    "after", [CANCELLED, ('%r = nd.unary "recip" %s : tensor<20xf32>',), ('%r = nd.unary "sin" %s : tensor<20xf32>',)]
)
def test_what_is_made_of_a_reordered_sum_may_be_off_as_far_as_orders_are(after):
    judge_passes(parse(nd(SUM, *after)), [Becomes(nd(FLIPPED, SUM_BACKWARD, *after))])


def test_comparison_with_a_reordered_sum_is_compared_where_it_is_certain():
    judge_passes(
        parse(nd(SUM, *COMPARED, result="tensor<20xi1>")), [Becomes(nd(FLIPPED, SUM_BACKWARD, *COMPARED, result="tensor<20xi1>"))]
    )
    wrong = [line.replace("%z, %s", "%s, %z") for line in COMPARED]
    with pytest.raises(PassFailure, match="input plain"):
        judge_passes(parse(nd(SUM, *COMPARED, result="tensor<20xi1>")), [Becomes(nd(SUM, *wrong, result="tensor<20xi1>"))])


def test_element_beside_a_sum_has_to_keep_its_bits():
    both = "(tensor<20xf32>, tensor<20x64xf32>)"
    text = nd(SUM, "%r = nd.reshape %s : tensor<20xf32> -> tensor<20xf32>")
    right = text.replace("-> tensor<20xf32> {", f"-> {both} {{").replace(
        "return %r : tensor<20xf32>", "return %r, %x : tensor<20xf32>, tensor<20x64xf32>"
    )
    wrong = right.replace(
        "  return %r, %x",
        '  %k = nd.const 1.0000001 : f32 -> tensor<20x64xf32>\n  %y = nd.binary "mul" %x, %k : tensor<20x64xf32> -> tensor<20x64xf32>\n  return %r, %y',
    )
    with pytest.raises(PassFailure, match=r"result 1 at .*, 1 away in the last place"):
        judge_passes(parse(right), [Becomes(wrong)])


SHIFT = "func.func @main(%x: i32, %y: i32) -> i32 {\n  %r = arith.shli %x, %y : i32\n  return %r : i32\n}"


@pytest.mark.parametrize(("amount", "free"), [(31, False), (32, True), (-1, True)])
def test_shift_by_the_width_or_more_is_open_in_arith(amount, free):
    draw, inputs = Draw(1), [np.asarray(5, np.int32), np.asarray(amount, np.int32)]
    drawn = run(parse(SHIFT), "main", inputs, "forward", 0, draw.rules)
    assert draw.happened is free
    assert (drawn != run(parse(SHIFT), "main", inputs, "forward", 0)) is free


@pytest.mark.parametrize(
    ("number", "free"), [(127.9, False), (128.0, True), (-128.9, False), (-129.0, True), (np.nan, True), (np.inf, True)]
)
def test_float_that_does_not_fit_an_integer_is_open(number, free):
    draw = Draw(1)
    text = "func.func @main(%x: f32) -> i8 {\n  %r = arith.fptosi %x : f32 to i8\n  return %r : i8\n}"
    run(parse(text), "main", [np.asarray(number, np.float32)], "forward", 0, draw.rules)
    assert draw.happened is free


def test_nothing_is_drawn_where_nothing_is_open():
    draw = Draw(1)
    run(parse(loop()), "main", [np.ones(50, np.float32)], "forward", 0, draw.rules)
    assert not draw.happened


def test_linalg_sum_without_a_flag_runs_in_order():
    text = """func.func @main(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<f32> {
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]} ins(%x : tensor<4xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a FLAGS : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %r : tensor<f32>
}"""
    data = [np.array([1e8, 1, -1e8, 1], np.float32), np.asarray(0, np.float32)]
    assert run(parse(text.replace("FLAGS", "")), "main", data, "forward", 0, STRICT)[0] == 1.0
    drawn = {
        float(run(parse(text.replace("FLAGS", REASSOC)), "main", data, "forward", 0, Draw(seed).rules)[0]) for seed in range(8)
    }
    assert len(drawn) > 1


# the comparison itself


def test_bits_are_compared_but_nans_are_all_the_same():
    quiet, other = np.uint32([0x7FC00000, 0xFFC00001]).view(np.float32)
    left = np.array([0.0, quiet, 1.0], np.float32)
    assert differing(np.array([-0.0, other, 1.0], np.float32), left).tolist() == [True, False, False]
    assert differing(np.array([np.nan], ml_dtypes.bfloat16), np.array([np.nan], ml_dtypes.bfloat16)).tolist() == [False]


def test_leeway_is_as_wide_as_runs_are_apart():
    leeway = Leeway([np.array([1.0, 1.0, 1.0], np.float32)])
    leeway.learn([np.array([1.0, 1.5, np.nan], np.float32)])
    assert leeway.wrong([np.array([1.0, 1.4, 7.0], np.float32)])[0].tolist() == [False, False, False]
    assert leeway.wrong([np.array([1.0000001, 1.6, np.inf], np.float32)])[0].tolist() == [True, True, False]
