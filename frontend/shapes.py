"""Shapes and axes as users write them, and the errors they earn. No Tensor and no IR in here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from operator import index

from .build import Shape


class ArgumentError(ValueError, RuntimeError):
    """An argument that does not fit: NumPy raises a ValueError for it and torch a RuntimeError, so it is both."""


Axes = int | Sequence[int] | None
"""One axis, several, or all of them."""


def to_shape(op: str, sizes: Sequence[int | Sequence[int]]) -> Shape:
    """`(3, 4)` and `((3, 4),)` alike. Raises ValueError for a negative extent."""
    only = sizes[0] if len(sizes) == 1 else None
    flat = tuple(only) if isinstance(only, Sequence) else sizes
    shape = tuple(index(extent) for extent in flat)  # pyright: ignore[reportArgumentType] - index() names what is no integer
    if min((0, *shape)) < 0:
        raise ArgumentError(f"{op}: shape is {shape}, expected no negative extent")
    return shape


def to_axis(op: str, axis: int, shape: Shape) -> int:
    """The axis counted from the front. Raises IndexError where there is none; a 0-d tensor takes 0 and -1, as in torch."""
    rank = max(len(shape), 1)
    if not hasattr(axis, "__index__"):
        raise TypeError(f"{op}: axis is {axis!r}, expected an integer")
    found = index(axis)
    if not -rank <= found < rank:
        raise IndexError(f"{op}: axis {axis} is out of range for shape {shape}, expected {-rank} to {rank - 1}")
    return found % rank


def to_axes(op: str, axes: Axes, shape: Shape) -> Shape:
    """The axes counted from the front, sorted; all of them for None. IndexError as above, ValueError for one named twice."""
    if axes is None:
        return tuple(range(len(shape)))
    several = list(axes) if isinstance(axes, Iterable) else [axes]
    found = sorted(to_axis(op, axis, shape) for axis in several)
    if len(set(found)) != len(found):
        raise ArgumentError(f"{op}: axes {several} of shape {shape} name an axis twice")
    return tuple(found) if shape else ()


def broadcast(op: str, *shapes: Shape) -> Shape:
    """The shape that all of these repeat to, aligned at the last axis. Raises ValueError naming the shapes."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[int] = []
    for extents in zip(*padded):
        grown = {extent for extent in extents if extent != 1}
        if len(grown) > 1:
            raise ArgumentError(f"{op}: shapes {' and '.join(map(str, shapes))} do not broadcast: {extents} meet on one axis")
        result.append(grown.pop() if grown else 1)
    return tuple(result)


def infer(op: str, old: Shape, sizes: Sequence[int]) -> Shape:
    """`sizes` with its one -1 filled in so that the number of elements is that of `old`. Raises ValueError where it can't be."""
    shape = tuple(sizes)
    if shape.count(-1) > 1 or min((0, *shape)) < -1:
        raise ArgumentError(f"{op}: {old} to {shape}: expected at most one -1 and no other negative extent")
    if -1 in shape:
        rest = prod(extent for extent in shape if extent != -1)
        if not rest or prod(old) % rest:
            raise ArgumentError(f"{op}: {old} to {shape}: {prod(old)} elements are not a multiple of {rest}")
        shape = tuple(prod(old) // rest if extent == -1 else extent for extent in shape)
    if prod(shape) != prod(old):
        raise ArgumentError(f"{op}: {old} to {shape}: {prod(old)} elements do not fill {prod(shape)}")
    return shape
