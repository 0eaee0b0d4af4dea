"""What each scalar or element-wise op of arith and math is in C: a table from op to rule.

A rule sees the operands of one part (see `parts`) and gives its expression. Vectors and scalars share the rules, because a part
is either. Note on integers: MLIR's wrap, C's signed ones must not overflow; so sums, differences and products are computed
unsigned and their code says so (`u32`), and an op that means signed numbers asks for `i32` back. C converts freely between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.ir import Operation

from .comparisons import cmpf, cmpi, extremum, select
from .conversions import bitcast, extend, extf, float_to_integer, truncf, trunci
from .elements import FLOATS, STORAGE_FLOATS, signed, unsigned
from .expression import Expr, binary, cast, unary
from .logic import Rule, bitwise

if TYPE_CHECKING:
    from .printer import KernelPrinter


def _arithmetic(operator: str) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        p.expect(code in FLOATS, op, f"on {code}, which is stored but not computed with")
        lhs, rhs = args
        return binary(operator, lhs, rhs, code)

    return rule


def _wrapping(operator: str) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        lhs, rhs = args
        if max(lhs.lanes, rhs.lanes) == 1 and code in ("i8", "i16"):
            # C computes these as int, where they cannot overflow
            narrow = binary(operator, p.coerce(lhs, code), p.coerce(rhs, code), code)
            return cast(p.type(code), narrow, code)
        sign = operator
        if operator in ("+", "-") and isinstance(rhs.value, int) and rhs.value < 0 and signed(rhs.code) == rhs.code:
            sign, rhs = "-" if operator == "+" else "+", p.literal(-rhs.value, rhs.code)
        return binary(sign, *_unsigned_pair(p, code, lhs, rhs), unsigned(code))

    return rule


def _unsigned_pair(p: KernelPrinter, code: str, lhs: Expr, rhs: Expr) -> tuple[Expr, Expr]:
    """The operands with as many turned unsigned as C needs: for scalars one of them is enough."""
    code = unsigned(code)
    if max(lhs.lanes, rhs.lanes) > 1:
        lhs, rhs = p.widened([p.coerce(lhs, code), p.coerce(rhs, code)], narrow_only=True)
        return lhs, rhs
    if rhs.value is not None:
        return lhs, p.coerce(rhs, code)
    if lhs.value is not None or code not in (lhs.code, rhs.code):
        return p.coerce(lhs, code), rhs
    return lhs, rhs


def _shift(operator: str, kind: Callable[[str], str]) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        lhs, rhs = args[0], args[1]
        if max(lhs.lanes, rhs.lanes) > 1:
            lhs, rhs = p.widened([p.coerce(lhs, kind(code)), p.coerce(rhs, kind(code))])
        else:
            # the amount needs no suffix of its own
            rhs = p.literal(rhs.value, "i32") if rhs.value is not None else rhs
            lhs = p.coerce(lhs, kind(code))
        shifted = binary(operator, lhs, rhs, kind(code))
        if operator == "<<" and shifted.lanes == 1 and code in ("i8", "i16"):
            return cast(p.type(kind(code)), shifted, kind(code))
        return shifted

    return rule


def _divide(operator: str, helper: str, kind: Callable[[str], str]) -> Rule:
    """Division that never traps: an x86 CPU raises SIGFPE on 1 / 0 and on MIN / -1, and takes the process down with it."""

    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        lhs, rhs = (p.coerce(a, kind(code)) for a in args)
        if rhs.value not in (None, 0, -1):
            lhs, rhs = p.widened([lhs, rhs], narrow_only=True)
            return binary(operator, lhs, rhs, kind(code))
        return p.helper(helper, kind(code), [lhs, rhs])

    return rule


def _helper(name: str, kind: Callable[[str], str] = lambda code: code) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        p.expect(code not in STORAGE_FLOATS, op, f"on {code}, which is stored but not computed with")
        return p.helper(name, kind(code), [p.coerce(a, kind(code)) for a in args])

    return rule


def _math(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    found = p.language.math.get((op.name, code))
    p.expect(found is not None, op, f"on {code}" if any(name == op.name for name, _ in p.language.math) else "")
    assert found is not None
    return p.call(found, code, args)


def _negf(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    p.expect(code in FLOATS, op, f"on {code}, which is stored but not computed with")
    return unary("-", args[0], code)


def _rsqrt(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    found = p.language.math.get(("math.sqrt", code))
    p.expect(found is not None, op, f"on {code}")
    assert found is not None
    return binary("/", p.literal(1, code), p.call(found, code, args), code)


ELEMENTWISE: dict[str, Rule] = {
    "arith.addf": _arithmetic("+"),
    "arith.subf": _arithmetic("-"),
    "arith.mulf": _arithmetic("*"),
    "arith.divf": _arithmetic("/"),
    "arith.negf": _negf,
    "arith.remf": _math,
    "arith.maximumf": _helper("maximum"),
    "arith.minimumf": _helper("minimum"),
    "arith.maxnumf": _helper("maxnum"),
    "arith.minnumf": _helper("minnum"),
    "arith.addi": _wrapping("+"),
    "arith.subi": _wrapping("-"),
    "arith.muli": _wrapping("*"),
    "arith.andi": bitwise("&", "&&"),
    "arith.ori": bitwise("|", "||"),
    "arith.xori": bitwise("^", "!="),
    "arith.shli": _shift("<<", unsigned),
    "arith.shrui": _shift(">>", unsigned),
    "arith.shrsi": _shift(">>", signed),
    "arith.divsi": _divide("/", "divide", signed),
    "arith.divui": _divide("/", "divide_unsigned", unsigned),
    "arith.remsi": _divide("%", "remainder", signed),
    "arith.remui": _divide("%", "remainder_unsigned", unsigned),
    "arith.floordivsi": _helper("floor_divide", signed),
    "arith.ceildivsi": _helper("ceil_divide", signed),
    "arith.maxsi": extremum(">", signed),
    "arith.minsi": extremum("<", signed),
    "arith.maxui": extremum(">", unsigned),
    "arith.minui": extremum("<", unsigned),
    "arith.cmpi": cmpi,
    "arith.cmpf": cmpf,
    "arith.select": select,
    "arith.extsi": extend(signed),
    "arith.extui": extend(unsigned),
    "arith.sitofp": extend(signed),
    "arith.uitofp": extend(unsigned),
    "arith.trunci": trunci,
    "arith.fptosi": float_to_integer(signed),
    "arith.fptoui": float_to_integer(unsigned),
    "arith.extf": extf,
    "arith.truncf": truncf,
    "arith.bitcast": bitcast,
    "math.absi": _helper("absolute", signed),
    "math.rsqrt": _rsqrt,
    **{
        f"math.{name}": _math
        for name in (
            "absf acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh ctlz ctpop erf exp exp2 expm1 floor fma "
            "log log10 log1p log2 powf round roundeven sin sinh sqrt tan tanh trunc"
        ).split()
    },
}
"""op name -> rule. An op that is not here, nor in the tables of statements, memory and vectors, has no rule."""
