"""Proofs by intervals, for the many cases that need no solver: bounds that follow from a guard, maps that no points share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .linear import Dim, Linear

Bounds = Mapping[Dim, tuple[int, int]]


def interval(linear: Linear, bounds: Bounds) -> tuple[int, int]:
    low = high = linear.const
    for dim, c in linear.terms.items():
        least, greatest = bounds.get(dim) or (dim.low, dim.high)
        if c > 0:
            low, high = low + c * least, high + c * greatest
        else:
            low, high = low + c * greatest, high + c * least
    return low, high


def narrowed(conjunction: Sequence[Linear]) -> dict[Dim, tuple[int, int]] | None:
    """Intervals of dims where all of `conjunction` is at least 0; None where that is seen to be never."""
    bounds: dict[Dim, tuple[int, int]] = {}
    for _ in range(2):
        for linear in conjunction:
            _, most = interval(linear, bounds)
            if most < 0:
                return None
            for dim, c in linear.terms.items():
                low, high = bounds.get(dim) or (dim.low, dim.high)
                # c * dim >= -(what the others give at most)
                others = most - c * (high if c > 0 else low)
                if c > 0:
                    low = max(low, -(others // c))
                else:
                    high = min(high, others // -c)
                if low > high:
                    return None
                bounds[dim] = (low, high)
    return bounds


def never_at_least_0(linear: Linear, conjunction: Sequence[Linear], bounds: Bounds) -> bool:
    """Is `linear >= 0` shown impossible, by the intervals alone or together with one or two of the constraints?"""
    if interval(linear, bounds)[1] < 0:
        return True
    for constraint in conjunction:
        combined = _cancelled(linear, constraint)
        if combined is None:
            continue
        if interval(combined, bounds)[1] < 0:
            return True
        for second in conjunction:
            again = _cancelled(combined, second) if second is not constraint else None
            if again is not None and interval(again, bounds)[1] < 0:
                return True
    return False


def _cancelled(linear: Linear, constraint: Linear) -> Linear | None:
    """A positive combination of both (at least 0 where both are) without the first dim on which their signs differ."""
    for dim, c in linear.terms.items():
        other = constraint.terms.get(dim, 0)
        if c * other < 0:
            return linear.times(abs(other)).plus(constraint, abs(c))
    return None


def determined(a: Sequence[Linear], b: Sequence[Linear], same: Iterable[Dim]) -> set[Dim]:
    """Dims that have one value in two points wherever `a` at the first equals `b` at the second.

    same   dims that are known to be equal in both. The dims of both points are the same objects. Within one expression, a dim
           whose coefficient is larger than all that smaller ones can differ by is decided by it (mixed radix).
    """
    known = set(same)
    pairs = list(zip(a, b, strict=True))
    while True:
        before = len(known)
        for x, y in pairs:
            known |= _decided(x, y, known)
        if len(known) == before:
            return known


def _decided(x: Linear, y: Linear, known: set[Dim]) -> set[Dim]:
    slack_low = slack_high = y.const - x.const  # what (terms of x) - (terms of y) has to equal, as an interval
    shared: list[tuple[int, Dim]] = []
    for dim, c in x.terms.items():
        other = y.terms.get(dim, 0)
        if c == other:
            if dim not in known:
                shared.append((abs(c), dim))
            continue
        least, greatest = sorted((c * dim.low, c * dim.high))
        slack_low, slack_high = slack_low - greatest, slack_high - least
    for dim, c in y.terms.items():
        if x.terms.get(dim, 0) != c:
            least, greatest = sorted((c * dim.low, c * dim.high))
            slack_low, slack_high = slack_low + least, slack_high + greatest
    slack = max(abs(slack_low), abs(slack_high))
    shared.sort(key=lambda pair: pair[0])
    reach = slack
    reaches: list[int] = []
    for c, dim in shared:
        reaches.append(reach)
        reach += c * max(0, dim.extent - 1)
    found: set[Dim] = set()
    for (c, dim), below in zip(reversed(shared), reversed(reaches)):
        if c <= below:
            break
        found.add(dim)
    return found
