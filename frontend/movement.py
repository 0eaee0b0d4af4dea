"""Shapes anew: each result element is one source element. Nothing is copied; movement ends up in the index maps of kernels."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Self

from . import build
from .build import Shape
from .creation import Creation, Sizes
from .promotion import Scalar, to_scalar
from .shapes import ArgumentError, Axes, broadcast, infer, to_axes, to_axis, to_shape

Span = tuple[int, int] | None
"""From and to, or before and after; None leaves the axis alone."""


class Movement(Creation):
    """Reshape, permute, expand, pad, shrink, flip, and what is made of them."""

    __slots__ = ()

    def reshape(self, *shape: Sizes) -> Self:
        """The same elements in row-major order; one extent may be -1. Raises ValueError where the counts differ."""
        new = infer("reshape", self.shape, _sizes(shape))
        return self if new == self.shape else self._make(build.reshape, self, new)

    def view(self, *shape: Sizes) -> Self:
        """The same as `reshape`: nothing is ever copied for a reshape."""
        return self.reshape(*shape)

    def flatten(self, start: int = 0, end: int = -1) -> Self:
        """Axes `start` to `end` as one."""
        first, last = to_axis("flatten", start, self.shape), to_axis("flatten", end, self.shape)
        if first > last:
            raise ArgumentError(f"flatten: start {start} is behind end {end} of shape {self.shape}")
        return self.reshape((*self.shape[:first], -1 if self.numel() else _product(self, first, last), *self.shape[last + 1 :]))

    def unflatten(self, axis: int, sizes: Sequence[int]) -> Self:
        """One axis as several; one of the sizes may be -1."""
        at = to_axis("unflatten", axis, self.shape)
        parts = infer("unflatten", (self.shape[at],), sizes)
        return self.reshape((*self.shape[:at], *parts, *self.shape[at + 1 :]))

    def squeeze(self, axis: Axes = None) -> Self:
        """Drop axes of extent 1: all, or those named if they have extent 1."""
        gone = to_axes("squeeze", axis, self.shape)
        return self.reshape(tuple(extent for at, extent in enumerate(self.shape) if at not in gone or extent != 1))

    def unsqueeze(self, axis: int) -> Self:
        """A new axis of extent 1 that stands at `axis` afterwards."""
        at = to_axis("unsqueeze", axis, (*self.shape, 1))
        return self.reshape((*self.shape[:at], 1, *self.shape[at:]))

    def permute(self, *order: Sizes) -> Self:
        """Axis i of the result is axis order[i]. Raises ValueError for what is no permutation."""
        axes = tuple(to_axis("permute", axis, self.shape) for axis in _sizes(order))
        if sorted(axes) != list(range(self.ndim)):
            raise ArgumentError(f"permute: order {axes} of shape {self.shape}, expected each of its {self.ndim} axes once")
        return self if axes == tuple(range(self.ndim)) else self._make(build.permute, self, axes)

    def transpose(self, first: int = -2, second: int = -1) -> Self:
        """Two axes exchanged, the last two unless said otherwise."""
        a, b = to_axis("transpose", first, self.shape), to_axis("transpose", second, self.shape)
        order = list(range(self.ndim))
        if order:
            order[a], order[b] = b, a
        return self.permute(order)

    @property
    def T(self) -> Self:
        """The axes in reverse order."""
        return self.permute(tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Self:
        """The last two axes exchanged."""
        return self.transpose()

    def movedim(self, source: int, destination: int) -> Self:
        """One axis elsewhere, the others in order."""
        a, b = to_axis("movedim", source, self.shape), to_axis("movedim", destination, self.shape)
        order = [axis for axis in range(self.ndim) if axis != a]
        order.insert(b, a)
        return self.permute(order)

    def expand(self, *shape: Sizes) -> Self:
        """Repeat axes of extent 1; new axes come in front; -1 keeps an extent. Raises ValueError naming both shapes."""
        sizes = _sizes(shape)
        behind = len(sizes) - self.ndim
        want = tuple(
            self.shape[axis - behind] if extent == -1 and axis >= behind else extent for axis, extent in enumerate(sizes)
        )
        return self.broadcast_to(want)

    def broadcast_to(self, *shape: Sizes) -> Self:
        """This tensor repeated to a shape, aligned at the last axis. Raises ValueError naming both shapes."""
        want = to_shape("broadcast_to", shape)
        if broadcast("broadcast_to", self.shape, want) != want:
            raise ArgumentError(f"broadcast_to: shape {self.shape} does not repeat to {want}")
        return self if want == self.shape else self._make(build.broadcast, self, want)

    def pad(self, padding: Sequence[int] | Sequence[Span], value: Scalar = 0) -> Self:
        """Surround with `value`. Negative amounts cut off.

        padding  pairs (before, after) or None, one for each axis; or flat numbers as in torch: the last axis's pair comes first
        Errors   ValueError for pairs of another number than axes, or for an odd or too long flat list
        """
        pairs = _pairs(padding, self.shape)
        cut = [(max(0, -before), extent - max(0, -after)) for (before, after), extent in zip(pairs, self.shape)]
        low, high = tuple(max(0, before) for before, _ in pairs), tuple(max(0, after) for _, after in pairs)
        kept = self.shrink(cut)
        if not any(low + high):
            return kept
        return self._make(build.pad, kept, low, high, to_scalar(value, self.dtype))

    def shrink(self, spans: Sequence[Span]) -> Self:
        """Keep [from, to) of each axis; None keeps it whole. Raises ValueError for spans that don't lie inside the shape."""
        if len(spans) != self.ndim:
            raise ArgumentError(f"shrink: {len(spans)} spans for shape {self.shape}, expected one for each axis")
        found = [(0, extent) if span is None else span for span, extent in zip(spans, self.shape)]
        for (start, stop), extent in zip(found, self.shape):
            if not 0 <= start <= stop <= extent:
                raise ArgumentError(f"shrink: span {(start, stop)} of shape {self.shape}, expected 0 <= from <= to <= {extent}")
        return self._strided([(start, stop, 1) for start, stop in found])

    def _strided(self, spans: Sequence[tuple[int, int, int]]) -> Self:
        """Every step-th element of [start, stop) of each axis; all of them in bounds."""
        if all(span == (0, extent, 1) for span, extent in zip(spans, self.shape)):
            return self
        start, stop, step = zip(*spans)
        return self._make(build.shrink, self, start, stop, step)

    def flip(self, *axes: Sizes) -> Self:
        """The order of the elements reversed along axes: `flip()` along all, `flip(())` along none."""
        gone = to_axes("flip", _sizes(axes) if axes else None, self.shape)
        return self._make(build.flip, self, gone) if gone else self

    def repeat(self, *times: Sizes) -> Self:
        """The whole tensor `times` over along each axis, as torch's repeat and NumPy's tile; new axes come in front.

        Errors   ValueError for fewer numbers than axes
        """
        counts = to_shape("repeat", times)
        if len(counts) < self.ndim:
            raise ArgumentError(f"repeat: {counts} for shape {self.shape}, expected a number for each axis at least")
        old = (1,) * (len(counts) - self.ndim) + self.shape
        pairs = [(count, extent) for count, extent in zip(counts, old)]
        apart = self.reshape(tuple(n for _, extent in pairs for n in (1, extent)))
        return apart.expand(tuple(n for pair in pairs for n in pair)).reshape(tuple(a * b for a, b in pairs))

    def tile(self, *times: Sizes) -> Self:
        """`repeat`, with ones put in front of too few numbers, as in NumPy and torch."""
        counts = to_shape("tile", times)
        return self.repeat((1,) * (self.ndim - len(counts)) + counts)


