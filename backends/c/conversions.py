"""From one element type to another: of other width, other kind, or the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.ir import Operation

from .comparisons import choose, compare
from .elements import STORAGE_FLOATS, is_integer, is_mask, signed
from .expression import Expr, cast, retyped, unary
from .logic import Rule, bitwise

if TYPE_CHECKING:
    from .printer import KernelPrinter


def _bool_as_number(p: KernelPrinter, code: str, bit: Expr, one: int) -> Expr:
    if bit.lanes == 1 and bit.value is None:
        number = cast(p.type(code), bit, code)
        return unary("-", number, code) if one < 0 else number
    return choose(p, bit, p.literal(one, code), p.literal(0, code))


def extend(kind: Callable[[str], str]) -> Rule:
    """extsi, extui, sitofp and uitofp: `kind` says how to read the source."""

    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        (source,) = args
        p.expect(code not in STORAGE_FLOATS, op, f"to {code}, which is stored but not computed with")
        if source.code == "i1" or is_mask(source.code):
            return _bool_as_number(p, code, source, -1 if kind is signed else 1)
        return p.convert(p.coerce(source, kind(source.code)), kind(code))

    return rule


def trunci(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if code != "i1":
        return p.convert(source, code)
    bit = bitwise("&", "")(p, op, signed(source.code), [source, p.literal(1, source.code)])
    return compare(p, "!=", bit, p.literal(0, bit.code))


def float_to_integer(kind: Callable[[str], str]) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        if code == "i1":
            return trunci(p, op, code, [p.convert(args[0], "i32")])
        return p.convert(args[0], kind(code))

    return rule


def extf(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if source.code in STORAGE_FLOATS:
        source = p.helper(f"from_{source.code}", "f32", [source])
    return p.convert(source, code)


def truncf(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if code not in STORAGE_FLOATS:
        return p.convert(source, code)
    if source.code in STORAGE_FLOATS:
        source = p.helper(f"from_{source.code}", "f32", [source])
    if source.code == "f64":
        # rounding twice would be wrong in ties; rounding to odd first is not
        source = p.helper("round_to_odd", "f32", [source])
    return retyped(p.helper(f"to_{code}", "u16", [source]), code)


def bitcast(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if code in STORAGE_FLOATS:
        return retyped(source if source.code in STORAGE_FLOATS else p.coerce(source, "u16"), code)
    if source.code in STORAGE_FLOATS:
        source = retyped(source, "u16")
    if is_integer(source.code) and is_integer(code):
        return source
    return p.bitcast(source, code)
