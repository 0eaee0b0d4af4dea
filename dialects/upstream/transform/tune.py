"""Knobs, alternatives, and constraints between them: what makes one script a space of schedules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import ArrayAttr, IndexType, IntegerAttr, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    var_operand_def,
    var_region_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from .base import TransformOp, check_yields, spell, transform_op
from .control import print_bodies
from .sequences import YieldOp, body_modifies
from .syntax import parse_body, parse_functional_type, print_attributes, print_body, print_functional_type, resolve
from .types import ANY, PARAM, AffineMapParamType, TypeParamType


def _check_name(op: KnobOp | AlternativesOp) -> None:
    """Refuse a second knob of a name: an assignment of values to names could not tell them apart. Upstream takes both."""
    top: Operation = op
    while (above := top.parent_op()) is not None:
        top = above
    for other in top.walk():
        if other is op:
            return
        if isinstance(other, KnobOp | AlternativesOp) and other.knob_name == op.knob_name:
            raise VerifyException(f'a second knob is named "{op.knob_name.data}", expected each name once in a script')


@transform_op
class KnobOp(TransformOp):
    """A parameter to be chosen; where it has been, `selected` says so and nothing else changes.

    Example  %t = transform.tune.knob<"t"> = 32 : i64 from options = [8, 16, 32] -> !transform.param<i64>
    Errors   a selected value that is not among the options (of an array); a name that another knob has
    """

    name = "transform.tune.knob"
    RESULTS: ClassVar = {"result": "the selected value"}
    knob_name = prop_def(StringAttr, prop_name="name")
    options = prop_def(AnyAttr())
    selected = opt_prop_def(AnyAttr())
    result = result_def(PARAM)
    SYNTAX: ClassVar = "`<` $name `>` (`=` $selected^ `from`)? `options` `=` $options attr-dict `->` type($result)"

    def verify_(self) -> None:
        if isa(self.options, ArrayAttr[Attribute]) and self.selected is not None and self.selected not in self.options.data:
            raise VerifyException(f"selected is {self.selected}, expected one of {self.options}")
        _check_name(self)


@transform_op
class AlternativesOp(TransformOp):
    """One of several bodies, to be chosen: by the number of a region, or by a parameter that gives it.

    Example  %r = transform.tune.alternatives<"alt"> selected_region = 1 -> A { transform.yield %a : A }, { .. }
    Errors   no such region; yields of other types; regions with arguments; a name that another knob has
    """

    name = "transform.tune.alternatives"
    RESULTS: ClassVar = {"results_": "what the selected region yields"}
    knob_name = prop_def(StringAttr, prop_name="name")
    selected_region_attr = opt_prop_def(IntegerAttr)
    selected_region_param = opt_operand_def(PARAM)
    results_ = var_result_def(ANY)
    alternatives = var_region_def("single_block")

    def modifies_payload(self) -> bool:
        return any(body_modifies(region) for region in self.alternatives)

    def verify_(self) -> None:
        if self.selected_region_attr is not None:
            if self.selected_region_param is not None:
                raise VerifyException("found a number and a parameter for the selected region, expected one of them")
            number = self.selected_region_attr.value.data
            if not 0 <= number < len(self.alternatives):
                raise VerifyException(f"selected_region is {number}, expected one of the {len(self.alternatives)} regions")
        for number, region in enumerate(self.alternatives):
            if region.block.args:
                raise VerifyException(f"region {number} takes {spell(region.block.arg_types)}, expected ()")
            check_yields(self, region, f"region {number}", self.results_.types)
        _check_name(self)

    @classmethod
    def parse(cls, parser: Parser) -> AlternativesOp:
        start = parser.pos
        with parser.in_angle_brackets():
            properties: dict[str, Attribute] = {"name": StringAttr(parser.parse_str_literal())}
        selected = None
        if parser.parse_optional_keyword("selected_region"):
            parser.parse_punctuation("=")
            selected = parser.parse_optional_unresolved_operand()
            if selected is None:
                properties["selected_region_attr"] = IntegerAttr(parser.parse_integer(allow_boolean=False), IndexType())
        attributes = parser.parse_optional_attr_dict_with_keyword()
        values: list[SSAValue] = []
        if selected is not None:
            parser.parse_punctuation(":")
            values = resolve(parser, [selected], [parser.parse_type()], start)
        results: Sequence[Attribute] = ()
        if parser.parse_optional_punctuation("->"):
            results = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
        regions = parser.parse_comma_separated_list(Parser.Delimiter.NONE, lambda: parse_body(parser, YieldOp))
        return cls.build(
            operands=[values],
            result_types=[results],
            properties=properties,
            attributes={} if attributes is None else dict(attributes.data),
            regions=[regions],
        )

    def print(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_attribute(self.knob_name)
        if self.selected_region_attr is not None:
            printer.print_string(f" selected_region = {self.selected_region_attr.value.data}")
        elif self.selected_region_param is not None:
            printer.print_string(" selected_region = ")
            printer.print_ssa_value(self.selected_region_param)
        print_attributes(printer, self.attributes, print_keyword=True)
        if self.selected_region_param is not None:
            printer.print_string(" : ")
            printer.print_attribute(self.selected_region_param.type)
        if self.results_:
            printer.print_string(" -> ")
            printer.print_list(self.results_.types, printer.print_attribute)
        print_bodies(printer, self.alternatives)


@transform_op
class ConstrainParamsOp(TransformOp):
    """What has to hold between parameters, said in the smt dialect; upstream reads it and does not check it.

    Example  transform.smt.constrain_params(%a) : (P) -> () { ^bb0(%x: !smt.int): .. smt.assert %even }
    Errors   body arguments of another count, or of types that are no smt type; yields of another count
    """

    name = "transform.smt.constrain_params"
    RESULTS: ClassVar = {"results_": "values that the constraints leave for what is yielded"}
    params = var_operand_def(PARAM)
    results_ = var_result_def(PARAM)
    body = region_def("single_block")

    def verify_(self) -> None:
        arguments = self.body.block.arg_types
        if len(arguments) != len(self.params):
            raise VerifyException(f"body takes {len(arguments)} values, expected {len(self.params)}, one for each parameter")
        for number, type_ in enumerate(arguments):
            if not type_.name.startswith("smt."):
                raise VerifyException(f"body argument {number} is {type_}, expected a type of smt such as !smt.int")
        for number, type_ in enumerate((*self.params.types, *self.results_.types)):
            if isinstance(type_, TypeParamType | AffineMapParamType):
                raise VerifyException(f"parameter {number} is {type_}, expected integers")
        last = self.body.block.last_op
        if last is None or last.name != "smt.yield":
            raise VerifyException(f"body ends in {last and last.name}, expected smt.yield")
        if len(last.operands) != len(self.results_):
            raise VerifyException(f"body yields {len(last.operands)} values, expected {len(self.results_)}")

    @classmethod
    def parse(cls, parser: Parser) -> ConstrainParamsOp:
        start = parser.pos
        operands = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        inputs, outputs = parse_functional_type(parser)
        values = resolve(parser, operands, inputs, start)
        body = parse_body(parser, lambda: parser.ctx.get_op("smt.yield").create())
        return cls.build(operands=[values], result_types=[outputs], attributes=attributes, regions=[body])

    def print(self, printer: Printer) -> None:
        with printer.in_parens():
            printer.print_list(self.params, printer.print_ssa_value)
        print_attributes(printer, self.attributes)
        print_functional_type(printer, self.params.types, self.results_.types)
        print_body(printer, self.body)


OPERATIONS = [KnobOp, AlternativesOp, ConstrainParamsOp]
