"""Rules of `nd`: whole arrays through NumPy, exactly as the ops' docstrings say. Movement makes views."""

from __future__ import annotations

import operator
from typing import Any, TypeVar

import numpy as np
from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, StringAttr
from xdsl.ir import Operation

from .arith import binary_step, both, differ, divide, either, power, truncated, unary_step
from .casts import bitcast
from .interpreter import Frame, Rule, Scope, Step
from .values import BOOL, Array, Binary, DType, Unary, constant, dtype_of, element_type, is_float_dtype, shape_of


def _divide(a: Array, b: Array) -> Array:
    zero = b == 0
    return np.where(zero, np.zeros_like(a), truncated(a, np.where(zero, np.ones_like(b), b))).astype(a.dtype)


def _modulo(a: Array, b: Array) -> Array:
    if is_float_dtype(a.dtype):
        return np.fmod(a, b)
    safe = np.where(b == 0, np.ones_like(b), b)
    return np.where(b == 0, np.zeros_like(a), a - truncated(a, safe) * safe).astype(a.dtype)


def _beyond(a: Array, b: Array) -> Array:
    """Where a shift amount (read as unsigned) is the width or more."""
    return b.view(np.dtype(f"u{b.dtype.itemsize}")) >= a.dtype.itemsize * 8


def _shift_left(a: Array, b: Array) -> Array:
    far = _beyond(a, b)
    return np.where(far, np.zeros_like(a), a << np.where(far, np.zeros_like(b), b)).astype(a.dtype)


def _shift_right(a: Array, b: Array) -> Array:
    most = np.asarray(a.dtype.itemsize * 8 - 1, dtype=b.dtype)
    if a.dtype.kind == "i":
        return (a >> np.where(_beyond(a, b), most, b)).astype(a.dtype)
    return np.where(_beyond(a, b), np.zeros_like(a), a >> np.minimum(b, most)).astype(a.dtype)


F = TypeVar("F")

UNARY: dict[str, Unary] = {
    "neg": operator.neg, "abs": abs, "recip": lambda a: np.asarray(1, a.dtype) / a, "sqrt": np.sqrt, "exp2": np.exp2,
    "log2": np.log2, "sin": np.sin, "trunc": np.trunc, "not": np.invert,
}  # fmt: skip

BINARY: dict[str, Binary] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": divide, "idiv": _divide, "mod": _modulo,
    "max": np.maximum, "min": np.minimum, "pow": power, "and": both, "or": either, "xor": differ,
    "shl": _shift_left, "shr": _shift_right, "cmplt": operator.lt, "cmpeq": operator.eq, "cmpne": operator.ne,
}  # fmt: skip


def _kind(scope: Scope, op: Operation, table: dict[str, F], name: str) -> F:
    kind = op.attributes[name]
    assert isinstance(kind, StringAttr)
    if kind.data not in table:
        raise scope.error(op, f'no rule for the kind "{kind.data}", expected one of {", ".join(table)}')
    return table[kind.data]


def _unary(scope: Scope, op: Operation) -> Step:
    return unary_step(scope, op, _kind(scope, op, UNARY, "kind"))


def _binary(scope: Scope, op: Operation) -> Step:
    return binary_step(scope, op, _kind(scope, op, BINARY, "kind"))


def _select(scope: Scope, op: Operation) -> Step:
    c, a, b, r = *scope.slots(op.operands), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = np.where(frame[c], frame[a], frame[b])

    return step


def cast(value: Array, dtype: DType) -> Array:
    """To bool: unequal to zero. Else as NumPy converts: integers keep their low bits, floats round to even or toward zero."""
    if dtype == BOOL:
        return value != 0
    if is_float_dtype(value.dtype) and dtype.kind == "u":
        # C leaves a float that does not fit undefined, NumPy's answer depends on the CPU: go through the widest
        return value.astype(np.float64).astype(np.uint64 if dtype.itemsize == 8 else np.int64).astype(dtype)
    return value.astype(dtype)


def _cast(scope: Scope, op: Operation) -> Step:
    dtype = dtype_of(op.results[0].type)
    return unary_step(scope, op, lambda a: cast(a, dtype))


def _bitcast(scope: Scope, op: Operation) -> Step:
    dtype = dtype_of(op.results[0].type)
    return unary_step(scope, op, lambda a: bitcast(a, dtype))


