"""What a value of a transform script stands for: a handle to payload ops, a handle to payload values, or a parameter."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, IntegerType, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import AttrConstraint, VerificationContext, irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa


class HandleType(ParametrizedAttribute, TypeAttribute, ABC):
    """Any type of a value of a transform script."""


class OpHandleType(HandleType, ABC):
    """A list of payload operations."""


class ValueHandleType(HandleType, ABC):
    """A list of payload values: op results and block arguments."""


class ParamHandleType(HandleType, ABC):
    """A list of attributes; a parameter is never invalidated."""


@irdl_attr_definition
class AnyOpType(OpHandleType):
    """`!transform.any_op`: payload operations of whatever name."""

    name = "transform.any_op"


@irdl_attr_definition
class OperationType(OpHandleType):
    """`!transform.op<"scf.for">`: payload operations of that name only."""

    name = "transform.op"
    operation: StringAttr

    def __init__(self, operation: str | StringAttr):
        super().__init__(StringAttr(operation) if isinstance(operation, str) else operation)


@irdl_attr_definition
class AnyValueType(ValueHandleType):
    """`!transform.any_value`: payload values."""

    name = "transform.any_value"


@irdl_attr_definition
class AnyParamType(ParamHandleType):
    """`!transform.any_param`: attributes of whatever kind."""

    name = "transform.any_param"


@irdl_attr_definition
class ParamType(ParamHandleType):
    """`!transform.param<i64>`: integers of that type."""

    name = "transform.param"
    type: Attribute

    def verify(self) -> None:
        super().verify()
        if not (isa(self.type, IntegerType) and self.type.width.data <= 64):
            raise VerifyException(f"parameter is of type {self.type}, expected an integer of at most 64 bits")


@irdl_attr_definition
class TypeParamType(ParamHandleType):
    """`!transform.type`: types, held as attributes."""

    name = "transform.type"


@irdl_attr_definition
class AffineMapParamType(ParamHandleType):
    """`!transform.affine_map`: affine maps, held as attributes."""

    name = "transform.affine_map"


@irdl_attr_definition
class ParamOperandAttr(ParametrizedAttribute):
    """`#transform.param_operand<index = 0 : i64>`: inside an attribute, the place of the op's 0th parameter operand."""

    name = "transform.param_operand"
    index: IntegerAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            parser.parse_keyword("index")
            parser.parse_punctuation("=")
            return (parser.parse_attribute(),)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string("index = ")
            printer.print_attribute(self.index)


@dataclass(frozen=True)
class Kind(AttrConstraint[Attribute]):
    """One of some classes of types, called by `words` where it is not."""

    classes: tuple[type[Attribute], ...]
    words: str

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not isinstance(attr, self.classes):
            raise VerifyException(f"type is {attr}, expected {self.words}")

    def mapping_type_vars(self, type_var_mapping: object) -> AttrConstraint[Attribute]:
        return self


@dataclass(frozen=True)
class HandleTo(AttrConstraint[Attribute]):
    """A handle to payload ops of just this name: upstream asks for a transform.cast from any other."""

    operation: str

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not (isinstance(attr, OperationType) and attr.operation.data == self.operation):
            raise VerifyException(f'type is {attr}, expected !transform.op<"{self.operation}"> (transform.cast gives it)')

    def mapping_type_vars(self, type_var_mapping: object) -> AttrConstraint[Attribute]:
        return self


OPS = Kind((OpHandleType,), "a handle to operations")
VALUES = Kind((ValueHandleType,), "a handle to values")
PARAM = Kind((ParamHandleType,), "a parameter")
ANY = Kind((HandleType,), "a handle or a parameter")
OPS_OR_VALUES = Kind((OpHandleType, ValueHandleType), "a handle")
OPS_OR_PARAM = Kind((OpHandleType, ValueHandleType, ParamHandleType), "a handle or a parameter")

ANY_OP = AnyOpType()
ANY_VALUE = AnyValueType()

TYPES = [AnyOpType, OperationType, AnyValueType, AnyParamType, ParamType, TypeParamType, AffineMapParamType]
