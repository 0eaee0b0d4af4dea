"""Give every tensor a memory: functions take memrefs and write their results into out parameters.

before
    func.func @main(%x: tensor<8x6xf32>) -> tensor<6xf32> {
      %a = call @sums(%x) : (tensor<8x6xf32>) -> tensor<6xf32>
      %b = call @twice(%a) : (tensor<6xf32>) -> tensor<6xf32>
      return %b : tensor<6xf32>
    }
    func.func private @sums(tensor<8x6xf32>) -> tensor<6xf32>
    func.func private @twice(%a: tensor<6xf32>) -> tensor<6xf32> attributes {kernel, spine = 1 : i64} {
      %e = tensor.empty() : tensor<6xf32>
      %b = scf.forall (%i) = (0) to (6) step (3) shared_outs(%o = %e) -> (tensor<6xf32>) {
        %ot = tensor.extract_slice %o[%i] [3] [1] : tensor<6xf32> to tensor<3xf32>
        %at = tensor.extract_slice %a[%i] [3] [1] : tensor<6xf32> to tensor<3xf32>
        %t = linalg.generic {
          indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]
        } ins(%at : tensor<3xf32>) outs(%ot : tensor<3xf32>) {
        ^bb0(%v: f32, %w: f32):
          %s = arith.addf %v, %v : f32
          linalg.yield %s : f32
        } -> tensor<3xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %t into %o[%i] [3] [1] : tensor<3xf32> into tensor<6xf32>
        }
      }
      return %b : tensor<6xf32>
    }
after
    func.func @main(%x: memref<8x6xf32>, %b: memref<6xf32>) attributes {outs = 1 : i64} {
      %a = memref.alloc() : memref<6xf32>
      call @sums(%x, %a) : (memref<8x6xf32>, memref<6xf32>) -> ()
      call @twice(%a, %b) : (memref<6xf32>, memref<6xf32>) -> ()
      return
    }
    func.func private @sums(memref<8x6xf32>, memref<6xf32>) attributes {outs = 1 : i64}
    func.func private @twice(%a: memref<6xf32>, %b: memref<6xf32>) attributes {kernel, spine = 1 : i64, outs = 1 : i64} {
      scf.forall (%i) = (0) to (6) step (3) {
        %ot = memref.subview %b[%i] [3] [1] : memref<6xf32> to memref<3xf32, strided<[1], offset: ?>>
        %at = memref.subview %a[%i] [3] [1] : memref<6xf32> to memref<3xf32, strided<[1], offset: ?>>
        linalg.generic {
          indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]
        } ins(%at : memref<3xf32, strided<[1], offset: ?>>) outs(%ot : memref<3xf32, strided<[1], offset: ?>>) {
        ^bb0(%v: f32, %w: f32):
          %s = arith.addf %v, %v : f32
          linalg.yield %s : f32
        }
      }
      return
    }

Why here: after tiling, so that only tiles and whole results need memory; before loops, which read and write it. What an iteration
keeps to itself is a memref.alloca, what passes between kernels a memref.alloc. Needs and keeps rung linalg.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from rung.schedules.bufferizing import bufferize


@dataclass(frozen=True)
class LinalgBufferizePass(ModulePass):
    """Give every tensor a memory: inputs and outputs become memref parameters."""

    name = "linalg-bufferize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in list(op.body.block.ops):
            if isinstance(func, FuncOp):
                bufferize(func)
