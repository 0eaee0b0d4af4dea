"""What the elementwise ops and reduces of `nd` give for known scalars, in NumPy and in the element type itself.

A fold must give what a target would, so it declines wherever the meaning leaves the answer open (a float cast to an integer that
cannot hold it) or where a scalar attribute cannot carry it (the payload of a NaN that came from bits).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, bf16, f16, f32, f64
from xdsl.ir import Attribute

from .dtype import bit_width, integer_range, is_float, is_unsigned, to_numpy
from .movement import value_type
from .sources import splat

Scalar = Any
"""A NumPy scalar of an element type; NumPy's stubs have no common class for those of ml_dtypes."""


def scalar_of(value: Attribute) -> Scalar:
    """The NumPy scalar of a scalar attribute: np.float32(1.0) for `1.0 : f32`."""
    dtype: Any = to_numpy(value_type(value))
    return dtype.type(number_of(value))


def number_of(value: Attribute) -> int | float:
    """The Python number of a scalar attribute."""
    if isinstance(value, FloatAttr):
        return value.value.data
    assert isinstance(value, IntegerAttr)
    return value.value.data


def attribute_of(scalar: Scalar, element: Attribute) -> Attribute:
    """The scalar attribute of an element type for a number, rounded (floats) or taken modulo (integers) as a cast would."""
    if not is_float(element):
        width = bit_width(element)
        number = int(scalar) & ((1 << width) - 1)
        if width > 1 and not is_unsigned(element) and number >> (width - 1):
            number -= 1 << width
        return splat(number, element)
    return splat(float(scalar), element)


def _is_whole(scalar: Scalar) -> bool:
    return scalar.dtype.kind in "iu"


def _idiv(a: Scalar, b: Scalar) -> Scalar:
    quotient = abs(int(a)) // abs(int(b)) if b else 0
    return -quotient if (a < 0) != (b < 0) else quotient


def _mod(a: Scalar, b: Scalar) -> Scalar:
    if _is_whole(a):
        return int(a) - int(_idiv(a, b)) * int(b) if b else 0
    return np.fmod(a, b)


def _shift(a: Scalar, b: Scalar, left: bool) -> Scalar:
    width = a.dtype.itemsize * 8
    amount = int(b) if 0 <= int(b) < width else width
    return int(a) << amount if left else int(a) >> amount


def _pow(a: Scalar, b: Scalar) -> Scalar:
    # NumPy answers scalars with sqrt for an exponent of 0.5: NaN, not inf, for -inf. Arrays get C's pow.
    return np.power(np.array([a]), np.array([b]))[0]


UNARY: dict[str, Callable[[Scalar], Scalar]] = {
    "neg": lambda a: -int(a) if _is_whole(a) else -a,
    "abs": lambda a: abs(int(a)) if _is_whole(a) else abs(a),
    "recip": lambda a: a.dtype.type(1) / a,
    "sqrt": np.sqrt,
    "exp2": np.exp2,
    "log2": np.log2,
    "sin": np.sin,
    "trunc": np.trunc,
    "not": np.invert,
}

BINARY: dict[str, Callable[[Scalar, Scalar], Scalar]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "idiv": _idiv,
    "mod": _mod,
    "max": np.maximum,
    "min": np.minimum,
    "pow": _pow,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: _shift(a, b, True),
    "shr": lambda a, b: _shift(a, b, False),
    "cmplt": lambda a, b: a < b,
    "cmpeq": lambda a, b: a == b,
    "cmpne": lambda a, b: a != b,
}

NEUTRAL: dict[str, Callable[[Attribute], Scalar]] = {
    "sum": lambda element: 0,
    "prod": lambda element: 1,
    "max": lambda element: limits(element)[0],
    "min": lambda element: limits(element)[1],
}


def limits(element: Attribute) -> tuple[Scalar, Scalar]:
    """The smallest and the largest value of an element type; the infinities for floats."""
    if not is_float(element):
        return integer_range(element)
    return -np.inf, np.inf


def neutral(combiner: str, element: Attribute) -> Attribute:
    """What a reduce gives for no elements, and what changes nothing when combined."""
    return attribute_of(NEUTRAL[combiner](element), element)


def fold_unary(kind: str, value: Attribute) -> Attribute:
    with np.errstate(all="ignore"):
        return attribute_of(UNARY[kind](scalar_of(value)), value_type(value))


def fold_binary(kind: str, lhs: Attribute, rhs: Attribute, result: Attribute) -> Attribute:
    """`result`: the element type of the result, i1 for a comparison."""
    with np.errstate(all="ignore"):
        return attribute_of(BINARY[kind](scalar_of(lhs), scalar_of(rhs)), result)


def fold_cast(value: Attribute, element: Attribute) -> Attribute | None:
    """None for a float that the integer type cannot hold."""
    scalar = scalar_of(value)
    if not is_float(element):
        if bit_width(element) == 1:
            return attribute_of(scalar != 0, element)
        if is_float(value_type(value)):
            low, high = limits(element)
            if not low <= float(scalar) <= high or not low <= int(scalar) <= high:
                return None
        return attribute_of(int(scalar), element)
    with np.errstate(all="ignore"):
        return attribute_of(scalar.astype(to_numpy(element)), element)


def fold_bitcast(value: Attribute, element: Attribute) -> Attribute | None:
    """None where either side is a NaN."""
    scalar = scalar_of(value)
    bits = np.asarray(scalar).view(to_numpy(element))[()]
    return None if scalar != scalar or bits != bits else attribute_of(bits, element)


def fold_reduce(combiner: str, value: Attribute, count: int) -> Attribute | None:
    """`count` equal values combined. None for floats whose sum or product depends on order or rounding."""
    element = value_type(value)
    if count == 0:
        return neutral(combiner, element)
    if combiner in ("max", "min") or count == 1:
        return value
    number = number_of(value)
    if not is_float(element):
        whole = int(number)
        return attribute_of(whole * count if combiner == "sum" else pow(whole, count, 1 << bit_width(element)), element)
    if combiner == "prod":
        return value if number == 1.0 else None
    # Partial sums of a whole number are exact in every order while they fit the mantissa. Adding 0.0 clears the sign of zero.
    exact = bool(np.isfinite(number)) and number == int(number) and abs(number) * count <= 2.0 ** MANTISSA_BITS[element]
    return attribute_of(number * count + 0.0, element) if exact else None


MANTISSA_BITS: dict[Attribute, int] = {f16: 11, bf16: 8, f32: 24, f64: 53}
"""Bits of a float's significand, the hidden one included: whole numbers up to two to this power are exact."""
