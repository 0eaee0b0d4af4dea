"""Which loops the structured ops of one block on memrefs become: the steps in order, and the leading loops they can share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import linalg, memref
from xdsl.ir import SSAValue

from rung.schedules.nests import Linear, Nest, Structured, fail, shape_of


@dataclass(frozen=True)
class Step:
    """One structured op, with the constant that its result starts from if a fill leads straight into it."""

    nest: Nest
    start: SSAValue | None


def steps_of(ops: Sequence[Structured]) -> list[Step]:
    """The ops in order, each fill merged into the op that accumulates into what it filled.

    A fill stays a step of its own where another op looks at the memory first, or where its user does not write all of it.
    """
    steps: list[Step] = []
    pending: dict[SSAValue, Nest] = {}

    def settle(memory: set[SSAValue]) -> None:
        for filled, fill in list(pending.items()):
            if base_of(filled) in memory:
                del pending[filled]
                steps.append(Step(fill, None))

    for op in ops:
        if len(op.outputs) != 1:
            raise fail(op, f"has {len(op.outputs)} outs, expected 1; split it into one op for each")
        nest = Nest.of(op)
        if isinstance(op, linalg.ops.FillOp):
            settle({base_of(nest.init)})
            pending[nest.init] = nest
            continue
        start = None
        if nest.init in pending and nest.init not in nest.operands[:-1] and _writes_all(nest):
            start = pending.pop(nest.init).op.inputs[0]
        settle({base_of(v) for v in nest.operands})
        steps.append(Step(nest, start))
    steps.extend(Step(fill, None) for fill in pending.values())
    return steps


def _writes_all(nest: Nest) -> bool:
    """Does each element of the output get written?"""
    seen: set[int] = set()
    for axis, extent in zip(nest.out_axes, shape_of(nest.init)):
        if axis.dim is None or axis.dim in seen:
            if extent != 1:
                return False
        else:
            seen.add(axis.dim)
    return True


def base_of(value: SSAValue) -> SSAValue:
    """The memory that a view is part of."""
    while isinstance(value.owner, memref.SubviewOp | memref.CollapseShapeOp | memref.ExpandShapeOp | memref.CastOp):
        value = value.owner.operands[0]
    return value


def shared_spine(steps: Sequence[Step], spine: int) -> int | None:
    """`spine`, if all steps can run inside one nest of their first `spine` loops, an iteration of all after another; else None.

    That is so if what one step hands another is, at each point of those loops, one element that only this point touches.
    """
    first = steps[0].nest.extents[:spine]
    for step in steps:
        if len(step.nest.extents) < spine or step.nest.extents[:spine] != first or step.nest.reductions & set(range(spine)):
            return None
    for writer in steps:
        written = base_of(writer.nest.init)
        for other in steps:
            if other is writer:
                continue
            for value, axes in zip(other.nest.operands, other.nest.axes):
                if base_of(value) is written and (
                    value is not writer.nest.init or not _private(axes, writer.nest.out_axes, first, shape_of(value))
                ):
                    return None
    return spine


def _private(read: tuple[Linear, ...], written: tuple[Linear, ...], spine: Sequence[int], shape: Sequence[int]) -> bool:
    """Is it one and the same element that is read and written at a point of the spine, and at no other point?"""
    seen: set[int] = set()
    for mine, other, extent in zip(read, written, shape):
        if extent == 1:
            continue
        if mine.dim is None or mine.dim != other.dim or mine.dim >= len(spine):
            return False
        seen.add(mine.dim)
    return all(dim in seen or extent == 1 for dim, extent in enumerate(spine))
