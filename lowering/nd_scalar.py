"""One nd op on one element: the arith and math ops that compute it.

Upstream leaves division by zero, INT_MIN / -1 and shifts by the width or more undefined, and a CPU traps on the first two.
`nd` gives them values (see `BinaryOp`), so they are guarded here, unless the right side is a constant that shows they cannot
occur.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, IndexType, IntegerAttr, IntegerType, TensorType, f32, i1
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from rung.dialects.nd import BinaryOp, BitcastOp, CastOp, SelectOp, UnaryOp
from rung.dialects.nd.base import element_of, tensor_type
from rung.dialects.nd.dtype import FloatType, bit_width, is_bool, is_float, is_unsigned, signless
from rung.dialects.upstream.arith import RemFOp

Scalar: TypeAlias = IntegerAttr[IntegerType | IndexType] | FloatAttr
"""What an arith.constant of a scalar holds."""

REASSOC = arith.FastMathFlagsAttr([FastMathFlag.REASSOC])
"""On what combines a reduction: `nd.reduce` leaves the order open."""

FLOAT_UNARY: dict[str, Callable[[SSAValue], Operation]] = {
    "neg": arith.NegfOp,
    "abs": math.AbsFOp,
    "sqrt": math.SqrtOp,
    "exp2": math.Exp2Op,
    "log2": math.Log2Op,
    "sin": math.SinOp,
    "trunc": math.TruncOp,
}
FLOAT_BINARY: dict[str, Callable[..., Operation]] = {
    "add": arith.AddfOp, "sub": arith.SubfOp, "mul": arith.MulfOp, "div": arith.DivfOp, "mod": RemFOp,
    "max": arith.MaximumfOp, "min": arith.MinimumfOp, "pow": math.PowFOp,
}  # fmt: skip
INT_BINARY: dict[str, tuple[Callable[..., Operation], Callable[..., Operation]]] = {  # signed, unsigned
    "add": (arith.AddiOp, arith.AddiOp), "sub": (arith.SubiOp, arith.SubiOp), "mul": (arith.MuliOp, arith.MuliOp),
    "max": (arith.MaxSIOp, arith.MaxUIOp), "min": (arith.MinSIOp, arith.MinUIOp),
    "and": (arith.AndIOp, arith.AndIOp), "or": (arith.OrIOp, arith.OrIOp), "xor": (arith.XOrIOp, arith.XOrIOp),
}  # fmt: skip
BOOL_BINARY: dict[str, Callable[..., Operation]] = {
    "max": arith.OrIOp, "min": arith.AndIOp, "and": arith.AndIOp, "or": arith.OrIOp, "xor": arith.XOrIOp,
}  # fmt: skip
COMPARE = {"cmplt": ("olt", "slt", "ult"), "cmpeq": ("oeq", "eq", "eq"), "cmpne": ("une", "ne", "ne")}
COMBINE = {"sum": "add", "prod": "mul", "max": "max", "min": "min"}


def signless_tensor(type_: Attribute) -> TensorType[Attribute]:
    tensor = tensor_type(type_)
    return TensorType(signless(tensor.element_type), tensor.get_shape())


def scalar_attr(value: Attribute) -> Scalar:
    """The attribute of an arith.constant for an nd scalar: unsigned values wrap into the signless type."""
    if isinstance(value, FloatAttr):
        return cast("FloatAttr", value)
    number = cast("IntegerAttr", value)
    return integer_attr(number.value.data, number.type)


def integer_attr(number: int, element: Attribute) -> IntegerAttr[IntegerType]:
    """`number` wrapped into the signless twin of an nd integer type."""
    width = bit_width(element)
    if width == 1:
        return IntegerAttr(int(bool(number)), i1)
    wrapped = (number + (1 << (width - 1))) % (1 << width) - (1 << (width - 1))
    return IntegerAttr(wrapped, IntegerType(width))


def neutral(combiner: str, element: Attribute) -> Scalar:
    """What a reduction starts from, and what it is of no elements."""
    if isinstance(element, FloatType):
        return FloatAttr({"sum": 0.0, "prod": 1.0, "max": float("-inf"), "min": float("inf")}[combiner], element)
    width = bit_width(element)
    if combiner in ("sum", "prod"):
        number = 0 if combiner == "sum" else 1
    elif is_unsigned(element) or width == 1:
        number = 0 if combiner == "max" else (1 << width) - 1
    else:
        number = -(1 << (width - 1)) if combiner == "max" else (1 << (width - 1)) - 1
    return integer_attr(number, element)


class ScalarEmitter:
    """Emits the ops for one element through `insert` (which places an op and returns its first result)."""

    def __init__(self, insert: Callable[[Operation], SSAValue], constant: Callable[[Scalar], SSAValue]):
        self.insert, self.constant = insert, constant

    def _int(self, value: int, type_: Attribute) -> SSAValue:
        return self.constant(integer_attr(value, type_))

    def emit(self, op: Operation, args: list[SSAValue]) -> SSAValue:
        """The result element of an elementwise nd op from its operand elements."""
        match op:
            case UnaryOp():
                return self.unary(op.kind.data, element_of(op.src), args[0])
            case BinaryOp():
                return self.binary(op.kind.data, element_of(op.lhs), *args)
            case SelectOp():
                return self.insert(arith.SelectOp(*args))
            case CastOp():
                return self.cast(args[0], element_of(op.src), element_of(op.res))
            case BitcastOp():
                target = signless(element_of(op.res))
                return args[0] if args[0].type == target else self.insert(arith.BitcastOp(args[0], target))
            case _:
                raise ValueError(f"{op.name} is not an elementwise nd op")

    def unary(self, kind: str, element: Attribute, x: SSAValue) -> SSAValue:
        if isinstance(element, FloatType):
            if kind == "recip":
                return self.insert(arith.DivfOp(self.constant(FloatAttr(1.0, element)), x))
            return self.insert(FLOAT_UNARY[kind](x))
        if kind == "neg":
            return self.insert(arith.SubiOp(self._int(0, x.type), x))
        if kind == "abs":
            return x if is_unsigned(element) else self.insert(math.AbsIOp(x))
        assert kind == "not"
        return self.insert(arith.XOrIOp(x, self._int(1 if is_bool(element) else -1, x.type)))

    def binary(self, kind: str, element: Attribute, a: SSAValue, b: SSAValue, *, reassoc: bool = False) -> SSAValue:
        # x with itself is left only where the op is marked, which nothing simplifies: C compilers warn of x < x.
        if a is b and kind in ("max", "min", "and", "or"):
            return a
        if kind in COMPARE:
            of_float, of_signed, of_unsigned = COMPARE[kind]
            if is_float(element):
                return self.insert(arith.CmpfOp(a, b, of_float))
            if a is b:
                return self._int(int(kind == "cmpeq"), i1)
            unsigned = is_unsigned(element) or is_bool(element)
            return self.insert(arith.CmpiOp(a, b, of_unsigned if unsigned else of_signed))
        if is_float(element):
            op = FLOAT_BINARY[kind]
            return self.insert(op(a, b, REASSOC) if reassoc and kind in ("add", "mul") else op(a, b))
        if is_bool(element):
            return self._int(0, i1) if kind == "xor" and a is b else self.insert(BOOL_BINARY[kind](a, b))
        if kind in INT_BINARY:
            return self.insert(INT_BINARY[kind][is_unsigned(element)](a, b))
        if kind in ("idiv", "mod"):
            return self._divide(kind, is_unsigned(element), a, b)
        return self._shift(kind, is_unsigned(element), a, b)

    def _divide(self, kind: str, unsigned: bool, a: SSAValue, b: SSAValue) -> SSAValue:
        signed_op, unsigned_op = (arith.DivSIOp, arith.DivUIOp) if kind == "idiv" else (arith.RemSIOp, arith.RemUIOp)
        op = unsigned_op if unsigned else signed_op
        known = _constant_of(b)
        zero, one = self._int(0, b.type), self._int(1, b.type)
        if known == 0:
            return zero
        if known is not None and (unsigned or known != -1):
            return self.insert(op(a, b))
        by_zero = self.insert(arith.CmpiOp(b, zero, "eq"))
        if unsigned:
            safe = self.insert(arith.SelectOp(by_zero, one, b))
            return self.insert(arith.SelectOp(by_zero, zero, self.insert(op(a, safe))))
        by_minus_one = self.insert(arith.CmpiOp(b, self._int(-1, b.type), "eq"))
        unsafe = self.insert(arith.OrIOp(by_zero, by_minus_one))
        quotient = self.insert(op(a, self.insert(arith.SelectOp(unsafe, one, b))))
        negated = self.insert(arith.SubiOp(zero, a)) if kind == "idiv" else zero  # INT_MIN wraps, as NumPy's does
        quotient = self.insert(arith.SelectOp(by_minus_one, negated, quotient))
        return self.insert(arith.SelectOp(by_zero, zero, quotient))

    def _shift(self, kind: str, unsigned: bool, a: SSAValue, b: SSAValue) -> SSAValue:
        width, known = bit_width(a.type), _constant_of(b)
        op = arith.ShLIOp if kind == "shl" else arith.ShRUIOp if unsigned else arith.ShRSIOp
        if known is not None and 0 <= known < width:
            return self.insert(op(a, b))
        beyond = self.insert(arith.CmpiOp(b, self._int(width, b.type), "uge"))  # negative amounts are beyond, too
        if op is arith.ShRSIOp:  # shifting out everything leaves the sign: the same as width - 1 steps
            return self.insert(op(a, self.insert(arith.SelectOp(beyond, self._int(width - 1, b.type), b))))
        shifted = self.insert(op(a, self.insert(arith.SelectOp(beyond, self._int(0, b.type), b))))
        return self.insert(arith.SelectOp(beyond, self._int(0, a.type), shifted))

    def cast(self, x: SSAValue, source: Attribute, target: Attribute) -> SSAValue:
        if source == target:
            return x
        if isinstance(source, FloatType):
            return self._cast_float(x, source, target)
        if is_bool(target):
            return self.insert(arith.CmpiOp(x, self._int(0, x.type), "ne"))
        unsigned = is_unsigned(source) or is_bool(source)
        if isinstance(target, FloatType):
            return self.insert((arith.UIToFPOp if unsigned else arith.SIToFPOp)(x, target))
        wider = bit_width(target) - bit_width(source)
        if wider == 0:
            return x
        to = IntegerType(bit_width(target))
        if wider < 0:
            return self.insert(arith.TruncIOp(x, to))
        return self.insert((arith.ExtUIOp if unsigned else arith.ExtSIOp)(x, to))

    def _cast_float(self, x: SSAValue, source: FloatType, target: Attribute) -> SSAValue:
        if is_bool(target):
            return self.insert(arith.CmpfOp(x, self.constant(FloatAttr(0.0, source)), "une"))
        if not isinstance(target, FloatType):
            to = IntegerType(bit_width(target))
            return self.insert((arith.FPToUIOp if is_unsigned(target) else arith.FPToSIOp)(x, to))
        if source.bitwidth < target.bitwidth:
            return self.insert(arith.ExtFOp(x, target))
        if source.bitwidth > target.bitwidth:
            return self.insert(arith.TruncFOp(x, target))
        # f16 and bf16: neither holds the other, both fit f32
        return self.insert(arith.TruncFOp(self.insert(arith.ExtFOp(x, f32)), target))


def _constant_of(value: SSAValue) -> int | None:
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr):
        return owner.value.value.data
    return None
