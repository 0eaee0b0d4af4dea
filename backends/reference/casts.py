"""Rules of `arith`'s casts. A float that does not fit an integer is poison upstream: any value, no trap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.ir import Operation

from .arith import UNSIGNED_DTYPE, is_index, signed, unary_step, unsigned
from .interpreter import Rule, Scope, Step
from .values import BOOL, INDEX, Array, DType, Unary, dtype_of, is_vector, wrap


def convert(value: Any, dtype: DType) -> Any:
    """The value in another dtype, as NumPy converts; a Python int becomes a NumPy scalar."""
    if isinstance(value, int):
        return dtype.type(wrap(int(value), dtype.itemsize * 8) if dtype.kind == "i" else value)
    return value.astype(dtype)


def _cast(make: Callable[[DType, DType], Unary]) -> Rule:
    """`make(from, to)` gives the function of a cast."""

    def rule(scope: Scope, op: Operation) -> Step:
        return unary_step(scope, op, make(dtype_of(op.operands[0].type), dtype_of(op.results[0].type)))

    return rule


def _sign_extend(source: DType, target: DType) -> Unary:
    if source == BOOL:
        return lambda a: -convert(a, target)
    return lambda a: convert(a, target)


def _truncate(source: DType, target: DType) -> Unary:
    if target == BOOL:
        return lambda a: (a & 1) == 1
    return lambda a: convert(a, target)


def to_unsigned(value: Any, target: DType) -> Any:
    """A float as an unsigned integer's bits. A negative number is poison; NumPy gives some value."""
    if target == BOOL:
        return convert(value, INDEX) & 1 == 1
    return signed(value.astype(UNSIGNED_DTYPE[target]))


def _index_cast(scope: Scope, op: Operation, extend: Unary) -> Step:
    source, target = op.operands[0].type, op.results[0].type
    if is_index(source):
        return unary_step(scope, op, _truncate(dtype_of(source), dtype_of(target)))
    if scope.wide or is_vector(source):
        return unary_step(scope, op, lambda a: convert(extend(a), INDEX))
    return unary_step(scope, op, lambda a: int(extend(a)))


def _index_cast_signed(scope: Scope, op: Operation) -> Step:
    is_bool = dtype_of(op.operands[0].type) == BOOL
    return _index_cast(scope, op, (lambda a: -convert(a, INDEX)) if is_bool else (lambda a: a))


def _index_cast_unsigned(scope: Scope, op: Operation) -> Step:
    return _index_cast(scope, op, unsigned)


def bitcast(value: Any, dtype: DType) -> Any:
    if np.ndim(value) == 0:
        return value.view(dtype)
    array: Array = np.ascontiguousarray(value)
    return array.view(dtype)


RULES: dict[str, Rule] = {
    "arith.extf": _cast(lambda source, target: lambda a: a.astype(target)),
    "arith.truncf": _cast(lambda source, target: lambda a: a.astype(target)),
    "arith.extsi": _cast(_sign_extend),
    "arith.extui": _cast(lambda source, target: lambda a: convert(unsigned(a), target)),
    "arith.trunci": _cast(_truncate),
    "arith.sitofp": _cast(lambda source, target: lambda a: -convert(a, target) if source == BOOL else convert(a, target)),
    "arith.uitofp": _cast(lambda source, target: lambda a: convert(unsigned(a), target)),
    "arith.fptosi": _cast(lambda source, target: lambda a: a.astype(target) if target != BOOL else to_unsigned(a, target)),
    "arith.fptoui": _cast(lambda source, target: lambda a: to_unsigned(a, target)),
    "arith.bitcast": _cast(lambda source, target: lambda a: bitcast(a, target)),
    "arith.index_cast": _index_cast_signed,
    "arith.index_castui": _index_cast_unsigned,
}
