"""What each scalar or element-wise op of arith and math is in C: a table from op to rule.

A rule sees the operands of one part (see `parts`) and gives its expression. Vectors and scalars share the rules, because a part
is either. Note on integers: MLIR's wrap, C's signed ones must not overflow; so sums, differences and products are computed
unsigned and their code says so (`u32`), and an op that means signed numbers asks for `i32` back. C converts freely between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import arith
from xdsl.ir import Operation

from .elements import BITS, FLOATS, STORAGE_FLOATS, is_integer, is_mask, mask_of, signed, unsigned
from .expression import Expr, binary, cast, conditional, retyped, unary

if TYPE_CHECKING:
    from .printer import KernelPrinter

Rule = Callable[["KernelPrinter", Operation, str, list[Expr]], Expr]
"""(printer, op, code of the result's elements, operands) -> expression"""


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


def _bitwise(operator: str, logical: str) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        if code != "i1":
            kind = signed if any(a.code == signed(a.code) and a.value is None for a in args) else unsigned
            lhs, rhs = p.widened([p.coerce(a, kind(code)) for a in args], narrow_only=True)
            return binary(operator, lhs, rhs, kind(code))
        lhs, rhs = sorted(args, key=lambda a: a.value is not None)
        if rhs.value is not None and operator == "^":
            return _negated(lhs) if rhs.value else lhs
        if lhs.lanes == rhs.lanes == 1:
            return binary(logical, lhs, rhs, "i1")
        mask = next(a.code for a in args if a.lanes > 1)
        lanes = max(a.lanes for a in args)
        return binary(operator, p.as_mask(lhs, mask, lanes), p.as_mask(rhs, mask, lanes), mask)

    return rule


def _negated(condition: Expr) -> Expr:
    if condition.lanes > 1:
        return unary("~", condition, condition.code)
    return unary("!", condition, "i1")


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


def _extremum(operator: str, kind: Callable[[str], str]) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        if code == "i1":
            # as bits, max is or and min is and; as signed numbers true is the smaller
            either = (operator == ">") == (kind is unsigned)
            return (_bitwise("|", "||") if either else _bitwise("&", "&&"))(p, op, code, args)
        lhs, rhs = (p.atom(p.coerce(a, kind(code))) for a in args)
        least = choose(p, compare(p, operator, lhs, rhs), lhs, rhs)
        if BITS[code] < 32 and any(side.value is not None for side in (lhs, rhs)):
            return p.coerce(least, code)  # else clang warns of a large literal in a narrow signed variable
        return least

    return rule


def _math(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    found = p.language.math.get((op.name, code))
    p.expect(found is not None, op, f"on {code}" if any(name == op.name for name, _ in p.language.math) else "")
    assert found is not None
    return p.call(found, code, args)


# Comparisons and choices

_SIGNED = {"slt": "<", "sle": "<=", "sgt": ">", "sge": ">="}
_UNSIGNED = {"ult": "<", "ule": "<=", "ugt": ">", "uge": ">="}
_EQUAL = {"eq": "==", "ne": "!="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def compare(p: KernelPrinter, operator: str, lhs: Expr, rhs: Expr) -> Expr:
    """`lhs operator rhs` as a condition: i1 for scalars, a mask as wide as the elements for vectors."""
    lanes = max(lhs.lanes, rhs.lanes)
    if lanes > 1:
        lhs, rhs = p.widened([lhs, rhs], narrow_only=True)
    return binary(operator, lhs, rhs, mask_of(lhs.code) if lanes > 1 else "i1")


def _cmpi(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
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
    both, either, differ = _bitwise("&", "&&"), _bitwise("|", "||"), _bitwise("^", "!=")
    lhs, rhs = args
    match predicate:
        case "ne":
            return differ(p, op, "i1", [lhs, rhs])
        case "eq":
            return _negated(differ(p, op, "i1", [lhs, rhs]))
        case "ult":
            return both(p, op, "i1", [_negated(lhs), rhs])
        case "ugt":
            return both(p, op, "i1", [lhs, _negated(rhs)])
        case "ule":
            return either(p, op, "i1", [_negated(lhs), rhs])
        case _:
            return either(p, op, "i1", [lhs, _negated(rhs)])


def _cmpf(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
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
    both, either = _bitwise("&", "&&"), _bitwise("|", "||")
    if relation and relation != "==":
        # unordered or a < b is: not a >= b
        return _negated(compare(p, _NEGATED[relation], lhs, rhs))
    lhs, rhs = p.atom(lhs), p.atom(rhs)
    if predicate in ("one", "ueq"):
        differ = either(p, op, "i1", [compare(p, "<", lhs, rhs), compare(p, ">", lhs, rhs)])
        return differ if ordered else _negated(differ)
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


def _select(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    return choose(p, *args)


# Conversions


def _bool_as_number(p: KernelPrinter, code: str, bit: Expr, one: int) -> Expr:
    if bit.lanes == 1 and bit.value is None:
        number = cast(p.type(code), bit, code)
        return unary("-", number, code) if one < 0 else number
    return choose(p, bit, p.literal(one, code), p.literal(0, code))


def _extend(kind: Callable[[str], str]) -> Rule:
    """extsi, extui, sitofp and uitofp: `kind` says how to read the source."""

    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        (source,) = args
        p.expect(code not in STORAGE_FLOATS, op, f"to {code}, which is stored but not computed with")
        if source.code == "i1" or is_mask(source.code):
            return _bool_as_number(p, code, source, -1 if kind is signed else 1)
        return p.convert(p.coerce(source, kind(source.code)), kind(code))

    return rule


def _trunci(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if code != "i1":
        return p.convert(source, code)
    bit = _bitwise("&", "")(p, op, signed(source.code), [source, p.literal(1, source.code)])
    return compare(p, "!=", bit, p.literal(0, bit.code))


def _float_to_integer(kind: Callable[[str], str]) -> Rule:
    def rule(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
        if code == "i1":
            return _trunci(p, op, code, [p.convert(args[0], "i32")])
        return p.convert(args[0], kind(code))

    return rule


def _extf(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if source.code in STORAGE_FLOATS:
        source = p.helper(f"from_{source.code}", "f32", [source])
    return p.convert(source, code)


def _truncf(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if code not in STORAGE_FLOATS:
        return p.convert(source, code)
    if source.code in STORAGE_FLOATS:
        source = p.helper(f"from_{source.code}", "f32", [source])
    if source.code == "f64":
        # rounding twice would be wrong in ties; rounding to odd first is not
        source = p.helper("round_to_odd", "f32", [source])
    return retyped(p.helper(f"to_{code}", "u16", [source]), code)


def _bitcast(p: KernelPrinter, op: Operation, code: str, args: list[Expr]) -> Expr:
    (source,) = args
    if code in STORAGE_FLOATS:
        return retyped(source if source.code in STORAGE_FLOATS else p.coerce(source, "u16"), code)
    if source.code in STORAGE_FLOATS:
        source = retyped(source, "u16")
    if is_integer(source.code) and is_integer(code):
        return source
    return p.bitcast(source, code)


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
    "arith.andi": _bitwise("&", "&&"),
    "arith.ori": _bitwise("|", "||"),
    "arith.xori": _bitwise("^", "!="),
    "arith.shli": _shift("<<", unsigned),
    "arith.shrui": _shift(">>", unsigned),
    "arith.shrsi": _shift(">>", signed),
    "arith.divsi": _divide("/", "divide", signed),
    "arith.divui": _divide("/", "divide_unsigned", unsigned),
    "arith.remsi": _divide("%", "remainder", signed),
    "arith.remui": _divide("%", "remainder_unsigned", unsigned),
    "arith.floordivsi": _helper("floor_divide", signed),
    "arith.ceildivsi": _helper("ceil_divide", signed),
    "arith.maxsi": _extremum(">", signed),
    "arith.minsi": _extremum("<", signed),
    "arith.maxui": _extremum(">", unsigned),
    "arith.minui": _extremum("<", unsigned),
    "arith.cmpi": _cmpi,
    "arith.cmpf": _cmpf,
    "arith.select": _select,
    "arith.extsi": _extend(signed),
    "arith.extui": _extend(unsigned),
    "arith.sitofp": _extend(signed),
    "arith.uitofp": _extend(unsigned),
    "arith.trunci": _trunci,
    "arith.fptosi": _float_to_integer(signed),
    "arith.fptoui": _float_to_integer(unsigned),
    "arith.extf": _extf,
    "arith.truncf": _truncf,
    "arith.bitcast": _bitcast,
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
