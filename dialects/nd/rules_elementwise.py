"""Rules for the unary and binary kinds of `nd`, select and casts. Floats keep every bit, the sign of a zero included."""

from __future__ import annotations

from collections.abc import Callable
from math import frexp

from xdsl.dialects.builtin import i1
from xdsl.ir import Attribute, SSAValue

from . import folding
from .base import element_of, shape_of
from .dtype import bit_width, is_bool, is_float, is_integer, is_unsigned
from .elementwise import BinaryOp, BitcastOp, CastOp, SelectOp, UnaryOp
from .rules_support import Build, before_expand, const, constant, made_by, number
from .sources import splat

COMMUTATIVE = frozenset({"add", "mul", "max", "min", "and", "or", "xor", "cmpeq", "cmpne"})

INVOLUTIONS = frozenset({"neg", "not"})
"""f(f(x)) = x."""

IDEMPOTENT = frozenset({"abs", "trunc"})
"""f(f(x)) = f(x)."""


def simplify_unary(op: UnaryOp, build: Build) -> SSAValue | None:
    kind = op.kind.data
    value = constant(op.src)
    if value is not None:
        return const(build, folding.fold_unary(kind, value), shape_of(op.res))
    if kind == "abs" and is_unsigned(element_of(op.src)):
        return op.src  # before the rule below: -x of an unsigned x is another number, and positive
    inner = made_by(op.src, UnaryOp)
    if inner is not None:
        if kind == inner.kind.data and kind in INVOLUTIONS:
            return inner.src
        if kind == inner.kind.data and kind in IDEMPOTENT:
            return inner.res
        if kind == "abs" and inner.kind.data == "neg":
            return build(UnaryOp("abs", inner.src))
    return before_expand(op, build, lambda operands: UnaryOp(kind, operands[0]))


def simplify_binary(op: BinaryOp, build: Build) -> SSAValue | None:
    kind, lhs, rhs = op.kind.data, op.lhs, op.rhs
    left, right = constant(lhs), constant(rhs)
    result = element_of(op.res)
    if left is not None and right is not None:
        return const(build, folding.fold_binary(kind, left, right, result), shape_of(op.res))
    if left is not None and kind in COMMUTATIVE:
        return build(BinaryOp(kind, rhs, lhs))
    if lhs is rhs and (same := _of_equals(op, build)) is not None:
        return same
    if right is not None and (simpler := WITH_CONSTANT.get(kind, _no_rule)(op, build)) is not None:
        return simpler
    if left is not None and kind == "sub" and number(lhs) == 0 and (not is_float(result) or str(number(lhs)) == "-0.0"):
        return build(UnaryOp("neg", rhs))
    return before_expand(op, build, lambda operands: BinaryOp(kind, operands[0], operands[1]))


def _of_equals(op: BinaryOp, build: Build) -> SSAValue | None:
    """x op x. A float may be a NaN, which is unequal to itself and whose difference with itself is NaN."""
    kind, exact = op.kind.data, not is_float(element_of(op.lhs))
    if kind in ("max", "min", "and", "or"):
        return op.lhs
    if kind == "cmplt" or (exact and kind in ("sub", "xor", "cmpne")):
        return const(build, splat(0, element_of(op.res)), shape_of(op.res))
    if exact and kind == "cmpeq":
        return const(build, splat(1, i1), shape_of(op.res))
    return None


def _no_rule(op: BinaryOp, build: Build) -> SSAValue | None:
    return None


def _add(op: BinaryOp, build: Build) -> SSAValue | None:
    # x + 0.0 turns -0.0 into 0.0; only x + (-0.0) is x.
    value = number(op.rhs)
    return op.lhs if value == 0 and (not is_float(element_of(op.res)) or str(value) == "-0.0") else None


def _sub(op: BinaryOp, build: Build) -> SSAValue | None:
    value = number(op.rhs)
    return op.lhs if value == 0 and str(value) != "-0.0" else None


def _mul(op: BinaryOp, build: Build) -> SSAValue | None:
    value, element = number(op.rhs), element_of(op.res)
    if value == 1:
        return op.lhs
    if value == 0 and not is_float(element):
        return op.rhs
    if value == -1:
        return build(UnaryOp("neg", op.lhs))
    return None


def _div(op: BinaryOp, build: Build) -> SSAValue | None:
    """x / c -> x * (1 / c) for a power of two: both round the same real number."""
    value, element = number(op.rhs), element_of(op.res)
    assert value is not None
    if value == 1:
        return op.lhs
    mantissa, exponent = frexp(value)
    if abs(mantissa) == 0.5 and abs(exponent) < NORMAL_EXPONENT[element]:
        inverse = folding.attribute_of(1.0 / value, element)
        return build(BinaryOp("mul", op.lhs, const(build, inverse, shape_of(op.res))))
    return None


NORMAL_EXPONENT: dict[Attribute, int] = dict(zip(folding.MANTISSA_BITS, (13, 125, 125, 1021)))
"""Powers of two below this, and their inverses, are normal numbers (f16, bf16, f32, f64): what flushes denormals keeps them."""


def _idiv(op: BinaryOp, build: Build) -> SSAValue | None:
    value = number(op.rhs)
    return op.lhs if value == 1 else op.rhs if value == 0 else None


def _mod(op: BinaryOp, build: Build) -> SSAValue | None:
    """The remainder by 1, and by definition by 0, is 0."""
    if is_float(element_of(op.res)) or number(op.rhs) not in (0, 1):
        return None
    return const(build, splat(0, element_of(op.res)), shape_of(op.res))


