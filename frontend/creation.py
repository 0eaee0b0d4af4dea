"""Tensors from nothing: constants and index arithmetic. They take no memory; every kernel that uses one computes it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Self

from . import build, dtypes
from .build import Value
from .dtypes import DType, DTypeLike, to_dtype
from .lazy import Lazy
from .promotion import Scalar, of_scalar, to_scalar
from .shapes import ArgumentError, to_shape

Sizes = int | Sequence[int]
"""An extent, or a whole shape where it is the only argument."""


class Creation(Lazy):
    """Makers, as class methods: `Tensor.zeros(3, 4)`, `Tensor.zeros((3, 4), dtype="float16")`."""

    __slots__ = ()

    @classmethod
    def full(cls, shape: Sizes, value: Scalar, dtype: DTypeLike | None = None) -> Self:
        """One value everywhere. Without a dtype: bool, int32 or float32, as the value is."""
        want = of_scalar(value) if dtype is None else to_dtype(dtype)
        return cls._of(build.const(to_scalar(value, want), want.element, to_shape("full", [shape])))

    @classmethod
    def zeros(cls, *shape: Sizes, dtype: DTypeLike = dtypes.default_float) -> Self:
        """Zeros, float32 unless asked otherwise."""
        return cls.full(to_shape("zeros", shape), 0, dtype)

    @classmethod
    def ones(cls, *shape: Sizes, dtype: DTypeLike = dtypes.default_float) -> Self:
        """Ones, float32 unless asked otherwise."""
        return cls.full(to_shape("ones", shape), 1, dtype)

    def full_like(self, value: Scalar, dtype: DTypeLike | None = None) -> Self:
        """One value in this tensor's shape, and dtype unless another is given."""
        return self.full(self.shape, value, self.dtype if dtype is None else dtype)

    def zeros_like(self, dtype: DTypeLike | None = None) -> Self:
        """Zeros in this tensor's shape, and dtype unless another is given."""
        return self.full_like(0, dtype)

    def ones_like(self, dtype: DTypeLike | None = None) -> Self:
        """Ones in this tensor's shape, and dtype unless another is given."""
        return self.full_like(1, dtype)

    @classmethod
    def arange(cls, start: float, stop: float | None = None, step: float = 1, dtype: DTypeLike | None = None) -> Self:
        """start, start + step, .. below stop; `arange(n)` counts from 0. Integers give int32, floats float32.

        Errors   ValueError for a step of 0
        """
        if stop is None:
            start, stop = 0, start
        if step == 0:
            raise ArgumentError(f"arange: step from {start} to {stop} is 0")
        want = to_dtype(dtype) if dtype is not None else max((of_scalar(x) for x in (start, stop, step)), key=dtypes.ALL.index)
        count = max(0, ceil((stop - start) / step))
        return cls._of(_line(count, start, step, want))

    @classmethod
    def linspace(cls, start: float, stop: float, steps: int, dtype: DTypeLike = dtypes.default_float) -> Self:
        """`steps` numbers at equal distances, both ends exact: the second half counts back from `stop`, as in torch."""
        want = to_dtype(dtype)
        if not want.is_float:  # the places are not whole: found as floats, then cut off
            even = cls.linspace(start, stop, steps, dtypes.float64)
            return cls._make(build.cast, even, want.element)
        gap = (stop - start) / max(steps - 1, 1)
        ahead, back = _line(steps, start, gap, want), build.flip(_line(steps, stop, -gap, want), (0,))
        index = build.iota(0, (steps,), dtypes.int32.element)
        half = build.const((steps + 1) // 2, dtypes.int32.element, (steps,))
        return cls._of(build.select(build.binary("cmplt", index, half), ahead, back))

    @classmethod
    def eye(cls, rows: int, columns: int | None = None, dtype: DTypeLike = dtypes.default_float) -> Self:
        """Ones where row and column are equal, else zeros."""
        shape = to_shape("eye", (rows, rows if columns is None else columns))
        row, column = (build.iota(axis, shape, dtypes.int32.element) for axis in (0, 1))
        equal = build.binary("cmpeq", row, column)
        want = to_dtype(dtype)
        return cls._of(equal if want.is_bool else build.cast(equal, want.element))


def _line(count: int, start: float, step: float, dtype: DType) -> Value:
    """start + step * i, computed in the dtype (half floats in float32)."""
    work = dtypes.float32 if dtype.is_half else dtypes.default_int if dtype.is_bool else dtype
    i = build.iota(0, (count,), (work if work.is_integer else dtypes.int32).element)
    line = i if work.is_integer else build.cast(i, work.element)
    if step != 1:
        line = build.binary("mul", line, build.const(to_scalar(step, work), work.element, (count,)))
    if start != 0:
        line = build.binary("add", line, build.const(to_scalar(start, work), work.element, (count,)))
    return line if work is dtype else build.cast(line, dtype.element)
