"""Ops of a transform script that only move handles and parameters about, or report: they leave the payload as it is."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import I64, BoolAttr, IntegerAttr, StringAttr, UnitAttr
from xdsl.ir import Attribute
from xdsl.irdl import (
    AnyAttr,
    ParsePropInAttrDict,
    VarConstraint,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, spell, transform_op
from .syntax import parse_operands, parse_types_of, print_attributes
from .types import ANY, OPS, PARAM

_TRUE = BoolAttr.from_bool(True)


@transform_op
class SplitHandleOp(TransformOp):
    """Give each payload op of a handle a handle of its own. The operand stays valid.

    Example  %a, %b = transform.split_handle %h : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    Errors   overflow_result (the result that takes what is too many) names a result that there is not
    """

    name = "transform.split_handle"
    RESULTS: ClassVar = {"parts": "the i-th payload of the operand; of the overflow result also all that is left"}
    handle = operand_def(ANY)
    pass_through_empty_handle = prop_def(BoolAttr, default_value=_TRUE)
    fail_on_payload_too_small = prop_def(BoolAttr, default_value=_TRUE)
    overflow_result = opt_prop_def(IntegerAttr[I64])
    parts = var_result_def(ANY)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$handle attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        if self.overflow_result is None:
            return
        number = self.overflow_result.value.data
        if not 0 <= number < len(self.parts):
            raise VerifyException(f"overflow_result is {number}, expected one of the {len(self.parts)} results")


@transform_op
class MergeHandlesOp(TransformOp):
    """One handle to what all of several point to, in their order. The operands stay valid.

    Example  %h = transform.merge_handles deduplicate %a, %b : !transform.any_op
    Errors   operands of different types; no operands
    """

    name = "transform.merge_handles"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"result": "the payloads of the operands, one after the other"}
    T: ClassVar = VarConstraint("T", ANY)
    handles = var_operand_def(T)
    deduplicate = opt_prop_def(UnitAttr)
    result = result_def(T)

    def verify_(self) -> None:
        if not self.handles:
            raise VerifyException("found no operands, expected at least one handle")

    @classmethod
    def parse(cls, parser: Parser) -> MergeHandlesOp:
        properties: dict[str, Attribute] = {}
        if parser.parse_optional_keyword("deduplicate"):
            properties["deduplicate"] = UnitAttr()
        start, operands = parser.pos, parse_operands(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type_ = parser.parse_type()
        values = parser.resolve_operands(operands, [type_] * len(operands), start)
        return cls.build(operands=[values], result_types=[type_], properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        printer.print_string(" deduplicate " if self.deduplicate is not None else " ")
        printer.print_list(self.handles, printer.print_ssa_value)
        print_attributes(printer, self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)


@transform_op
class CastOp(TransformOp):
    """The same payload by a handle of another type; what is not of that type is a silenceable failure.

    Example  %l = transform.cast %h : !transform.any_op to !transform.op<"scf.for">
    """

    name = "transform.cast"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"output": "the payload of the operand"}
    input = operand_def(OPS)
    output = result_def(OPS)
    SYNTAX: ClassVar = "$input attr-dict `:` type($input) `to` type($output)"


@transform_op
class ParamConstantOp(TransformOp):
    """A parameter that is written down. Example: %p = transform.param.constant 4 : i64 -> !transform.param<i64>"""

    name = "transform.param.constant"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"param": "the one attribute"}
    value = prop_def(AnyAttr())
    param = result_def(PARAM)
    SYNTAX: ClassVar = "$value attr-dict `->` type($param)"


@transform_op
class NumAssociationsOp(TransformOp):
    """How many payload ops, values or attributes. Example: %n = transform.num_associations %h : (!transform.any_op) -> .."""

    name = "transform.num_associations"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"num": "one number"}
    handle = operand_def(ANY)
    num = result_def(PARAM)
    SYNTAX: ClassVar = "$handle attr-dict `:` functional-type(operands, results)"


@transform_op
class SelectOp(TransformOp):
    """Those payload ops that have a name. Example: %g = transform.select "linalg.generic" in %h : .."""

    name = "transform.select"
    RESULTS: ClassVar = {"result": "the payload ops of that name, order kept"}
    op_name = prop_def(StringAttr)
    target = operand_def(OPS)
    result = result_def(OPS)
    SYNTAX: ClassVar = "$op_name `in` $target attr-dict `:` functional-type(operands, results)"


@transform_op
class ReplicateOp(TransformOp):
    """Repeat payloads as often as `pattern` has payload ops.

    Example  %r = transform.replicate num(%ops) %p : !transform.any_op, !transform.param<i64>
    """

    name = "transform.replicate"
    RESULTS: ClassVar = {"replicated": "the payload of each operand, repeated"}
    pattern = operand_def(OPS)
    handles = var_operand_def(ANY)
    replicated = var_result_def(ANY)

    def verify_(self) -> None:
        if self.handles.types != self.replicated.types:
            raise VerifyException(f"result types are {spell(self.replicated.types)}, expected {spell(self.handles.types)}")

    @classmethod
    def parse(cls, parser: Parser) -> ReplicateOp:
        start = parser.pos
        parser.parse_keyword("num")
        with parser.in_parens():
            pattern = parser.parse_unresolved_operand()
        operands = parse_operands(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        values = parse_types_of(parser, [pattern, *operands], start)
        types = [value.type for value in values[1:]]
        return cls.build(operands=[values[0], values[1:]], result_types=[types], attributes=attributes)

    def print(self, printer: Printer) -> None:
        printer.print_string(" num(")
        printer.print_ssa_value(self.pattern)
        printer.print_string(") ")
        printer.print_list(self.handles, printer.print_ssa_value)
        print_attributes(printer, self.attributes)
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)


@transform_op
class PrintOp(TransformOp):
    """Print payload ops, or without a handle the whole payload. Example: transform.print %h {name = "here"} : .."""

    name = "transform.print"
    MATCHES: ClassVar = True
    target = opt_operand_def(OPS)
    assume_verified = opt_prop_def(UnitAttr)
    print_name = opt_prop_def(StringAttr, prop_name="name")
    skip_regions = opt_prop_def(UnitAttr)
    use_local_scope = opt_prop_def(UnitAttr)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "($target^)? attr-dict (`:` type($target)^)?"


@transform_op
class VerifyOp(TransformOp):
    """Verify payload ops; what does not verify is a definite failure. Example: transform.verify %h : !transform.any_op"""

    name = "transform.verify"
    EACH: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` type($target)"


@transform_op
class AnnotateOp(TransformOp):
    """Give payload ops a discardable attribute: a unit, or the parameter's value.

    Example  transform.annotate %h "tag" = %p : !transform.any_op, !transform.param<i64>
    """

    name = "transform.annotate"
    MODIFIES: ClassVar = True
    target = operand_def(OPS)
    attribute_name = prop_def(StringAttr, prop_name="name")
    param = opt_operand_def(PARAM)
    SYNTAX: ClassVar = "$target $name attr-dict (`=` $param^)? `:` type($target) (`,` type($param)^)?"


OPERATIONS = [
    SplitHandleOp,
    MergeHandlesOp,
    CastOp,
    ParamConstantOp,
    NumAssociationsOp,
    SelectOp,
    ReplicateOp,
    PrintOp,
    VerifyOp,
    AnnotateOp,
]
