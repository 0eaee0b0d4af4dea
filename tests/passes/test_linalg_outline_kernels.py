"""Linalg programs from other producers become kernels and a host function of calls."""

import numpy as np
import pytest
from xdsl.dialects import func
from xdsl.utils.exceptions import VerifyException

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.linalg_outline_kernels import LinalgOutlineKernelsPass

MATMUL_ADD = """
func.func @main(%x: tensor<4x8xf32>, %y: tensor<8x3xf32>) -> tensor<4x3xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
  %s = linalg.matmul ins(%x, %y : tensor<4x8xf32>, tensor<8x3xf32>) outs(%i : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e2 = tensor.empty() : tensor<4x3xf32>
  %r = linalg.add ins(%s, %s : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %r : tensor<4x3xf32>
}
"""


def outlined(text: str):
    module = parse(text)
    LinalgOutlineKernelsPass().apply(make_context(), module)
    module.verify()
    return module


def test_named_ops_become_kernels_named_after_their_values(mlir_opt, rng):
    module = outlined(MATMUL_ADD)
    names = [f.sym_name.data for f in module.body.block.ops if isinstance(f, func.FuncOp) and "kernel" in f.attributes]
    assert names == ["s", "r"]
    mlir_opt(module)
    x, y = (rng.standard_normal(s).astype(np.float32) for s in ((4, 8), (8, 3)))
    np.testing.assert_allclose(evaluate(module, "main", [x, y])[0], 2 * (x @ y), rtol=1e-5)


def test_reduced_loop_in_front_moves_behind_the_parallel_ones(mlir_opt, rng):
    module = outlined("""
func.func @main(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>],
                       iterator_types = ["reduction", "parallel"]} ins(%x : tensor<4x8xf32>) outs(%i : tensor<8xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %n = arith.addf %acc, %a : f32
    linalg.yield %n : f32
  } -> tensor<8xf32>
  return %s : tensor<8xf32>
}""")
    assert 'iterator_types = ["parallel", "reduction"]' in str(module)
    mlir_opt(module)
    x = rng.standard_normal((4, 8)).astype(np.float32)
    np.testing.assert_allclose(evaluate(module, "main", [x])[0], x.sum(0), rtol=1e-5)


def test_op_without_a_rule_is_named_with_its_function():
    with pytest.raises(VerifyException, match=r"no rule for tensor\.cast in @main"):
        outlined("""
func.func @main(%x: tensor<4xf32>) -> tensor<?xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.add ins(%x, %x : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %c = tensor.cast %r : tensor<4xf32> to tensor<?xf32>
  return %c : tensor<?xf32>
}""")


def test_accumulating_into_an_argument_is_refused():
    with pytest.raises(VerifyException, match="accumulates into a tensor from elsewhere"):
        outlined("""
func.func @main(%x: tensor<4x8xf32>, %y: tensor<8x3xf32>, %c: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %s = linalg.matmul ins(%x, %y : tensor<4x8xf32>, tensor<8x3xf32>) outs(%c : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %s : tensor<4x3xf32>
}""")


def test_program_without_linalg_is_left_alone():
    text = "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n  return %x : tensor<4xf32>\n}"
    module = parse(text)
    before = str(module)
    LinalgOutlineKernelsPass().apply(make_context(), module)
    assert str(module) == before
