"""Movement ops as index maps: which element of its source an element of the result is, and where there is none.

Read from the result toward the source, a movement op is a rule on the index tuple; there is no view algebra beside it
(tinygrad gave one up after three years, because merging two views was never complete).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute, Operation

from rung.dialects.nd import ExpandOp, FlipOp, PadOp, PermuteOp, ReshapeOp, ShrinkOp
from rung.dialects.nd.base import shape_of

from .index_expr import Index, Space, constant


@dataclass(frozen=True)
class Guard:
    """`0 <= index < extent` must hold for the source element to exist."""

    index: Index
    extent: int


@dataclass(frozen=True)
class Access:
    """Where a result element comes from: the source index, and what must hold there (else the element is `otherwise`)."""

    index: tuple[Index, ...]
    guards: tuple[Guard, ...] = ()
    otherwise: Attribute | None = None
    never: bool = False
    """True if no element of the loops' space passes the guards: the result is `otherwise` everywhere."""


def source_access(op: Operation, index: Sequence[Index], space: Space) -> Access:
    """The access of the only operand of a movement op that computes the result element at `index`."""
    match op:
        case ReshapeOp():
            return Access(_delinearize(_linearize(index, shape_of(op.res), space), shape_of(op.src), space))
        case PermuteOp():
            source = [constant(0)] * len(index)
            for position, axis in enumerate(op.permutation.get_values()):
                source[axis] = index[position]
            return Access(tuple(source))
        case ExpandOp():
            return Access(tuple(constant(0) if d == 1 else i for i, d in zip(index, shape_of(op.src))))
        case ShrinkOp():
            steps = zip(index, op.start.get_values(), op.step.get_values())
            return Access(tuple(space.add(space.mul(i, step), constant(start)) for i, start, step in steps))
        case FlipOp():
            axes, shape = op.axes.get_values(), shape_of(op.src)
            mirrored = [space.add(constant(d - 1), space.mul(i, -1)) for i, d in zip(index, shape)]
            return Access(tuple(mirrored[a] if a in axes else i for a, i in enumerate(index)))
        case PadOp():
            return _pad_access(op, index, space)
        case _:
            raise ValueError(f"{op.name} is not a movement op")


def _pad_access(op: PadOp, index: Sequence[Index], space: Space) -> Access:
    guards: list[Guard] = []
    source: list[Index] = []
    never = False
    for i, low, extent in zip(index, op.low.get_values(), shape_of(op.src)):
        moved = space.add(i, constant(-low))
        least, greatest = space.bounds(moved)
        if least < 0 or greatest >= extent:
            guards.append(Guard(moved, extent))
            never = never or greatest < 0 or least >= extent
        source.append(moved)
    return Access(tuple(source), tuple(guards), op.value, never or 0 in shape_of(op.src))


def _linearize(index: Sequence[Index], shape: Sequence[int], space: Space) -> Index:
    flat, stride = constant(0), 1
    for i, extent in reversed(list(zip(index, shape))):
        flat, stride = space.add(flat, space.mul(i, stride)), stride * max(extent, 1)
    return flat


def _delinearize(flat: Index, shape: Sequence[int], space: Space) -> tuple[Index, ...]:
    found: list[Index] = []
    stride = 1
    for position in reversed(range(len(shape))):
        extent = max(shape[position], 1)
        quotient = space.floordiv(flat, stride)
        found.append(constant(0) if extent == 1 else space.mod(quotient, extent))
        stride *= extent
    return tuple(reversed(found))