def _extremum(op: BinaryOp, build: Build) -> SSAValue | None:
    low, high = folding.limits(element_of(op.res))
    value = _as_number(op.rhs)
    weakest, strongest = (low, high) if op.kind.data == "max" else (high, low)
    if value == weakest:
        return op.lhs
    # max(NaN, inf) is NaN
    return op.rhs if value == strongest and not is_float(element_of(op.res)) else None


def _bits(op: BinaryOp, build: Build) -> SSAValue | None:
    value, element, kind = _as_number(op.rhs), element_of(op.res), op.kind.data
    ones = folding.limits(element)[1] if is_bool(element) or is_unsigned(element) else -1
    if value == 0:
        return op.rhs if kind == "and" else op.lhs
    if value == ones:
        return op.lhs if kind == "and" else op.rhs if kind == "or" else build(UnaryOp("not", op.lhs))
    return None


def _shift(op: BinaryOp, build: Build) -> SSAValue | None:
    value, element = number(op.rhs), element_of(op.res)
    assert value is not None
    if value == 0:
        return op.lhs
    if not 0 <= value < bit_width(element) and (op.kind.data == "shl" or is_unsigned(element)):
        return const(build, splat(0, element), shape_of(op.res))
    return None


def _pow(op: BinaryOp, build: Build) -> SSAValue | None:
    """The exponents whose power is an op with a correctly rounded result."""
    value = number(op.rhs)
    if value == 0:
        return const(build, splat(1, element_of(op.res)), shape_of(op.res))
    if value == 1:
        return op.lhs
    if value == 2:
        return build(BinaryOp("mul", op.lhs, op.lhs))
    return build(UnaryOp("recip", op.lhs)) if value == -1 else None


def _compare_bool(op: BinaryOp, build: Build) -> SSAValue | None:
    """A bool compared with a known one is itself or its opposite."""
    element, value, kind = element_of(op.lhs), _as_number(op.rhs), op.kind.data
    if kind == "cmplt":
        if not is_float(element) and value == folding.limits(element)[0]:
            return const(build, splat(0, i1), shape_of(op.res))
        return None
    if not is_bool(element):
        return None
    return op.lhs if (value == 1) == (kind == "cmpeq") else build(UnaryOp("not", op.lhs))


def _as_number(value: SSAValue) -> int | float | None:
    """`number`, where true counts as 1 (xDSL keeps -1)."""
    found = number(value)
    return abs(found) if found is not None and is_bool(element_of(value)) else found


WITH_CONSTANT: dict[str, Callable[[BinaryOp, Build], SSAValue | None]] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "idiv": _idiv, "mod": _mod, "max": _extremum, "min": _extremum,
    "and": _bits, "or": _bits, "xor": _bits, "shl": _shift, "shr": _shift, "pow": _pow,
    "cmplt": _compare_bool, "cmpeq": _compare_bool, "cmpne": _compare_bool,
}  # fmt: skip
"""What becomes of x op c for a known c."""


def simplify_select(op: SelectOp, build: Build) -> SSAValue | None:
    known = number(op.cond)
    if known is not None:
        return op.on_true if known else op.on_false
    if op.on_true is op.on_false:
        return op.on_true
    opposite = made_by(op.cond, UnaryOp)
    if opposite is not None and opposite.kind.data == "not":
        return build(SelectOp(opposite.src, op.on_false, op.on_true))
    if is_bool(element_of(op.res)):
        sides = (_as_number(op.on_true), _as_number(op.on_false))
        if sides == (1, 0):
            return op.cond
        if sides == (0, 1):
            return build(UnaryOp("not", op.cond))
    return before_expand(op, build, lambda operands: SelectOp(*operands))


def simplify_cast(op: CastOp, build: Build) -> SSAValue | None:
    element = element_of(op.res)
    if element_of(op.src) == element:
        return op.src
    value = constant(op.src)
    if value is not None:
        folded = folding.fold_cast(value, element)
        return None if folded is None else const(build, folded, shape_of(op.res))
    inner = made_by(op.src, CastOp)
    if inner is not None and _through(element_of(inner.src), element_of(op.src), element):
        return build(CastOp(inner.src, element))
    return before_expand(op, build, lambda operands: CastOp(operands[0], element))


def _through(first: Attribute, middle: Attribute, last: Attribute) -> bool:
    """Whether casting first -> middle -> last gives what first -> last does."""
    if holds_all(middle, first):
        return True
    # Integers keep their low bits on the way, so only the narrowest of the later two matters.
    return is_integer(first) and is_integer(middle) and is_integer(last) and bit_width(last) <= bit_width(middle)


def holds_all(wide: Attribute, narrow: Attribute) -> bool:
    """Whether every value of `narrow` is one of `wide`."""
    if wide == narrow or is_bool(narrow):
        return True
    if is_float(wide):
        digits = folding.MANTISSA_BITS
        if is_float(narrow):
            return digits[wide] >= digits[narrow] and bit_width(wide) > bit_width(narrow)
        # Of the integers with few enough bits all are in range too, for 65504 of f16 is more than 2 to the 11.
        return digits[wide] >= bit_width(narrow) - (not is_unsigned(narrow))
    if not is_integer(wide) or is_float(narrow):
        return False
    if is_unsigned(wide) == is_unsigned(narrow):
        return bit_width(wide) >= bit_width(narrow)
    return is_unsigned(narrow) and bit_width(wide) > bit_width(narrow)


def simplify_bitcast(op: BitcastOp, build: Build) -> SSAValue | None:
    element = element_of(op.res)
    if element_of(op.src) == element:
        return op.src
    value = constant(op.src)
    if value is not None:
        folded = folding.fold_bitcast(value, element)
        return None if folded is None else const(build, folded, shape_of(op.res))
    inner = made_by(op.src, BitcastOp)
    if inner is not None:
        return build(BitcastOp(inner.src, element))
    return before_expand(op, build, lambda operands: BitcastOp(operands[0], element))
