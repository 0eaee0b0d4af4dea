"""Which iterations an op runs in: the dims around it, the guards it stands behind, and how many points that makes.

Most ops stand in loops of constant bounds and behind no guard, and their iterations are a product of extents, with no integer set
in sight. Guards and bounds that depend on outer loops make a set, of just the dims that they name; the other dims multiply it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

import islpy as isl

from .affine import SET, Atom, Condition, Linear, Range, dims_of, knows, sets_of
from .points import count


@dataclass
class Dims:
    """Every dim of one kernel, by number: the range of each, and what bounds it where that depends on other dims."""

    ranges: list[Range] = field(default_factory=list[Range])
    bounds: list[Condition] = field(default_factory=list[Condition])

    def fresh(self, extent: int, bound: Condition = True) -> int:
        """A dim from 0 to below `extent`, where `bound` holds."""
        self.ranges.append((0, extent - 1))
        self.bounds.append(bound)
        return len(self.ranges) - 1

    def universe(self, dims: Sequence[int]) -> isl.Set:
        """The box of some dims, its dim p being number `dims[p]`."""
        found = isl.Set.universe(isl.Space.set_alloc(isl.DEFAULT_CONTEXT, 0, len(dims)))
        for position, dim in enumerate(dims):
            low, high = self.ranges[dim]
            found = found.lower_bound_val(SET, position, isl.Val(low)).upper_bound_val(SET, position, isl.Val(high))
        return found


@dataclass(frozen=True)
class Iterations:
    """The points of `dims` where all `guards` hold."""

    space: Dims
    dims: tuple[int, ...] = ()
    guards: tuple[Condition, ...] = ()

    def over(self, extent: int, bound: Condition = True) -> tuple[Linear, Iterations]:
        """One more dim around what follows, and its value."""
        dim = self.space.fresh(extent, bound)
        guards = self.guards if bound is True else (*self.guards, bound)
        return Linear(0, {dim: 1}), Iterations(self.space, (*self.dims, dim), guards)

    def where(self, condition: Condition) -> Iterations:
        """Only where the condition holds; everywhere it may hold, if it depends on data."""
        return self if condition is True else Iterations(self.space, self.dims, (*self.guards, condition))

    @property
    def exact(self) -> bool:
        """Whether no guard depends on data."""
        return all(map(knows, self.guards))

    @property
    def size(self) -> int:
        """The number of points; where a guard depends on data, at most so many."""
        if False in self.guards:
            return 0
        tied = sorted({dim for guard in self.guards for dim in dims_of(guard)})
        free = prod(max(0, self.space.ranges[dim][1] + 1) for dim in self.dims if dim not in tied)
        return free * count(self.set_of(tied)) if tied and free else free

    def set_of(self, dims: Sequence[int]) -> isl.Set:
        """The points, in the space of the dims that the guards name and maybe more."""
        found = self.space.universe(dims)
        position = {dim: at for at, dim in enumerate(dims)}
        for guard in self.guards:
            found = sets_of(guard, found, position)[0]
        return found

    def tied(self, dims: Iterable[int]) -> list[int]:
        """The dims, and those that guards tie to them."""
        found = set(dims)
        waiting = [set(dims_of(guard)) for guard in self.guards]
        while any(group & found and not group <= found for group in waiting):
            for group in waiting:
                if group & found:
                    found |= group
        return sorted(found)

    def behind(self, dims: Iterable[int]) -> Iterations:
        """The same, with only the guards that name none but these dims."""
        held = set(dims)
        return Iterations(self.space, self.dims, tuple(guard for guard in self.guards if held.issuperset(dims_of(guard))))


def loop(outer: Iterations, low: Linear, high: Linear, step: int) -> tuple[Linear, Iterations]:
    """A loop from `low` to below `high`, as its variable and the iterations of its body."""
    if not low.terms and not high.terms:
        extent = max(0, -(-(high.constant - low.constant) // step))
        value, inner = outer.over(extent)
    else:
        span = high.plus(low, -1)
        extent = max(0, -(-span.range(outer.space.ranges)[1] // step))
        number = len(outer.space.ranges)
        value, inner = outer.over(extent, Atom(">=", span.plus(Linear(-1, {number: -step}))))
    return low.plus(value, step), inner
