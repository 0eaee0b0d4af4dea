"""The structure of a transform script: named sequences, and what their arguments are for."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    I32,
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i32,
)
from xdsl.dialects.func import FuncOpCallableInterface
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.irdl import (
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, spell, transform_op
from .syntax import (
    print_attributes,
)
from .types import ANY, HandleType

FAILURES = ("", "propagate", "suppress")
"""How an op with a body takes a silenceable failure inside: hand it on, or go on as if nothing was."""

CONSUMED, READONLY = "transform.consumed", "transform.readonly"
WITH_NAMED_SEQUENCE = "transform.with_named_sequence"


def failures_attr(word: str) -> IntegerAttr[I32]:
    return IntegerAttr(FAILURES.index(word), i32)


def parse_failures(parser: Parser) -> IntegerAttr[I32]:
    """`(propagate)` or `(suppress)`; the word `failures` has been read."""
    with parser.in_parens():
        start = parser.pos
        word = parser.parse_identifier()
        if word not in FAILURES:
            parser.raise_error(f"found `{word}`, expected propagate or suppress", start, parser.pos)
    return failures_attr(word)


def print_failures(printer: Printer, mode: IntegerAttr[I32]) -> None:
    printer.print_string(f" failures({FAILURES[mode.value.data]})")


def check_failures(mode: IntegerAttr[I32]) -> None:
    if mode.value.data not in (1, 2):
        raise VerifyException(f"failure_propagation_mode is {mode.value.data}, expected 1 (propagate) or 2 (suppress)")


def consumed_arguments(block: Block) -> set[int]:
    """The numbers of the arguments of a block that an op inside consumes."""
    found: set[int] = set()
    for op in block.walk():
        if isinstance(op, TransformOp):
            for number in op.consumed_operands():
                value = op.operands[number]
                if isinstance(value, BlockArgument) and value.block is block:
                    found.add(value.index)
    return found


def body_modifies(region: Region) -> bool:
    """Whether an op of a body may change the payload."""
    return any(isinstance(op, TransformOp) and op.modifies_payload() for block in region.blocks for op in block.ops)


@transform_op
class YieldOp(TransformOp):
    """End a body and give its results. Example: transform.yield %h : !transform.any_op"""

    name = "transform.yield"
    arguments = var_operand_def(ANY)
    traits = traits_def(IsTerminator())
    SYNTAX: ClassVar = "($arguments^)? attr-dict (`:` type($arguments)^)?"

    def __init__(self, *arguments: SSAValue):
        super().__init__(operands=[arguments])


@transform_op
class NamedSequenceOp(TransformOp):
    """A script, or a part of one that others include. `@__transform_main` is where an interpreter begins.

    Example  transform.named_sequence @tile(%f: !transform.any_op {transform.readonly}) { .. transform.yield }
    Errors   its module lacks {transform.with_named_sequence}; yields of other types; no {transform.consumed} or
             {transform.readonly} on an argument of a declaration; an argument that is called read-only and is consumed inside
    """

    name = "transform.named_sequence"
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    sym_visibility = opt_prop_def(StringAttr)
    arg_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    res_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    body = region_def()
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface(), FuncOpCallableInterface())

    @property
    def is_declaration(self) -> bool:
        return not self.body.blocks

    def argument_effects(self) -> list[bool | None]:
        """For each argument whether it is marked consumed (True), read-only (False) or not at all (None)."""
        if self.arg_attrs is None:
            return [None] * len(self.function_type.inputs)
        return [True if CONSUMED in mark.data else False if READONLY in mark.data else None for mark in self.arg_attrs]

    def consumed_parameters(self) -> set[int]:
        """The arguments that a call consumes: those marked so, and where nothing is marked those that the body consumes."""
        inside: set[int] = set() if self.is_declaration else consumed_arguments(self.body.block)
        marks = self.argument_effects()
        return {number for number, mark in enumerate(marks) if mark or (mark is None and number in inside)}

    def verify_(self) -> None:
        name = self.sym_name.data
        table = self.parent_op()
        if table is not None and WITH_NAMED_SEQUENCE not in table.attributes:
            raise VerifyException(f"@{name} stands in {table.name} without {{{WITH_NAMED_SEQUENCE}}}, expected it there")
        inputs, outputs = self.function_type.inputs.data, self.function_type.outputs.data
        for number, type_ in enumerate((*inputs, *outputs)):
            if not isinstance(type_, HandleType):
                what = f"argument {number}" if number < len(inputs) else f"result {number - len(inputs)}"
                raise VerifyException(f"{what} of @{name} is {type_}, expected a handle or a parameter")
        marks = self.arg_attrs
        if marks is not None and len(marks) != len(inputs):
            raise VerifyException(f"@{name} has {len(marks)} argument attributes, expected {len(inputs)}")
        for number, mark in enumerate(marks or ()):
            if CONSUMED in mark.data and READONLY in mark.data:
                raise VerifyException(f"argument {number} of @{name} is marked both consumed and readonly, expected one")
        if self.is_declaration:
            if None in self.argument_effects():
                raise VerifyException(f"an argument of declaration @{name} is neither {CONSUMED} nor {READONLY}, expected one")
            return
        if len(self.body.blocks) != 1:
            raise VerifyException(f"body of @{name} has {len(self.body.blocks)} blocks, expected 1")
        if tuple(self.body.block.arg_types) != inputs:
            raise VerifyException(f"body of @{name} takes {spell(self.body.block.arg_types)}, expected {spell(inputs)}")
        if not isinstance(last := self.body.block.last_op, YieldOp):
            raise VerifyException(f"body of @{name} ends in {last and last.name}, expected transform.yield")
        if last.arguments.types != outputs:
            raise VerifyException(f"@{name} yields {spell(last.arguments.types)}, expected {spell(outputs)}")
        inside = consumed_arguments(self.body.block)
        for number, mark in enumerate(self.argument_effects()):
            if mark is False and number in inside:
                raise VerifyException(f"argument {number} of @{name} is marked readonly and consumed inside, expected consumed")

    @classmethod
    def parse(cls, parser: Parser) -> NamedSequenceOp:
        visibility = parser.parse_optional_visibility_keyword()
        name = parser.parse_symbol_name()
        arguments: list[Parser.Argument] = []
        types: list[Attribute] = []
        marks: list[DictionaryAttr] = []

        def argument() -> None:
            found = parser.parse_optional_argument()
            if found is not None:
                arguments.append(found)
            types.append(parser.parse_type() if found is None else found.type)
            marks.append(DictionaryAttr(parser.parse_optional_dictionary_attr_dict()))
            parser.parse_optional_location()

        start = parser.pos
        parser.parse_comma_separated_list(Parser.Delimiter.PAREN, argument)
        if arguments and len(arguments) != len(types):
            parser.raise_error("found arguments with and without names, expected one or the other", start, parser.pos)
        results: list[Attribute] = []
        result_marks: list[DictionaryAttr] = []

        def result() -> None:
            results.append(parser.parse_type())
            result_marks.append(DictionaryAttr(parser.parse_optional_dictionary_attr_dict()))

        if (
            parser.parse_optional_punctuation("->")
            and parser.parse_optional_comma_separated_list(Parser.Delimiter.PAREN, result) is None
        ):
            results.append(parser.parse_type())
            result_marks.append(DictionaryAttr({}))
        attributes = parser.parse_optional_attr_dict_with_keyword(("sym_name", "function_type", "sym_visibility"))
        body = parser.parse_optional_region(arguments)
        properties: dict[str, Attribute] = {"sym_name": name, "function_type": FunctionType.from_lists(types, results)}
        if visibility is not None:
            properties["sym_visibility"] = visibility
        if any(mark.data for mark in marks):
            properties["arg_attrs"] = ArrayAttr(marks)
        if any(mark.data for mark in result_marks):
            properties["res_attrs"] = ArrayAttr(result_marks)
        return cls.create(
            properties=properties,
            attributes={} if attributes is None else dict(attributes.data),
            regions=[Region() if body is None else body],
        )

    def print(self, printer: Printer) -> None:
        if self.sym_visibility is not None:
            printer.print_string(f" {self.sym_visibility.data}")
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        inputs, outputs = self.function_type.inputs.data, self.function_type.outputs.data
        marks = self.arg_attrs.data if self.arg_attrs is not None else (DictionaryAttr({}),) * len(inputs)

        def argument(number: int) -> None:
            if self.is_declaration:
                printer.print_attribute(inputs[number])
            else:
                printer.print_block_argument(self.body.block.args[number])
            print_attributes(printer, marks[number].data)

        with printer.in_parens():
            printer.print_list(range(len(inputs)), argument)
        if outputs:
            result_marks = self.res_attrs.data if self.res_attrs is not None else (DictionaryAttr({}),) * len(outputs)

            def result(number: int) -> None:
                printer.print_attribute(outputs[number])
                print_attributes(printer, result_marks[number].data)

            printer.print_string(" -> ")
            if len(outputs) == 1 and self.res_attrs is None:
                result(0)
            else:
                with printer.in_parens():
                    printer.print_list(range(len(outputs)), result)
        print_attributes(printer, self.attributes, print_keyword=True)
        if not self.is_declaration:
            printer.print_string(" ")
            printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)


def lookup(op: Operation, target: SymbolRefAttr) -> NamedSequenceOp | None:
    """The named sequence of that name that `op` sees; None where there is none."""
    if op.parent_op() is None:
        return None
    found = SymbolTable.lookup_symbol(op, target)
    return found if isinstance(found, NamedSequenceOp) else None


def expect_sequence(op: Operation, target: SymbolRefAttr) -> NamedSequenceOp:
    found = lookup(op, target)
    if found is None:
        raise VerifyException(f"found no named sequence {target}, expected one in the module")
    return found


OPERATIONS = [NamedSequenceOp, YieldOp]
