"""The element types of `nd`, and their NumPy twins.

Signless integers are signed (`i32` is int32), `ui8..ui64` are unsigned, `i1` is bool. Below `nd` every integer is signless, as
upstream's arith wants it: the lowering picks the op (divsi or divui) by the type it leaves behind.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IntegerType,
    Signedness,
    TensorType,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute

ui8 = IntegerType(8, Signedness.UNSIGNED)
ui16 = IntegerType(16, Signedness.UNSIGNED)
ui32 = IntegerType(32, Signedness.UNSIGNED)
ui64 = IntegerType(64, Signedness.UNSIGNED)

ElementType = IntegerType | Float16Type | BFloat16Type | Float32Type | Float64Type
FloatType = Float16Type | BFloat16Type | Float32Type | Float64Type

NUMPY: dict[ElementType, np.dtype[np.generic]] = {
    i1: np.dtype(np.bool_),
    i8: np.dtype(np.int8),
    i16: np.dtype(np.int16),
    i32: np.dtype(np.int32),
    i64: np.dtype(np.int64),
    ui8: np.dtype(np.uint8),
    ui16: np.dtype(np.uint16),
    ui32: np.dtype(np.uint32),
    ui64: np.dtype(np.uint64),
    f16: np.dtype(np.float16),
    bf16: np.dtype(ml_dtypes.bfloat16),
    f32: np.dtype(np.float32),
    f64: np.dtype(np.float64),
}
"""Every element type `nd` knows, with its NumPy dtype."""

_SIGNLESS: dict[Attribute, Attribute] = {ui8: i8, ui16: i16, ui32: i32, ui64: i64}

_FROM_NUMPY = {dtype: element for element, dtype in NUMPY.items()}


def to_numpy(element: Attribute) -> np.dtype[np.generic]:
    """The NumPy dtype of an `nd` element type. Raises TypeError for any other type."""
    if isinstance(element, ElementType) and element in NUMPY:
        return NUMPY[element]
    raise TypeError(f"{element} is not an element type of nd, expected one of {', '.join(map(str, NUMPY))}")


def from_numpy(dtype: npt.DTypeLike) -> ElementType:
    """The `nd` element type of a NumPy dtype. Raises TypeError where there is none (complex, strings, objects)."""
    found = np.dtype(dtype)
    if found in _FROM_NUMPY:
        return _FROM_NUMPY[found]
    raise TypeError(f"NumPy dtype {found} has no nd element type, expected one of {', '.join(map(str, _FROM_NUMPY))}")


def is_float(element: Attribute) -> bool:
    return isinstance(element, FloatType)


def is_bool(element: Attribute) -> bool:
    return element == i1


def is_integer(element: Attribute) -> bool:
    """True for signed and unsigned integers, not for bool."""
    return isinstance(element, IntegerType) and element != i1


def is_unsigned(element: Attribute) -> bool:
    return element in _SIGNLESS


def signless(element: Attribute) -> Attribute:
    """The element type below nd: unsigned integers lose their sign, all else stays."""
    return _SIGNLESS.get(element, element)


def integer_range(element: Attribute) -> tuple[int, int]:
    """The smallest and the largest value of an integer type, signless ones being signed; 0 and 1 for a bool."""
    width = bit_width(element)
    if is_bool(element) or is_unsigned(element):
        return 0, (1 << width) - 1
    return -(1 << (width - 1)), (1 << (width - 1)) - 1


def bit_width(element: Attribute) -> int:
    """Bits of the value; a bool has one, though memory holds it in a byte. Raises TypeError for what is no element type."""
    if isinstance(element, IntegerType | FloatType):
        return element.bitwidth
    raise TypeError(f"{element} is not an element type of nd")


def tensor(element: Attribute, shape: tuple[int, ...] | list[int]) -> TensorType[Attribute]:
    return TensorType(element, shape)
