"""Products of matrices: expand, mul, sum. There is no op for it; the schedule finds the pattern again."""

from __future__ import annotations

from typing import Any, Self

import numpy.typing as npt

from .joining import Joining
from .promotion import accumulated, promote
from .shapes import ArgumentError, broadcast


class Matmul(Joining):
    """`a @ b`, for vectors, matrices and stacks of them."""

    __slots__ = ()

    def matmul(self, other: Self | npt.NDArray[Any]) -> Self:
        """The matrix product over the last two axes; the axes before broadcast. A vector counts as a row left, a column right.

        Numbers  half floats are multiplied and summed in float32; integers wrap in their dtype; of bools, any(and)
        Errors   ValueError for a 0-d tensor and for inner extents that differ, naming both shapes
        """
        right = other if isinstance(other, Matmul) else type(self)(other)
        a, b = self.shape, right.shape
        if not a or not b:
            raise ArgumentError(f"matmul: {a} @ {b}: expected at least one axis on both sides; use * for numbers")
        inner = b[-2:][0]
        if a[-1] != inner:
            raise ArgumentError(f"matmul: {a} @ {b}: inner extents {a[-1]} and {inner} differ")
        dtype = promote(self.dtype, right.dtype)
        work = accumulated(dtype) if dtype.is_half else dtype
        rows = (self.reshape(1, inner) if len(a) == 1 else self).cast(work)
        columns = (right.reshape(inner, 1) if len(b) == 1 else right).cast(work).transpose()
        batch = broadcast("matmul", rows.shape[:-2], columns.shape[:-2])
        m, n = rows.shape[-2], columns.shape[-2]
        product = rows.unsqueeze(-2).expand(*batch, m, n, inner) * columns.unsqueeze(-3).expand(*batch, m, n, inner)
        total = product.any(-1) if dtype.is_bool else product._reduce("sum", (product.ndim - 1,), False)
        kept = (*batch, *((m,) if len(a) > 1 else ()), *((n,) if len(b) > 1 else ()))
        return total.cast(dtype).reshape(kept).hinted("matmul")

    def dot(self, other: Self | npt.NDArray[Any]) -> Self:
        """The same as `@`."""
        return self.matmul(other)

    def __matmul__(self, other: Self | npt.NDArray[Any]) -> Self:
        return self.matmul(other)

    def __rmatmul__(self, other: npt.NDArray[Any]) -> Self:
        return type(self)(other).matmul(self)
