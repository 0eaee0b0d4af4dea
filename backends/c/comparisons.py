"""Comparisons, and the choices they decide: conditions of one lane are bools, those of several are masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.ir import Operation

from .elements import FLOATS, is_mask, mask_of, signed, unsigned
from .expression import Expr, binary, conditional
from .logic import Rule, bitwise, negated

if TYPE_CHECKING:
    from .printer import KernelPrinter

_SIGNED = {"slt": "<", "sle": "<=", "sgt": ">", "sge": ">="}
_UNSIGNED = {"ult": "<", "ule": "<=", "ugt": ">", "uge": ">="}
_EQUAL = {"eq": "==", "ne": "!="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def compare(p: KernelPrinter, operator: str, lhs: Expr, rhs: Expr) -> Expr:
    """`lhs operator rhs` as a condition: i1 for scalars, a mask as wide as the elements for vectors."""
    if lhs.text == rhs.text and lhs.code not in FLOATS:
        # clang warns of `i < i`; of floats it is the test for NaN
        return p.literal(operator in ("==", "<=", ">="), "i1")
    lanes = max(lhs.lanes, rhs.lanes)
    if lanes > 1:
        lhs, rhs = p.widened([lhs, rhs], narrow_only=True)
    return binary(operator, lhs, rhs, mask_of(lhs.code) if lanes > 1 else "i1")


def cmpi(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    assert isinstance(op, arith.CmpiOp)
    predicate = arith.CMPI_COMPARISON_OPERATIONS[op.predicate.value.data]
    lhs, rhs = args
    if lhs.code == "i1" or is_mask(lhs.code) or rhs.code == "i1" or is_mask(rhs.code):
        return _compare_bools(p, op, predicate, args)
    if predicate in _SIGNED:
        return compare(p, _SIGNED[predicate], *(p.coerce(a, signed(a.code)) for a in args))
    if predicate in _UNSIGNED:
        return compare(p, _UNSIGNED[predicate], *(p.coerce(a, unsigned(a.code)) for a in args))
    kind = signed if any(a.code == signed(a.code) and a.value is None for a in args) else unsigned
    return compare(p, _EQUAL[predicate], *(p.coerce(a, kind(a.code)) for a in args))


def _compare_bools(p: KernelPrinter, op: Operation, predicate: str, args: list[Expr]) -> Expr:
    """As numbers of one bit: unsigned true is 1, signed true is -1."""
    if predicate[0] == "s":
        predicate = {"slt": "ugt", "sle": "uge", "sgt": "ult", "sge": "ule"}[predicate]
    both, either, differ = bitwise("&", "&&"), bitwise("|", "||"), bitwise("^", "!=")
    lhs, rhs = args
    match predicate:
        case "ne":
            return differ(p, op, "i1", [lhs, rhs])
        case "eq":
            return negated(differ(p, op, "i1", [lhs, rhs]))
        case "ult":
            return both(p, op, "i1", [negated(lhs), rhs])
        case "ugt":
            return both(p, op, "i1", [lhs, negated(rhs)])
        case "ule":
            return either(p, op, "i1", [negated(lhs), rhs])
        case _:
            return either(p, op, "i1", [lhs, negated(rhs)])


def cmpf(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    assert isinstance(op, arith.CmpfOp)
    p.expect(args[0].code in FLOATS, op, f"on {args[0].code}, which is stored but not computed with")
    predicate = arith.CMPF_COMPARISON_OPERATIONS[op.predicate.value.data]
    lhs, rhs = args
    if predicate in ("true", "false"):
        return p.literal(predicate == "true", "i1")
    ordered, relation = predicate[0] == "o", {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "=="}.get(predicate[1:])
    if predicate == "une":
        return compare(p, "!=", lhs, rhs)
    if relation and ordered:
        return compare(p, relation, lhs, rhs)
    both, either = bitwise("&", "&&"), bitwise("|", "||")
    if relation and relation != "==":
        # unordered or a < b is: not a >= b
        return negated(compare(p, _NEGATED[relation], lhs, rhs))
    lhs, rhs = p.atom(lhs), p.atom(rhs)
    if predicate in ("one", "ueq"):
        differ = either(p, op, "i1", [compare(p, "<", lhs, rhs), compare(p, ">", lhs, rhs)])
        return differ if ordered else negated(differ)
    if predicate == "ord":
        return both(p, op, "i1", [compare(p, "==", lhs, lhs), compare(p, "==", rhs, rhs)])
    return either(p, op, "i1", [compare(p, "!=", lhs, lhs), compare(p, "!=", rhs, rhs)])


def choose(p: KernelPrinter, condition: Expr, on_true: Expr, on_false: Expr) -> Expr:
    """`condition ? on_true : on_false`, the sides brought to one type."""
    bools = [a for a in (on_true, on_false) if a.code == "i1" or is_mask(a.code)]
    lanes = max(a.lanes for a in (condition, on_true, on_false))
    if bools and lanes > 1:
        code = next((a.code for a in (on_true, on_false, condition) if is_mask(a.code)), "m32")
        on_true, on_false = p.as_mask(on_true, code, lanes), p.as_mask(on_false, code, lanes)
    else:
        code = on_true.code if on_true.code == on_false.code or on_false.value is not None else on_false.code
        if on_true.code != on_false.code and on_true.value is None and on_false.value is None:
            code = signed(code)
        if code in ("u8", "u16") and (on_true.value is not None or on_false.value is not None):
            code = signed(code)  # else clang warns of a literal 255 in a signed variable
        on_true, on_false = p.coerce(on_true, code), p.coerce(on_false, code)
    if condition.lanes == 1:
        if max(on_true.lanes, on_false.lanes) > 1:
            on_true, on_false = p.widened([on_true, on_false])
        return conditional(condition, on_true, on_false, code)
    on_true, on_false = (p.widen(a, lanes) for a in (on_true, on_false))
    condition = p.as_mask(condition, mask_of(code), lanes)
    form = p.language.select(lanes)
    if not form:
        return conditional(condition, on_true, on_false, code)
    whole = conditional(condition, on_true, on_false, code)
    text = form.format(condition=condition.text, on_true=on_true.text, on_false=on_false.text)
    return Expr(text, code, lanes, reads=whole.reads, mutable=whole.mutable)


def select(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    return choose(p, *args)


def extremum(operator: str, kind: Callable[[str], str]) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        if code == "i1":
            # as bits, max is or and min is and; as signed numbers true is the smaller
            either = (operator == ">") == (kind is unsigned)
            return (bitwise("|", "||") if either else bitwise("&", "&&"))(p, op, code, args)
        if kind is unsigned and any(a.value == 0 for a in args):
            # nothing is below 0, and compilers warn of asking
            zero, other = args if args[0].value == 0 else args[::-1]
            return p.coerce(zero if operator == "<" else other, kind(code))
        lhs, rhs = (p.atom(p.coerce(a, kind(code))) for a in args)
        return choose(p, compare(p, operator, lhs, rhs), lhs, rhs)

    return rule