def reduce_array(ufunc: Any, value: Array, axes: tuple[int, ...], keepdims: bool = False) -> Array:
    """A ufunc's reduce in the element type. The 16-bit floats add and multiply in f32 and round once: NumPy's own loop for
    bfloat16 rounds at every element and stalls after a few hundred."""
    if value.dtype.itemsize == 2 and is_float_dtype(value.dtype) and ufunc in (np.add, np.multiply):
        return np.asarray(ufunc.reduce(value.astype(np.float32), axis=axes, keepdims=keepdims)).astype(value.dtype)
    return np.asarray(ufunc.reduce(value, axis=axes, dtype=value.dtype, keepdims=keepdims))


_COMBINE: dict[str, Any] = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}


def neutral(combiner: str, dtype: DType) -> Any:
    """What the combiner gives for nothing: 0, 1, the smallest or the largest value of the type."""
    if combiner in ("sum", "prod"):
        return dtype.type(combiner == "prod")
    if is_float_dtype(dtype):
        return dtype.type(-np.inf if combiner == "max" else np.inf)
    if dtype == BOOL:
        return np.bool_(combiner == "min")
    info = np.iinfo(dtype)
    return dtype.type(info.min if combiner == "max" else info.max)


def _reduce(scope: Scope, op: Operation) -> Step:
    ufunc = _kind(scope, op, _COMBINE, "combiner")
    combiner, axes = op.attributes["combiner"], ints(op, "axes")
    assert isinstance(combiner, StringAttr)
    name, shape, dtype = combiner.data, shape_of(op.results[0].type), dtype_of(op.results[0].type)

    def compute(value: Array) -> Array:
        if any(value.shape[axis] == 0 for axis in axes):
            return np.full(shape, neutral(name, dtype))
        return reduce_array(ufunc, value, axes)

    return unary_step(scope, op, compute)


def ints(op: Operation, name: str) -> tuple[int, ...]:
    values = op.attributes[name]
    assert isinstance(values, DenseArrayBase)
    return tuple(int(value) for value in values.get_values())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]


def _reshape(scope: Scope, op: Operation) -> Step:
    shape = shape_of(op.results[0].type)
    return unary_step(scope, op, lambda a: np.asarray(a).reshape(shape))


def _permute(scope: Scope, op: Operation) -> Step:
    permutation = ints(op, "permutation")
    return unary_step(scope, op, lambda a: np.transpose(a, permutation))


def _expand(scope: Scope, op: Operation) -> Step:
    shape = shape_of(op.results[0].type)
    return unary_step(scope, op, lambda a: np.broadcast_to(a, shape))


def _pad(scope: Scope, op: Operation) -> Step:
    shape, type_ = shape_of(op.results[0].type), op.results[0].type
    value, low = constant(op.attributes["value"], element_type(op.results[0].type)), ints(op, "low")
    dtype = dtype_of(type_)

    def compute(source: Array) -> Array:
        padded = np.full(shape, value, dtype=dtype)
        padded[tuple(slice(a, a + n) for a, n in zip(low, np.shape(source)))] = source
        return padded

    return unary_step(scope, op, compute)


def _shrink(scope: Scope, op: Operation) -> Step:
    window = tuple(map(slice, ints(op, "start"), ints(op, "stop"), ints(op, "step")))
    return unary_step(scope, op, lambda a: np.asarray(a)[window])


def _flip(scope: Scope, op: Operation) -> Step:
    axes = ints(op, "axes")
    return unary_step(scope, op, lambda a: np.flip(a, axes))


def _const(scope: Scope, op: Operation) -> None:
    value = constant(op.attributes["value"], element_type(op.results[0].type))
    scope.constant(op.results[0], np.broadcast_to(np.asarray(value), shape_of(op.results[0].type)))


def _iota(scope: Scope, op: Operation) -> None:
    axis, shape, dtype = op.attributes["axis"], shape_of(op.results[0].type), dtype_of(op.results[0].type)
    assert isinstance(axis, IntegerAttr)
    counted = [1] * len(shape)
    counted[axis.value.data] = -1
    index = np.arange(shape[axis.value.data]).astype(dtype).reshape(counted)
    scope.constant(op.results[0], np.broadcast_to(index, shape))


RULES: dict[str, Rule] = {
    "nd.unary": _unary, "nd.binary": _binary, "nd.select": _select, "nd.cast": _cast, "nd.bitcast": _bitcast,
    "nd.reduce": _reduce, "nd.reshape": _reshape, "nd.permute": _permute, "nd.expand": _expand, "nd.pad": _pad,
    "nd.shrink": _shrink, "nd.flip": _flip, "nd.const": _const, "nd.iota": _iota,
}  # fmt: skip
