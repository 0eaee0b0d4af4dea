"""Pieces of upstream's assembly that xDSL's declarative formats lack, as directives for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    TypeDirective,
    VariadicOperandVariable,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer

from .base import TransformOp
from .syntax import parse_scalable_sizes, parse_sizes, print_result_types, print_scalable_sizes, print_sizes


def _dense(array: Attribute | None) -> DenseArrayBase[IntegerType] | None:
    return cast("DenseArrayBase[IntegerType] | None", array)


@irdl_custom_directive
class Sizes(CustomDirective):
    """`[8, %p]`, which may be absent as a whole."""

    dynamic: VariadicOperandVariable
    static: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        dynamic, static = parse_sizes(parser)
        self.dynamic.set(state, dynamic)
        self.static.set(state, static)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        print_sizes(printer, self.dynamic.get(op), _dense(self.static.get(op)))

    def set_empty(self, state: ParsingState) -> None:
        self.dynamic.set(state, ())

    def is_present(self, op: IRDLOperation) -> bool:
        static = _dense(self.static.get(op))
        return static is not None and len(static) > 0

    def is_anchorable(self) -> bool:
        return True


@irdl_custom_directive
class ScalableSizes(CustomDirective):
    """`[8, %p, [4]]`"""

    dynamic: VariadicOperandVariable
    static: AttributeVariable
    scalable: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        dynamic, static, scalable = parse_scalable_sizes(parser)
        self.dynamic.set(state, dynamic)
        self.static.set(state, static)
        self.scalable.set(state, scalable)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        print_scalable_sizes(printer, self.dynamic.get(op), _dense(self.static.get(op)), _dense(self.scalable.get(op)))


@irdl_custom_directive
class Word(CustomDirective):
    """An enum, kept as its number: the word bare, or as upstream prints it in quotes where it is no identifier."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        words = state.op_type.ENUMS[self.value.name] if issubclass(state.op_type, TransformOp) else ()
        start = parser.pos
        found = parser.parse_optional_str_literal()
        if found is None:
            found = parser.parse_identifier()
        if found not in words:
            choices = ", ".join(word for word in words if word)
            parser.raise_error(f"found `{found}`, expected one of {choices}", start, parser.pos)
        self.value.set(state, IntegerAttr(words.index(found), i32))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        assert isinstance(op, TransformOp)
        number = self.value.get(op)
        assert isinstance(number, IntegerAttr)
        word = op.ENUMS[self.value.name][number.value.data]
        printer.print_string(word if word.replace("_", "").isalnum() else f'"{word}"')

    def is_present(self, op: IRDLOperation) -> bool:
        return self.value.is_present(op)

    def is_anchorable(self) -> bool:
        return True


@irdl_custom_directive
class Positions(CustomDirective):
    """`all`, `0, 2`, or `except(0, -1)`: some of an op's operands, results or dims."""

    numbers: AttributeVariable
    inverted: AttributeVariable
    all: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        def number() -> int:
            return parser.parse_integer(allow_boolean=False)

        numbers: Sequence[int] = ()
        if parser.parse_optional_keyword("all"):
            self.all.set(state, UnitAttr())
        elif parser.parse_optional_keyword("except"):
            self.inverted.set(state, UnitAttr())
            numbers = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, number)
        else:
            numbers = parser.parse_comma_separated_list(Parser.Delimiter.NONE, number)
        self.numbers.set(state, DenseArrayBase.from_list(i64, numbers))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        array = _dense(self.numbers.get(op))
        assert array is not None
        text = ", ".join(str(number) for number in array.get_values())
        if self.all.get(op) is not None:
            text = "all"
        elif self.inverted.get(op) is not None:
            text = f"except({text})"
        printer.print_string(text)
        state.last_was_punctuation = False
        state.should_emit_space = True


@irdl_custom_directive
class SemiFunctionalType(CustomDirective):
    """`A` where there are no results, else `(A) -> B`."""

    target: TypeDirective
    results: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        if parser.parse_optional_punctuation("(") is None:
            self.target.parse(parser, state)
            self.results.inner.set_types(state, ())
            return
        self.target.parse(parser, state)
        parser.parse_punctuation(")")
        parser.parse_punctuation("->")
        results = parser.parse_optional_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_type)
        self.results.inner.set_types(state, [parser.parse_type()] if results is None else results)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        results = self.results.get(op)
        if not results:
            printer.print_list(self.target.get(op), printer.print_attribute)
            return
        with printer.in_parens():
            printer.print_list(self.target.get(op), printer.print_attribute)
        printer.print_string(" -> ")
        print_result_types(printer, results)
