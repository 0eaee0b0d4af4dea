"""The shape of IR that each rung uses, evaluated: the same softmax, row maximum and matmul on linalg, loops, vector and gpu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.reference import EvaluationError, assert_close
from rung.dialects.upstream import parse

Run = Callable[..., Any]
ORDERS = ["forward", "reversed", "shuffled"]

SOFTMAX = """
func.func @main(%x: tensor<37x10xf32>) -> tensor<37x10xf32> {
  %r = func.call @softmax(%x) : (tensor<37x10xf32>) -> tensor<37x10xf32>
  return %r : tensor<37x10xf32>
}
func.func private @softmax(%x: tensor<37x10xf32>) -> tensor<37x10xf32> attributes {kernel, spine = 1 : i64} {
  %lowest = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<37xf32>
  %i0 = linalg.fill ins(%lowest : f32) outs(%e0 : tensor<37xf32>) -> tensor<37xf32>
  %max = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<37x10xf32>) outs(%i0 : tensor<37xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %m = arith.maximumf %acc, %a : f32
    linalg.yield %m : f32
  } -> tensor<37xf32>
  %e1 = tensor.empty() : tensor<37xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<37xf32>) -> tensor<37xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>,
      affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
      ins(%x, %max : tensor<37x10xf32>, tensor<37xf32>) outs(%i1 : tensor<37xf32>) {
  ^bb0(%a: f32, %mx: f32, %acc: f32):
    %d = arith.subf %a, %mx : f32
    %p = math.exp2 %d : f32
    %s = arith.addf %acc, %p fastmath<reassoc> : f32
    linalg.yield %s : f32
  } -> tensor<37xf32>
  %e2 = tensor.empty() : tensor<37x10xf32>
  %out = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>,
      affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max, %sum : tensor<37x10xf32>, tensor<37xf32>, tensor<37xf32>) outs(%e2 : tensor<37x10xf32>) {
  ^bb0(%a: f32, %mx: f32, %sm: f32, %o: f32):
    %d = arith.subf %a, %mx : f32
    %p = math.exp2 %d : f32
    %q = arith.divf %p, %sm : f32
    linalg.yield %q : f32
  } -> tensor<37x10xf32>
  return %out : tensor<37x10xf32>
}
"""


def test_softmax_on_linalg_matches_numpy(run: Run, rng: np.random.Generator) -> None:
    x = rng.standard_normal((37, 10)).astype(np.float32) * 20
    p = np.exp2(x - x.max(1, keepdims=True))
    assert_close(run(SOFTMAX, x, function="main"), p / p.sum(1, keepdims=True), what="softmax", reorder=True)


ROW_MAX = """
func.func @main(%x: memref<7x12xf32>, %o: memref<7xf32>) attributes {outs = 1 : i64} {
  func.call @rowmax(%x, %o) : (memref<7x12xf32>, memref<7xf32>) -> ()
  return
}
func.func private @rowmax(%x: memref<7x12xf32>, %o: memref<7xf32>) attributes {kernel, outs = 1 : i64} {
  %lowest = arith.constant 0xFF800000 : f32
  scf.forall (%i) in (7) {
    %xs = memref.subview %x[%i, 0] [1, 12] [1, 1] : memref<7x12xf32> to memref<1x12xf32, strided<[12, 1], offset: ?>>
    %os = memref.subview %o[%i] [1] [1] : memref<7xf32> to memref<1xf32, strided<[1], offset: ?>>
    %b0 = memref.alloca() : memref<1xf32>
    linalg.fill ins(%lowest : f32) outs(%b0 : memref<1xf32>)
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]}
        ins(%xs : memref<1x12xf32, strided<[12, 1], offset: ?>>) outs(%b0 : memref<1xf32>) {
    ^bb0(%a: f32, %acc: f32):
      %m = arith.maximumf %acc, %a : f32
      linalg.yield %m : f32
    }
    "memref.copy"(%b0, %os) : (memref<1xf32>, memref<1xf32, strided<[1], offset: ?>>) -> ()
  }
  return
}
"""

ROW_MAX_TENSORS = """
func.func @main(%x: tensor<7x12xf32>) -> tensor<7xf32> {
  %lowest = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<7xf32>
  %r = scf.forall (%i) = (0) to (6) step (2) shared_outs(%o = %e) -> (tensor<7xf32>) {
    %xs = tensor.extract_slice %x[%i, 0] [2, 12] [1, 1] : tensor<7x12xf32> to tensor<2x12xf32>
    %os = tensor.extract_slice %o[%i] [2] [1] : tensor<7xf32> to tensor<2xf32>
    %f = linalg.fill ins(%lowest : f32) outs(%os : tensor<2xf32>) -> tensor<2xf32>
    %m = linalg.reduce ins(%xs : tensor<2x12xf32>) outs(%f : tensor<2xf32>) dimensions = [1]
      (%a: f32, %acc: f32) {
        %y = arith.maximumf %acc, %a : f32
        linalg.yield %y : f32
      }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %m into %o[%i] [2] [1] : tensor<2xf32> into tensor<7xf32>
    }
  }
  %s = scf.forall (%i) = (6) to (7) step (1) shared_outs(%o = %r) -> (tensor<7xf32>) {
    %xs = tensor.extract_slice %x[%i, 0] [1, 12] [1, 1] : tensor<7x12xf32> to tensor<12xf32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c12 = arith.constant 12 : index
    %m = scf.for %j = %c0 to %c12 step %c1 iter_args(%acc = %lowest) -> (f32) {
      %a = tensor.extract %xs[%j] : tensor<12xf32>
      %y = arith.maximumf %acc, %a : f32
      scf.yield %y : f32
    }
    %t = tensor.from_elements %m : tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %o[%i] [1] [1] : tensor<1xf32> into tensor<7xf32>
    }
  }
  return %s : tensor<7xf32>
}
"""

ROW_MAX_VECTOR = """
func.func @main(%x: memref<7x12xf32>, %o: memref<7xf32>) attributes {kernel, outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c12 = arith.constant 12 : index
  %pad = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  scf.forall (%i) in (7) {
    %init = vector.broadcast %lowest : f32 to vector<4xf32>
    %v = scf.for %j = %c0 to %c12 step %c4 iter_args(%acc = %init) -> (vector<4xf32>) {
      %xv = vector.transfer_read %x[%i, %j], %pad {in_bounds = [true]} : memref<7x12xf32>, vector<4xf32>
      %m = arith.maximumf %acc, %xv : vector<4xf32>
      scf.yield %m : vector<4xf32>
    }
    %r = vector.reduction <maximumf>, %v : vector<4xf32> into f32
    memref.store %r, %o[%i] : memref<7xf32>
  }
  return
}
"""

# one block a row, four threads each; a tree in workgroup memory
ROW_MAX_GPU = """
module attributes {gpu.container_module} {
  func.func @main(%x: memref<7x12xf32>, %o: memref<7xf32>) attributes {outs = 1 : i64} {
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c7 = arith.constant 7 : index
    gpu.launch_func @kernels::@rowmax blocks in (%c7, %c1, %c1) threads in (%c4, %c1, %c1)
        args(%x : memref<7x12xf32>, %o : memref<7xf32>)
    return
  }
  gpu.module @kernels {
    gpu.func @rowmax(%x: memref<7x12xf32>, %o: memref<7xf32>)
        workgroup(%w: memref<4xf32, #gpu.address_space<workgroup>>) kernel
        attributes {known_block_size = array<i32: 4, 1, 1>, known_grid_size = array<i32: 7, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %c12 = arith.constant 12 : index
      %lowest = arith.constant 0xFF800000 : f32
      %i = gpu.block_id x
      %t = gpu.thread_id x
      %own = scf.for %j = %t to %c12 step %c4 iter_args(%acc = %lowest) -> (f32) {
        %a = memref.load %x[%i, %j] : memref<7x12xf32>
        %m = arith.maximumf %acc, %a : f32
        scf.yield %m : f32
      }
      memref.store %own, %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
      gpu.barrier
      %end = scf.for %s = %c0 to %c2 step %c1 iter_args(%half = %c2) -> (index) {
        %active = arith.cmpi ult, %t, %half : index
        scf.if %active {
          %u = arith.addi %t, %half : index
          %a = memref.load %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
          %b = memref.load %w[%u] : memref<4xf32, #gpu.address_space<workgroup>>
          %m = arith.maximumf %a, %b : f32
          memref.store %m, %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
        }
        gpu.barrier
        %next = arith.shrui %half, %c1 : index
        scf.yield %next : index
      }
      %first = arith.cmpi eq, %t, %c0 : index
      scf.if %first {
        %r = memref.load %w[%c0] : memref<4xf32, #gpu.address_space<workgroup>>
        memref.store %r, %o[%i] : memref<7xf32>
      }
      gpu.return
    }
  }
}
"""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "text", [ROW_MAX, ROW_MAX_TENSORS, ROW_MAX_VECTOR, ROW_MAX_GPU], ids=["bufferized", "tiled", "vector", "gpu"]
)
def test_row_maximum_is_the_same_on_every_rung(run: Run, rng: np.random.Generator, text: str, order: str) -> None:
    x = rng.standard_normal((7, 12)).astype(np.float32)
    found = run(text, x, function="main", thread_order=order, seed=5)
    np.testing.assert_array_equal(found, x.max(1))


def test_gpu_row_maximum_without_its_first_barrier_races(run: Run, rng: np.random.Generator) -> None:
    text = ROW_MAX_GPU.replace("gpu.barrier", "", 1)
    x = rng.standard_normal((7, 12)).astype(np.float32)
    with pytest.raises(EvaluationError, match=r"memref.(load|store).* in @kernels::rowmax: an element is .* index"):
        run(text, x, function="main", thread_order="reversed")


MATMUL_LOOPS = """
func.func private @main(%a: memref<6x5xf32>, %b: memref<5x8xf32>, %out: memref<6x8xf32>) attributes {kernel, outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%i0, %j0) = (0, 0) to (6, 8) step (3, 4) {
    scf.parallel (%i, %j) = (%c0, %c0) to (%c3, %c4) step (%c1, %c1) {
      %ii = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%i0, %i)
      %jj = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%j0, %j)
      %s = scf.for %k = %c0 to %c5 step %c1 iter_args(%acc = %zero) -> (f32) {
        %x = memref.load %a[%ii, %k] : memref<6x5xf32>
        %y = memref.load %b[%k, %jj] : memref<5x8xf32>
        %m = arith.mulf %x, %y : f32
        %n = arith.addf %acc, %m fastmath<reassoc> : f32
        scf.yield %n : f32
      }
      memref.store %s, %out[%ii, %jj] : memref<6x8xf32>
    }
  }
  return
}
"""

MATMUL_VECTOR = """
func.func private @main(%a: memref<6x5xf32>, %b: memref<5x8xf32>, %out: memref<6x8xf32>) attributes {kernel, outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<3x4xf32>
  scf.forall (%i, %j) = (0, 0) to (6, 8) step (3, 4) {
    %s = scf.for %k = %c0 to %c5 step %c1 iter_args(%acc = %zero) -> (vector<3x4xf32>) {
      %x = vector.transfer_read %a[%i, %k], %pad {in_bounds = [true, true],
          permutation_map = affine_map<(d0, d1) -> (d0, 0)>} : memref<6x5xf32>, vector<3x4xf32>
      %y = vector.transfer_read %b[%k, %j], %pad {in_bounds = [true, true],
          permutation_map = affine_map<(d0, d1) -> (0, d1)>} : memref<5x8xf32>, vector<3x4xf32>
      %m = arith.mulf %x, %y : vector<3x4xf32>
      %n = arith.addf %acc, %m fastmath<reassoc> : vector<3x4xf32>
      scf.yield %n : vector<3x4xf32>
    }
    vector.transfer_write %s, %out[%i, %j] {in_bounds = [true, true]} : vector<3x4xf32>, memref<6x8xf32>
  }
  return
}
"""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("text", [MATMUL_LOOPS, MATMUL_VECTOR], ids=["loops", "vector"])
def test_tiled_matmul_matches_numpy(run: Run, rng: np.random.Generator, text: str, order: str) -> None:
    a, b = rng.standard_normal((6, 5)).astype(np.float32), rng.standard_normal((5, 8)).astype(np.float32)
    assert_close(run(text, a, b, function="main", thread_order=order), a @ b, what="matmul", reorder=True)


@pytest.mark.parametrize(
    "text", [SOFTMAX, ROW_MAX, ROW_MAX_TENSORS, ROW_MAX_VECTOR, ROW_MAX_GPU, MATMUL_LOOPS, MATMUL_VECTOR],
    ids=["softmax", "bufferized", "tiled", "vector", "gpu", "matmul-loops", "matmul-vector"],
)  # fmt: skip
def test_upstream_accepts_what_is_evaluated_here(mlir_opt: Any, text: str) -> None:
    mlir_opt(parse(text))
