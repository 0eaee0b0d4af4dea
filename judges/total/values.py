"""SSA values as linear expressions and conditions, computed when they are asked for: most values never reach an index.

Integers are the mathematical ones as long as they fit: where the result of an op may leave the range of its type, it wraps, and
counts as unknown. Comparisons of numbers from memory, and everything of floats, are unknown truths: a dim of 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from xdsl.dialects.builtin import IndexType, IntegerType, VectorType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr

from .linear import (
    Condition,
    Dim,
    Linear,
    TooManyAlternatives,
    at_least_0,
    both,
    constant,
    either,
    equals_0,
    negated,
    variable,
)

Lanes = tuple[Dim, ...]
"""The lanes of a vector that is asked for: its value is then that of one lane, linear in these dims too."""


def bits_of(type_: Attribute) -> int:
    """Bits of an integer type, or of the elements of a vector of them; an index has 64."""
    element = element_type(type_)
    return int(cast(Any, element).width.data) if isinstance(element, IntegerType) else 64


def type_range(type_: Attribute) -> tuple[int, int]:
    """Least and greatest number of an integer type, read as signed; an index has 64 bits."""
    bits = bits_of(type_)
    return (0, 1) if bits == 1 else (-(1 << bits - 1), (1 << bits - 1) - 1)


def element_type(type_: Attribute) -> Attribute:
    if isinstance(type_, VectorType):
        return cast("VectorType[Attribute]", type_).element_type
    return type_


def is_integer(type_: Attribute) -> bool:
    return isinstance(element_type(type_), IntegerType | IndexType)


def name_of(value: SSAValue) -> str:
    if value.name_hint:
        return value.name_hint
    return value.owner.name.rpartition(".")[2] if isinstance(value.owner, Operation) else "argument"


Rule = Callable[["Values", Operation, Lanes, SSAValue], Linear | None]
Truth = Callable[["Values", Operation, Lanes, SSAValue], Condition | None]
"""What the op makes of its operands in one lane; None where that is not followed."""


class Values:
    """What the values of one function are. The reader tells it the ids of the launch and the loop variables as it meets them."""

    def __init__(self, rules: Mapping[str, Rule], truths: Mapping[str, Truth]) -> None:
        self.rules, self.truths = rules, truths
        self._linear: dict[tuple[object, ...], Linear] = {}
        self._condition: dict[tuple[object, ...], Condition] = {}
        self._quotients: dict[tuple[frozenset[tuple[Dim, int]], int, int], Linear] = {}
        self._kept: list[SSAValue] = []
        """So that no id of a value is used again."""
        self.ids: dict[tuple[str, str], Linear] = {}
        """(op, dimension) of each id and size of a launch."""
        self.taken: set[str] = set()

    def define(self, value: SSAValue, linear: Linear) -> None:
        self._kept.append(value)
        self._linear[(id(value),)] = linear

    def fresh_name(self, hint: str) -> str:
        """A name for a dim that no other has."""
        name, number = hint, 0
        while name in self.taken:
            number += 1
            name = f"{hint}_{number}"
        self.taken.add(name)
        return name

    def unknown(self, hint: str, low: int, high: int) -> Linear:
        return variable(Dim(self.fresh_name(hint), "unknown", low, high))

    def derived(self, hint: str, low: int, high: int, facts: Callable[[Linear], Condition]) -> Linear:
        """A new dim with the facts that define it; unknown where these are too many."""
        dim = Dim(self.fresh_name(hint), "derived", low, high)
        value = Linear({dim: 1})
        try:
            dim.facts = facts(value)
        except TooManyAlternatives:
            dim.kind = "unknown"
        return value

    def linear(self, value: SSAValue, lanes: Lanes = ()) -> Linear:
        """The integer, of lane `lanes` if it is a vector."""
        key = (id(value), *lanes)
        found = self._linear.get(key)
        if found is None:
            self._kept.append(value)
            found = self._compute(value, lanes)
            low, high = type_range(element_type(value.type))
            least, greatest = found.interval()
            if least < low or greatest > high:
                found = self.unknown(name_of(value), low, high)
            self._linear[key] = found
        return found

    def condition(self, value: SSAValue, lanes: Lanes = ()) -> Condition:
        """When the i1 is true, in lane `lanes` if it is a vector."""
        key = (id(value), *lanes)
        found = self._condition.get(key)
        if found is None:
            self._kept.append(value)
            try:
                found = self._decide(value, lanes)
            except TooManyAlternatives:
                found = None
            if found is None:
                found = at_least_0(self.unknown(name_of(value), 0, 1).shifted(-1))
            self._condition[key] = found
        return found

    def _compute(self, value: SSAValue, lanes: Lanes) -> Linear:
        type_ = element_type(value.type)
        low, high = type_range(type_)
        owner = value.owner
        if isinstance(owner, Block):
            return self.unknown(name_of(value), low, high)
        rule = self.rules.get(owner.name)
        found = None
        if bits_of(type_) == 1:
            found = self._truth(name_of(value), self.condition(value, lanes))
        elif rule is not None:
            found = rule(self, owner, lanes, value)
        return found if found is not None else self.unknown(name_of(value), low, high)

    def _truth(self, name: str, condition: Condition) -> Linear:
        """1 where the condition holds, else 0."""
        if condition.always or condition.never:
            return constant(int(condition.always))
        return self.derived(
            name,
            0,
            1,
            lambda s: either(both(condition, equals_0(s.shifted(-1))), both(negated(condition), equals_0(s))),
        )

    def _decide(self, value: SSAValue, lanes: Lanes) -> Condition | None:
        owner = value.owner
        if isinstance(owner, Block):
            return None
        rule = self.truths.get(owner.name)
        return rule(self, owner, lanes, value) if rule is not None else None

    def choose(self, name: str, condition: Condition, yes: Linear, no: Linear) -> Linear:
        if condition.always or yes.same(no):
            return yes
        if condition.never:
            return no
        (a, b), (c, d) = yes.interval(), no.interval()
        return self.derived(
            name,
            min(a, c),
            max(b, d),
            lambda s: either(both(condition, equals_0(s.plus(yes, -1))), both(negated(condition), equals_0(s.plus(no, -1)))),
        )

    def floordiv(self, linear: Linear, by: int) -> Linear:
        """`linear` divided by a positive constant, rounded down."""
        if by == 1:
            return linear
        low, high = linear.interval()
        if low // by == high // by:
            return constant(low // by)
        # what is a multiple of the divisor is divided exactly
        whole = {dim: c // by for dim, c in linear.terms.items() if c % by == 0}
        rest = Linear({dim: c for dim, c in linear.terms.items() if c % by}, linear.const % by)
        quotient = Linear(whole, linear.const // by)
        if rest.terms:
            only = rest.only_dim()
            if only is not None and only.quotient is not None:  # (e floordiv a) floordiv b is e floordiv (a b)
                inner, divisor = only.quotient
                return quotient.plus(self.floordiv(inner, divisor * by))
            quotient = quotient.plus(self._quotient(rest, by))
        return quotient

    def _quotient(self, rest: Linear, by: int) -> Linear:
        key = (frozenset(rest.terms.items()), rest.const, by)
        found = self._quotients.get(key)
        if found is None:
            low, high = rest.interval()
            if low // by == high // by:
                found = constant(low // by)
            else:
                dim = Dim(self.fresh_name("quotient"), "derived", low // by, high // by, None, (rest, by))
                found = Linear({dim: 1})
                left = rest.plus(found, -by)
                dim.facts = both(at_least_0(left), at_least_0(left.times(-1).shifted(by - 1)))
            self._quotients[key] = found
        return found

    def mod(self, linear: Linear, by: int) -> Linear:
        return linear.plus(self.floordiv(linear, by), -by)

    def affine(self, expr: AffineExpr, dims: Sequence[Linear]) -> Linear | None:
        """An affine expression over `dims`; None where it is not one with constant factors and divisors."""
        if isinstance(expr, AffineDimExpr):
            return dims[expr.position]
        if isinstance(expr, AffineConstantExpr):
            return constant(expr.value)
        if not isinstance(expr, AffineBinaryOpExpr):
            return None
        left, right = self.affine(expr.lhs, dims), self.affine(expr.rhs, dims)
        if left is None or right is None:
            return None
        match expr.kind:
            case AffineBinaryOpKind.Add:
                return left.plus(right)
            case AffineBinaryOpKind.Mul:
                return self.product(left, right)
            case AffineBinaryOpKind.FloorDiv | AffineBinaryOpKind.CeilDiv | AffineBinaryOpKind.Mod:
                if right.terms or right.const <= 0:
                    return None
                by = right.const
                if expr.kind is AffineBinaryOpKind.Mod:
                    return self.mod(left, by)
                return self.floordiv(left if expr.kind is AffineBinaryOpKind.FloorDiv else left.shifted(by - 1), by)

    def product(self, a: Linear, b: Linear) -> Linear | None:
        if not a.terms:
            return b.times(a.const)
        return a.times(b.const) if not b.terms else None
