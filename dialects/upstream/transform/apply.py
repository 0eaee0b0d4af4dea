"""Transforms that run something known over a piece of payload: sets of patterns, CSE, code motion, registered passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from xdsl.dialects.builtin import I64, ArrayAttr, DictionaryAttr, IntegerAttr, StringAttr, UnitAttr
from xdsl.ir import Attribute, Block
from xdsl.irdl import operand_def, opt_prop_def, prop_def, region_def, result_def, traits_def, var_operand_def
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import NoTerminator
from xdsl.utils.exceptions import VerifyException

from .base import FunctionalOp, TransformOp, int_prop, transform_op
from .patterns import PatternOp
from .syntax import parse_functional_type, parse_words, print_attributes, print_functional_type, print_words, resolve
from .types import OPS, PARAM, ParamOperandAttr


@transform_op
class ApplyPatternsOp(TransformOp):
    """Apply sets of patterns until nothing changes; handles follow what is replaced by an op of the same kind.

    Example  transform.apply_patterns to %f { transform.apply_patterns.canonicalization } : !transform.any_op
    Errors   an op in the region that names no patterns
    """

    name = "transform.apply_patterns"
    MODIFIES: ClassVar = True
    EACH: ClassVar = True
    target = operand_def(OPS)
    apply_cse = opt_prop_def(UnitAttr)
    max_iterations = prop_def(IntegerAttr[I64], default_value=int_prop(-1))
    max_num_rewrites = prop_def(IntegerAttr[I64], default_value=int_prop(-1))
    patterns = region_def("single_block")
    traits = traits_def(NoTerminator())

    def verify_(self) -> None:
        for op in self.patterns.block.ops:
            if not isinstance(op, PatternOp):
                raise VerifyException(f"region has {op.name}, expected only transform.apply_patterns.*")

    @classmethod
    def parse(cls, parser: Parser) -> ApplyPatternsOp:
        start = parser.pos
        parser.parse_keyword("to")
        target = parser.parse_unresolved_operand()
        region = parser.parse_region()
        if not region.blocks:
            region.add_block(Block())
        properties, attributes = parse_words(parser, cls)
        parser.parse_punctuation(":")
        values = resolve(parser, [target], [parser.parse_type()], start)
        return cls.build(operands=values, properties=properties, attributes=attributes, regions=[region])

    def print(self, printer: Printer) -> None:
        printer.print_string(" to ")
        printer.print_ssa_value(self.target)
        printer.print_string(" ")
        printer.print_region(self.patterns, print_empty_block=False)
        print_words(printer, self)
        printer.print_string(" : ")
        printer.print_attribute(self.target.type)


@transform_op
class ApplyCseOp(TransformOp):
    """Merge equal ops below the target. Example: transform.apply_cse to %f : !transform.any_op"""

    name = "transform.apply_cse"
    MODIFIES: ClassVar = True
    EACH: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "`to` $target attr-dict `:` type($target)"


@transform_op
class ApplyDceOp(TransformOp):
    """Remove dead ops below the target, also from handles. Example: transform.apply_dce to %f : !transform.any_op"""

    name = "transform.apply_dce"
    MODIFIES: ClassVar = True
    EACH: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "`to` $target attr-dict `:` type($target)"


@transform_op
class ApplyLicmOp(TransformOp):
    """Move what does not depend on a loop out of it. Example: transform.apply_licm to %loop : !transform.any_op"""

    name = "transform.apply_licm"
    MODIFIES: ClassVar = True
    EACH: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "`to` $target attr-dict `:` type($target)"


def parameters_in(value: Attribute) -> Iterator[ParamOperandAttr]:
    """The places for parameters in the options of a pass."""
    if isinstance(value, ParamOperandAttr):
        yield value
    elif isinstance(value, ArrayAttr):
        for inner in value.data:  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            yield from parameters_in(inner)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, DictionaryAttr):
        for inner in value.data.values():
            yield from parameters_in(inner)


@transform_op
class ApplyRegisteredPassOp(FunctionalOp):
    """Run a pass or pipeline by its name on each payload op. An option may be a parameter.

    Example  %c = transform.apply_registered_pass "canonicalize" with options = {"max-iterations" = %n} to %m : (A, P) -> A
    Errors   places for parameters that are not each of them, in order
    """

    name = "transform.apply_registered_pass"
    RESULTS: ClassVar = {"result": "the payload of the target"}
    target = operand_def(OPS)
    pass_name = prop_def(StringAttr)
    options = prop_def(DictionaryAttr, default_value=DictionaryAttr({}))
    dynamic_options = var_operand_def(PARAM)
    result = result_def(OPS)

    def verify_(self) -> None:
        found = [place.index.value.data for place in parameters_in(self.options)]
        want = list(range(len(self.dynamic_options)))
        if sorted(found) != want:
            raise VerifyException(f"options name the parameters {found}, expected each of {want} once")

    @classmethod
    def parse(cls, parser: Parser) -> ApplyRegisteredPassOp:
        start = parser.pos
        name = StringAttr(parser.parse_str_literal())
        parameters: list[UnresolvedOperand] = []

        def value() -> Attribute:
            parameter = parser.parse_optional_unresolved_operand()
            if parameter is not None:
                parameters.append(parameter)
                return ParamOperandAttr(int_prop(len(parameters) - 1))
            inner = parser.parse_optional_comma_separated_list(Parser.Delimiter.SQUARE, value)
            return parser.parse_attribute() if inner is None else ArrayAttr(inner)

        def option() -> tuple[str, Attribute]:
            key = parser.parse_optional_str_literal()
            if key is None:
                key = parser.parse_identifier()
            parser.parse_punctuation("=")
            return key, value()

        options: dict[str, Attribute] = {}
        if parser.parse_optional_keyword("with"):
            parser.parse_keyword("options")
            parser.parse_punctuation("=")
            options = dict(parser.parse_comma_separated_list(Parser.Delimiter.BRACES, option))
        parser.parse_keyword("to")
        target = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        inputs, outputs = parse_functional_type(parser)
        # the types stand in the order of the operands, target first, though the options are written before it
        values = resolve(parser, [target, *parameters], inputs, start)
        return cls.build(
            operands=[values[0], values[1:]],
            result_types=[outputs],
            properties={"pass_name": name, "options": DictionaryAttr(options)},
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_attribute(self.pass_name)

        def value(attribute: Attribute) -> None:
            if isinstance(attribute, ParamOperandAttr):
                printer.print_ssa_value(self.dynamic_options[attribute.index.value.data])
            elif isinstance(attribute, ArrayAttr):
                with printer.in_square_brackets():
                    printer.print_list(attribute.data, value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
            else:
                printer.print_attribute(attribute)

        def option(item: tuple[str, Attribute]) -> None:
            printer.print_string_literal(item[0])
            printer.print_string(" = ")
            value(item[1])

        if self.options.data:
            printer.print_string(" with options = ")
            with printer.in_braces():
                printer.print_list(self.options.data.items(), option)
        printer.print_string(" to ")
        printer.print_ssa_value(self.target)
        print_attributes(printer, self.attributes)
        print_functional_type(printer, self.operand_types, self.result_types)


OPERATIONS = [ApplyPatternsOp, ApplyCseOp, ApplyDceOp, ApplyLicmOp, ApplyRegisteredPassOp]
