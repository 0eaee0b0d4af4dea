"""The element types a user names: `dtypes.float32`, `"float32"`, `np.float32` and `float` all mean the same.

Thin over `dialects/nd/dtype.py`: a `DType` is a name, the `nd` element type and its NumPy twin. Names are torch's and NumPy's.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import bf16, f16, f32, f64, i1, i8, i16, i32, i64
from xdsl.ir import Attribute

from rung.dialects.nd import dtype as nd
from rung.dialects.nd.dtype import ElementType


@dataclass(frozen=True, eq=False, repr=False)
class DType:
    """One element type. Compare with `==` or `is`: there is one object for each type."""

    name: str
    element: ElementType
    """The type inside `tensor<...>`."""

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """NumPy's dtype; bfloat16 is ml_dtypes' extension type."""
        return nd.NUMPY[self.element]

    @property
    def itemsize(self) -> int:
        """Bytes of one element in memory; a bool takes one."""
        return self.numpy.itemsize

    @property
    def is_float(self) -> builtins.bool:
        return nd.is_float(self.element)

    @property
    def is_integer(self) -> builtins.bool:
        """Signed or unsigned; bool is not an integer here."""
        return nd.is_integer(self.element)

    @property
    def is_unsigned(self) -> builtins.bool:
        return nd.is_unsigned(self.element)

    @property
    def is_bool(self) -> builtins.bool:
        return nd.is_bool(self.element)

    @property
    def is_half(self) -> builtins.bool:
        """A 16-bit float: sums and transcendental functions of these are computed in float32."""
        return self.element in (f16, bf16)

    @property
    def bits(self) -> int:
        """Bits of the value: 1 for bool."""
        return nd.bit_width(self.element)

    @property
    def lowest(self) -> builtins.bool | int | float:
        """The smallest value: -inf for floats. It is what `max` of nothing gives."""
        if self.is_float:
            return -float("inf")
        return False if self.is_bool else 0 if self.is_unsigned else -(1 << (self.bits - 1))

    @property
    def highest(self) -> builtins.bool | int | float:
        """The largest value: inf for floats."""
        if self.is_float:
            return float("inf")
        return True if self.is_bool else (1 << (self.bits - (not self.is_unsigned))) - 1

    def __repr__(self) -> str:
        return f"dtypes.{self.name}"


bool = DType("bool", i1)
int8 = DType("int8", i8)
int16 = DType("int16", i16)
int32 = DType("int32", i32)
int64 = DType("int64", i64)
uint8 = DType("uint8", nd.ui8)
uint16 = DType("uint16", nd.ui16)
uint32 = DType("uint32", nd.ui32)
uint64 = DType("uint64", nd.ui64)
float16 = DType("float16", f16)
bfloat16 = DType("bfloat16", bf16)
float32 = DType("float32", f32)
float64 = DType("float64", f64)

ALL = (bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, bfloat16, float32, float64)
"""Every dtype, bool first, floats last."""

default_int = int32
"""What Python ints become. Not torch's int64: GPUs and SIMD units compute 32-bit integers at twice the rate or better."""
default_float = float32
"""What Python floats become, and int / int."""

DTypeLike = DType | str | type | npt.DTypeLike
"""What is accepted wherever a dtype is asked for."""

_BY_NAME = {dtype.name: dtype for dtype in ALL} | {
    "half": float16,
    "float": float32,
    "double": float64,
    "int": int32,
    "long": int64,
}
_BY_ELEMENT: dict[Attribute, DType] = {dtype.element: dtype for dtype in ALL}
_PYTHON: dict[object, DType] = {builtins.bool: bool, int: default_int, float: default_float}


def of_element(element: Attribute) -> DType:
    """The dtype of an `nd` element type."""
    return _BY_ELEMENT[element]


def to_dtype(dtype: DTypeLike) -> DType:
    """The dtype meant by a DType, a name, a Python type or anything NumPy takes for one.

    Errors   AttributeError for an unknown name; TypeError for a NumPy dtype without an `nd` twin (complex, strings)
    """
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, str):
        if dtype not in _BY_NAME:
            raise AttributeError(f'no dtype is called "{dtype}", expected one of {", ".join(_BY_NAME)}')
        return _BY_NAME[dtype]
    if dtype in _PYTHON:
        return _PYTHON[dtype]
    return _BY_ELEMENT[nd.from_numpy(dtype)]
