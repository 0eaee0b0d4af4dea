"""Split a reduction with few results over much data into two: one that makes many partial results, and one that combines those.

before
    func.func @total(%x: tensor<1048576xf32>) -> tensor<f32> {
      %sum = nd.reduce "sum" %x axes [0] : tensor<1048576xf32> -> tensor<f32>
      return %sum : tensor<f32>
    }
after
    func.func @total(%x: tensor<1048576xf32>) -> tensor<f32> {
      %split = nd.reshape %x : tensor<1048576xf32> -> tensor<64x16384xf32>
      %parts = nd.reduce "sum" %split axes [1] : tensor<64x16384xf32> -> tensor<64xf32>
      %sum = nd.reduce "sum" %parts axes [0] : tensor<64xf32> -> tensor<f32>
      return %sum : tensor<f32>
    }

The order of an nd.reduce is unspecified, so floats may be combined this way too. For a CPU the outermost reduced axis that is
long enough is cut into contiguous chunks. For a GPU the longest one is cut, and if it is the last axis then across, so that
neighbouring threads read neighbouring elements. Where no number of parts divides the extent, the first elements are cut evenly
and the rest is reduced beside the parts and combined last.

Why here: a kernel is as parallel as its result; this makes the results before kernels are formed. Needs and keeps rung nd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from rung.backends.machine import MACHINES
from rung.dialects.nd import BinaryOp, ReduceOp, ReshapeOp, ShrinkOp
from rung.dialects.nd.base import shape_of

from .kernel_legality import REALIZE

COMBINER_KIND = {"sum": "add", "prod": "mul", "max": "max", "min": "min"}
"""The binary kind that combines two results of a reduction."""


@dataclass(frozen=True)
class Limits:
    """When and how finely a machine of a kind wants reductions split.

    min_results   a reduction with at least this many results is parallel enough
    min_elements  less data is reduced by one thread sooner than another kernel is launched
    max_parts     partial results wanted altogether
    min_chunk     elements that one partial result is worth
    """

    min_results: int
    min_elements: int
    max_parts: int
    min_chunk: int


# Two Zen 3 cores read 16 GB/s with one thread and 30 with two; a launch costs about 20 us: the second kernel pays from 1 MiB
# on. Chunks of 64K to 256K elements reach the read ceiling on 16M, and 16K still amortises a work-group (November 2026). 32
# rows is where nd-mark-kernels begins to form row groups, which a split would break up.
_CPU = Limits(min_results=32, min_elements=1 << 18, max_parts=256, min_chunk=1 << 14)
# Argued, not measured: one partial result a thread, 512 threads a multiprocessor with enough loads in flight to hide latency; a
# single thread that combines 2048 partial results takes longer than one more launch.
_GPU_THREADS = 512
_GPU_CHUNK = 32


def limits_for(target: str) -> Limits:
    """Raises ValueError for a target without a machine record."""
    if target not in MACHINES:
        raise ValueError(f"nd-split-reduce: target is {target!r}, expected one of {', '.join(MACHINES)}")
    machine = MACHINES[target]
    if machine.kind == "cpu":
        return _CPU
    threads = machine.parallel_units * _GPU_THREADS
    return Limits(2 * machine.parallel_units, 1 << 11, threads, _GPU_CHUNK)


@dataclass(frozen=True)
class NdSplitReducePass(ModulePass):
    """Split reductions whose results are too few to keep the machine busy."""

    name = "nd-split-reduce"

    target: str = "cpu"
    """A machine of `backends/machine.py`; it sets the four limits below where they are not given."""
    min_results: int | None = None
    min_elements: int | None = None
    max_parts: int | None = None
    min_chunk: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        known = limits_for(self.target)
        limits = Limits(
            known.min_results if self.min_results is None else self.min_results,
            known.min_elements if self.min_elements is None else self.min_elements,
            known.max_parts if self.max_parts is None else self.max_parts,
            known.min_chunk if self.min_chunk is None else self.min_chunk,
        )
        strided = MACHINES[self.target].kind == "gpu"
        for function in op.body.block.ops:
            if isinstance(function, func.FuncOp) and not function.is_declaration and "kernel" not in function.attributes:
                for inner in list(function.body.block.ops):
                    reduction = inner if isinstance(inner, ReduceOp) else None
                    while reduction is not None:  # the combining reduction may have much to do itself
                        reduction = _split(reduction, limits, strided)


def parts_of(extent: int, most: int, align: int) -> tuple[int, int]:
    """(parts, chunk) for an axis: at most `most` parts and at least a quarter of that, more rather than fewer, that divide it.

    If none does, parts * chunk falls short of the extent by a little: less than `parts` elements if `align` is 1; else the
    chunk is a multiple of `align`, as far as it is that long, so that vectors stay whole.
    """
    candidates = np.arange(most, max(2, most // 4) - 1, -1)
    rests = extent % candidates
    parts = int(candidates[rests.argmin()])  # the first, so the largest, of the best
    chunk = extent // parts
    if extent % parts and align > 1:
        parts = most
        chunk = extent // parts
        chunk = chunk // align * align or chunk
    return parts, chunk


def _split(op: ReduceOp, limits: Limits, strided: bool) -> ReduceOp | None:
    """Split one reduction and answer the one that combines the parts; None if it is fine as it is."""
    shape, axes = shape_of(op.src), op.axes.get_values()
    results, elements = prod(shape_of(op.res)), prod(shape)
    if not axes or elements == 0 or results >= limits.min_results or elements < limits.min_elements:
        return None
    wanted = min(limits.max_parts // results, elements // results // limits.min_chunk)
    axis = max(axes, key=lambda a: shape[a])
    if not strided:
        axis = next((a for a in axes if shape[a] >= wanted // 4), axis)  # the outer an axis, the longer its chunks in memory
    most = min(wanted, shape[axis])
    if most < 2:
        return None
    parts, chunk = parts_of(shape[axis], most, 1 if strided else 64)
    if chunk == 1 and len(axes) == 1:
        return None  # each part would be one element
    block, combiner = op.parent_block(), op.combiner.data
    assert block is not None

    def add(new: Operation, hint: str) -> SSAValue:
        block.insert_op_before(new, op)
        new.results[0].name_hint = hint
        return new.results[0]

    name = op.res.name_hint or combiner
    main, rest = op.src, None
    if parts * chunk != shape[axis]:
        main = add(_cut(op.src, axis, 0, parts * chunk), f"{name}_main")
        rest = add(ReduceOp(combiner, add(_cut(op.src, axis, parts * chunk, shape[axis]), f"{name}_rest"), axes), f"{name}_rest")
    # The parts come before the chunk in memory; for a GPU, after it, where that makes them the innermost axis.
    inside = strided and axis == len(shape) - 1
    pair = [chunk, parts] if inside else [parts, chunk]
    part_axis = axis + 1 if inside else axis
    if chunk > 1:
        main = add(ReshapeOp(main, [*shape[:axis], *pair, *shape[axis + 1 :]]), f"{name}_split")
        gone = [a if a < axis else a + 1 for a in axes if a != axis] + [axis if inside else axis + 1]
    else:
        part_axis, gone = axis, [a for a in axes if a != axis]
    partial = add(ReduceOp(combiner, main, gone), f"{name}_parts")
    combined = ReduceOp(combiner, partial, [part_axis - sum(a < part_axis for a in gone)])
    total = add(combined, name)
    if rest is not None:
        total = add(BinaryOp(COMBINER_KIND[combiner], total, rest), name)
    if REALIZE in op.attributes and isinstance(total.owner, Operation):
        total.owner.attributes[REALIZE] = op.attributes[REALIZE]
    op.res.replace_all_uses_with(total)
    block.erase_op(op)
    return combined


def _cut(value: SSAValue, axis: int, start: int, stop: int) -> ShrinkOp:
    shape: Sequence[int] = shape_of(value)
    starts = [start if a == axis else 0 for a in range(len(shape))]
    return ShrinkOp(value, starts, [stop if a == axis else extent for a, extent in enumerate(shape)])
