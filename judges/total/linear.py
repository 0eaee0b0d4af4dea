"""Integers of a program as linear expressions over named dims, and conditions on them as unions of conjunctions.

Everything the judge knows of an index is one of these. What is not linear gets a dim of its own with facts that define it: the
quotient q of `e floordiv 8` is a dim with `0 <= e - 8 q <= 7`, the value of a select is a dim that equals one side or the other.
So a set of iterations stays a flat list of `Linear >= 0` and turns into an isl set without a string being parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Literal

DimKind = Literal["block", "thread", "forall", "parallel", "for", "lane", "derived", "unknown", "argument"]

ITERATED: frozenset[str] = frozenset(("block", "thread", "forall", "parallel", "for", "lane"))
"""Kinds of dims that count iterations (or lanes of a vector); the others are values."""

ISL_LOCK = RLock()
"""Held by whoever works with isl sets: all are of one context (`sets.CONTEXT`), and a context is for one thread at a time."""

MAX_ALTERNATIVES = 64
"""Conditions with more alternatives are not followed: what they say becomes unknown, which proves less and never too much."""


@dataclass(eq=False)
class Dim:
    """One integer of a run of the program. Two dims are the same only if they are the same object.

    block, thread, forall, parallel, for, lane    counts iterations from `low` to `high`, both included, in steps of 1: the value
                 of a loop variable is `first + step * dim`
    derived      a function of other dims, exactly one value for each of theirs: `facts` says which
    unknown      read from memory, or computed in a way that is not followed; any value from `low` to `high`
    argument     a number that the function is called with: unknown, but the same for the whole launch
    """

    name: str
    kind: DimKind
    low: int
    high: int
    facts: Condition | None = None
    """What holds of the dim beside its interval (a bound that depends on other dims, the definition of a derived dim)."""
    quotient: tuple[Linear, int] | None = None
    """For the derived dim `e floordiv c`: (e, c)."""

    @property
    def extent(self) -> int:
        return self.high - self.low + 1

    def __repr__(self) -> str:
        return self.name


class Linear:
    """`const + sum(coefficient * dim)`; no coefficient is 0. Immutable: the operations make new ones."""

    __slots__ = ("const", "terms")

    def __init__(self, terms: dict[Dim, int], const: int = 0):
        self.terms = terms
        self.const = const

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """`self + factor * other`."""
        if not other.terms:
            return Linear(self.terms, self.const + factor * other.const)
        terms = dict(self.terms)
        for dim, coefficient in other.terms.items():
            total = terms.get(dim, 0) + factor * coefficient
            if total:
                terms[dim] = total
            else:
                terms.pop(dim, None)
        return Linear(terms, self.const + factor * other.const)

    def times(self, factor: int) -> Linear:
        if factor == 1:
            return self
        if factor == 0:
            return Linear({})
        return Linear({dim: factor * coefficient for dim, coefficient in self.terms.items()}, factor * self.const)

    def shifted(self, by: int) -> Linear:
        return Linear(self.terms, self.const + by)

    def interval(self) -> tuple[int, int]:
        """The least and the greatest value by the intervals of the dims: never too narrow."""
        low = high = self.const
        for dim, coefficient in self.terms.items():
            if coefficient > 0:
                low += coefficient * dim.low
                high += coefficient * dim.high
            else:
                low += coefficient * dim.high
                high += coefficient * dim.low
        return low, high

    def only_dim(self) -> Dim | None:
        """The dim that the expression is, and nothing else; or None."""
        if self.const == 0 and len(self.terms) == 1:
            dim, coefficient = next(iter(self.terms.items()))
            return dim if coefficient == 1 else None
        return None

    def same(self, other: Linear) -> bool:
        return self.const == other.const and self.terms == other.terms

    def at(self, point: dict[Dim, int]) -> int:
        """The value where each dim has the value that `point` gives."""
        return self.const + sum(coefficient * point[dim] for dim, coefficient in self.terms.items())

    def __str__(self) -> str:
        parts = [
            f"{'-' if coefficient == -1 else '' if coefficient == 1 else f'{coefficient}*'}{dim.name}"
            for dim, coefficient in self.terms.items()
        ]
        if self.const or not parts:
            parts.append(str(self.const))
        return " + ".join(parts).replace("+ -", "- ")

    __repr__ = __str__


def constant(value: int) -> Linear:
    return Linear({}, value)


def variable(dim: Dim) -> Linear:
    """The dim itself; a number where it has only one value."""
    return Linear({}, dim.low) if dim.low == dim.high else Linear({dim: 1})


Conjunction = tuple[Linear, ...]
"""All of these are at least 0."""


@dataclass(frozen=True, eq=False)
class Condition:
    """A union of conjunctions. No alternative: never; one that is empty: always."""

    alternatives: tuple[Conjunction, ...]

    @property
    def always(self) -> bool:
        return () in self.alternatives

    @property
    def never(self) -> bool:
        return not self.alternatives

    def dims(self) -> Iterable[Dim]:
        return (dim for alternative in self.alternatives for linear in alternative for dim in linear.terms)


ALWAYS = Condition(((),))
NEVER = Condition(())


class TooManyAlternatives(Exception):
    """A condition that would have more than MAX_ALTERNATIVES."""


def _condition(alternatives: Iterable[Conjunction]) -> Condition:
    found = tuple(alternatives)
    if len(found) > MAX_ALTERNATIVES:
        raise TooManyAlternatives
    return Condition((*(((),) if () in found else found),))


def at_least_0(linear: Linear) -> Condition:
    """`linear >= 0`, decided now where the intervals of its dims decide it."""
    low, high = linear.interval()
    if low >= 0:
        return ALWAYS
    return NEVER if high < 0 else Condition(((linear,),))


def both(a: Condition, b: Condition) -> Condition:
    """Raises TooManyAlternatives, as `either` and `negated` do."""
    if a.always or b.never:
        return b
    if b.always or a.never:
        return a
    return _condition((*x, *y) for x in a.alternatives for y in b.alternatives)


def either(a: Condition, b: Condition) -> Condition:
    if a.always or b.never:
        return a
    if b.always or a.never:
        return b
    return _condition((*a.alternatives, *b.alternatives))


def negated(a: Condition) -> Condition:
    result = ALWAYS
    for alternative in a.alternatives:
        one = NEVER
        for linear in alternative:
            one = either(one, at_least_0(linear.times(-1).shifted(-1)))
        result = both(result, one)
    return result


def equals_0(linear: Linear) -> Condition:
    return both(at_least_0(linear), at_least_0(linear.times(-1)))


def differs_from_0(linear: Linear) -> Condition:
    return either(at_least_0(linear.shifted(-1)), at_least_0(linear.times(-1).shifted(-1)))


def all_of(conditions: Sequence[Condition]) -> Condition:
    result = ALWAYS
    for condition in conditions:
        result = both(result, condition)
    return result
