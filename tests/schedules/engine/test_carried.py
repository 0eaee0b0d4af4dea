"""Kernels that a script tiles by sequential loops too, through bufferization to machine code's doorstep."""

# ruff: noqa: E501 - lines of scripts stay whole

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from xdsl.utils.exceptions import PassFailedException

from rung.backends.machine import CPU
from rung.backends.reference.evaluate import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.linalg_bufferize import LinalgBufferizePass
from rung.passes.runner import PassRunner
from rung.pipeline import lower

from .conftest import located, script

SMALL = (Path(__file__).resolve().parents[3] / "examples" / "matmul.mlir").read_text().replace("512", "40")

GRID = """  %g = transform.structured.match ops{["linalg.generic"]} in %root : (A) -> A
  %fill = transform.structured.match ops{["linalg.fill"]} in %root : (A) -> A
  %t, %f = transform.structured.tile_using_forall %g tile_sizes [16, 24] : (A) -> (A, A)
  %c, %d = transform.structured.fuse_into_containing_op %fill into %f : (A, A) -> (A, A)
"""


@pytest.mark.parametrize(
    "step",
    [
        "%u, %l = transform.structured.tile_using_for %t tile_sizes [0, 0, 8] : (A) -> (A, A)",
        "%u, %l:3 = transform.structured.tile_using_for %t tile_sizes [4, 8, 8] interchange = [2, 0, 1] : (A) -> (A, A, A, A)",
        "%u, %l:2 = transform.structured.tile_using_for %t tile_sizes [3, 0, 7] : (A) -> (A, A, A)\n  transform.loop.unroll %l#0 {factor = 2 : i64} : A",
    ],
)
@pytest.mark.parametrize("stop_at", ["linalg", "loops", "vector", "gpu"])
def test_tiles_in_sequential_loops_go_down_the_ladder(step: str, stop_at: str, mlir_opt: Callable[..., str]):
    text = script(GRID + "  " + step)
    module = lower(make_context(), parse(SMALL), CPU, stop_at=stop_at, runner=PassRunner(crash_dir=None), schedule=located(text))
    rng = np.random.default_rng(2)
    a, b = (rng.standard_normal((40, 40)).astype(np.float32) for _ in range(2))
    np.testing.assert_allclose(evaluate(module, "main", [a, b])[0], a @ b, rtol=1e-4, atol=1e-4)
    mlir_opt(str(module))


LOOP = """
func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {{
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %e = tensor.empty() : tensor<8xf32>
  %one = arith.constant 1.0 : f32
  %start = linalg.fill ins(%one : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %r = scf.for %i = %c0 to %c8 step %c4 iter_args(%o = %start) -> (tensor<8xf32>) {{
    %t = tensor.extract_slice {read}[{at}] [4] [1] : tensor<8xf32> to tensor<4xf32>
    %w = tensor.extract_slice %o[%i] [4] [1] : tensor<8xf32> to tensor<4xf32>
    %n = linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}}
        ins(%t : tensor<4xf32>) outs(%w : tensor<4xf32>) {{
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    }} -> tensor<4xf32>
    %p = tensor.insert_slice %n into %o[%i] [4] [1] : tensor<4xf32> into tensor<8xf32>
    scf.yield %p : tensor<8xf32>
  }}
  return %r : tensor<8xf32>
}}"""


@pytest.mark.parametrize("read", ["%x", "%start"])
def test_a_loop_that_reads_what_it_began_with_keeps_it(read: str):
    text = LOOP.format(read=read, at="0")
    x = np.random.default_rng(5).standard_normal(8).astype(np.float32)
    want = evaluate(parse(text), "main", [x])
    module = parse(text)
    LinalgBufferizePass().apply(make_context(), module)
    module.verify()
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], want[0])


def test_a_loop_that_reads_another_part_of_what_it_carries_is_refused_with_its_place():
    with pytest.raises(
        PassFailedException, match=r"p\.mlir.:10:5.*: tensor\.extract_slice in @main: reads a tensor that an scf\.for carries"
    ):
        LinalgBufferizePass().apply(make_context(), located(LOOP.format(read="%o", at="0"), "p.mlir"))
