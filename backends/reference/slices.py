"""Offsets, sizes and strides: the windows of subviews, slices and inserts, checked against the shape they look into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, ShapedType
from xdsl.ir import Attribute, Operation, SSAValue

from .interpreter import Frame, Scope

Mixed = Callable[[Frame], tuple[int, ...]]
"""A list of ints, some of them read from the frame."""


def numbers(attr: Attribute | None) -> tuple[int, ...]:
    """The ints of an array<i64: ..>."""
    assert isinstance(attr, DenseArrayBase)
    return tuple(int(value) for value in attr.get_values())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]


def operand_groups(op: Operation, count: int) -> list[Sequence[SSAValue]]:
    """The operands of an op in the groups that its operandSegmentSizes names."""
    sizes = numbers(op.properties.get("operandSegmentSizes", op.attributes.get("operandSegmentSizes")))
    groups: list[Sequence[SSAValue]] = []
    start = 0
    for size in sizes:
        groups.append(op.operands[start : start + size])
        start += size
    assert len(groups) == count, (op.name, sizes)
    return groups


def type_shape(type_: Attribute) -> tuple[int, ...]:
    """The shape of a type as upstream stores it: DYNAMIC_INDEX for an extent that is dynamic."""
    assert isinstance(type_, ShapedType)
    return type_.get_shape()


def mixed(scope: Scope, static: Sequence[int], dynamic: Sequence[SSAValue]) -> Mixed:
    """Static entries, with the dynamic ones filled in from the frame."""
    if not dynamic:
        fixed = tuple(static)
        return lambda frame: fixed
    slots = iter(scope.slots(dynamic))
    entries = [(None, next(slots)) if value == DYNAMIC_INDEX else (value, 0) for value in static]
    return lambda frame: tuple(int(frame[slot]) if value is None else value for value, slot in entries)


class Box:
    """The window of an op with static_offsets, static_sizes and static_strides; `first` is where its dynamic groups start."""

    def __init__(self, scope: Scope, op: Operation, first: int = 1):
        groups = operand_groups(op, first + 3)
        self.scope, self.op = scope, op
        self.offsets, self.extents, self.strides = (
            mixed(scope, numbers(op.properties[name]), group)
            for name, group in zip(("static_offsets", "static_sizes", "static_strides"), groups[first:])
        )

    def window(self, frame: Frame, shape: Sequence[int]) -> tuple[slice, ...]:
        """The window as slices. Raises EvaluationError where it leaves the shape."""
        offsets, extents, strides = self.offsets(frame), self.extents(frame), self.strides(frame)
        slices: list[slice] = []
        for axis, (offset, extent, stride, limit) in enumerate(zip(offsets, extents, strides, shape)):
            last = offset + (extent - 1) * stride
            if extent and not (0 <= offset < limit and 0 <= last < limit):
                raise self.scope.error(
                    self.op, f"axis {axis} takes {offset} to {last}, expected within 0 to {limit - 1} of the shape {tuple(shape)}"
                )
            slices.append(slice(offset, offset + extent * stride, stride) if extent else slice(0, 0))
        return tuple(slices)


def checked_index(scope: Scope, op: Operation, index: Sequence[Any], shape: Sequence[int]) -> tuple[int, ...]:
    """The index, if it lies in the shape; else EvaluationError naming both."""
    if len(index) != len(shape) or not all(0 <= i < n for i, n in zip(index, shape)):
        raise out_of_bounds(scope, op, index, shape)
    return tuple(index)


def out_of_bounds(scope: Scope, op: Operation, index: Sequence[Any], shape: Sequence[int]) -> Exception:
    return scope.error(op, f"index {tuple(map(int, index))} is out of bounds, expected it in the shape {tuple(shape)}")


def dropped_axes(sizes: Sequence[int], result: Sequence[int]) -> tuple[int, ...]:
    """The axes of extent 1 that a rank-reducing slice leaves out. Among equal neighbours any choice gives the same elements."""
    dropped: list[int] = []
    kept = 0
    for axis, size in enumerate(sizes):
        extent = -1 if size == DYNAMIC_INDEX else size
        if kept < len(result) and extent == result[kept]:
            kept += 1
        else:
            dropped.append(axis)
    return tuple(dropped)
