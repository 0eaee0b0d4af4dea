"""`x[...]` with integers, slices, None and an ellipsis; and `x[...] = y`. No copies: shrink, flip, reshape."""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from types import EllipsisType
from typing import Any, Self

from .build import Shape
from .elementwise import Operand
from .matmul import Matmul

Key = Any
"""int, slice, None, ..., a 0-d integer Tensor, or a tuple of those."""


class Indexing(Matmul):
    """Basic indexing, as in NumPy; steps may be negative."""

    __slots__ = ()

    def __getitem__(self, key: Key) -> Self:
        """Integers drop their axis, slices keep it, None adds one, ... stands for as many whole axes as are missing.

        Errors   IndexError for an index out of range or too many of them; TypeError for anything else than the above
        """
        spans, flips, shape = _plan(key, self.shape)
        return self._strided(spans).flip(flips).reshape(shape) if flips else self._strided(spans).reshape(shape)

    def __setitem__(self, key: Key, value: Operand) -> None:
        """Put `value`, broadcast, at the elements that `self[key]` names. Expressions built before keep the old ones.

        The tensor becomes a choice between its old elements and the new ones, moved into place by pad: no write, one more op.
        Errors   as `x[key]` and `assign`; ValueError for a value that does not repeat to the shape of `self[key]`
        """
        spans, flips, shape = _plan(key, self.shape)
        count = tuple(-((start - stop) // step) for start, stop, step in spans)
        new = self._fitted("setitem", value, shape).reshape(count)
        new = new.flip(flips) if flips else new
        inside = self.full(count, True)
        self.assign(inside._spread(spans, self.shape).where(new._spread(spans, self.shape), self))

    def _spread(self, spans: list[tuple[int, int, int]], shape: Shape) -> Self:
        """The opposite of `_strided`: the elements at their places in `shape`, zeros elsewhere."""
        made = self
        for axis, ((start, _, step), extent) in enumerate(zip(spans, shape)):
            count = made.shape[axis]
            if step > 1:  # count -> count x step, zeros behind each, -> count * step
                apart = made.unsqueeze(axis + 1).pad([(0, step - 1) if i == axis + 1 else None for i in range(made.ndim + 1)])
                made = apart.flatten(axis, axis + 1) if count else made
            behind = extent - start - made.shape[axis]  # negative where the last stride reaches over the end
            made = made.pad([(start, behind) if i == axis else None for i in range(made.ndim)])
        return made

    def __iter__(self) -> Iterator[Self]:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))


def _plan(key: Key, shape: Shape) -> tuple[list[tuple[int, int, int]], Shape, Shape]:
    """(start, stop, step) for each axis with step > 0; the axes to flip after that; the shape to give in the end."""
    keys: list[Any] = list(key) if isinstance(key, tuple) else [key]  # pyright: ignore[reportUnknownArgumentType]
    used = sum(one is not None and one is not ... for one in keys)
    if used > len(shape):
        raise IndexError(f"index: too many indices: {used} for shape {shape}, expected at most {len(shape)}")
    dots = [at for at, one in enumerate(keys) if isinstance(one, EllipsisType)]
    if len(dots) > 1:
        raise IndexError(f"index: found {len(dots)} ellipses, expected at most one")
    at = dots[0] if dots else len(keys)
    keys[at : at + len(dots)] = [slice(None)] * (len(shape) - used)
    spans: list[tuple[int, int, int]] = []
    flips: list[int] = []
    result: list[int] = []
    for one in keys:
        axis = len(spans)
        if one is None:
            result.append(1)
        elif isinstance(one, slice):
            found = range(*one.indices(shape[axis]))  # pyright: ignore[reportUnknownArgumentType]
            if found.step < 0:
                flips.append(axis)
                found = found[::-1]
            spans.append((found.start, found[-1] + 1, found.step) if found else (0, 0, 1))
            result.append(len(found))
        else:
            spans.append(_single(one, axis, shape))
    return spans, tuple(flips), tuple(result)


def _single(one: Any, axis: int, shape: Shape) -> tuple[int, int, int]:
    kind = type(one).__name__
    if kind == "list" or getattr(one, "shape", ()):
        raise TypeError(f"index: found {kind}, indices or a mask, expected integers, slices, None and ...; where takes masks")
    if isinstance(one, bool) or not hasattr(one, "__index__"):
        raise TypeError(f"index: found {kind}, expected integers, slices, None and ...")
    place, extent = index(one), shape[axis]
    if not -extent <= place < extent:
        raise IndexError(f"index {place} is out of bounds for axis {axis} of shape {shape}")
    return place % extent, place % extent + 1, 1
