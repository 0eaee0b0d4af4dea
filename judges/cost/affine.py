"""What a value of the program is as an affine function of the dims of the iteration space, as far as it is one.

A dim is one loop, block or thread id, from 0 to its extent. Floors count as atoms of their own, so div and mod by constants stay
inside. The functions and conditions here are cheap Python objects; an isl set is built only where a guard has to be counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import islpy as isl
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr

Range: TypeAlias = tuple[int, int]
"""The least and the largest value."""

SET = isl.dim_type.set


@dataclass(frozen=True, eq=False)
class Floor:
    """The largest whole number not above `inner / divisor`."""

    inner: Linear
    divisor: int


class Linear:
    """A sum of multiples of dims (by number) and floors, and a constant."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int = 0, terms: Mapping[int | Floor, int] | None = None):
        self.constant = constant
        self.terms = terms or {}

    def plus(self, other: Linear, times: int = 1) -> Linear:
        terms = dict(self.terms)
        for atom, factor in other.terms.items():
            total = terms.get(atom, 0) + times * factor
            if total:
                terms[atom] = total
            else:
                terms.pop(atom, None)
        return Linear(self.constant + times * other.constant, terms)

    def times(self, factor: int) -> Linear:
        return Linear().plus(self, factor) if factor else Linear()

    def floor(self, divisor: int) -> Linear:
        if not self.terms:
            return Linear(self.constant // divisor)
        return Linear(0, {Floor(self, divisor): 1})

    def dims(self) -> Iterator[int]:
        for atom in self.terms:
            if isinstance(atom, int):
                yield atom
            else:
                yield from atom.inner.dims()

    def range(self, extents: Sequence[Range]) -> Range:
        """Bounds, not always met, where dim number d runs over `extents[d]`."""
        low = high = self.constant
        for atom, factor in self.terms.items():
            if isinstance(atom, int):
                a, b = extents[atom]
            else:
                a, b = (value // atom.divisor for value in atom.inner.range(extents))
            low += factor * (a if factor > 0 else b)
            high += factor * (b if factor > 0 else a)
        return low, high

    def aff(self, space: isl.LocalSpace, position: Mapping[int, int]) -> isl.Aff:
        """As isl has it, in a set space that has dim number d at `position[d]`."""
        found = isl.Aff.zero_on_domain(space).set_constant_val(isl.Val(self.constant))
        for atom, factor in self.terms.items():
            if isinstance(atom, int):
                found = found.add_coefficient_val(isl.dim_type.in_, position[atom], isl.Val(factor))
            else:
                part = atom.inner.aff(space, position).scale_down_val(isl.Val(atom.divisor)).floor()
                found = found.add(part.scale_val(isl.Val(factor)))
        return found


def of_map(expr: AffineExpr, dims: Sequence[Linear | None]) -> Linear | None:
    """An affine expression of values; None where one that it needs is unknown, or for a product or quotient of two of them."""
    if isinstance(expr, AffineConstantExpr):
        return Linear(expr.value)
    if isinstance(expr, AffineDimExpr):
        return dims[expr.position]
    if not isinstance(expr, AffineBinaryOpExpr):
        return None
    a, b = of_map(expr.lhs, dims), of_map(expr.rhs, dims)
    if a is None or b is None:
        return None
    if expr.kind is AffineBinaryOpKind.Add:
        return a.plus(b)
    if expr.kind is AffineBinaryOpKind.Mul:
        return product(a, b)
    if b.terms or b.constant <= 0:
        return None
    match expr.kind:
        case AffineBinaryOpKind.FloorDiv:
            return a.floor(b.constant)
        case AffineBinaryOpKind.CeilDiv:
            return a.times(-1).floor(b.constant).times(-1)
        case _:
            return a.plus(a.floor(b.constant), -b.constant)


def product(a: Linear, b: Linear) -> Linear | None:
    if not b.terms:
        return a.times(b.constant)
    return b.times(a.constant) if not a.terms else None


# Conditions


@dataclass(frozen=True, eq=False)
class Atom:
    """`value` compared with 0: `relation` is one of >= == !=."""

    relation: str
    value: Linear


@dataclass(frozen=True, eq=False)
class Both:
    """and, or, xor of two conditions."""

    kind: str
    first: Condition
    second: Condition


Condition: TypeAlias = Atom | Both | bool | None
"""None: it depends on data."""


def negated(condition: Condition) -> Condition:
    return None if condition is None else (not condition if isinstance(condition, bool) else Both("xor", condition, True))


def compared(predicate: str, a: Linear, b: Linear, extents: Sequence[Range]) -> Condition:
    """A comparison by the predicates of MLIR's arith.cmpi. Of unsigned numbers, the one said to be larger may not be negative."""
    if predicate[0] == "u":
        if predicate[1:] in ("gt", "ge"):
            a, b, predicate = b, a, "ul" + predicate[2]
        if b.range(extents)[0] < 0:
            return None
        below = compared("s" + predicate[1:], a, b, extents)
        return combined("and", compared("sge", a, Linear(), extents), below)
    less = {
        "slt": (b, a, 1), "sle": (b, a, 0), "sgt": (a, b, 1), "sge": (a, b, 0), "eq": (a, b, 0), "ne": (a, b, 0),
    }  # fmt: skip
    first, second, gap = less[predicate]
    value = first.plus(second, -1).plus(Linear(-gap))
    relation = {"eq": "==", "ne": "!="}.get(predicate, ">=")
    low, high = value.range(extents)
    if relation == ">=":
        return True if low >= 0 else False if high < 0 else Atom(relation, value)
    if low == high == 0 or not low <= 0 <= high:
        return (low == high == 0) == (relation == "==")
    return Atom(relation, value)


def combined(kind: str, a: Condition, b: Condition) -> Condition:
    """and, or, xor, with what is decided folded away."""
    for first, second in ((a, b), (b, a)):
        if isinstance(first, bool):
            if kind == "xor":
                return negated(second) if first else second
            return (second if first else False) if kind == "and" else (True if first else second)
    return None if a is None and b is None else Both(kind, a, b)


def dims_of(condition: Condition) -> Iterator[int]:
    if isinstance(condition, Atom):
        yield from condition.value.dims()
    elif isinstance(condition, Both):
        yield from dims_of(condition.first)
        yield from dims_of(condition.second)


def knows(condition: Condition) -> bool:
    """Whether nothing in it depends on data."""
    if isinstance(condition, Both):
        return knows(condition.first) and knows(condition.second)
    return condition is not None


def sets_of(condition: Condition, universe: isl.Set, position: Mapping[int, int]) -> tuple[isl.Set, isl.Set]:
    """Where it may hold, and where it surely does; the same set where it depends on no data."""
    if condition is None:
        return universe, universe.subtract(universe)
    if isinstance(condition, bool):
        found = universe if condition else universe.subtract(universe)
        return found, found
    if isinstance(condition, Atom):
        aff = condition.value.aff(isl.LocalSpace.from_space(universe.get_space()), position)
        zero = isl.Aff.zero_on_domain(isl.LocalSpace.from_space(universe.get_space()))
        relation = {">=": aff.ge_set, "==": aff.eq_set, "!=": aff.ne_set}[condition.relation]
        found = relation(zero).intersect(universe)
        return found, found
    (may_a, must_a), (may_b, must_b) = (sets_of(side, universe, position) for side in (condition.first, condition.second))
    if condition.kind == "and":
        return may_a.intersect(may_b), must_a.intersect(must_b)
    if condition.kind == "or":
        return may_a.union(may_b), must_a.union(must_b)
    # one of them and not the other
    may = may_a.subtract(must_b).union(may_b.subtract(must_a))
    must = must_a.subtract(may_b).union(must_b.subtract(may_a))
    return may, must
