"""Rules of `math`: NumPy's function of the element type where there is one, else computed in double and rounded once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.ir import Operation

from .arith import binary, power, unary, unary_step, unsigned
from .interpreter import Frame, Rule, Scope, Step
from .values import DType, Ternary, Unary, blend, dtype_of, width_of, wrap


def _wider(dtype: DType) -> Any:
    """Double, or long double for a double: wide enough that rounding once more seldom shows."""
    return np.longdouble if dtype == np.float64 else np.float64


def rsqrt(a: Any) -> Any:
    return (1 / np.sqrt(a.astype(_wider(a.dtype)))).astype(a.dtype)


def plain(fn: Callable[[float], float]) -> Unary:
    """A function of Python floats, applied to each element."""
    each = np.frompyfunc(fn, 1, 1)

    def compute(value: Any) -> Any:
        return np.asarray(each(value.astype(np.float64))).astype(value.dtype)[()]

    return compute


def half_away(value: Any) -> Any:
    """Round to the nearest integer, halves away from zero."""
    whole = np.trunc(value)
    away = np.copysign(np.ones_like(value), value)
    return blend(np.abs(value - whole) >= 0.5, whole + away, whole).astype(value.dtype)[()]


def fma(a: Any, b: Any, c: Any) -> Any:
    """a * b + c rounded once. Exact for f32 and below but for rare double roundings of the wider sum."""
    wider = _wider(a.dtype)
    return (a.astype(wider) * b.astype(wider) + c.astype(wider)).astype(a.dtype)


def _ternary(fn: Ternary) -> Rule:
    def rule(scope: Scope, op: Operation) -> Step:
        (a, b, c), r = scope.slots(op.operands), scope.slot(op.results[0])

        def step(frame: Frame) -> None:
            frame[r] = fn(frame[a], frame[b], frame[c])

        return step

    return rule


def _bits(count: Callable[[int, int], int]) -> Rule:
    """`count(bits, width)` of each integer."""

    def rule(scope: Scope, op: Operation) -> Step:
        width, dtype = width_of(op.operands[0].type), dtype_of(op.operands[0].type)
        each = np.frompyfunc(lambda x: count(int(x), width), 1, 1)
        return unary_step(scope, op, lambda a: np.asarray(each(unsigned(a))).astype(dtype)[()])

    return rule


def integer_power(base: int, exponent: int, width: int) -> int:
    """base ** exponent, wrapping. A negative exponent gives 0 but for a base of 1 and -1; base 0 is then undefined."""
    if exponent < 0:
        return {1: 1, -1: -1 if exponent % 2 else 1}.get(base, 0)
    return wrap(pow(base, exponent, 1 << width), width)


def _ipowi(scope: Scope, op: Operation) -> Step:
    width, dtype = width_of(op.operands[0].type), dtype_of(op.operands[0].type)
    (a, b), r = scope.slots(op.operands), scope.slot(op.results[0])
    each = np.frompyfunc(lambda x, y: integer_power(int(x), int(y), width), 2, 1)

    def step(frame: Frame) -> None:
        frame[r] = np.asarray(each(frame[a], frame[b])).astype(dtype)[()]

    return step


_UNARY: dict[str, Unary] = {
    "absf": abs, "absi": abs, "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh,
    "atan": np.arctan, "atanh": np.arctanh, "cbrt": np.cbrt, "ceil": np.ceil, "cos": np.cos, "cosh": np.cosh, "exp": np.exp,
    "exp2": np.exp2, "expm1": np.expm1, "floor": np.floor, "log": np.log, "log10": np.log10, "log1p": np.log1p, "log2": np.log2,
    "roundeven": np.rint, "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh, "trunc": np.trunc,
    "round": half_away, "erf": plain(math.erf), "erfc": plain(math.erfc), "rsqrt": rsqrt,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite,
}  # fmt: skip

RULES: dict[str, Rule] = {
    **{f"math.{name}": unary(fn) for name, fn in _UNARY.items()},
    "math.atan2": binary(np.arctan2),
    "math.copysign": binary(np.copysign),
    "math.powf": binary(power),
    "math.fpowi": binary(lambda a, b: np.power(a.astype(np.float64), b).astype(a.dtype)),
    "math.ipowi": _ipowi,
    "math.fma": _ternary(fma),
    "math.clampf": _ternary(lambda a, low, high: np.minimum(np.maximum(a, low), high)),
    "math.ctlz": _bits(lambda bits, width: width - bits.bit_length()),
    "math.cttz": _bits(lambda bits, width: (bits & -bits).bit_length() - 1 if bits else width),
    "math.ctpop": _bits(lambda bits, width: bits.bit_count()),
}
