"""A schedule as one step of the road: what `rung run --schedule` puts in front of linalg-choose-schedule."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from rung.schedules.engine.interpreter import apply_schedule


@dataclass(frozen=True)
class SchedulePass(ModulePass):
    """Apply a script to the module. Made by `lower` with a script that has been read; rung-opt has `--schedule` instead."""

    name = "apply-schedule"
    script: ModuleOp

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_schedule(op, self.script)
