"""Making detached `nd` ops at the rate of Python arithmetic: one function an op, from values to a value.

The ops' own constructors take 80 us each, most of it in finding out which argument is an operand and in new types and attributes.
Here types and attributes are made once and shared, and the op is created from its parts: 5 us (xDSL 0.74, 2026-11). The callers
have checked shapes and dtypes by then, with words that a user of Tensor knows; `verify` runs on the function at realise.

Each value is hinted with its op's word, so that printed IR reads `%max`, not `%17`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import copysign
from typing import cast as typed

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, IntegerType, StringAttr, TensorType, i1, i64
from xdsl.ir import Attribute, Operation, SSAValue

from rung.dialects.nd import (
    COMPARISONS,
    BinaryOp,
    BitcastOp,
    CastOp,
    ConstOp,
    ExpandOp,
    FlipOp,
    IotaOp,
    PadOp,
    PermuteOp,
    ReduceOp,
    ReshapeOp,
    SelectOp,
    ShrinkOp,
    UnaryOp,
    splat,
)

Value = SSAValue[Attribute]
Shape = tuple[int, ...]


@lru_cache(maxsize=4096)
def tensor_type(element: Attribute, shape: Shape) -> TensorType[Attribute]:
    """The tensor type, one object for all its uses."""
    return TensorType(element, shape)


def shape_of(value: Value) -> Shape:
    """The shape of a value made here. `nd`'s own `shape_of` checks that it is a tensor, for 20 us."""
    return _parts(value.type)[1]


def element_of(value: Value) -> Attribute:
    return _parts(value.type)[2]


_PARTS_KEPT = 10_000
_parts_by_id: dict[int, tuple[Attribute, Shape, Attribute]] = {}
"""Under the id of a type: itself (so that the id stays its own), its shape and element type. To hash a type takes longer."""


def _parts(type_: Attribute) -> tuple[Attribute, Shape, Attribute]:
    found = _parts_by_id.get(id(type_))
    if found is None:
        if len(_parts_by_id) > _PARTS_KEPT:
            _parts_by_id.clear()
        tensor = typed(TensorType[Attribute], type_)
        found = _parts_by_id[id(type_)] = (type_, tensor.get_shape(), tensor.element_type)
    return found


@lru_cache(maxsize=1024)
def _string(text: str) -> StringAttr:
    return StringAttr(text)


@lru_cache(maxsize=4096)
def _array(values: Shape) -> DenseArrayBase[IntegerType]:
    return DenseArrayBase.from_list(i64, values)


def _scalar(value: float, element: Attribute) -> Attribute:
    return _signed_scalar(value, copysign(1, value), element)


@lru_cache(maxsize=1024, typed=True)
def _signed_scalar(value: float, sign: float, element: Attribute) -> Attribute:
    """`sign` keeps 0.0 and -0.0 apart in the cache, `typed` keeps 1, 1.0 and True apart."""
    return splat(value, element)


def _result(op: Operation, hint: str | None) -> Value:
    result = op.results[0]
    result.name_hint = hint
    return result


def unary(kind: str, src: Value) -> Value:
    return _result(UnaryOp.create(operands=[src], result_types=[src.type], attributes={"kind": _string(kind)}), kind)


def binary(kind: str, lhs: Value, rhs: Value) -> Value:
    type_ = tensor_type(i1, shape_of(lhs)) if kind in COMPARISONS else lhs.type
    return _result(BinaryOp.create(operands=[lhs, rhs], result_types=[type_], attributes={"kind": _string(kind)}), kind)


def select(cond: Value, on_true: Value, on_false: Value) -> Value:
    return _result(SelectOp.create(operands=[cond, on_true, on_false], result_types=[on_true.type]), "where")


def cast(src: Value, element: Attribute) -> Value:
    return _result(CastOp.create(operands=[src], result_types=[tensor_type(element, shape_of(src))]), src.name_hint)


def bitcast(src: Value, element: Attribute) -> Value:
    return _result(BitcastOp.create(operands=[src], result_types=[tensor_type(element, shape_of(src))]), "bits")


def reduce(combiner: str, src: Value, axes: Sequence[int]) -> Value:
    """`axes` are sorted and counted from the front."""
    shape = tuple(extent for axis, extent in enumerate(shape_of(src)) if axis not in axes)
    attributes: dict[str, Attribute] = {"combiner": _string(combiner), "axes": _array(tuple(axes))}
    op = ReduceOp.create(operands=[src], result_types=[tensor_type(element_of(src), shape)], attributes=attributes)
    return _result(op, combiner)


def reshape(src: Value, shape: Shape) -> Value:
    return _result(ReshapeOp.create(operands=[src], result_types=[tensor_type(element_of(src), shape)]), src.name_hint)


def permute(src: Value, permutation: Shape) -> Value:
    old = shape_of(src)
    type_ = tensor_type(element_of(src), tuple(old[axis] for axis in permutation))
    attributes: dict[str, Attribute] = {"permutation": _array(permutation)}
    return _result(PermuteOp.create(operands=[src], result_types=[type_], attributes=attributes), src.name_hint)


def expand(src: Value, shape: Shape) -> Value:
    return _result(ExpandOp.create(operands=[src], result_types=[tensor_type(element_of(src), shape)]), src.name_hint)


def broadcast(src: Value, shape: Shape) -> Value:
    """Aligned at the last axis: a reshape where axes are new in front, then an expand."""
    old = shape_of(src)
    if len(old) < len(shape):
        src = reshape(src, (1,) * (len(shape) - len(old)) + old)
    return src if shape_of(src) == shape else expand(src, shape)


def pad(src: Value, low: Shape, high: Shape, value: float) -> Value:
    element = element_of(src)
    shape = tuple(before + extent + after for before, extent, after in zip(low, shape_of(src), high))
    attributes: dict[str, Attribute] = {"low": _array(low), "high": _array(high), "value": _scalar(value, element)}
    return _result(PadOp.create(operands=[src], result_types=[tensor_type(element, shape)], attributes=attributes), "pad")


def shrink(src: Value, start: Shape, stop: Shape, step: Shape) -> Value:
    shape = tuple(-((first - last) // stride) for first, last, stride in zip(start, stop, step))
    attributes: dict[str, Attribute] = {"start": _array(start), "stop": _array(stop), "step": _array(step)}
    op = ShrinkOp.create(operands=[src], result_types=[tensor_type(element_of(src), shape)], attributes=attributes)
    return _result(op, src.name_hint)


def flip(src: Value, axes: Shape) -> Value:
    attributes: dict[str, Attribute] = {"axes": _array(axes)}
    return _result(FlipOp.create(operands=[src], result_types=[src.type], attributes=attributes), src.name_hint)


def const(value: float, element: Attribute, shape: Shape) -> Value:
    attributes = {"value": _scalar(value, element)}
    return _result(ConstOp.create(result_types=[tensor_type(element, shape)], attributes=attributes), None)


def iota(axis: int, shape: Shape, element: Attribute) -> Value:
    attributes: dict[str, Attribute] = {"axis": IntegerAttr(axis, i64)}
    return _result(IotaOp.create(result_types=[tensor_type(element, shape)], attributes=attributes), "i")
