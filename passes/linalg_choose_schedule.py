"""Write on each kernel what kind it is and how it will be computed; a schedule that is there already is checked and kept.

options  {target=cpu}
before
    func.func private @sums(%x: tensor<1000x512xf32>) -> tensor<512xf32> attributes {kernel, spine = 1 : i64} {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<512xf32>
      %i = linalg.fill ins(%zero : f32) outs(%e : tensor<512xf32>) -> tensor<512xf32>
      %r = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]
      } ins(%x : tensor<1000x512xf32>) outs(%i : tensor<512xf32>) {
      ^bb0(%a: f32, %acc: f32):
        %s = arith.addf %acc, %a fastmath<reassoc> : f32
        linalg.yield %s : f32
      } -> tensor<512xf32>
      return %r : tensor<512xf32>
    }
after
    func.func private @sums(%x: tensor<1000x512xf32>) -> tensor<512xf32> attributes {
      kernel, spine = 1 : i64, class = "column",
      schedule = {tile = array<i64: 64>, vector = array<i64: 64>, vector_dims = array<i64: 0>, threads = array<i64: 1>}
    } {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<512xf32>
      %i = linalg.fill ins(%zero : f32) outs(%e : tensor<512xf32>) -> tensor<512xf32>
      %r = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]
      } ins(%x : tensor<1000x512xf32>) outs(%i : tensor<512xf32>) {
      ^bb0(%a: f32, %acc: f32):
        %s = arith.addf %acc, %a fastmath<reassoc> : f32
        linalg.yield %s : f32
      } -> tensor<512xf32>
      return %r : tensor<512xf32>
    }

The kinds are those of rung.schedules.classify, the attribute's fields those of rung.schedules.schedule.

Why here: the iteration space of the fused kernel is known and nothing is decided yet. Needs and keeps rung linalg.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from rung.backends.machine import MACHINES
from rung.dialects.upstream.scf import ForallOp
from rung.schedules.classify import classify
from rung.schedules.default import completed, default_schedule
from rung.schedules.nests import Group, kernels
from rung.schedules.schedule import check_schedule, read_schedule


@dataclass(frozen=True)
class LinalgChooseSchedulePass(ModulePass):
    """Choose a schedule for each kernel that has none, and check those that have."""

    name = "linalg-choose-schedule"
    target: str = "cpu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.target not in MACHINES:
            raise PassFailedException(f"target is {self.target!r}, expected one of {', '.join(MACHINES)}")
        machine = MACHINES[self.target]
        for func in kernels(op):
            if any(isinstance(inner, ForallOp) for inner in func.body.block.ops):
                continue  # tiled by hand: there is nothing left to choose
            group = Group.of(func)
            schedule = read_schedule(func)
            schedule = default_schedule(group, machine) if schedule is None else completed(schedule, group)
            check_schedule(func, schedule, group.spine_extents, max(len(n.extents) for n in group.nests), machine.max_threads)
            func.attributes.setdefault("class", StringAttr(classify(group).kind))
            func.attributes["schedule"] = schedule.attribute()
