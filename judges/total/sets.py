"""Domains as isl sets, built from constraints: parsing a string takes isl 130 us, a constraint 5 us (EPYC, 2026-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import islpy as isl

from .linear import Conjunction, Dim, Linear
from .model import Domain

SET = isl.dim_type.set
CONTEXT = isl.Context()
"""One for all sets: isl objects of two contexts do not meet. One thread at a time: `linear.ISL_LOCK`."""


def _value(number: int) -> Any:
    """The number as isl takes it. islpy converts only what fits 64 bits, and minus the least index does not."""
    return number if -(1 << 63) <= number < 1 << 63 else isl.Val.read_from_str(CONTEXT, str(number))


MAX_OPERATIONS = 5_000_000
"""Of isl for one question, about 3 s: then it raises isl.Error, and no set hangs a compile. The corpus needs under 3,000."""
CONTEXT.set_max_operations(MAX_OPERATIONS)


def basic_set(dims: Sequence[Dim], conjunction: Sequence[Linear], equal: Sequence[Linear] = ()) -> Any:
    """The points of the box of `dims` where everything in `conjunction` is at least 0 and everything in `equal` is 0."""
    CONTEXT.reset_operations()  # a question begins here
    position = {dim: i for i, dim in enumerate(dims)}
    space = isl.Space.set_alloc(CONTEXT, 0, len(dims))
    local = isl.LocalSpace.from_space(space)
    found = isl.BasicSet.universe(space)
    for i, dim in enumerate(dims):
        low = isl.Constraint.alloc_inequality(local).set_coefficient_val(SET, i, 1).set_constant_val(_value(-dim.low))
        high = isl.Constraint.alloc_inequality(local).set_coefficient_val(SET, i, -1).set_constant_val(_value(dim.high))
        found = found.add_constraint(low).add_constraint(high)
    for kind, linears in ((isl.Constraint.alloc_inequality, conjunction), (isl.Constraint.alloc_equality, equal)):
        for linear in linears:
            constraint = kind(local).set_constant_val(_value(linear.const))
            for dim, coefficient in linear.terms.items():
                constraint = constraint.set_coefficient_val(SET, position[dim], _value(coefficient))
            found = found.add_constraint(constraint)
    return found


def to_set(domain: Domain) -> Any:
    """The isl Set of a domain; its dims in the order of `domain.dims`."""
    found = isl.Set.empty(isl.Space.set_alloc(CONTEXT, 0, len(domain.dims)))
    for alternative in domain.alternatives:
        found = found.union(isl.Set.from_basic_set(basic_set(domain.dims, alternative)))
    return found


def sample(dims: Sequence[Dim], conjunction: Conjunction, equal: Sequence[Linear] = ()) -> Mapping[Dim, int] | None:
    """A point of the set, or None where it has none."""
    point = basic_set(dims, conjunction, equal).sample_point()
    if point.is_void():
        return None
    return {dim: point.get_coordinate_val(SET, i).to_python() for i, dim in enumerate(dims)}


def image(domain: Domain, index: Sequence[Linear], kept: Sequence[Dim] = ()) -> Any:
    """What `index` reaches from the domain: the isl set over the values of `kept`, then those of `index`."""
    results = [Dim(f"e{axis}", "derived", *linear.interval()) for axis, linear in enumerate(index)]
    rest = [dim for dim in domain.dims if dim not in kept]
    dims = (*kept, *results, *rest)
    equal = [linear.plus(Linear({result: 1}), -1) for linear, result in zip(index, results)]
    found = nothing(len(kept) + len(results))
    for alternative in domain.alternatives:
        one = isl.Set.from_basic_set(basic_set(dims, alternative, equal))
        found = found.union(one.project_out(SET, len(kept) + len(results), len(rest)))
    return found


def nothing(axes: int) -> Any:
    return isl.Set.empty(isl.Space.set_alloc(CONTEXT, 0, axes))


def box(shape: Sequence[int]) -> Any:
    """All indices into a shape."""
    return isl.Set.from_basic_set(basic_set([Dim(f"e{axis}", "derived", 0, extent - 1) for axis, extent in enumerate(shape)], ()))


def first(found: Any) -> tuple[int, ...] | None:
    """The least point of a set in lexicographic order, or None where it is empty."""
    if found.is_empty():
        return None
    point = found.lexmin().sample_point()
    return tuple(point.get_coordinate_val(SET, axis).to_python() for axis in range(found.dim(SET)))
