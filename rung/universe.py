"""What a plain `xdsl-opt` finds of rung: `nd` and the passes. One line here registers a pass everywhere.

xDSL loads this file at the start of every driver, so imports stay inside the functions. Overlays of upstream dialects are not
exported: a second `gpu` in the universe would break every driver of the environment.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe

PASSES: dict[str, str] = {
    # stay on nd
    "nd-simplify": "rung.passes.nd_simplify:NdSimplifyPass",
    "nd-split-reduce": "rung.passes.nd_split_reduce:NdSplitReducePass",
    "nd-mark-kernels": "rung.passes.nd_mark_kernels:NdMarkKernelsPass",
    "nd-outline-kernels": "rung.passes.nd_outline_kernels:NdOutlineKernelsPass",
    # nd to linalg, and on linalg
    "nd-to-linalg": "rung.lowering.nd_to_linalg:NdToLinalgPass",
    "linalg-outline-kernels": "rung.passes.linalg_outline_kernels:LinalgOutlineKernelsPass",
    "linalg-collapse-dims": "rung.passes.linalg_collapse_dims:LinalgCollapseDimsPass",
    "linalg-choose-schedule": "rung.passes.linalg_choose_schedule:LinalgChooseSchedulePass",
    "linalg-tile-to-forall": "rung.passes.linalg_tile_to_forall:LinalgTileToForallPass",
    "linalg-promote-operands": "rung.passes.linalg_promote_operands:LinalgPromoteOperandsPass",
    "linalg-bufferize": "rung.passes.linalg_bufferize:LinalgBufferizePass",
    # linalg to loops, and on loops
    "linalg-to-loops": "rung.lowering.linalg_to_loops:LinalgToLoopsPass",
    "loops-fold-subviews": "rung.passes.loops_fold_subviews:LoopsFoldSubviewsPass",
    "loops-guard-accesses": "rung.passes.loops_guard_accesses:LoopsGuardAccessesPass",
    "loops-forward-stores": "rung.passes.loops_forward_stores:LoopsForwardStoresPass",
    "arith-emulate-floats": "rung.passes.arith_emulate_floats:ArithEmulateFloatsPass",
    # loops to vector to gpu, and on gpu
    "loops-to-vector": "rung.lowering.loops_to_vector:LoopsToVectorPass",
    "vector-to-gpu": "rung.lowering.vector_to_gpu:VectorToGpuPass",
    "host-plan-buffers": "rung.passes.host_plan_buffers:HostPlanBuffersPass",
    # judges on loops, vector and gpu
    "rung-verify-total": "rung.passes.rung_verify_total:RungVerifyTotalPass",
}
"""Name of each pass: where its class is."""


def _nd() -> Dialect:
    from rung.dialects.nd import Nd

    return Nd


def load_pass(where: str) -> type[ModulePass]:
    """The pass class at `module:Class`."""
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def _loader(where: str) -> Callable[[], type[ModulePass]]:
    return lambda: load_pass(where)


RUNG = Universe(all_dialects={"nd": _nd}, all_passes={name: _loader(where) for name, where in PASSES.items()})