def _sizes(sizes: Sequence[Sizes]) -> Shape:
    """Numbers given one by one or as one sequence; negative ones pass."""
    only = sizes[0] if len(sizes) == 1 else None
    flat = only if isinstance(only, Sequence) else sizes
    return tuple(index(size) for size in flat)  # pyright: ignore[reportArgumentType] - index() names what is no integer


def _product(tensor: Movement, first: int, last: int) -> int:
    size = 1
    for extent in tensor.shape[first : last + 1]:
        size *= extent
    return size


def _pairs(padding: Sequence[int] | Sequence[Span], shape: Shape) -> list[tuple[int, int]]:
    if all(isinstance(amount, int) for amount in padding):
        flat: list[int] = [amount for amount in padding if isinstance(amount, int)]
        if len(flat) % 2 or len(flat) > 2 * len(shape):
            raise ArgumentError(f"pad: {len(flat)} amounts for shape {shape}, expected two for each of at most {len(shape)} axes")
        pairs = [(flat[at], flat[at + 1]) for at in range(0, len(flat), 2)]
        return [(0, 0)] * (len(shape) - len(pairs)) + pairs[::-1]
    if len(padding) != len(shape):
        raise ArgumentError(f"pad: {len(padding)} pairs for shape {shape}, expected one for each axis")
    return [(0, 0) if pair is None or isinstance(pair, int) else pair for pair in padding]
