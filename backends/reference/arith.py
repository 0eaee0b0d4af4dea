"""Rules of `arith`: each step works on a scalar, on a vector, and on a wide array alike.

Signed by storage, unsigned by the op: `unsigned` rereads the bits. What upstream calls poison (a shift by the width or more, a
float that does not fit an integer) gives some value, chosen so that nobody mistakes it for a guarded one; what it calls undefined
(a division by zero) raises.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute, Operation

from .interpreter import MASK, Frame, Rule, Scope, Step
from .values import (
    BOOL,
    Binary,
    Unary,
    blend,
    constant,
    dtype_of,
    element_type,
    is_vector,
    width_of,
    wrap,
)

UNSIGNED_DTYPE = {np.dtype(f"int{w}"): np.dtype(f"uint{w}") for w in (8, 16, 32, 64)}


def is_index(type_: Attribute) -> bool:
    return isinstance(element_type(type_), IndexType)


def unsigned(value: Any) -> Any:
    """The same bits read as an unsigned number."""
    if isinstance(value, int):
        return value & 0xFFFFFFFFFFFFFFFF
    return value.view(UNSIGNED_DTYPE[value.dtype]) if value.dtype in UNSIGNED_DTYPE else value


def signed(value: Any) -> Any:
    """An unsigned number's bits read back as the signed number that stands for them."""
    if isinstance(value, int):
        return wrap(value, 64)
    return value.view(np.dtype(f"i{value.dtype.itemsize}")) if value.dtype.kind == "u" else value


def both(a: Any, b: Any) -> Any:
    return a & b


def either(a: Any, b: Any) -> Any:
    return a | b


def differ(a: Any, b: Any) -> Any:
    return a ^ b


def divide(a: Any, b: Any) -> Any:
    return a / b


def floor_divide(a: Any, b: Any) -> Any:
    return a // b


def power(a: Any, b: Any) -> Any:
    """C's pow, the same for one number as for many: where it sees a single exponent, NumPy takes roots and reciprocals."""
    wide = np.broadcast_arrays(a, b)
    bases, exponents = (np.append(array.reshape(-1), np.ones(1, array.dtype)) for array in wide)
    exponents[-1] = 3
    return np.power(bases, exponents)[:-1].reshape(wide[0].shape)[()]


def unary_step(scope: Scope, op: Operation, fn: Unary) -> Step:
    a, r = scope.slot(op.operands[0]), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = fn(frame[a])

    return step


def unary(fn: Unary) -> Rule:
    return lambda scope, op: unary_step(scope, op, fn)


def binary_step(scope: Scope, op: Operation, fn: Binary) -> Step:
    a, b, r = scope.slot(op.operands[0]), scope.slot(op.operands[1]), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = fn(frame[a], frame[b])

    return step


def binary(fn: Binary, *, of_bool: Binary | None = None, of_scalar: Binary | None = None) -> Rule:
    """A rule that applies `fn`; another function where the elements are bool, or where both operands are plain scalars."""

    def rule(scope: Scope, op: Operation) -> Step:
        type_ = op.operands[0].type
        if of_bool is not None and dtype_of(type_) == BOOL:
            return binary_step(scope, op, of_bool)
        if of_scalar is not None and not scope.wide and not is_vector(type_):
            return binary_step(scope, op, of_scalar)
        return binary_step(scope, op, fn)

    return rule


def _add(scope: Scope, op: Operation) -> Step:
    """The most frequent ops have their operator written out: it saves a call."""
    a, b, r = scope.slot(op.operands[0]), scope.slot(op.operands[1]), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = frame[a] + frame[b]

    return step if dtype_of(op.results[0].type) != BOOL else binary_step(scope, op, differ)


def _mul(scope: Scope, op: Operation) -> Step:
    a, b, r = scope.slot(op.operands[0]), scope.slot(op.operands[1]), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = frame[a] * frame[b]

    return step if dtype_of(op.results[0].type) != BOOL else binary_step(scope, op, both)


def scalar_max(a: Any, b: Any) -> Any:
    return a if a > b or a != a else b


def scalar_min(a: Any, b: Any) -> Any:
    return a if a < b or a != a else b


def scalar_maxnum(a: Any, b: Any) -> Any:
    return a if a > b or b != b else b


def scalar_minnum(a: Any, b: Any) -> Any:
    return a if a < b or b != b else b


def truncated(a: Any, b: Any) -> Any:
    """a / b rounded toward zero, for integers, b not zero."""
    quotient = a // b
    return quotient + ((quotient * b != a) & ((a < 0) != (b < 0)))


def _ceiled(a: Any, b: Any) -> Any:
    quotient = a // b
    return quotient + (quotient * b != a)


def as_unsigned(fn: Binary) -> Binary:
    return lambda a, b: signed(fn(unsigned(a), unsigned(b)))


def nonzero(divisor: Any) -> Any:
    """The divisor with 1 in place of 0."""
    return blend(divisor == 0, np.ones_like(divisor), divisor)


