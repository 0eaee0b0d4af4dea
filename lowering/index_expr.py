"""The one index simplifier: integer expressions over loop indices, kept canonical as they are built.

An expression is a constant plus terms `coefficient * atom`; an atom is a loop index, or a floor division or a remainder by a
positive constant. Everything movement does to an index stays in this form (quasi-affine), so there is nothing else to simplify:
two accesses are the same exactly if their canonical expressions are equal in all the cases met so far.

A `Space` knows the extent of each loop index; the intervals that follow are what lets `(8*i + j) floordiv 8` be `i`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd

from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr


@dataclass(frozen=True)
class Dim:
    """The loop index number `position`."""

    position: int


@dataclass(frozen=True)
class FloorDiv:
    """`of` divided by the constant `by`, rounded toward minus infinity."""

    of: Index
    by: int


@dataclass(frozen=True)
class Mod:
    """The remainder of `FloorDiv(of, by)`: at least 0 and below `by`."""

    of: Index
    by: int


Atom = Dim | FloorDiv | Mod


@dataclass(frozen=True)
class Index:
    """`sum(coefficient * atom) + constant`; terms sorted, no zero coefficient, no atom twice."""

    terms: tuple[tuple[Atom, int], ...]
    constant: int = 0

    @cached_property
    def _hash(self) -> int:
        return hash((self.terms, self.constant))

    def __hash__(self) -> int:  # nested expressions are hashed over and over as memo keys
        return self._hash

    def is_constant(self) -> bool:
        return not self.terms

    def as_dim(self) -> int | None:
        """The position of the loop index this expression is, or None if it is anything else."""
        if self.constant == 0 and len(self.terms) == 1:
            atom, coefficient = self.terms[0]
            if isinstance(atom, Dim) and coefficient == 1:
                return atom.position
        return None

    def dims(self) -> frozenset[int]:
        """The positions of all loop indices that occur."""
        found: set[int] = set()
        for atom, _ in self.terms:
            found |= {atom.position} if isinstance(atom, Dim) else atom.of.dims()
        return frozenset(found)

    def is_window(self) -> bool:
        """Sum of non-negative multiples of loop indices plus a non-negative constant: what a linalg indexing map may say."""
        return self.constant >= 0 and all(isinstance(atom, Dim) and c > 0 for atom, c in self.terms)

    def __str__(self) -> str:
        return str(to_affine(self))


def _order(term: tuple[Atom, int]) -> tuple[int, str]:
    atom = term[0]
    return (0, f"{atom.position:04}") if isinstance(atom, Dim) else (1, repr(atom))


def constant(value: int) -> Index:
    return Index((), value)


def _linear(terms: dict[Atom, int], offset: int) -> Index:
    return Index(tuple(sorted(((a, c) for a, c in terms.items() if c), key=_order)), offset)


@dataclass(frozen=True)
class Space:
    """Loop indices `0 <= d_i < extents[i]`, and the constructors of expressions over them."""

    extents: tuple[int, ...]

    def dim(self, position: int) -> Index:
        """The loop index itself; 0 if its extent is 1."""
        return constant(0) if self.extents[position] == 1 else Index(((Dim(position), 1),))

    def bounds(self, e: Index) -> tuple[int, int]:
        """The least and the greatest value, by intervals: never too narrow, exact for sums of distinct loop indices."""
        low = high = e.constant
        for atom, c in e.terms:
            a, b = self._atom_bounds(atom)
            low, high = low + min(a * c, b * c), high + max(a * c, b * c)
        return low, high

    def _atom_bounds(self, atom: Atom) -> tuple[int, int]:
        if isinstance(atom, Dim):
            return 0, max(self.extents[atom.position] - 1, 0)  # an empty loop has no index; 0 keeps the arithmetic sane
        low, high = self.bounds(atom.of)
        if isinstance(atom, FloorDiv):
            return low // atom.by, high // atom.by
        return (low % atom.by, high % atom.by) if low // atom.by == high // atom.by else (0, atom.by - 1)

    def add(self, *summands: Index) -> Index:
        terms: dict[Atom, int] = {}
        for e in summands:
            for atom, c in e.terms:
                terms[atom] = terms.get(atom, 0) + c
        offset = sum(e.constant for e in summands)
        return self._rejoin(terms, offset)

    def _rejoin(self, terms: dict[Atom, int], offset: int) -> Index:
        """c * (x floordiv c) + x mod c -> x, which is what a reshape after a reshape leaves."""
        for atom, k in terms.items():
            if not isinstance(atom, Mod) or not k:
                continue
            quotient = self.floordiv(atom.of, atom.by)
            if len(quotient.terms) == 1 and quotient.constant == 0 and quotient.terms[0][1] == 1:
                other = quotient.terms[0][0]
                if terms.get(other, 0) == k * atom.by:
                    rest = {a: c for a, c in terms.items() if a not in (atom, other)}
                    return self.add(_linear(rest, offset), self.mul(atom.of, k))
        return _linear(terms, offset)

    def mul(self, e: Index, factor: int) -> Index:
        if factor == 0:
            return constant(0)
        return Index(tuple((atom, c * factor) for atom, c in e.terms), e.constant * factor)

    def floordiv(self, e: Index, by: int) -> Index:
        """`e floordiv by` for a positive constant."""
        if by == 1:
            return e
        whole, rest = self._split(e, by)
        low, high = self.bounds(rest)
        if low // by == high // by:
            return self.add(whole, constant(low // by))
        carry, rest = self._reduce(rest, by)
        if carry.terms:
            return self.add(whole, carry, self.floordiv(rest, by))
        if (parts := self._coarse(rest, by)) is not None:  # (g*x + s) floordiv (g*c) = x floordiv c where 0 <= s < g
            step, coarse, _ = parts
            return self.add(whole, self.floordiv(coarse, by // step))
        if len(rest.terms) == 1 and isinstance(rest.terms[0][0], FloorDiv) and rest.terms[0][1] == 1:
            inner = rest.terms[0][0]  # (x floordiv a + b) floordiv c = (x + a*b) floordiv (a*c)
            return self.add(whole, self.floordiv(self.add(inner.of, constant(inner.by * rest.constant)), inner.by * by))
        return self.add(whole, Index(((FloorDiv(rest, by), 1),)))

    def mod(self, e: Index, by: int) -> Index:
        """`e mod by` for a positive constant: never negative."""
        if by == 1:
            return constant(0)
        _, rest = self._split(e, by)
        low, high = self.bounds(rest)
        if low // by == high // by:
            return self.add(rest, constant(-by * (low // by)))
        carry, rest = self._reduce(rest, by)
        if carry.terms:
            return self.mod(rest, by)
        if (parts := self._coarse(rest, by)) is not None:  # (g*x + s) mod (g*c) = g * (x mod c) + s where 0 <= s < g
            step, coarse, fine = parts
            return self.add(self.mul(self.mod(coarse, by // step), step), fine)
        if len(rest.terms) == 1 and isinstance(rest.terms[0][0], Mod) and rest.terms[0][1] == 1:
            inner = rest.terms[0][0]
            if inner.by % by == 0:
                return self.mod(self.add(inner.of, constant(rest.constant)), by)
        return Index(((Mod(rest, by), 1),))

    def _reduce(self, e: Index, by: int) -> tuple[Index, Index]:
        """`e = by * carry + rest` with coefficients of `rest` in 0 .. by-1: a quotient and its remainder then share atoms."""
        carry = {a: c // by for a, c in e.terms if c // by}
        rest = {a: c % by for a, c in e.terms}
        return _linear(carry, 0), _linear(rest, e.constant)

    def _coarse(self, e: Index, by: int) -> tuple[int, Index, Index] | None:
        """`e = step * coarse + fine` with `0 <= fine < step` and step a proper divisor of `by`; None if there is no such step."""
        for step in sorted({gcd(by, c) for _, c in e.terms if gcd(by, c) > 1}, reverse=True):
            fine = _linear({a: c for a, c in e.terms if c % step}, e.constant % step)
            low, high = self.bounds(fine)
            if low >= 0 and high < step:
                return step, _linear({a: c // step for a, c in e.terms if c % step == 0}, e.constant // step), fine
        return None

    def _split(self, e: Index, by: int) -> tuple[Index, Index]:
        """`e = by * whole + rest`, with every multiple of `by` in `whole`."""
        whole = {a: c // by for a, c in e.terms if c % by == 0}
        rest = {a: c for a, c in e.terms if c % by}
        return _linear(whole, e.constant // by), _linear(rest, e.constant % by)


def to_affine(e: Index) -> AffineExpr:
    """The same expression in MLIR's affine syntax, over dims only."""
    total: AffineExpr | None = None
    for atom, c in e.terms:
        if isinstance(atom, Dim):
            term: AffineExpr = AffineDimExpr(atom.position)
        elif isinstance(atom, FloorDiv):
            term = to_affine(atom.of) // atom.by
        else:
            term = to_affine(atom.of) % atom.by
        term = term if c == 1 else term * c
        total = term if total is None else total + term
    if total is None:
        return AffineConstantExpr(e.constant)
    return total if e.constant == 0 else total + e.constant


def evaluate(e: Index, point: Sequence[int]) -> int:
    """The value at a point of the space: the meaning that the rewrites above are tested against."""
    total = e.constant
    for atom, c in e.terms:
        if isinstance(atom, Dim):
            value = point[atom.position]
        else:
            inner = evaluate(atom.of, point)
            value = inner // atom.by if isinstance(atom, FloorDiv) else inner % atom.by
        total += c * value
    return total
