"""Several tensors as one, and one as several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Self
from typing import cast as typed

from . import build
from .lazy import Lazy
from .math import Math
from .promotion import promote
from .shapes import ArgumentError, Axes, to_axis


class Joining(Math):
    """cat, stack, roll, split, chunk."""

    __slots__ = ()

    @classmethod
    def cat(cls, tensors: Sequence[Self], axis: int = 0) -> Self:
        """Tensors one behind the other along an axis, in the dtype they promote to.

        Errors   ValueError for no tensors, or for shapes that differ on another axis
        """
        _check_several("cat", tensors)
        first = tensors[0]
        at = to_axis("cat", axis, first.shape)
        for tensor in tensors:
            if tensor.ndim != first.ndim or any(a != b for i, (a, b) in enumerate(zip(tensor.shape, first.shape)) if i != at):
                raise ArgumentError(f"cat: shapes {first.shape} and {tensor.shape} differ beside axis {at}")
        if not first.shape:
            raise ArgumentError("cat: tensors have shape (), expected at least one axis; use stack")
        dtype = promote(*(tensor.dtype for tensor in tensors))
        ends = list(accumulate(tensor.shape[at] for tensor in tensors))
        # each piece is padded into its place, and they are added: -0.0 + x is x for every float, where 0.0 + -0.0 would be 0.0
        kind, neutral = ("or", False) if dtype.is_bool else ("add", -0.0 if dtype.is_float else 0)
        placed: list[Self] = []
        for tensor, end in zip(tensors, ends):
            span = (end - tensor.shape[at], ends[-1] - end)
            placed.append(tensor.cast(dtype).pad([span if i == at else None for i in range(first.ndim)], neutral))
        while len(placed) > 1:  # as a tree: a chain of n pieces would be n ops deep
            placed = [
                placed[i]._make(build.binary, kind, placed[i], placed[i + 1]) if i + 1 < len(placed) else placed[i]
                for i in range(0, len(placed), 2)
            ]
        return placed[0].hinted("cat", first)

    @classmethod
    def stack(cls, tensors: Sequence[Self], axis: int = 0) -> Self:
        """Tensors of one shape side by side along a new axis. Raises ValueError for none, or for shapes that differ."""
        _check_several("stack", tensors)
        for tensor in tensors:
            if tensor.shape != tensors[0].shape:
                raise ArgumentError(f"stack: shapes {tensors[0].shape} and {tensor.shape} differ")
        return cls.cat([tensor.unsqueeze(axis) for tensor in tensors], axis).hinted("stack")

    def split(self, sizes: int | Sequence[int], axis: int = 0) -> list[Self]:
        """Pieces of given extents, or of one extent with the rest last. ValueError where they don't fill the axis."""
        at = to_axis("split", axis, self.shape)
        extent = self.shape[at] if self.shape else 1
        if isinstance(sizes, int):
            if sizes < 1:
                raise ArgumentError(f"split: size is {sizes}, expected at least 1")
            sizes = [min(sizes, extent - start) for start in range(0, extent, sizes)] or [0]
        if sum(sizes) != extent:
            raise ArgumentError(f"split: sizes {list(sizes)} for axis {at} of shape {self.shape}, expected a sum of {extent}")
        ends = accumulate(sizes)
        return [self.narrow(at, end - size, size) for size, end in zip(sizes, ends)]

    def chunk(self, count: int, axis: int = 0) -> list[Self]:
        """At most `count` pieces of equal extent, the last one smaller, as in torch."""
        at = to_axis("chunk", axis, self.shape)
        if count < 1:
            raise ArgumentError(f"chunk: count is {count}, expected at least 1")
        return self.split(max(1, -(-self.shape[at] // count)), at)

    def narrow(self, axis: int, start: int, length: int) -> Self:
        """`length` elements of one axis from `start` on."""
        at = to_axis("narrow", axis, self.shape)
        return self.shrink([(start, start + length) if i == at else None for i in range(self.ndim)])

    def roll(self, shifts: int | Sequence[int], axis: Axes = None) -> Self:
        """Elements moved on by `shifts` along axes, those that fall off coming in again; without axes, in the flat tensor."""
        if axis is None:
            return self.flatten().roll(shifts, 0).reshape(self.shape)
        axes = [axis] if isinstance(axis, int) else list(axis)
        by = [shifts] * len(axes) if isinstance(shifts, int) else list(shifts)
        if len(by) != len(axes):
            raise ArgumentError(f"roll: {len(by)} shifts for {len(axes)} axes")
        made = self
        for shift, one in zip(by, axes):
            at = to_axis("roll", one, self.shape)
            extent = self.shape[at]
            if extent and shift % extent:
                made = made.cat(made.split([extent - shift % extent, shift % extent], at)[::-1], at)
        return made.hinted("roll", self)


def _check_several(op: str, tensors: object) -> None:
    """Raise where these are not tensors in a list or a tuple: one Tensor alone would be taken for the list of its rows."""
    if not isinstance(tensors, list | tuple):
        raise TypeError(f"{op}: found {type(tensors).__name__}, expected a list of tensors")
    for number, tensor in enumerate(typed("list[object]", tensors)):
        if not isinstance(tensor, Lazy):
            raise TypeError(f"{op}: number {number} is {type(tensor).__name__}, expected a tensor")
    if not tensors:
        raise ArgumentError(f"{op}: found no tensors, expected at least one")
