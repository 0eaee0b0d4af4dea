"""Index arithmetic as sums of multiples, so that it prints as a person would write it and its range is known.

`affine.apply`, additions and subscripts build these sums; a subscript `x[%i + 1, %k]` of a `37x512` memref prints as
`x[(i + 1) * 512 + k]`. The range decides between `int` and 64-bit indices, the common divisor whether a vector access is aligned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

from .precedence import ADDITIVE, MULTIPLICATIVE, PRIMARY, UNARY, parenthesised

NONE: frozenset[str] = frozenset()
UNKNOWN = (-(2**63), 2**63 - 1)
"""The range of an index nothing is known about."""


@dataclass(frozen=True, slots=True)
class Atom:
    """An index that is not a sum: a variable, a quotient, a remainder."""

    text: str
    precedence: int = PRIMARY
    low: int = UNKNOWN[0]
    high: int = UNKNOWN[1]
    """Inclusive bounds."""
    multiple: int = 1
    """A number that always divides the value; 0 if the value is 0."""
    reads: frozenset[str] = NONE
    mutable: frozenset[str] = NONE


@dataclass(frozen=True, slots=True)
class Linear:
    """sum of coefficient * atom, plus a constant."""

    terms: tuple[tuple[Atom, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(value: int | Atom) -> Linear:
        return Linear((), value) if isinstance(value, int) else Linear(((value, 1),))

    def __add__(self, other: Linear) -> Linear:
        if not other.terms:
            return Linear(self.terms, self.constant + other.constant) if other.constant else self
        merged = {atom.text: (atom, times) for atom, times in self.terms}
        for atom, times in other.terms:
            merged[atom.text] = (atom, merged.get(atom.text, (atom, 0))[1] + times)
        return Linear(tuple(term for term in merged.values() if term[1]), self.constant + other.constant)

    def __mul__(self, factor: int) -> Linear:
        if factor == 1:
            return self
        terms = tuple((atom, times * factor) for atom, times in self.terms) if factor else ()
        return Linear(terms, self.constant * factor)

    @property
    def range(self) -> tuple[int, int]:
        """Inclusive bounds of the value."""
        ends = [sorted((atom.low * times, atom.high * times)) for atom, times in self.terms]
        return self.constant + sum(low for low, _ in ends), self.constant + sum(high for _, high in ends)

    @property
    def peak(self) -> int:
        """No partial sum, in whatever order, is larger than this in magnitude."""
        return abs(self.constant) + sum(abs(times) * max(abs(atom.low), abs(atom.high)) for atom, times in self.terms)

    @property
    def multiple(self) -> int:
        """A number that always divides the value; 0 if the value is 0."""
        return gcd(self.constant, *(times * atom.multiple for atom, times in self.terms))

    @property
    def reads(self) -> frozenset[str]:
        return NONE.union(*(atom.reads for atom, _ in self.terms)) if self.terms else NONE

    @property
    def mutable(self) -> frozenset[str]:
        return NONE.union(*(atom.mutable for atom, _ in self.terms)) if self.terms else NONE

    def spell(self) -> tuple[str, int]:
        """The C text and its precedence. Atoms with one coefficient share it: (i0 + i) * 64 + j."""
        if not self.terms:
            return str(self.constant), PRIMARY if self.constant >= 0 else UNARY
        groups: dict[int, list[Atom]] = {}
        for atom, times in self.terms:
            groups.setdefault(times, []).append(atom)
        return add_up([(*_sum(atoms), times) for times, atoms in groups.items()], self.constant)


def _sum(atoms: list[Atom]) -> tuple[str, int]:
    if len(atoms) == 1:
        return atoms[0].text, atoms[0].precedence
    return " + ".join(parenthesised(atom.text, atom.precedence, ADDITIVE) for atom in atoms), ADDITIVE


def add_up(pieces: Iterable[tuple[str, int, int]], constant: int) -> tuple[str, int]:
    """The text and precedence of a sum of (text, precedence, factor) and a constant. Negative pieces come last."""
    added: list[tuple[str, int]] = []
    taken: list[tuple[str, int]] = []
    for text, precedence, factor in pieces:
        if abs(factor) != 1:
            text, precedence = f"{parenthesised(text, precedence, MULTIPLICATIVE)} * {abs(factor)}", MULTIPLICATIVE
        (added if factor > 0 else taken).append((text, precedence))
    if constant or not (added or taken):
        (added if constant >= 0 else taken).append((str(abs(constant)), PRIMARY))
    if len(added) == 1 and not taken:
        return added[0]
    # `a + b` inside a sum needs no parentheses, after a minus it does.
    text = " + ".join(text for text, _ in added)
    for piece, precedence in taken:
        piece = parenthesised(piece, precedence, ADDITIVE + 1)
        text = f"{text} - {piece}" if text else f"-{piece}"
    return text, ADDITIVE
