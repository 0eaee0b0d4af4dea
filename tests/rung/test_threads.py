"""Tensors in several threads and processes: right results, or a message."""

import os
import sys
import threading

import numpy as np
import pytest

from rung import Tensor
from rung.backends.errors import DeviceError

pytestmark = pytest.mark.usefixtures("pocl")


def in_threads(count, work):
    """Run `work(number)` in each of `count` threads at once; raises what one of them raised."""
    failed = []

    def guarded(number):
        try:
            work(number)
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if failed:
        raise failed[0]


def test_different_programs_compile_in_threads_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path))

    def work(number):
        x = np.random.default_rng(number).standard_normal((3 + number, 5)).astype(np.float32)
        for factor in range(3):
            found = (Tensor(x) * float(factor) + Tensor(x)).sum(axis=0).numpy()
            np.testing.assert_allclose(found, (x * factor + x).sum(0), rtol=1e-5, atol=1e-5)

    in_threads(4, work)


def test_one_lazy_tensor_is_realised_by_threads_at_once():
    for seed in range(10):
        x = np.random.default_rng(seed).standard_normal((20, 20)).astype(np.float32)
        lazy, found = (Tensor(x) @ Tensor(x)).relu() + 1, []
        in_threads(4, lambda _, lazy=lazy, found=found: found.append(lazy.numpy()))
        for array in found:
            np.testing.assert_allclose(array, np.maximum(x @ x, 0) + 1, rtol=1e-4, atol=1e-4)


def test_linalg_with_named_ops_compiles_in_threads_at_once():
    from rung.dialects.upstream import make_context, parse
    from rung.pipeline import lower

    text = """
func.func @main(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %c = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %f = linalg.fill ins(%c : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %z = linalg.matmul ins(%x, %y : tensor<8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %z : tensor<8x8xf32>
}
"""
    modules = [[parse(text) for _ in range(4)] for _ in range(6)]

    def work(number):
        for module in modules[number]:
            lower(make_context(), module)

    in_threads(6, work)
    assert len({str(module) for row in modules for module in row}) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_kernel_in_a_forked_child_is_an_error_not_a_hang():
    assert (Tensor([1.0, 2.0]) + 1).numpy().tolist() == [2.0, 3.0]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            (Tensor([1.0, 2.0]) + 1).numpy()
        except DeviceError as problem:
            code = 0 if "before this process was forked" in str(problem) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
