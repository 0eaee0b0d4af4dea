"""The combining kinds that reductions share, by upstream's names: add, mul, min.., max.., and, or, xor."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arith import signed, unsigned
from .nd import reduce_array
from .values import BOOL, Array

_UFUNC = {
    "add": np.add, "mul": np.multiply, "maximumf": np.maximum, "minimumf": np.minimum, "maxnumf": np.fmax, "minnumf": np.fmin,
    "maxsi": np.maximum, "minsi": np.minimum, "maxui": np.maximum, "minui": np.minimum,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
}  # fmt: skip

_OF_BOOL = {"add": "xor", "mul": "and", "maxsi": "and", "minsi": "or", "maxui": "or", "minui": "and"}
"""One-bit numbers: they wrap, and a signed true is -1."""

KIND_OF = {
    "arith.addf": "add", "arith.addi": "add", "arith.mulf": "mul", "arith.muli": "mul", "arith.maximumf": "maximumf",
    "arith.minimumf": "minimumf", "arith.maxnumf": "maxnumf", "arith.minnumf": "minnumf", "arith.maxsi": "maxsi",
    "arith.minsi": "minsi", "arith.maxui": "maxui", "arith.minui": "minui", "arith.andi": "and", "arith.ori": "or",
    "arith.xori": "xor",
}  # fmt: skip
"""The kind of each arith op that combines."""


def reduce(kind: str, value: Array, axes: tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Combine along the axes, none of them empty, in the element type."""
    if value.dtype == BOOL:
        kind = _OF_BOOL.get(kind, kind)
    if kind.endswith("ui"):
        return signed(reduce_array(_UFUNC[kind], unsigned(value), axes, keepdims))
    return reduce_array(_UFUNC[kind], value, axes, keepdims)


def merge(kind: str, a: Any, b: Any) -> Any:
    """Combine two values, element by element."""
    if np.asarray(a).dtype == BOOL:
        kind = _OF_BOOL.get(kind, kind)
    if kind.endswith("ui"):
        return signed(_UFUNC[kind](unsigned(a), unsigned(b)))
    return _UFUNC[kind](a, b)
