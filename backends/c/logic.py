"""Bits and truths: `&` on integers and masks, `&&` on single conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.ir import Operation

from .elements import signed, unsigned
from .expression import Expr, binary, unary

if TYPE_CHECKING:
    from .printer import KernelPrinter

Rule = Callable[["KernelPrinter", Operation, str, list[Expr]], Expr]
"""(printer, op, code of the result's elements, operands) -> expression"""


def bitwise(operator: str, logical: str) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        if code != "i1":
            kind = signed if any(a.code == signed(a.code) and a.value is None for a in args) else unsigned
            lhs, rhs = p.widened([p.coerce(a, kind(code)) for a in args], narrow_only=True)
            return binary(operator, lhs, rhs, kind(code))
        lhs, rhs = sorted(args, key=lambda a: a.value is not None)
        if rhs.value is not None and operator == "^":
            return negated(lhs) if rhs.value else lhs
        if lhs.text == rhs.text and operator == "^":
            return p.literal(False, "i1")  # clang warns of `a != a`
        if lhs.lanes == rhs.lanes == 1:
            return binary(logical, lhs, rhs, "i1")
        mask = next(a.code for a in args if a.lanes > 1)
        lanes = max(a.lanes for a in args)
        return binary(operator, p.as_mask(lhs, mask, lanes), p.as_mask(rhs, mask, lanes), mask)

    return rule


def negated(condition: Expr) -> Expr:
    if condition.lanes > 1:
        return unary("~", condition, condition.code)
    return unary("!", condition, "i1")
