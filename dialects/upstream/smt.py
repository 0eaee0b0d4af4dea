"""`smt` with the theory of integers, which xDSL 0.74 lacks: what constraints between the knobs of a schedule are said in.

The rest is xDSL's; its ops that take a value of any sort are repaired in place to take integers too, and `smt.yield` to stand
in transform.smt.constrain_params.
"""

from __future__ import annotations

from abc import ABC

from xdsl.dialects import smt as xdsl_smt
from xdsl.dialects.builtin import IntegerAttr, IntegerType, Signedness
from xdsl.ir import Dialect, OpTraits, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import (
    AtLeast,
    BaseAttr,
    IRDLOperation,
    OperandDef,
    RangeOf,
    ResultDef,
    VarConstraint,
    VarOperandDef,
    irdl_attr_definition,
    irdl_op_definition,
    irdl_to_attr_constraint,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException


@irdl_attr_definition
class IntType(ParametrizedAttribute, TypeAttribute):
    """`!smt.int`: an integer without bounds."""

    name = "smt.int"


INT = IntType()
COMPARES = ("lt", "le", "gt", "ge")


def _bits(value: int) -> int:
    """How wide upstream keeps the number: four bits a digit, and one more where the top one would read as a sign."""
    digits = str(abs(value)) if value else ""
    width = 4 * len(digits) or 64
    return width + 1 if abs(value) >= 1 << (width - 1) else width


@irdl_op_definition
class IntConstantOp(IRDLOperation):
    """Example: %c8 = smt.int.constant 8"""

    name = "smt.int.constant"
    value_attr = prop_def(IntegerAttr, prop_name="value")
    result = result_def(IntType)
    traits = traits_def(Pure())

    def __init__(self, value: int):
        # upstream keeps the bits of a signed number under an unsigned type
        type_ = IntegerType(_bits(value), Signedness.UNSIGNED)
        super().__init__(properties={"value": IntegerAttr(value % (1 << type_.width.data), type_)}, result_types=[INT])

    @property
    def value(self) -> int:
        type_ = self.value_attr.type
        width = type_.width.data if isinstance(type_, IntegerType) else 64
        bits = self.value_attr.value.data
        return bits - (1 << width) if bits >= 1 << (width - 1) else bits

    @classmethod
    def parse(cls, parser: Parser) -> IntConstantOp:
        op = cls(parser.parse_integer(allow_boolean=False))
        op.attributes |= parser.parse_optional_attr_dict()
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.value}")
        printer.print_op_attributes(self.attributes)


class _VariadicIntOp(IRDLOperation, ABC):
    inputs = var_operand_def(RangeOf(BaseAttr(IntType)).of_length(AtLeast(2)))
    result = result_def(IntType)
    traits = traits_def(Pure())
    assembly_format = "$inputs attr-dict"

    def __init__(self, *inputs: SSAValue):
        super().__init__(operands=[inputs], result_types=[INT])


@irdl_op_definition
class IntAddOp(_VariadicIntOp):
    """Example: %s = smt.int.add %a, %b, %c"""

    name = "smt.int.add"


@irdl_op_definition
class IntMulOp(_VariadicIntOp):
    """Example: %p = smt.int.mul %a, %b"""

    name = "smt.int.mul"


class _BinaryIntOp(IRDLOperation, ABC):
    lhs = operand_def(IntType)
    rhs = operand_def(IntType)
    result = result_def(IntType)
    traits = traits_def(Pure())
    assembly_format = "$lhs `,` $rhs attr-dict"

    def __init__(self, lhs: SSAValue, rhs: SSAValue):
        super().__init__(operands=[lhs, rhs], result_types=[INT])


@irdl_op_definition
class IntSubOp(_BinaryIntOp):
    """Example: %d = smt.int.sub %a, %b"""

    name = "smt.int.sub"


@irdl_op_definition
class IntDivOp(_BinaryIntOp):
    """SMT-LIB's div: lhs = rhs * div + mod with 0 <= mod < |rhs|. Example: %q = smt.int.div %a, %b"""

    name = "smt.int.div"


@irdl_op_definition
class IntModOp(_BinaryIntOp):
    """SMT-LIB's mod, never negative. Example: %m = smt.int.mod %a, %b"""

    name = "smt.int.mod"


@irdl_op_definition
class IntAbsOp(IRDLOperation):
    """Example: %p = smt.int.abs %a"""

    name = "smt.int.abs"
    input = operand_def(IntType)
    result = result_def(IntType)
    traits = traits_def(Pure())
    assembly_format = "$input attr-dict"

    def __init__(self, input: SSAValue):
        super().__init__(operands=[input], result_types=[INT])


@irdl_op_definition
class IntCmpOp(IRDLOperation):
    """Compare two integers; equality is smt.eq. Example: %c = smt.int.cmp le %a, %b"""

    name = "smt.int.cmp"
    pred = prop_def(IntegerAttr)
    lhs = operand_def(IntType)
    rhs = operand_def(IntType)
    result = result_def(xdsl_smt.BoolType)
    traits = traits_def(Pure())

    def __init__(self, pred: str, lhs: SSAValue, rhs: SSAValue):
        number = IntegerAttr(COMPARES.index(pred), 64)
        super().__init__(operands=[lhs, rhs], properties={"pred": number}, result_types=[xdsl_smt.BoolType()])

    def verify_(self) -> None:
        if not 0 <= self.pred.value.data < len(COMPARES):
            raise VerifyException(f"pred is {self.pred.value.data}, expected 0 to {len(COMPARES) - 1}")

    @classmethod
    def parse(cls, parser: Parser) -> IntCmpOp:
        start = parser.pos
        pred = parser.parse_identifier()
        if pred not in COMPARES:
            parser.raise_error(f"found `{pred}`, expected one of {', '.join(COMPARES)}", start, parser.pos)
        lhs = parser.parse_operand(INT)
        parser.parse_punctuation(",")
        rhs = parser.parse_operand(INT)
        op = cls(pred, lhs, rhs)
        op.attributes |= parser.parse_optional_attr_dict()
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {COMPARES[self.pred.value.data]} ")
        printer.print_list((self.lhs, self.rhs), printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)


_SORT = irdl_to_attr_constraint(xdsl_smt.BoolType | xdsl_smt.BitVectorType | IntType)
_T = VarConstraint("T", _SORT)


def _repair() -> None:
    several = RangeOf(_T).of_length(AtLeast(2))
    for op in (xdsl_smt.EqOp, xdsl_smt.DistinctOp):
        op.get_irdl_definition().operands = [("inputs", VarOperandDef(several))]
    ite = xdsl_smt.IteOp.get_irdl_definition()
    ite.operands = [ite.operands[0], ("then_value", OperandDef(_T)), ("else_value", OperandDef(_T))]
    ite.results = [("result", ResultDef(_T))]
    declare = xdsl_smt.DeclareFunOp.get_irdl_definition()
    declare.results = [("result", ResultDef(irdl_to_attr_constraint(xdsl_smt.SMTType) | BaseAttr(IntType)))]
    end = xdsl_smt.YieldOp.get_irdl_definition()
    end.operands = [("values", VarOperandDef(RangeOf(_SORT)))]
    end.traits = OpTraits(lambda: (IsTerminator(),))
    xdsl_smt.YieldOp.traits = end.traits


_repair()

_OURS = [IntConstantOp, IntAddOp, IntMulOp, IntSubOp, IntDivOp, IntModOp, IntAbsOp, IntCmpOp]

Smt = Dialect("smt", [*xdsl_smt.SMT.operations, *_OURS], [*xdsl_smt.SMT.attributes, IntType])
