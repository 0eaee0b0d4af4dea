"""Arithmetic on `index` values: kept as sums with known ranges (see `linear`), printed as plain C arithmetic.

A kernel is first printed with `int` indices. The moment one could leave 32 bits, `NeedsWideIndex` is raised and the kernel is
printed again with 64-bit indices; no proof is assumed that was not made.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import TYPE_CHECKING

from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.ir.affine.affine_expr import AffineSymExpr

from .comparisons import compare
from .elements import BITS, signed, unsigned
from .expression import Expr, binary, cast, conditional, index, index_atom, retyped
from .linear import UNKNOWN, Linear

if TYPE_CHECKING:
    from .printer import KernelPrinter


class NeedsWideIndex(Exception):
    """An index of this kernel may not fit into 32 bits."""


def linear_of(expr: Expr) -> Linear:
    assert expr.linear is not None, f"{expr.text} is not an index"
    return expr.linear


def checked(p: KernelPrinter, linear: Linear) -> Linear:
    """The sum itself, once it is known to fit the kernel's indices."""
    if p.index_bits == 32 and linear.peak >= 2**31:
        raise NeedsWideIndex
    return linear


def quotient(p: KernelPrinter, dividend: Linear, divisor: int) -> Linear:
    """floor(dividend / divisor)"""
    low, high = dividend.range
    if low // divisor == high // divisor:
        return Linear.of(low // divisor)
    if dividend.multiple % divisor == 0:
        terms = tuple((atom, times // divisor) for atom, times in dividend.terms)
        if all(times % divisor == 0 for _, times in dividend.terms):
            return Linear(terms, dividend.constant // divisor)
    whole = index(checked(p, dividend))
    if low >= 0:
        expr = binary("/", whole, p.literal(divisor, "i32"), "index")
    else:
        expr = p.helper("floor_divide", p.index_code, [whole, p.literal(divisor, p.index_code)])
    return linear_of(index_atom(expr, low // divisor, high // divisor))


def remainder(p: KernelPrinter, dividend: Linear, divisor: int) -> Linear:
    """dividend - divisor * floor(dividend / divisor)"""
    low, high = dividend.range
    if low // divisor == high // divisor:
        return dividend + Linear.of(-(low // divisor) * divisor)
    if dividend.multiple % divisor == 0:
        return Linear.of(0)
    whole = index(checked(p, dividend))
    multiple = gcd(dividend.multiple, divisor)
    if low >= 0:
        expr = binary("%", whole, p.literal(divisor, "i32"), "index")
    else:
        expr = p.helper("floor_remainder", p.index_code, [whole, p.literal(divisor, p.index_code)])
    return linear_of(index_atom(expr, 0, divisor - 1, multiple))


def apply(p: KernelPrinter, expr: AffineExpr, dims: list[Linear], symbols: list[Linear]) -> Linear:
    """An affine expression of sums."""
    match expr:
        case AffineConstantExpr():
            return Linear.of(expr.value)
        case AffineDimExpr():
            return dims[expr.position]
        case AffineSymExpr():
            return symbols[expr.position]
        case AffineBinaryOpExpr():
            lhs, rhs = apply(p, expr.lhs, dims, symbols), apply(p, expr.rhs, dims, symbols)
            match expr.kind:
                case AffineBinaryOpKind.Add:
                    return lhs + rhs
                case AffineBinaryOpKind.Mul:
                    return product(p, lhs, rhs)
                case AffineBinaryOpKind.FloorDiv:
                    return divided(p, lhs, rhs)
                case AffineBinaryOpKind.CeilDiv:
                    return divided(p, lhs + rhs + Linear.of(-1), rhs)
                case AffineBinaryOpKind.Mod:
                    if rhs.terms or rhs.constant <= 0:
                        raise p.error(None, f"affine mod by {rhs.spell()[0]}, expected a positive constant")
                    return remainder(p, lhs, rhs.constant)
        case _:
            raise p.error(None, f"affine expression {expr}")


def divided(p: KernelPrinter, lhs: Linear, rhs: Linear) -> Linear:
    if rhs.terms or rhs.constant <= 0:
        raise p.error(None, f"affine division by {rhs.spell()[0]}, expected a positive constant")
    return quotient(p, lhs, rhs.constant)


def product(p: KernelPrinter, lhs: Linear, rhs: Linear) -> Linear:
    if not rhs.terms:
        return lhs * rhs.constant
    if not lhs.terms:
        return rhs * lhs.constant
    ends = [a * b for a in lhs.range for b in rhs.range]
    expr = binary("*", index(checked(p, lhs)), index(checked(p, rhs)), "index")
    return checked(p, linear_of(index_atom(expr, min(ends), max(ends), lhs.multiple * rhs.multiple)))


# One function for each op, from the operands to the result


def _affine_apply(p: KernelPrinter, op: Operation) -> Expr:
    assert isinstance(op, affine.ApplyOp)
    (linear,) = apply_map(p, op.map.data, [p.index(v) for v in op.mapOperands])
    return index(checked(p, linear))


def apply_map(p: KernelPrinter, map_: AffineMap, operands: list[Linear]) -> list[Linear]:
    dims, symbols = operands[: map_.num_dims], operands[map_.num_dims :]
    return [apply(p, result, dims, symbols) for result in map_.results]


def _affine_extremum(operator: str) -> Callable[[KernelPrinter, Operation], Expr]:
    def rule(p: KernelPrinter, op: Operation) -> Expr:
        map_ = op.properties["map"] if "map" in op.properties else op.attributes["map"]
        linears = apply_map(p, getattr(map_, "data"), [p.index(v) for v in op.operands])  # noqa: B009
        found, *others = linears
        for other in others:
            found = extremum(p, operator, found, other)
        return index(found)

    return rule


def extremum(p: KernelPrinter, operator: str, lhs: Linear, rhs: Linear) -> Linear:
    (a, b), (c, d) = lhs.range, rhs.range
    pick = min if operator == "<" else max
    left, right = p.atom(index(checked(p, lhs))), p.atom(index(checked(p, rhs)))
    expr = conditional(binary(operator, left, right, "i1"), left, right, "index")
    return linear_of(index_atom(expr, pick(a, c), pick(b, d), gcd(lhs.multiple, rhs.multiple)))


def _sum(sign: int) -> Callable[[KernelPrinter, Operation], Expr]:
    def rule(p: KernelPrinter, op: Operation) -> Expr:
        lhs, rhs = (p.index(v) for v in op.operands)
        return index(checked(p, lhs + rhs * sign))

    return rule


def _product(p: KernelPrinter, op: Operation) -> Expr:
    lhs, rhs = (p.index(v) for v in op.operands)
    return index(checked(p, product(p, lhs, rhs)))


def _division(operator: str, floor: bool) -> Callable[[KernelPrinter, Operation], Expr]:
    """divui, divsi, remui, remsi and floordivsi: alike where both sides are known to be non-negative."""

    def rule(p: KernelPrinter, op: Operation) -> Expr:
        lhs, rhs = (p.index(v) for v in op.operands)
        if not rhs.terms and rhs.constant > 0 and (floor or lhs.range[0] >= 0):
            return index((quotient if operator == "/" else remainder)(p, lhs, rhs.constant))
        code = p.index_code if op.name.endswith("si") else unsigned(p.index_code)
        name = "floor_divide" if floor else "divide" if operator == "/" else "remainder"
        name += "" if op.name.endswith("si") else "_unsigned"
        operands = [retyped(index(checked(p, side)), p.index_code) for side in (lhs, rhs)]
        expr = p.coerce(p.helper(name, code, [p.coerce(side, code) for side in operands]), p.index_code)
        return index_atom(expr, *_whole_range(p))

    return rule


def _ceil_division(p: KernelPrinter, op: Operation) -> Expr:
    lhs, rhs = (p.index(v) for v in op.operands)
    if rhs.terms or rhs.constant <= 0 or (op.name.endswith("ui") and lhs.range[0] < 0):
        raise p.error(op, "by anything but a positive constant")
    return index(quotient(p, lhs + Linear.of(rhs.constant - 1), rhs.constant))


def _whole_range(p: KernelPrinter) -> tuple[int, int]:
    return (-(2**31), 2**31 - 1) if p.index_bits == 32 else UNKNOWN


def _extremum(operator: str) -> Callable[[KernelPrinter, Operation], Expr]:
    def rule(p: KernelPrinter, op: Operation) -> Expr:
        lhs, rhs = (p.index(v) for v in op.operands)
        if op.name.endswith("ui") and min(lhs.range[0], rhs.range[0]) < 0:
            raise p.error(op, "on an index that may be negative")
        return index(extremum(p, operator, lhs, rhs))

    return rule


def _select(p: KernelPrinter, op: Operation) -> Expr:
    condition, on_true, on_false = (p.get(v).scalar for v in op.operands)
    (a, b), (c, d) = linear_of(on_true).range, linear_of(on_false).range
    multiple = gcd(linear_of(on_true).multiple, linear_of(on_false).multiple)
    return index_atom(conditional(condition, on_true, on_false, "index"), min(a, c), max(b, d), multiple)


def _compare(p: KernelPrinter, op: Operation) -> Expr:
    assert isinstance(op, arith.CmpiOp)
    predicate = arith.CMPI_COMPARISON_OPERATIONS[op.predicate.value.data]
    lhs, rhs = (index(checked(p, p.index(v))) for v in op.operands)
    operator = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}[
        predicate.removeprefix("s").removeprefix("u")
    ]
    if predicate[0] == "u" and min(linear_of(lhs).range[0], linear_of(rhs).range[0]) < 0:
        # i < n and i >= 0 in one comparison
        code = unsigned(p.index_code)
        lhs, rhs = (p.coerce(retyped(side, p.index_code), code) for side in (lhs, rhs))
    return compare(p, operator, lhs, rhs)


def _cast(p: KernelPrinter, op: Operation) -> Expr:
    """index_cast and index_castui, either way."""
    (source,) = (p.get(v).scalar for v in op.operands)
    target = op.results[0].type
    kind = unsigned if op.name.endswith("ui") else signed
    if not isinstance(target, IndexType):
        low, high = linear_of(source).range
        code = p.code(target)
        return p.convert(
            p.coerce(retyped(source, p.index_code), kind(p.index_code) if low < 0 or high < 0 else p.index_code), code
        )
    if source.value is not None:
        return index(checked(p, Linear.of(int(p.coerce(source, kind(source.code)).value or 0))))
    bits = BITS[source.code]
    if source.code == "i1":
        low, high = (0, 1) if kind is unsigned else (-1, 0)
        source = p.convert(source, "i32") if kind is unsigned else binary("-", p.literal(0, "i32"), source, "i32")
    else:
        low, high = (0, 2**bits - 1) if kind is unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        source = p.coerce(source, kind(source.code))
    if p.index_bits == 32 and max(-low - 1, high) >= 2**31:
        raise NeedsWideIndex
    if bits < p.index_bits or source.code != p.index_code:
        source = cast(p.type(p.index_code), source, "index")
    return index_atom(source, low, high)


INDEX: dict[str, Callable[[KernelPrinter, Operation], Expr]] = {
    "affine.apply": _affine_apply,
    "affine.min": _affine_extremum("<"),
    "affine.max": _affine_extremum(">"),
    "arith.addi": _sum(1),
    "arith.subi": _sum(-1),
    "arith.muli": _product,
    "arith.divsi": _division("/", False),
    "arith.divui": _division("/", False),
    "arith.remsi": _division("%", False),
    "arith.remui": _division("%", False),
    "arith.floordivsi": _division("/", True),
    "arith.ceildivsi": _ceil_division,
    "arith.ceildivui": _ceil_division,
    "arith.minsi": _extremum("<"),
    "arith.maxsi": _extremum(">"),
    "arith.minui": _extremum("<"),
    "arith.maxui": _extremum(">"),
    "arith.select": _select,
    "arith.cmpi": _compare,
    "arith.index_cast": _cast,
    "arith.index_castui": _cast,
}
"""Ops whose operands or results are scalar indices: op name -> the expression of the result."""
