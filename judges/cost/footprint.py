"""Distinct bytes: what of each memref of global memory a launch touches at least once. No schedule can move less."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

from rung.judges.total.model import Access, Root

from .iterations import Box, box, elements


@dataclass
class Footprint:
    """The elements of one memref that are touched in one direction."""

    root: Root
    boxes: set[Box] = field(default_factory=set[Box])
    sets: list[Any] = field(default_factory=list[Any])
    accessed: int = 0
    """Elements of all accesses, each counted as often as it is touched."""
    exact: bool = True
    """Else all that is known is that it is not more than `accessed`, nor more than the whole memref."""

    def add(self, access: Access, touched: int) -> None:
        self.accessed += touched
        if not self.exact or not touched:
            return
        if (found := box(access)) is not None:
            self.boxes.add(found)
        elif (domain := elements(access)) is not None:
            from rung.judges.total.sets import image

            self.sets.append(image(domain, access.index))
        else:
            self.exact = False

    @property
    def bytes(self) -> int:
        count = self._elements() if self.exact else min(self.accessed, prod(self.root.shape))
        return count * self.root.element_bytes

    def _elements(self) -> int:
        boxes = [one for one in self.boxes if not any(one != other and _within(one, other) for other in self.boxes)]
        if not self.sets and len(boxes) <= 1:
            return prod(last - first + 1 for first, last in boxes[0]) if boxes else 0
        from .points import count

        union, *rest = [*self.sets, *map(_as_set, boxes)]
        for other in rest:
            union = union.union(other)
        return count(union)


def _within(inner: Box, outer: Box) -> bool:
    return all(a <= c and d <= b for (c, d), (a, b) in zip(inner, outer))


def _as_set(found: Box) -> Any:
    import islpy as isl

    from rung.judges.total.linear import Dim
    from rung.judges.total.sets import basic_set

    dims = [Dim(f"e{axis}", "derived", first, last) for axis, (first, last) in enumerate(found)]
    return isl.Set.from_basic_set(basic_set(dims, ()))
