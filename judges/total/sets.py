"""Domains as isl sets, built from constraints: parsing a string takes isl 130 us, a constraint 5 us (EPYC, 2026-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import islpy as isl

from .linear import Conjunction, Dim, Linear
from .model import Domain

SET = isl.dim_type.set
CONTEXT = isl.Context()
"""One for all sets: isl objects of two contexts do not meet. isl is not thread safe within one."""


def basic_set(dims: Sequence[Dim], conjunction: Sequence[Linear], equal: Sequence[Linear] = ()) -> Any:
    """The points of the box of `dims` where everything in `conjunction` is at least 0 and everything in `equal` is 0."""
    position = {dim: i for i, dim in enumerate(dims)}
    space = isl.Space.set_alloc(CONTEXT, 0, len(dims))
    local = isl.LocalSpace.from_space(space)
    found = isl.BasicSet.universe(space)
    for i, dim in enumerate(dims):
        low = isl.Constraint.alloc_inequality(local).set_coefficient_val(SET, i, 1).set_constant_val(-dim.low)
        high = isl.Constraint.alloc_inequality(local).set_coefficient_val(SET, i, -1).set_constant_val(dim.high)
        found = found.add_constraint(low).add_constraint(high)
    for kind, linears in ((isl.Constraint.alloc_inequality, conjunction), (isl.Constraint.alloc_equality, equal)):
        for linear in linears:
            constraint = kind(local).set_constant_val(linear.const)
            for dim, coefficient in linear.terms.items():
                constraint = constraint.set_coefficient_val(SET, position[dim], coefficient)
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
