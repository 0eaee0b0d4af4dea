"""Loops that every operand walks as one become one; a loop that is looked at by itself stays."""

import numpy as np
import pytest
from xdsl.dialects.linalg.ops import GenericOp

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.lowering.nd_to_linalg import NdToLinalgPass
from rung.passes.linalg_collapse_dims import LinalgCollapseDimsPass

CASES = {  # name: (nd kernel body over %x: tensor<2x3x5x7xf32> and %b: tensor<3xf32>, result type, loops of each op after)
    "same_order_is_one_loop": (
        '%y = nd.unary "neg" %x : tensor<2x3x5x7xf32>\nreturn %y : tensor<2x3x5x7xf32>', "2x3x5x7xf32", [1],
    ),
    "broadcast_along_channels_keeps_three": (
        "%r = nd.reshape %b : tensor<3xf32> -> tensor<1x3x1x1xf32>\n"
        "%e = nd.expand %r : tensor<1x3x1x1xf32> -> tensor<2x3x5x7xf32>\n"
        '%y = nd.binary "mul" %x, %e : tensor<2x3x5x7xf32> -> tensor<2x3x5x7xf32>\nreturn %y : tensor<2x3x5x7xf32>',
        "2x3x5x7xf32", [3],
    ),
    "swapped_halves_keep_two": (
        "%y = nd.permute %x [2, 3, 0, 1] : tensor<2x3x5x7xf32> -> tensor<5x7x2x3xf32>\nreturn %y : tensor<5x7x2x3xf32>",
        "5x7x2x3xf32", [2],
    ),
    "reduced_pair_is_one_reduced_loop": (
        '%y = nd.reduce "sum" %x axes [2, 3] : tensor<2x3x5x7xf32> -> tensor<2x3xf32>\nreturn %y : tensor<2x3xf32>',
        "2x3xf32", [2],
    ),
    "row_group_agrees_on_its_rows": (
        '%m = nd.reduce "max" %x axes [2, 3] : tensor<2x3x5x7xf32> -> tensor<2x3xf32>\n'
        "%r = nd.reshape %m : tensor<2x3xf32> -> tensor<2x3x1x1xf32>\n"
        "%e = nd.expand %r : tensor<2x3x1x1xf32> -> tensor<2x3x5x7xf32>\n"
        '%y = nd.binary "sub" %x, %e : tensor<2x3x5x7xf32> -> tensor<2x3x5x7xf32>\nreturn %y : tensor<2x3x5x7xf32>',
        "2x3x5x7xf32", [2, 2],
    ),
    "index_as_data_keeps_its_loop": (
        "%i = nd.iota 3 -> tensor<2x3x5x7xi32>\n%f = nd.cast %i : tensor<2x3x5x7xi32> -> tensor<2x3x5x7xf32>\n"
        '%y = nd.binary "add" %x, %f : tensor<2x3x5x7xf32> -> tensor<2x3x5x7xf32>\nreturn %y : tensor<2x3x5x7xf32>',
        "2x3x5x7xf32", [2],
    ),
    "transpose_of_neighbours_keeps_all": (
        "%y = nd.permute %x [3, 2, 1, 0] : tensor<2x3x5x7xf32> -> tensor<7x5x3x2xf32>\nreturn %y : tensor<7x5x3x2xf32>",
        "7x5x3x2xf32", [4],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_loops_and_numbers(name, mlir_opt, rng):
    body, result, loops = CASES[name]
    head = f"func.func private @k(%x: tensor<2x3x5x7xf32>, %b: tensor<3xf32>) -> tensor<{result}> attributes {{kernel}}"
    text = f"{head} {{\n{body}\n}}"
    module, context = parse(text), make_context()
    NdToLinalgPass().apply(context, module)
    LinalgCollapseDimsPass().apply(context, module)
    module.verify()
    mlir_opt(module)
    assert [len(op.iterator_types) for op in module.walk() if isinstance(op, GenericOp)] == loops
    args = [rng.standard_normal((2, 3, 5, 7)).astype(np.float32), rng.standard_normal(3).astype(np.float32)]
    want = evaluate(parse(text), "k", args)
    np.testing.assert_allclose(evaluate(module, "k", args)[0], want[0], rtol=1e-6)


def test_kernel_with_a_schedule_is_left_alone():
    text = """
func.func private @k(%x: tensor<2x3xf32>) -> tensor<2x3xf32> attributes {kernel} {
  %y = nd.unary "neg" %x : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}"""
    module, context = parse(text), make_context()
    NdToLinalgPass().apply(context, module)
    from xdsl.dialects.builtin import DictionaryAttr

    module.body.block.first_op.attributes["schedule"] = DictionaryAttr({})
    before = str(module)
    LinalgCollapseDimsPass().apply(context, module)
    assert str(module) == before
