"""How many points a domain has, where intervals say it: boxes, and boxes cut by guards that do not tie dims together."""

from __future__ import annotations

from collections.abc import Sequence

from .linear import Dim, Linear
from .model import Domain


def points(domain: Domain) -> int | None:
    """The exact number of points; None where an unknown number decides it. Falls back on isl."""
    alternatives = domain.alternatives
    if not alternatives:
        return 0
    if not domain.exact:
        return None
    if len(alternatives) == 1:
        found = _of_conjunction(_iterated(domain, alternatives[0]), alternatives[0])
        if found is not None:
            return found
    from rung.judges.cost.points import count

    return count(domain.to_isl())


def _iterated(domain: Domain, conjunction: Sequence[Linear]) -> list[Dim]:
    """The dims without quotients that only their own facts mention: these have one value for each point of the others."""
    mentioned = {dim for linear in conjunction for dim in linear.terms}
    return [dim for dim in domain.dims if dim.kind != "derived" or dim in mentioned]


def _of_conjunction(dims: Sequence[Dim], conjunction: Sequence[Linear]) -> int | None:
    """The product over dims of what is left of each, where every constraint is about one run of consecutive numbers."""
    bounds = {dim: (dim.low, dim.high) for dim in dims}
    runs: dict[frozenset[Dim], tuple[int, int]] = {}
    for linear in conjunction:
        if len(linear.terms) == 1:
            ((dim, c),) = linear.terms.items()
            low, high = bounds[dim]
            bounds[dim] = (max(low, -(linear.const // c)), high) if c > 0 else (low, min(high, linear.const // -c))
        else:
            runs[frozenset(linear.terms)] = (0, 0)
    total = 1
    tied: set[Dim] = set()
    for run in runs:
        if tied & run:
            return None
        tied |= run
        found = _of_run(run, [linear for linear in conjunction if frozenset(linear.terms) == run], bounds)
        if found is None:
            return None
        total *= found
    for dim in dims:
        if dim not in tied:
            low, high = bounds[dim]
            total *= max(0, high - low + 1)
    return total


def _of_run(run: frozenset[Dim], constraints: Sequence[Linear], bounds: dict[Dim, tuple[int, int]]) -> int | None:
    """Points of a box under constraints that all limit one number written in mixed radix, such as `64 * block + thread`."""
    first = constraints[0]
    sign = 1 if next(iter(first.terms.values())) > 0 else -1
    terms = {dim: sign * c for dim, c in first.terms.items()}
    size, low = 1, 0
    for dim, c in sorted(terms.items(), key=lambda pair: pair[1]):
        if bounds[dim] != (dim.low, dim.high) or c != size:
            return None
        size *= dim.extent
        low += c * dim.low
    least, greatest = low, low + size - 1
    for linear in constraints:
        if linear.terms == terms:
            least = max(least, -linear.const)
        elif linear.times(-1).terms == terms:
            greatest = min(greatest, linear.const)
        else:
            return None
    return max(0, greatest - least + 1)
