"""When do two accesses touch one element? A pair of runs of them, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from .intervals import determined, narrowed, never_at_least_0
from .linear import Dim, Linear
from .model import Access, Root
from .views import flattened

Values = dict[Dim, int]


@dataclass(frozen=True)
class Pair:
    """A run of each of two accesses, at which they touch one element."""

    first: Values
    second: Values


def roots_meet(a: Root, b: Root) -> bool:
    """Can the two be one memory: the same root, or parts of one arena whose bytes overlap?"""
    if a is b:
        return True
    if a.arena is b or b.arena is a:
        return True
    if a.arena is None or a.arena is not b.arena:
        return False
    return a.byte_offset < b.byte_offset + bytes_of(b) and b.byte_offset < a.byte_offset + bytes_of(a)


def bytes_of(root: Root) -> int:
    total = root.element_bytes
    for extent in root.shape:
        total *= extent
    return total


@dataclass(frozen=True)
class Located:
    """An access as one that touches `root`: its own, or the one that a call passes for its parameter."""

    access: Access
    root: Root


def meeting(a: Located, b: Located, same: Collection[Dim], differing: Sequence[Dim], phases: bool = False) -> Pair | None:
    """Two runs that touch one element, with equal values of `same` and different values of one of `differing`.

    differing  dims of places that both accesses are in; empty: any two runs
    phases     only runs without a barrier between them
    """
    first, second = a.access, b.access
    if a.root is b.root and differing:
        known = determined(first.index, second.index, same)
        if phases and first.phase is not None and second.phase is not None:
            known = determined((*first.index, first.phase), (*second.index, second.phase), known)
        if known.issuperset(differing):
            return None
    ours, theirs = first.domain(), second.domain()
    shared = set(same)
    copies = {dim: dim if dim in shared or dim.kind == "argument" else replace(dim, name=f"{dim.name}'") for dim in theirs.dims}
    equal: list[Linear] = []
    near: list[Linear] = []
    if a.root is b.root:
        equal += [x.plus(renamed(y, copies), -1) for x, y in zip(first.index, second.index, strict=True)]
    else:
        near = _bytes_overlap(a, b, copies)
    if phases and first.phase is not None and second.phase is not None:
        equal.append(first.phase.plus(renamed(second.phase, copies), -1))
    for linear in equal:
        low, high = linear.interval()
        if low > 0 or high < 0:
            return None
    dims = tuple(dict.fromkeys((*ours.dims, *copies.values())))
    for left in ours.alternatives:
        for right in theirs.alternatives:
            conjunction = (*left, *(renamed(linear, copies) for linear in right), *near)
            for way in _differences(differing, copies, symmetric=first is second):
                values = _sample(dims, (*conjunction, *way), equal)
                if values is not None:
                    return Pair({dim: values[dim] for dim in ours.dims}, {dim: values[copy] for dim, copy in copies.items()})
    return None


def _differences(differing: Sequence[Dim], copies: dict[Dim, Dim], *, symmetric: bool) -> list[tuple[Linear, ...]]:
    """The ways in which the two runs can differ in one of the dims; of two runs of one access the order does not matter."""
    if not differing:
        return [()]
    ways: list[tuple[Linear, ...]] = []
    for dim in differing:
        ahead = Linear({copies[dim]: 1, dim: -1}, -1)
        ways.append((ahead,))
        if not symmetric:
            ways.append((Linear({copies[dim]: -1, dim: 1}, -1),))
    return ways


def _bytes_overlap(a: Located, b: Located, copies: dict[Dim, Dim]) -> list[Linear]:
    """Conditions under which the bytes of the two elements overlap."""
    first = flattened(a.access.index, a.access.root.shape).times(a.root.element_bytes).shifted(a.root.byte_offset)
    other = renamed(flattened(b.access.index, b.access.root.shape), copies)
    second = other.times(b.root.element_bytes).shifted(b.root.byte_offset)
    return [
        second.plus(first, -1).shifted(b.root.element_bytes - 1),
        first.plus(second, -1).shifted(a.root.element_bytes - 1),
    ]


def renamed(linear: Linear, copies: dict[Dim, Dim]) -> Linear:
    return Linear({copies.get(dim, dim): c for dim, c in linear.terms.items()}, linear.const)


def _sample(dims: Sequence[Dim], conjunction: tuple[Linear, ...], equal: Sequence[Linear]) -> Values | None:
    both_ways = (*conjunction, *equal, *(linear.times(-1) for linear in equal))
    bounds = narrowed(both_ways)
    if bounds is None or any(never_at_least_0(linear, (), bounds) for linear in both_ways):
        return None
    from .sets import sample

    found = sample(dims, conjunction, equal)
    return None if found is None else dict(found)
