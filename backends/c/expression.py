"""A C expression under construction: its text, how tightly it binds, and what it depends on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .elements import BITS
from .linear import NONE, Atom, Linear
from .precedence import BIT_AND, BIT_OR, BIT_XOR, CONDITIONAL, OPERATORS, PRIMARY, UNARY, operand, parenthesised

LONGEST_EXPRESSION = 90
"""Characters beyond which a value gets a variable even if it is used once."""


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """One C value: a scalar, or a vector of `lanes` elements. Equality is identity: two uses of one Expr are one computation."""

    text: str
    code: str
    lanes: int = 1
    precedence: int = PRIMARY
    reads: frozenset[str] = NONE
    """The memories it loads from, by their C names: it may not move past a store to one of them."""
    mutable: frozenset[str] = NONE
    """The loop-carried variables it mentions: it may not move past an assignment to one of them."""
    atomic: bool = False
    """A variable or a literal: repeating it costs nothing."""
    value: int | float | None = None
    """The number, of a literal."""
    linear: Linear | None = None
    """Of an index: the sum that the text spells."""
    operator: str | None = None
    operands: tuple[Expr, ...] = ()
    """Of a binary operation, so that `acc = acc + x` can become `acc += x`."""

    def at_least(self, precedence: int) -> str:
        return parenthesised(self.text, self.precedence, precedence)


def variable(name: str, code: str, lanes: int = 1, *, mutable: bool = False) -> Expr:
    return Expr(name, code, lanes, atomic=True, mutable=frozenset((name,)) if mutable else NONE)


def index(linear: Linear) -> Expr:
    """The expression of an index sum."""
    text, precedence = linear.spell()
    atomic = not linear.terms or (len(linear.terms) == 1 and text == linear.terms[0][0].text and precedence == PRIMARY)
    value = None if linear.terms else linear.constant
    return Expr(
        text,
        "index",
        1,
        precedence,
        linear.reads,
        linear.mutable,
        (atomic and text.isidentifier()) or value is not None,
        value,
        linear,
    )


def index_atom(expr: Expr, low: int, high: int, multiple: int = 1) -> Expr:
    """An index that is no sum, with what is known of it."""
    return index(Linear.of(Atom(expr.text, expr.precedence, low, high, multiple, expr.reads, expr.mutable)))


def _effects(operands: Iterable[Expr]) -> tuple[frozenset[str], frozenset[str]]:
    operands = tuple(operands)
    return NONE.union(*(o.reads for o in operands)), NONE.union(*(o.mutable for o in operands))


def binary(operator: str, lhs: Expr, rhs: Expr, code: str) -> Expr:
    """`lhs operator rhs`; a scalar beside a vector is widened by C."""
    left = operand(operator, lhs.text, lhs.precedence, lhs.operator, right=False)
    right = operand(operator, rhs.text, rhs.precedence, rhs.operator, right=True)
    reads, mutable = _effects((lhs, rhs))
    return Expr(
        f"{left} {operator} {right}",
        code,
        max(lhs.lanes, rhs.lanes),
        OPERATORS[operator],
        reads,
        mutable,
        operator=operator,
        operands=(lhs, rhs),
    )


def unary(operator: str, operand: Expr, code: str) -> Expr:
    text = operand.at_least(UNARY)
    space = " " if operator == "-" and text.startswith("-") else ""
    return Expr(operator + space + text, code, operand.lanes, UNARY, operand.reads, operand.mutable)


def call(name: str, operands: Iterable[Expr], code: str, lanes: int | None = None) -> Expr:
    operands = tuple(operands)
    reads, mutable = _effects(operands)
    if lanes is None:
        lanes = max(o.lanes for o in operands)
    return Expr(f"{name}({', '.join(o.text for o in operands)})", code, lanes, PRIMARY, reads, mutable)


def cast(spelling: str, operand: Expr, code: str, lanes: int = 1) -> Expr:
    """`(spelling)operand`."""
    return Expr(f"({spelling}){operand.at_least(UNARY)}", code, lanes, UNARY, operand.reads, operand.mutable)


def conditional(condition: Expr, on_true: Expr, on_false: Expr, code: str) -> Expr:
    """`condition ? on_true : on_false`. A chain of them leans to the right and needs no parentheses."""
    reads, mutable = _effects((condition, on_true, on_false))
    # clang warns of `a | b ? c : d`, of && and comparisons there it does not
    tight = UNARY if condition.precedence in (BIT_AND, BIT_XOR, BIT_OR) else CONDITIONAL + 1
    text = f"{condition.at_least(tight)} ? {on_true.at_least(CONDITIONAL + 1)} : {on_false.at_least(CONDITIONAL)}"
    return Expr(text, code, max(condition.lanes, on_true.lanes, on_false.lanes), CONDITIONAL, reads, mutable)


def retyped(expr: Expr, code: str) -> Expr:
    """The same text, of which C already thinks as `code`."""
    return replace(expr, code=code)


def literal(value: float, code: str, *, wide_suffix: str, infinity: str, nan: str) -> Expr:
    """A number of type `code`. `wide_suffix` is that of a 64-bit integer; infinity and nan are C texts of the type."""
    if code in ("f32", "f64"):
        number = float(value)
        if math.isnan(number) or math.isinf(number):
            text = nan if math.isnan(number) else infinity
            text = f"-{text}" if number < 0 else text
        else:
            text = repr(number) if code == "f64" else f"{np.float32(number)!s}f"
            text = text if any(c in text for c in ".e") else text.replace("f", "") + ".0" + "f" * (code == "f32")
        return Expr(text, code, precedence=UNARY if text.startswith("-") else PRIMARY, atomic=True, value=number)
    number = int(value)
    if code == "i1":
        return Expr("true" if number else "false", code, atomic=True, value=number & 1)
    if code in ("f16", "bf16"):
        return Expr(f"0x{number & 0xFFFF:04x}", code, atomic=True, value=number & 0xFFFF)
    bits = BITS[code]
    number &= 2**bits - 1
    suffix = wide_suffix if bits == 64 else ""
    if code.startswith("u"):
        return Expr(
            f"{number}{'u' if bits >= 32 and not suffix else ''}{'U' * bool(suffix)}{suffix}", code, atomic=True, value=number
        )
    if number >= 2 ** (bits - 1):
        number -= 2**bits
    if number == -(2 ** (bits - 1)) and bits >= 32:
        # C has no negative literals, and the positive number does not fit
        return Expr(f"(-{-(number + 1)}{suffix} - 1)", code, atomic=True, value=number)
    return Expr(f"{number}{suffix}", code, precedence=UNARY if number < 0 else PRIMARY, atomic=True, value=number)
