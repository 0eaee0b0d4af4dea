"""A program that its caller drops right after `run` used to free the arena under its queued kernels (segmentation fault)."""

import gc

import numpy as np

from rung.compile import compile_module
from rung.dialects.upstream import parse
from rung.frontend.runtime import HostBuffer

TWO_KERNELS = """
func.func @main(%x: tensor<300x200xf32>) -> tensor<200x300xf32> {
  %a = nd.unary "neg" %x {realize} : tensor<300x200xf32>
  %b = nd.permute %a [1, 0] : tensor<300x200xf32> -> tensor<200x300xf32>
  return %b : tensor<200x300xf32>
}
"""


def test_results_are_right_though_program_and_inputs_are_gone(rng):
    module = parse(TWO_KERNELS)
    for _ in range(20):
        x = rng.standard_normal((300, 200)).astype(np.float32)
        (out,) = compile_module(module).run([HostBuffer(x.copy())])
        gc.collect()
        np.testing.assert_array_equal(out.numpy(), -x.T)
