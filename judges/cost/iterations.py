"""How many points a place of the model has, and which elements its accesses touch.

Most ops stand in loops of constant bounds and behind no guard: their points are a product of extents, the elements they touch
are a box, and no integer set is made. A guard, or a bound that depends on outer loops, makes a set of just the dims it names; the
other dims multiply it. What the model does not know, because it is data, is projected out: the points are those that may run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from rung.judges.total.linear import ITERATED, Condition, Dim, Linear
from rung.judges.total.model import Access, Domain, Place, domain_of

from .operations import CostError

Box = tuple[tuple[int, int], ...]
"""Of each axis the first element and the last."""


def points(dims: Sequence[Dim], condition: Condition) -> tuple[int, bool]:
    """How many values of `dims` meet the condition, and whether that is exact: else it depends on data, and is the most."""
    if condition.never:
        return 0, True
    if condition.always:
        return prod(max(0, dim.extent) for dim in dims), True
    domain = _of(dims, condition, ())
    free = prod(max(0, dim.extent) for dim in dims if dim not in domain.dims)
    return (free * _count(domain), domain.exact) if free else (0, True)


def _of(dims: Sequence[Dim], condition: Condition, mentioned: Iterable[Linear]) -> Domain:
    """The domain of those of `dims` that the condition or `mentioned` names, through the facts of derived dims or directly."""
    named = domain_of((), condition, mentioned).dims
    return domain_of([dim for dim in dims if dim in named], condition, mentioned)


def _count(domain: Domain) -> int:
    """The points of the dims that count iterations."""
    import islpy as isl

    from .points import count

    found = domain.to_isl()
    for position in reversed(range(len(domain.dims))):
        if domain.dims[position].kind not in ITERATED:
            found = found.project_out(isl.dim_type.set, position, 1)
    return count(found)


def runs(place: Place) -> tuple[int, bool]:
    """How often the ops of a place run. Raises CostError for a loop whose bounds depend on data."""
    if place.kind != "if" and not domain_of((), place.guard).exact:
        raise CostError(place.op, "how often it runs depends on data, expected bounds that are affine in outer indices")
    return (0, True) if place.is_empty else points(place.iterations, place.condition)


def touches(access: Access, place_runs: tuple[int, bool]) -> tuple[int, bool]:
    """How many elements an access touches in all its iterations, given how often its place runs."""
    if access.guard.always:
        return place_runs[0] * access.elements, place_runs[1] and access.certain
    count, exact = points(access.iterations, access.condition)
    return count, exact and access.certain


def box(access: Access) -> Box | None:
    """The elements as a box, where it is plain to see that they are one: each index a sum of dims without gaps."""
    used = [dim for index in access.index for dim in index.terms]
    if not access.condition.always or len(set(used)) < len(used) or any(dim.kind not in ITERATED for dim in used):
        return None
    found: list[tuple[int, int]] = []
    for index in access.index:
        reach = 0
        for dim, factor in sorted(index.terms.items(), key=lambda term: abs(term[1])):
            if abs(factor) > reach + 1:
                return None
            reach += abs(factor) * (dim.extent - 1)
        found.append(index.interval())
    return tuple(found)


def elements(access: Access) -> Domain | None:
    """The iterations that decide which elements are touched; None where that depends on data."""
    domain = _of(access.iterations, access.condition, access.index)
    return domain if domain.exact and access.certain else None
