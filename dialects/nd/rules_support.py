"""What the rules of canonicalization share: looking at where a value comes from, and building what replaces it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from xdsl.ir import Attribute, Operation, SSAValue

from .base import element_of, shape_of
from .folding import number_of
from .movement import ExpandOp, ReshapeOp
from .sources import ConstOp, IotaOp

REALIZE = "realize"
"""The mark of an op whose result is materialised."""

Build = Callable[[Operation], SSAValue]
"""Puts a new op in front of the one that is being simplified and answers its result (or an equal value that was there)."""

OpT = TypeVar("OpT", bound=Operation)


def made_by(value: SSAValue, kind: type[OpT]) -> OpT | None:
    """The op of class `kind` that makes a value; None for another op and for one that is marked."""
    owner = value.owner
    return owner if isinstance(owner, kind) and REALIZE not in owner.attributes else None


def constant(value: SSAValue) -> Attribute | None:
    """The scalar that every element of a value is known to be."""
    owner = made_by(value, ConstOp)
    return None if owner is None else owner.value


def number(value: SSAValue) -> int | float | None:
    """The same as a Python number."""
    scalar = constant(value)
    return None if scalar is None else number_of(scalar)


def const(build: Build, value: Attribute, shape: Sequence[int]) -> SSAValue:
    return build(ConstOp(value, shape))


def reshape(build: Build, value: SSAValue, shape: Sequence[int]) -> SSAValue:
    return value if shape_of(value) == tuple(shape) else build(ReshapeOp(value, shape))


def expand(build: Build, value: SSAValue, shape: Sequence[int]) -> SSAValue:
    return value if shape_of(value) == tuple(shape) else build(ExpandOp(value, shape))


def narrow_shape(value: SSAValue) -> tuple[int, ...]:
    """The shape without repetition: extent 1 along each axis on which the elements are known to be all alike."""
    shape = shape_of(value)
    if (source := made_by(value, ExpandOp)) is not None:
        return shape_of(source.src)
    if made_by(value, ConstOp) is not None:
        return (1,) * len(shape)
    if (iota := made_by(value, IotaOp)) is not None:
        axis = iota.axis.value.data
        return tuple(extent if i == axis else 1 for i, extent in enumerate(shape))
    return shape


def narrowed(build: Build, value: SSAValue, shape: Sequence[int]) -> SSAValue:
    """The value with `shape`, which is at least as wide as its `narrow_shape`."""
    if shape_of(value) == tuple(shape):
        return value
    if (source := made_by(value, ExpandOp)) is not None:
        return expand(build, source.src, shape)
    if (scalar := constant(value)) is not None:
        return const(build, scalar, shape)
    iota = made_by(value, IotaOp)
    assert iota is not None
    return build(IotaOp(iota.axis.value.data, shape, element_of(value)))


def before_expand(op: Operation, build: Build, rebuild: Callable[[list[SSAValue]], Operation]) -> SSAValue | None:
    """Compute before repeating: f(expand x, expand y) -> expand f(x, y), on the axes along which all operands repeat.

    A mean that a program broadcasts before it divides it by the count is so divided once a row.
    """
    full = shape_of(op.results[0])
    narrow = [narrow_shape(value) for value in op.operands]
    common = tuple(max(extents) for extents in zip(*narrow))
    if common == full or all(made_by(value, ConstOp) for value in op.operands):
        return None
    result = build(rebuild([narrowed(build, value, common) for value in op.operands]))
    return expand(build, result, full)
