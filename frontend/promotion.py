"""Which dtype comes out when two meet: torch's rules where torch has one, else NumPy's.

- Kinds are ordered bool < integer < float; the higher kind wins, whatever the widths: int64 with float16 is float16.
- Within a kind the wider wins. A signed and an unsigned integer meet in the narrowest signed type that holds both:
  uint8 with int8 is int16. For uint64 there is none, and NumPy's float64 is taken. float16 with bfloat16 is float32.
- Python scalars (and NumPy's, as in torch) are weak: they take the tensor's dtype unless their kind is higher; then the default
  int (int32) or float (float32). A scalar that does not fit its dtype is refused, where torch would wrap.
- A 0-d tensor counts like any other tensor, as in NumPy 2 and JAX; torch would treat it as half weak.
- True division and functions like exp of integers or bool give float32. Sums and products of integers and bool give int64
  (uint64 for uint64), as in torch; half floats add up in float32 and come back.

Beside torch: Python ints become int32, not int64 (`dtypes.default_int` says why); torch refuses most of uint16 to uint64.
"""

from __future__ import annotations

from functools import lru_cache, reduce

import numpy as np

from . import dtypes
from .dtypes import DType

Scalar = bool | float | np.generic
"""What has no dtype of its own in an expression."""

_SIGNED = {1: dtypes.int8, 8: dtypes.int8, 16: dtypes.int16, 32: dtypes.int32, 64: dtypes.int64}


def kind(dtype: DType) -> int:
    """0 for bool, 1 for integers, 2 for floats."""
    return 0 if dtype.is_bool else 1 if dtype.is_integer else 2


@lru_cache(maxsize=256)
def _pair(a: DType, b: DType) -> DType:
    if a is b:
        return a
    if kind(a) != kind(b):
        return max(a, b, key=kind)
    if a.bits == b.bits and a.is_float:
        return dtypes.float32
    if a.is_float or a.is_unsigned == b.is_unsigned:
        return max(a, b, key=lambda dtype: dtype.bits)
    unsigned, signed = (a, b) if a.is_unsigned else (b, a)
    return signed if signed.bits > unsigned.bits else _SIGNED.get(2 * unsigned.bits, dtypes.float64)


def promote(*operands: DType) -> DType:
    """The dtype in which these meet."""
    return reduce(_pair, operands)


def of_scalar(value: Scalar) -> DType:
    """The dtype a scalar has on its own: bool, int32 (int64 where 32 bits are too few) or float32."""
    if isinstance(value, bool | np.bool_):
        return dtypes.bool
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, int):
        return dtypes.default_int if dtypes.int32.lowest <= number <= dtypes.int32.highest else dtypes.int64
    return dtypes.default_float


def with_scalar(dtype: DType, value: Scalar) -> DType:
    """The dtype in which a tensor of `dtype` meets a scalar."""
    alone = of_scalar(value)
    return alone if kind(alone) > kind(dtype) else dtype


def comparable(dtype: DType, value: Scalar) -> DType:
    """The dtype in which a tensor is compared with a scalar: int64 where an integer does not fit the tensor's."""
    want = with_scalar(dtype, value)
    number = value.item() if isinstance(value, np.generic) else value
    return want if not want.is_integer or want.lowest <= int(number) <= want.highest else promote(want, dtypes.int64)


def to_scalar(value: Scalar, dtype: DType) -> bool | float:
    """The Python number that `value` is in `dtype`. Raises OverflowError for an integer that does not fit."""
    number = value.item() if isinstance(value, np.generic) else value
    if dtype.is_float:
        return float(number)
    if dtype.is_bool:
        return bool(number)
    whole = int(number)
    if not dtype.lowest <= whole <= dtype.highest:
        raise OverflowError(
            f"{whole} does not fit {dtype.name}, expected {dtype.lowest} to {dtype.highest}; cast the tensor first"
        )
    return whole


def floating(dtype: DType) -> DType:
    """The dtype of true division and of exp, sin, ..: floats stay, the rest becomes float32."""
    return dtype if dtype.is_float else dtypes.default_float


def accumulated(dtype: DType) -> DType:
    """The dtype a sum or product of `dtype` is computed in."""
    if dtype.is_half:
        return dtypes.float32
    return dtype if dtype.is_float or dtype is dtypes.uint64 else dtypes.int64


def summed(dtype: DType) -> DType:
    """The dtype a sum or product of `dtype` has."""
    return dtype if dtype.is_half else accumulated(dtype)
