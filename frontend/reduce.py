"""Reductions: the axes named are combined into one element, or kept with extent 1. Without axes, all of them."""

from __future__ import annotations

from math import prod
from typing import Self

from . import build, dtypes
from .arithmetic import Arithmetic
from .dtypes import DTypeLike, to_dtype
from .promotion import accumulated, floating, summed
from .shapes import ArgumentError, Axes, to_axes, to_axis


class Reduce(Arithmetic):
    """Sums, extremes, where they are, and statistics. An axis is a number, several in a tuple, or None for all."""

    __slots__ = ()

    def _reduce(self, combiner: str, axes: tuple[int, ...], keepdim: bool) -> Self:
        made = self._make(build.reduce, combiner, self, axes) if axes else self
        if not keepdim:
            return made
        return made.reshape(tuple(1 if axis in axes else extent for axis, extent in enumerate(self.shape))).hinted(combiner, self)

    def _count(self, op: str, axes: tuple[int, ...], least: int = 0) -> int:
        """How many elements come together. Raises ValueError where there are fewer than the operation needs."""
        count = prod(self.shape[axis] for axis in axes)
        if count < least:
            raise ArgumentError(f"{op}: axes {axes} of shape {self.shape} are empty")
        return count

    def sum(self, axis: Axes = None, keepdim: bool = False, dtype: DTypeLike | None = None) -> Self:
        """The sum; of nothing 0. Integers and bool give int64, half floats are summed in float32 and come back."""
        return self._total("sum", axis, keepdim, dtype)

    def prod(self, axis: Axes = None, keepdim: bool = False, dtype: DTypeLike | None = None) -> Self:
        """The product; of nothing 1. Dtypes as for `sum`."""
        return self._total("prod", axis, keepdim, dtype)

    def _total(self, combiner: str, axis: Axes, keepdim: bool, dtype: DTypeLike | None) -> Self:
        axes = to_axes(combiner, axis, self.shape)
        want = summed(self.dtype) if dtype is None else to_dtype(dtype)
        work = self.cast(want if want.is_bool else accumulated(want) if want.is_half else want)
        return work._reduce("max" if want.is_bool else combiner, axes, keepdim).cast(want).hinted(combiner, self)

    def max(self, axis: Axes = None, keepdim: bool = False) -> Self:
        """The largest element; NaN if there is one. Raises ValueError for none."""
        axes = to_axes("max", axis, self.shape)
        self._count("max", axes, least=1)
        return self._reduce("max", axes, keepdim)

    def min(self, axis: Axes = None, keepdim: bool = False) -> Self:
        """The smallest element; NaN if there is one. Raises ValueError for none."""
        axes = to_axes("min", axis, self.shape)
        self._count("min", axes, least=1)
        return self._reduce("min", axes, keepdim)

    def any(self, axis: Axes = None, keepdim: bool = False) -> Self:
        """Whether one element is not zero; of nothing False."""
        return self.cast(dtypes.bool)._reduce("max", to_axes("any", axis, self.shape), keepdim).hinted("any", self)

    def all(self, axis: Axes = None, keepdim: bool = False) -> Self:
        """Whether no element is zero; of nothing True."""
        return self.cast(dtypes.bool)._reduce("min", to_axes("all", axis, self.shape), keepdim).hinted("all", self)

    def argmax(self, axis: int | None = None, keepdim: bool = False) -> Self:
        """Where the largest element is, as int64; the first if there are several. NaN counts as the largest.

        axis     None looks for one place in the flattened tensor
        Errors   ValueError for no elements
        """
        return self._where_best("argmax", "max", axis, keepdim)

    def argmin(self, axis: int | None = None, keepdim: bool = False) -> Self:
        """Where the smallest element is, as int64; the first if there are several. NaN counts as the smallest."""
        return self._where_best("argmin", "min", axis, keepdim)

    def _where_best(self, op: str, combiner: str, axis: int | None, keepdim: bool) -> Self:
        if axis is None:
            place = self.flatten()._where_best(op, combiner, 0, False)
            return place.reshape((1,) * self.ndim).hinted(op) if keepdim else place
        at = to_axis(op, axis, self.shape)
        along = self if self.shape else self.reshape(1)
        count = along._count(op, (at,), least=1)
        hit = along == along._reduce(combiner, (at,), True)
        if self.dtype.is_float:
            hit = hit | (along != along)  # a NaN makes the best NaN, which equals nothing
        # counting down to 1, the first hit has the largest number, and max finds it
        down = self._make(build.iota, at, along.shape, dtypes.int32.element).neg() + count
        first = count - hit.where(down, 0)._reduce("max", (at,), keepdim and bool(self.shape))
        return first.cast(dtypes.int64).hinted(op)

    def mean(self, axis: Axes = None, keepdim: bool = False) -> Self:
        """The mean. Integers give float32, half floats are summed in float32. Of nothing NaN."""
        axes = to_axes("mean", axis, self.shape)
        want = floating(self.dtype)
        count = self._count("mean", axes)
        total = self.cast(accumulated(want))._reduce("sum", axes, keepdim)
        return (total / count).cast(want).hinted("mean")

    def var(self, axis: Axes = None, keepdim: bool = False, correction: float = 1) -> Self:
        """The variance around the mean, over (count - correction): 1 for a sample, as in torch; 0 as in NumPy."""
        axes = to_axes("var", axis, self.shape)
        want = floating(self.dtype)
        wide = self.cast(accumulated(want))
        count = self._count("var", axes)
        apart = wide - wide.mean(axes, keepdim=True)
        total = (apart * apart)._reduce("sum", axes, keepdim)
        return (total / max(count - correction, 0)).cast(want).hinted("var")

    def std(self, axis: Axes = None, keepdim: bool = False, correction: float = 1) -> Self:
        """The square root of `var`."""
        return self.var(axis, keepdim, correction).sqrt().hinted("std")

    def norm(self, ord: float = 2, axis: Axes = None, keepdim: bool = False) -> Self:
        """(sum |x|^ord)^(1/ord): 2 the Euclidean length, 1 the sum of sizes, inf the largest size, 0 the count of non-zeros."""
        axes = to_axes("norm", axis, self.shape)
        want = floating(self.dtype)
        size = self.cast(accumulated(want)).abs()
        if ord in (float("inf"), -float("inf")):
            made = size.max(axes, keepdim) if ord > 0 else size.min(axes, keepdim)
        elif ord == 0:
            made = (size != 0).cast(size.dtype)._reduce("sum", axes, keepdim)
        else:
            made = (size.pow(ord)._reduce("sum", axes, keepdim)).pow(1 / ord)
        return made.cast(want).hinted("norm")

    def cumsum(self, axis: int) -> Self:
        """Running sums along an axis; dtypes as for `sum`. O(n * 256) work for n elements, O(n * n) below 256."""
        return self._scan("cumsum", "sum", axis)

    def cumprod(self, axis: int) -> Self:
        """Running products along an axis; dtypes as for `prod`."""
        return self._scan("cumprod", "prod", axis)

    def _scan(self, op: str, combiner: str, axis: int) -> Self:
        at = to_axis(op, axis, self.shape)
        if not self.shape or not self.numel():
            return self.cast(summed(self.dtype))
        last = self.cast(accumulated(self.dtype)).movedim(at, -1)
        return last._scan_last(combiner).movedim(-1, at).cast(summed(self.dtype)).hinted(op)

    def _scan_last(self, combiner: str) -> Self:
        """Each element is a reduction over those before it. Long axes in two steps: within chunks, then over their totals."""
        count, neutral = self.shape[-1], 0 if combiner == "sum" else 1
        if count > _SCAN_CHUNK:
            chunks = -(-count // _SCAN_CHUNK)
            filled = self.pad([*[None] * (self.ndim - 1), (0, chunks * _SCAN_CHUNK - count)], neutral)
            inner = filled.unflatten(-1, (chunks, _SCAN_CHUNK))._scan_last(combiner)
            totals = inner.shrink([*[None] * self.ndim, (_SCAN_CHUNK - 1, _SCAN_CHUNK)]).squeeze(-1)._scan_last(combiner)
            # what came before each chunk: the totals, moved on by one
            before = totals.pad([*[None] * (self.ndim - 1), (1, -1)], neutral).unsqueeze(-1)
            whole = inner + before if combiner == "sum" else inner * before
            return whole.flatten(-2).shrink([*[None] * (self.ndim - 1), (0, count)])
        square = (*self.shape, count)
        row, column = (self._make(build.iota, axis, square, dtypes.int32.element) for axis in (self.ndim - 1, self.ndim))
        return (row < column).where(neutral, self.unsqueeze(-2).expand(square))._reduce(combiner, (self.ndim,), False)


_SCAN_CHUNK = 256
"""Up to here a scan is one reduction over all pairs; above, the quadratic work outgrows the extra kernels (tinygrad's number)."""
