"""Sequences inside sequences: a call of a named one, and the older unnamed one with a failure mode of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    I32,
    ArrayAttr,
    DictionaryAttr,
    IntegerAttr,
    SymbolRefAttr,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, check_yields, spell, transform_op
from .sequences import (
    CONSUMED,
    READONLY,
    NamedSequenceOp,
    YieldOp,
    body_modifies,
    check_failures,
    consumed_arguments,
    expect_sequence,
    lookup,
    parse_failures,
    print_failures,
)
from .syntax import (
    parse_body,
    parse_functional_type,
    parse_operands,
    parse_types_of,
    print_attributes,
    print_body,
    print_functional_type,
    print_result_types,
    resolve,
)
from .types import ANY, OPS


@transform_op
class SequenceOp(TransformOp):
    """The older form of a script, and a part of a script with a failure mode of its own.

    Example  transform.sequence failures(propagate) { ^bb0(%root: !transform.any_op): .. }
    Errors   body arguments that are not the operands; yields of other types
    """

    name = "transform.sequence"
    RESULTS: ClassVar = {"results_": "what the body yields"}
    failure_propagation_mode = prop_def(IntegerAttr[I32])
    root = opt_operand_def(OPS)
    extra_bindings = var_operand_def(ANY)
    results_ = var_result_def(OPS)
    body = region_def("single_block")
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def consumed_operands(self) -> tuple[int, ...]:
        return tuple(sorted(consumed_arguments(self.body.block)))

    def modifies_payload(self) -> bool:
        return body_modifies(self.body)

    def verify_(self) -> None:
        check_failures(self.failure_propagation_mode)
        found = self.body.block.arg_types
        if not found or (self.operands and tuple(found) != tuple(self.operand_types)):
            want = spell(self.operand_types) if self.operands else "at least the root"
            raise VerifyException(f"body takes {spell(found)}, expected {want}")
        check_yields(self, self.body, "body", self.results_.types)

    @classmethod
    def parse(cls, parser: Parser) -> SequenceOp:
        start, operands = parser.pos, parse_operands(parser)
        results: Sequence[Attribute] = ()
        values: list[SSAValue] = []
        if operands:
            parser.parse_punctuation(":")
            if parser.parse_optional_punctuation("("):
                types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
                parser.parse_punctuation(")")
                values = resolve(parser, operands, types, start)
            else:
                values = parse_types_of(parser, operands, start)
        if parser.parse_optional_punctuation("->"):
            found = parser.parse_optional_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_type)
            results = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type) if found is None else found
        parser.parse_keyword("failures")
        mode = parse_failures(parser)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        body = parse_body(parser, YieldOp)
        return cls.build(
            operands=[values[:1] or None, values[1:]],
            result_types=[results],
            properties={"failure_propagation_mode": mode},
            attributes={} if attributes is None else dict(attributes.data),
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        if self.operands:
            printer.print_string(" ")
            printer.print_list(self.operands, printer.print_ssa_value)
            printer.print_string(" : ")
            print_result_types(printer, self.operand_types)
        if self.results_:
            printer.print_string(" -> ")
            printer.print_list(self.results_.types, printer.print_attribute)
        print_failures(printer, self.failure_propagation_mode)
        print_attributes(printer, self.attributes, print_keyword=True)
        print_body(printer, self.body)


@transform_op
class IncludeOp(TransformOp):
    """Run a named sequence here.

    Example  %r = transform.include @sub failures(propagate) (%a, %n) : (!transform.any_op, !transform.param<i64>) -> ..
    Errors   no such named sequence; operands or results of other types; no mark on an argument of the callee
    """

    name = "transform.include"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"results_": "what the named sequence yields"}
    target = prop_def(SymbolRefAttr)
    failure_propagation_mode = prop_def(IntegerAttr[I32])
    arg_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    res_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    arguments = var_operand_def(ANY)
    results_ = var_result_def(ANY)

    @property
    def callee(self) -> NamedSequenceOp | None:
        return lookup(self, self.target)

    def consumed_operands(self) -> tuple[int, ...]:
        callee = self.callee
        return () if callee is None else tuple(sorted(callee.consumed_parameters()))

    def modifies_payload(self) -> bool:
        callee = self.callee
        return callee is None or callee.is_declaration or body_modifies(callee.body)

    def verify_(self) -> None:
        check_failures(self.failure_propagation_mode)
        callee = expect_sequence(self, self.target)
        inputs, outputs = callee.function_type.inputs.data, callee.function_type.outputs.data
        if self.arguments.types != inputs:
            raise VerifyException(f"operands are {spell(self.arguments.types)}, expected {spell(inputs)} as {self.target} has")
        if self.results_.types != outputs:
            raise VerifyException(f"results are {spell(self.results_.types)}, expected {spell(outputs)} as {self.target} has")
        for number, mark in enumerate(callee.argument_effects()):
            if mark is None:
                raise VerifyException(
                    f"argument {number} of {self.target} has no mark, expected {{{CONSUMED}}} or {{{READONLY}}} as it is called"
                )

    @classmethod
    def parse(cls, parser: Parser) -> IncludeOp:
        target = parser.parse_attribute()
        parser.parse_keyword("failures")
        mode = parse_failures(parser)
        start = parser.pos
        operands = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        inputs, outputs = parse_functional_type(parser)
        properties = {name: attributes.pop(name) for name in ("arg_attrs", "res_attrs") if name in attributes}
        return cls.build(
            operands=[resolve(parser, operands, inputs, start)],
            result_types=[outputs],
            properties={"target": target, "failure_propagation_mode": mode, **properties},
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_attribute(self.target)
        print_failures(printer, self.failure_propagation_mode)
        printer.print_string(" ")
        with printer.in_parens():
            printer.print_list(self.arguments, printer.print_ssa_value)
        marks = {name: value for name, value in self.properties.items() if name in ("arg_attrs", "res_attrs")}
        print_attributes(printer, self.attributes | marks)
        print_functional_type(printer, self.arguments.types, self.results_.types)


OPERATIONS = [SequenceOp, IncludeOp]
