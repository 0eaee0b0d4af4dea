"""Every workaround for xDSL 0.74 that changes xDSL's own classes, in one place. Importing this module applies them.

An op class is repaired in place, so passes of xDSL that match `arith.CmpfOp` go on matching: the class below says how the op
should have been defined, and `_repair` moves its definition over. tests/dialects/upstream/test_xdsl_repairs.py runs each fault
on xDSL alone and fails on the day it is gone; then delete the repair.

- arith: comparisons, selects and casts take vectors and tensors; `overflow<..>` on trunci; fastmath of negf; what is pure.
- vector.reduction: the constructor gives the element type, not the vector's.
- linalg.generic: several results in the custom syntax.
- scf.parallel and scf.reduce, memref.copy and the memref casts: upstream's custom syntax.
- a slice of a tensor or memref has the sizes that its type says, and lies in its whole; a vector is not empty.
- no constant is of f80 or f128, which cannot be printed.
- a string that is not closed is refused, where xDSL's lexer never comes back.
- `dense<0xFF800000>` of floats is read as the bits that it is, not as the number 4286578688.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    AnyFloat,
    BoolAttr,
    DenseIntOrFPElementsAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    TensorType,
    VectorType,
    container_of,
    i1,
)
from xdsl.dialects.vector import CombiningKindAttr, ReductionOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AnyOf,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.pattern_rewriter import PatternRewriter, op_type_rewrite_pattern
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.transforms.canonicalization_patterns import arith as arith_patterns
from xdsl.utils.exceptions import VerifyException

from .xdsl_repairs_syntax import repair_dense_hex, repair_generic, repair_memref, repair_parallel, repair_strings
from .xdsl_repairs_verifiers import repair_slices, repair_vectors, repair_wide_floats

_BOOL = container_of(IntegerType(1))
_INT = container_of(IntegerType)
INT_OR_INDEX = container_of(AnyOf.get(IntegerType, IndexType))
_FLOAT = container_of(AnyFloat)
_NO_FASTMATH = arith.FastMathFlagsAttr("none")


_Shaped = VectorType[Attribute] | TensorType[Attribute]


def _shaped(type_: Attribute) -> _Shaped | None:
    # isinstance and a cast: xdsl.utils.hints.isa costs several microseconds, and this runs for each op that is verified
    return cast(_Shaped, type_) if isinstance(type_, VectorType | TensorType) else None


@lru_cache(maxsize=1024)  # a vector type costs 60 us to build, and a kernel has few of them
def with_element(type_: Attribute, element: Attribute) -> Attribute:
    """The type of the same shape as `type_` (vector, tensor or scalar) with another element type."""
    shaped = _shaped(type_)
    if shaped is None:
        return element
    if isinstance(shaped, VectorType):
        return VectorType(element, shaped.shape, shaped.scalable_dims)
    return TensorType(element, shaped.get_shape(), shaped.encoding)


def element_of(type_: Attribute) -> Attribute:
    """The element type of a vector or tensor; a scalar type itself."""
    shaped = _shaped(type_)
    return type_ if shaped is None else shaped.element_type


def _is_i1_like(type_: Attribute, like: Attribute) -> bool:
    """Is `type_` i1 in the shape of `like`? Without building the type that it should be."""
    found, want = _shaped(type_), _shaped(like)
    if found is None or want is None:
        return found is want and type_ == i1
    return type(found) is type(want) and found.element_type == i1 and found.get_shape() == want.get_shape()


def splat(type_: Attribute, value: float | bool) -> DenseIntOrFPElementsAttr:
    """The constant that has `value` everywhere."""
    return DenseIntOrFPElementsAttr.from_list(cast(Any, type_), [value])


def _width(type_: Attribute) -> int | None:
    """The bits of an integer or of the elements of a container of them; None for index."""
    element = element_of(type_)
    return element.bitwidth if isinstance(element, IntegerType) else None


def _repair(old: type[Operation], new: type[Operation], *but: str) -> None:
    """Make `old` behave as `new` is defined, keeping its identity, name and bases, and the members named in `but`."""
    for key, value in vars(new).items():
        if key not in ("__module__", "__dict__", "__weakref__", "__doc__", "__annotations__", "name", *but):
            setattr(old, key, value)


def _verify_cast(op: Operation) -> None:
    source, target = op.operands[0].type, op.results[0].type
    found, want = _shaped(target), _shaped(source)
    same = found is want if found is None or want is None else type(found) is type(want) and found.get_shape() == want.get_shape()
    if not same:
        raise VerifyException(f"result type is {target}, expected the shape of {source}")


class _Comparison:
    """What cmpi and cmpf share: the result is i1 in the shape of the operands."""

    @staticmethod
    def verify_result(op: arith.CmpiOp | arith.CmpfOp) -> None:
        if op.lhs.type != op.rhs.type:
            raise VerifyException(f"operand types are {op.lhs.type} and {op.rhs.type}, expected one type")
        if not _is_i1_like(op.result.type, op.lhs.type):
            raise VerifyException(f"result type is {op.result.type}, expected {with_element(op.lhs.type, i1)}")

    @staticmethod
    def build(op: IRDLOperation, lhs: SSAValue, rhs: SSAValue, arg: int | str, names: list[str], **more: Attribute) -> None:
        if lhs.type != rhs.type:
            raise TypeError(f"Comparison operands must have same type, but provided {lhs.type} and {rhs.type}")
        if isinstance(arg, str):
            if arg not in names:
                raise VerifyException(f"Unknown comparison mnemonic: {arg}")
            arg = names.index(arg)
        properties = {"predicate": IntegerAttr(arg, 64), **more}
        IRDLOperation.__init__(op, operands=[lhs, rhs], result_types=[with_element(lhs.type, i1)], properties=properties)


@irdl_op_definition
class _Cmpi(IRDLOperation):
    name = "arith.cmpi"
    predicate = prop_def(IntegerAttr)
    lhs = operand_def(INT_OR_INDEX)
    rhs = operand_def(INT_OR_INDEX)
    result = result_def(_BOOL)
    traits = arith.CmpiOp.traits

    def __init__(self, operand1: SSAValue | Operation, operand2: SSAValue | Operation, arg: int | str):
        _Comparison.build(self, SSAValue.get(operand1), SSAValue.get(operand2), arg, arith.CMPI_COMPARISON_OPERATIONS)

    def verify_(self) -> None:
        _Comparison.verify_result(cast(arith.CmpiOp, self))


@irdl_op_definition
class _Cmpf(IRDLOperation):
    name = "arith.cmpf"
    predicate = prop_def(IntegerAttr)
    lhs = operand_def(_FLOAT)
    rhs = operand_def(_FLOAT)
    fastmath = prop_def(arith.FastMathFlagsAttr, default_value=arith.FastMathFlagsAttr("none"))
    result = result_def(_BOOL)
    traits = traits_def(Pure())

    def __init__(
        self,
        operand1: SSAValue | Operation,
        operand2: SSAValue | Operation,
        arg: int | str,
        fastmath: arith.FastMathFlagsAttr = _NO_FASTMATH,
    ):
        names = arith.CMPF_COMPARISON_OPERATIONS
        _Comparison.build(self, SSAValue.get(operand1), SSAValue.get(operand2), arg, names, fastmath=fastmath)

    def verify_(self) -> None:
        _Comparison.verify_result(cast(arith.CmpfOp, self))


@irdl_op_definition
class _Select(IRDLOperation):
    """Upstream spells the type of the condition only where it is not a scalar."""

    T: ClassVar = VarConstraint("_T", AnyAttr())
    name = "arith.select"
    cond = operand_def(_BOOL)
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(T)
    traits = arith.SelectOp.traits

    def verify_(self) -> None:
        if self.cond.type != i1 and not _is_i1_like(self.cond.type, self.result.type):
            raise VerifyException(f"condition type is {self.cond.type}, expected i1 or {with_element(self.result.type, i1)}")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        if self.cond.type != i1:
            printer.print_attribute(self.cond.type)
            printer.print_string(", ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> Operation:
        operands = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types: list[Attribute] = [i1, parser.parse_type()]
        if parser.parse_optional_punctuation(","):
            types = [types[1], parser.parse_type()]
        op = arith.SelectOp(*parser.resolve_operands(operands, [*types, types[1]], parser.pos))
        op.attributes |= attributes
        return op


def cast_op(op_name: str, takes: Any, gives: Any) -> type[IRDLOperation]:
    """The definition of a cast that keeps the shape."""

    class Cast(IRDLOperation):
        name = op_name
        input = operand_def(takes)
        result = result_def(gives)
        traits = traits_def(Pure())
        assembly_format = "$input attr-dict `:` type($input) `to` type($result)"

        def __init__(self, input_: SSAValue | Operation, target_type: Attribute):
            IRDLOperation.__init__(self, operands=[input_], result_types=[target_type])

        def verify_(self) -> None:
            _verify_cast(self)
            source, target = _width(self.input.type), _width(self.result.type)
            if op_name.startswith("arith.ext") and (target or 0) <= (source or 0):
                raise VerifyException(f"result has {target} bits, expected more than the operand's {source}")
            if op_name.startswith("arith.index_cast") and (source is None) == (target is None):
                raise VerifyException(f"casts {self.input.type} to {self.result.type}, expected an index on exactly one side")

    return irdl_op_definition(Cast)


@irdl_op_definition
class _Trunci(IRDLOperation):
    name = "arith.trunci"
    input = operand_def(_INT)
    result = result_def(_INT)
    overflow_flags = prop_def(
        arith.IntegerOverflowAttr, default_value=arith.IntegerOverflowAttr("none"), prop_name="overflowFlags"
    )
    traits = traits_def(Pure())
    assembly_format = "$input (`overflow` `` $overflowFlags^)? attr-dict `:` type($input) `to` type($result)"

    def verify_(self) -> None:
        _verify_cast(self)
        source, target = _width(self.input.type), _width(self.result.type)
        if (target or 0) >= (source or 0):
            raise VerifyException(f"result has {target} bits, expected fewer than the operand's {source}")


def _repair_arith() -> None:
    _repair(arith.CmpiOp, _Cmpi)
    _repair(arith.CmpfOp, _Cmpf)
    _repair(arith.SelectOp, _Select)
    _repair(arith.TruncIOp, _Trunci)
    for op, takes, gives in (
        (arith.SIToFPOp, _INT, _FLOAT),
        (arith.UIToFPOp, _INT, _FLOAT),
        (arith.FPToSIOp, _FLOAT, _INT),
        (arith.FPToUIOp, _FLOAT, _INT),
        (arith.ExtSIOp, _INT, _INT),
        (arith.ExtUIOp, _INT, _INT),
        (arith.IndexCastOp, INT_OR_INDEX, INT_OR_INDEX),
    ):
        _repair(op, cast_op(op.name, takes, gives), "__init__")

    def negf_init(self: arith.NegfOp, operand: Operation | SSAValue, fastmath: arith.FastMathFlagsAttr | None = None) -> None:
        operand = SSAValue.get(operand)
        IRDLOperation.__init__(self, operands=[operand], result_types=[operand.type], properties={"fastmath": fastmath})

    arith.NegfOp.__init__ = negf_init

    @op_type_rewrite_pattern
    def equal_operands(self: object, op: arith.CmpiOp, rewriter: PatternRewriter) -> None:
        if op.lhs != op.rhs:
            return
        value = op.predicate.value.data in (0, 3, 5, 7, 9)
        shaped = _shaped(op.result.type)
        bit = BoolAttr.from_bool(value)
        rewriter.replace(op, arith.ConstantOp(bit if shaped is None else splat(shaped, value)))

    arith_patterns.ApplyCmpiPredicateToEqualOperands.match_and_rewrite = equal_operands


def _repair_vector_reduction() -> None:
    def init(
        self: ReductionOp,
        vector: SSAValue | Operation,
        kind: CombiningKindAttr,
        acc: SSAValue | Operation | None = None,
        fastmath: arith.FastMathFlagsAttr | None = None,
    ) -> None:
        source = SSAValue.get(vector)
        properties = {"kind": kind, "fastmath": fastmath}
        IRDLOperation.__init__(self, operands=[source, acc], result_types=[element_of(source.type)], properties=properties)

    ReductionOp.__init__ = init


# Not behind a flag and not undone: Python imports a module once, and a half-repaired xDSL would be worse than either.
_repair_arith()
_repair_vector_reduction()
repair_strings()
repair_dense_hex()
repair_generic()
repair_parallel()
repair_memref()
repair_slices()
repair_vectors()
repair_wide_floats()