def division(fn: Binary) -> Rule:
    """An integer division: raises for a zero divisor, unless the mask says that its iteration does not run."""

    def rule(scope: Scope, op: Operation) -> Step:
        a, b, r = scope.slot(op.operands[0]), scope.slot(op.operands[1]), scope.slot(op.results[0])

        def step(frame: Frame) -> None:
            divisor: Any = frame[b]
            zero = divisor == 0
            if zero.any() if isinstance(zero, np.ndarray) else zero:
                if frame[MASK] is None or np.any(zero & frame[MASK]):
                    raise scope.error(op, "division by zero")
                divisor = nonzero(divisor)
            frame[r] = fn(frame[a], divisor)

        return step

    return rule


def shift(kind: str) -> Rule:
    """A shift by the width or more is poison: take the amount modulo the width, as x86 does, never a clean 0."""

    def rule(scope: Scope, op: Operation) -> Step:
        low = width_of(op.operands[0].type) - 1
        if low == 0:
            return binary_step(scope, op, lambda a, b: a)
        if kind == "left":
            return binary_step(scope, op, lambda a, b: _left(a, b & low))
        if kind == "logical":
            return binary_step(scope, op, lambda a, b: signed(unsigned(a) >> unsigned(b & low)))
        return binary_step(scope, op, lambda a, b: a >> (b & low))

    return rule


def _left(a: Any, b: Any) -> Any:
    return wrap(a << b, 64) if isinstance(a, int) and isinstance(b, int) else a << b


def _constant(scope: Scope, op: Operation) -> None:
    scope.constant(op.results[0], constant(op.properties["value"], op.results[0].type))


def _select(scope: Scope, op: Operation) -> Step:
    c, a, b, r = *scope.slots(op.operands), scope.slot(op.results[0])

    def pick(frame: Frame) -> None:
        frame[r] = frame[a] if frame[c] else frame[b]

    def blend(frame: Frame) -> None:
        frame[r] = np.where(frame[c], frame[a], frame[b])

    return blend if scope.wide or is_vector(op.operands[0].type) else pick


def _extended(fn: Callable[[int, int], int], read: Unary) -> Rule:
    """An op with a low and a high result, computed in Python ints."""

    def rule(scope: Scope, op: Operation) -> Step:
        (a, b), (low, high) = scope.slots(op.operands), scope.slots(op.results)
        width, dtypes = width_of(op.operands[0].type), [dtype_of(result.type) for result in op.results]
        exact = np.frompyfunc(lambda x, y: fn(int(x), int(y)), 2, 1)
        lower = np.frompyfunc(lambda x: wrap(x, width), 1, 1)
        upper = np.frompyfunc(lambda x: wrap(x >> width, width) if dtypes[1] != BOOL else x >> width, 1, 1)

        def step(frame: Frame) -> None:
            full = exact(read(frame[a]), read(frame[b]))
            frame[low] = np.asarray(lower(full)).astype(dtypes[0])[()]
            frame[high] = np.asarray(upper(full)).astype(dtypes[1])[()]

        return step

    return rule


RULES: dict[str, Rule] = {
    "arith.constant": _constant,
    "arith.addi": _add,
    "arith.addf": _add,
    "arith.muli": _mul,
    "arith.mulf": _mul,
    "arith.subi": binary(operator.sub, of_bool=differ),
    "arith.subf": binary(operator.sub),
    "arith.divf": binary(divide),
    "arith.remf": binary(np.fmod),
    "arith.negf": unary(operator.neg),
    "arith.divsi": division(truncated),
    "arith.divui": division(as_unsigned(floor_divide)),
    "arith.remsi": division(lambda a, b: a - truncated(a, b) * b),
    "arith.remui": division(as_unsigned(operator.mod)),
    "arith.floordivsi": division(floor_divide),
    "arith.ceildivsi": division(_ceiled),
    "arith.ceildivui": division(as_unsigned(_ceiled)),
    "arith.andi": binary(both),
    "arith.ori": binary(either),
    "arith.xori": binary(differ),
    "arith.shli": shift("left"),
    "arith.shrsi": shift("arithmetic"),
    "arith.shrui": shift("logical"),
    "arith.maximumf": binary(np.maximum, of_scalar=scalar_max),
    "arith.minimumf": binary(np.minimum, of_scalar=scalar_min),
    "arith.maxnumf": binary(np.fmax, of_scalar=scalar_maxnum),
    "arith.minnumf": binary(np.fmin, of_scalar=scalar_minnum),
    "arith.maxsi": binary(np.maximum, of_bool=both, of_scalar=scalar_max),
    "arith.minsi": binary(np.minimum, of_bool=either, of_scalar=scalar_min),
    "arith.maxui": binary(as_unsigned(np.maximum), of_bool=either, of_scalar=as_unsigned(scalar_max)),
    "arith.minui": binary(as_unsigned(np.minimum), of_bool=both, of_scalar=as_unsigned(scalar_min)),
    "arith.select": _select,
    "arith.mulsi_extended": _extended(operator.mul, lambda a: a),
    "arith.mului_extended": _extended(operator.mul, unsigned),
    "arith.addui_extended": _extended(operator.add, unsigned),
}  # fmt: skip
