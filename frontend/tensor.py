"""`Tensor`: the layers of this folder, one upon the other.

    Lazy         a shape, a dtype, and an `nd` value or a buffer; realize, numpy, item
    Creation     zeros, full, arange, eye, ..
    Movement     reshape, permute, expand, pad, shrink, flip, ..
    Elementwise  + - * / == & where, ..
    Arithmetic   floor, //, %, **, +=
    Reduce       sum, max, argmax, mean, var, cumsum, ..
    Math         exp, tanh, erf, gelu, softmax, ..
    Joining      cat, stack, split, roll
    Matmul       @
    Indexing     x[1:, None, ::-1]
    Tensor       what would hide Python's own names from the layers below: float, int, bool

Each layer sees only those above it in this list, and returns what it is called on.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from . import dtypes
from .dtypes import DTypeLike
from .elementwise import Operand
from .indexing import Indexing
from .lazy import Lazy


class Tensor(Indexing):
    """A lazy n-dimensional array. Names and meaning are torch's and NumPy's: `axis` counts, `keepdim` keeps.

    Example  (Tensor([[1.0, 2.0]]) @ Tensor.ones(2, 3)).softmax().numpy()
    Numbers  `rung.frontend.promotion` says which dtype comes out
    """

    __slots__ = ()

    def astype(self, dtype: DTypeLike) -> Self:
        """`cast`, by NumPy's name."""
        return self.cast(dtype)

    def to(self, dtype: DTypeLike) -> Self:
        """`cast`, by torch's name."""
        return self.cast(dtype)

    def float(self) -> Self:
        """As float32."""
        return self.cast(dtypes.float32)

    def half(self) -> Self:
        """As float16."""
        return self.cast(dtypes.float16)

    def double(self) -> Self:
        """As float64."""
        return self.cast(dtypes.float64)

    def int(self) -> Self:
        """As int32."""
        return self.cast(dtypes.int32)

    def long(self) -> Self:
        """As int64."""
        return self.cast(dtypes.int64)

    def bool(self) -> Self:
        """Whether each element is not zero."""
        return self.cast(dtypes.bool)


def realize(*tensors: Lazy) -> None:
    """Compute several tensors in one program, so that what they share is computed once."""
    Lazy.realize_all(*tensors)


def where(condition: Tensor | npt.NDArray[np.bool_], on_true: Operand, on_false: Operand) -> Tensor:
    """`condition.where(on_true, on_false)`, as NumPy and torch write it."""
    return Tensor(condition).where(on_true, on_false)
