"""Tile each kernel over its spine: the grid becomes an `scf.forall`, a remainder one of its own.

before
    func.func private @scale(%x: tensor<37x10xf32>, %s: f32) -> tensor<37x10xf32> attributes {
      kernel, spine = 2 : i64, schedule = {tile = array<i64: 8, 10>}
    } {
      %e = tensor.empty() : tensor<37x10xf32>
      %y = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]
      } ins(%x : tensor<37x10xf32>) outs(%e : tensor<37x10xf32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.mulf %a, %s : f32
        linalg.yield %m : f32
      } -> tensor<37x10xf32>
      return %y : tensor<37x10xf32>
    }
after
    func.func private @scale(%x: tensor<37x10xf32>, %s: f32) -> tensor<37x10xf32> attributes {
      kernel, spine = 2 : i64, schedule = {tile = array<i64: 8, 10>}
    } {
      %e = tensor.empty() : tensor<37x10xf32>
      %full = scf.forall (%i, %j) = (0, 0) to (32, 10) step (8, 10) shared_outs(%o = %e) -> (tensor<37x10xf32>) {
        %ot = tensor.extract_slice %o[%i, 0] [8, 10] [1, 1] : tensor<37x10xf32> to tensor<8x10xf32>
        %xt = tensor.extract_slice %x[%i, 0] [8, 10] [1, 1] : tensor<37x10xf32> to tensor<8x10xf32>
        %t = linalg.generic {
          indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
          iterator_types = ["parallel", "parallel"]
        } ins(%xt : tensor<8x10xf32>) outs(%ot : tensor<8x10xf32>) {
        ^bb0(%a: f32, %b: f32):
          %m = arith.mulf %a, %s : f32
          linalg.yield %m : f32
        } -> tensor<8x10xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %t into %o[%i, 0] [8, 10] [1, 1] : tensor<8x10xf32> into tensor<37x10xf32>
        }
      }
      %y = scf.forall (%i, %j) = (32, 0) to (37, 10) step (5, 10) shared_outs(%o = %full) -> (tensor<37x10xf32>) {
        %ot = tensor.extract_slice %o[32, 0] [5, 10] [1, 1] : tensor<37x10xf32> to tensor<5x10xf32>
        %xt = tensor.extract_slice %x[32, 0] [5, 10] [1, 1] : tensor<37x10xf32> to tensor<5x10xf32>
        %t = linalg.generic {
          indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
          iterator_types = ["parallel", "parallel"]
        } ins(%xt : tensor<5x10xf32>) outs(%ot : tensor<5x10xf32>) {
        ^bb0(%a: f32, %b: f32):
          %m = arith.mulf %a, %s : f32
          linalg.yield %m : f32
        } -> tensor<5x10xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %t into %o[32, 0] [5, 10] [1, 1] : tensor<5x10xf32> into tensor<37x10xf32>
        }
      }
      return %y : tensor<37x10xf32>
    }

Why here: on tensors a whole group is tiled and fused by slicing alone, with no question of aliasing. Needs a `schedule`; keeps
rung linalg. Functions that are no kernels, and kernels that hold a forall already, are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from rung.dialects.upstream.scf import ForallOp
from rung.schedules.nests import fail, kernels
from rung.schedules.schedule import read_schedule
from rung.schedules.tiling import tile_to_forall


@dataclass(frozen=True)
class LinalgTileToForallPass(ModulePass):
    """Tile each kernel over its spine by its schedule's `tile`."""

    name = "linalg-tile-to-forall"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in kernels(op):
            if any(isinstance(inner, ForallOp) for inner in func.body.block.ops):
                continue
            schedule = read_schedule(func)
            if schedule is None:
                raise fail(func, "has no schedule; run linalg-choose-schedule, or write one")
            tile_to_forall(func, schedule.tile)
