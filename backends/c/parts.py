"""A vector value as the registers that hold it.

Register type and vector type differ: `vector<4x16xf32>` is eight `float8`, four rows of two. So a value is a grid of parts, in
row-major order; the last dimension is cut into pieces of the kernel's lanes and, at its end, of 8, 4, 2 and 1. All values of a
kernel are cut alike whatever their element type, so elementwise operations pair part with part. A part whose lanes are all equal
is held as a scalar, and parts that are the same computation (a broadcast row, a broadcast column) share one expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod

from .expression import Expr


@cache
def pieces(extent: int, lanes: int) -> tuple[tuple[int, int], ...]:
    """(offset, width) of the pieces of a last dimension. pieces(12, 8) == ((0, 8), (8, 4))"""
    found: list[tuple[int, int]] = []
    offset = 0
    while offset < extent:
        while lanes > extent - offset:
            lanes //= 2
        found.append((offset, lanes))
        offset += lanes
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Grid:
    """How values of one vector shape are cut: the leading dimensions, then the pieces of the last."""

    leading: tuple[int, ...]
    pieces: tuple[tuple[int, int], ...]

    @staticmethod
    def of(shape: tuple[int, ...] | None, lanes: int) -> Grid:
        """A scalar (None) and a vector of rank 0 are one piece of one lane."""
        return Grid(shape[:-1], pieces(shape[-1], lanes)) if shape else Grid((), ((0, 1),))

    @property
    def count(self) -> int:
        return prod(self.leading) * len(self.pieces)

    def cells(self) -> Iterator[tuple[tuple[int, ...], int, int]]:
        """(leading position, offset, width) of each part."""
        for position in product(*(range(extent) for extent in self.leading)):
            for offset, width in self.pieces:
                yield position, offset, width

    def find(self, position: tuple[int, ...]) -> tuple[int, int]:
        """The part that holds the element at `position`, and the lane in it."""
        row = 0
        for extent, at in zip(self.leading, position):
            row = row * extent + at
        last = position[-1] if position else 0
        for number, (offset, width) in enumerate(self.pieces):
            if offset <= last < offset + width:
                return row * len(self.pieces) + number, last - offset
        raise IndexError(f"element {position} lies outside {self}")


@dataclass(frozen=True, slots=True)
class Parts:
    """A value: its grid and one expression a part."""

    grid: Grid
    exprs: tuple[Expr, ...]

    @property
    def scalar(self) -> Expr:
        """The expression of a value that is one part."""
        (expr,) = self.exprs
        return expr

    def distinct(self) -> list[tuple[str, Expr]]:
        """Each computation once, with the suffix that tells it from the others: "" if there is one, else "0_1" and the like."""
        if len(self.exprs) == 1 or all(expr is self.exprs[0] for expr in self.exprs):
            return [("", self.exprs[0])]
        extents = (*self.grid.leading, len(self.grid.pieces))
        positions = list(product(*(range(extent) for extent in extents)))
        at = dict(zip(positions, self.exprs))
        varying = [
            axis
            for axis in range(len(extents))
            if any(at[position] is not at[(*position[:axis], 0, *position[axis + 1 :])] for position in positions)
        ]
        found: dict[int, tuple[str, Expr]] = {}
        for position, expr in at.items():
            found.setdefault(id(expr), ("_".join(str(position[axis]) for axis in varying), expr))
        return list(found.values())
