"""Every access within its memref, and every view within what it is a view of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .intervals import narrowed, never_at_least_0
from .linear import Dim, Linear, all_of
from .model import Access, Domain, Function, domain_of
from .report import Finding, Report, address_of, element_of, map_text, numbered, point_of


def check_bounds(function: Function, report: Report) -> Iterator[Finding]:
    """A finding for each access that may leave its memref; the others are counted in the report."""
    for access in function.accesses:
        if access.place.is_empty:
            report.proved += 1
            continue
        finding, by_guard = _check(function, access)
        if finding is not None:
            yield finding
        elif not by_guard:
            report.proved += 1
        elif any(dim.kind in ("unknown", "argument") for linear, _ in access.limits for dim in linear.terms):
            report.data_dependent += 1
        else:
            report.guarded += 1


def _check(function: Function, access: Access) -> tuple[Finding | None, bool]:
    """A finding, or whether a guard was needed."""
    wrong: list[tuple[Linear, int]] = []
    for linear, extent in access.limits:
        low, high = linear.interval()
        if low < 0 or high >= extent:
            wrong.append((linear, extent))
    if not wrong:
        return None, False
    without = _unguarded(access)
    if without is not None and all(_outside(without, linear, extent) is None for linear, extent in wrong):
        return None, False
    domain = access.domain()
    for linear, extent in wrong:
        values = _outside(domain, linear, extent)
        if values is not None:
            return _finding(function, access, linear, extent, values), True
    return None, True


def open_limits(access: Access) -> list[int]:
    """Which of the access's limits it may not keep, by number."""
    if access.place.is_empty:
        return []
    found: list[int] = []
    for number, (linear, extent) in enumerate(access.limits):
        low, high = linear.interval()
        if (low < 0 or high >= extent) and _outside(access.domain(), linear, extent) is not None:
            found.append(number)
    return found


def _unguarded(access: Access) -> Domain | None:
    """The domain by loops alone, as if no scf.if were there; None where there is no guard."""
    if access.guard.always and not any(place.kind == "if" for place in access.place.chain):
        return None
    loops = [place.guard for place in access.place.chain if place.kind != "if"]
    return domain_of(access.iterations, all_of(loops), access.index)


def _outside(domain: Domain, linear: Linear, extent: int) -> dict[Dim, int] | None:
    """A point of the domain at which `linear` is not within 0 .. extent - 1."""
    for violation in (linear.times(-1).shifted(-1), linear.shifted(-extent)):
        for alternative in domain.alternatives:
            found = point_where(domain.dims, alternative, violation)
            if found is not None:
                return found
    return None


def point_where(dims: Sequence[Dim], conjunction: tuple[Linear, ...], also: Linear) -> dict[Dim, int] | None:
    """A point of the conjunction at which `also` is at least 0, or None: intervals first, isl for what they leave open."""
    bounds = narrowed(conjunction)
    if bounds is None or never_at_least_0(also, conjunction, bounds):
        return None
    from .sets import sample

    found = sample(dims, (*conjunction, also))
    return None if found is None else dict(found)


def _finding(function: Function, access: Access, linear: Linear, extent: int, values: dict[Dim, int]) -> Finding:
    point = point_of(access.place, values)
    element = element_of(access.index, values)
    found = element_of((linear,), values)[0]
    reason = f"index {numbered(element)} of %{access.root.name} is out of bounds at {point}"
    if any(dim.kind == "unknown" for dim in linear.terms):
        reason = f"{reason}; it is read from memory, expected a guard that keeps it within 0 to {extent - 1}"
    else:
        reason = f"{reason}: {linear} is {found}, expected within 0 to {extent - 1}"
    return Finding(
        "bounds",
        function.name,
        access.op,
        reason,
        map_text(access),
        point,
        root=access.root.name,
        element=element,
        address=address_of(access.root, element),
    )
