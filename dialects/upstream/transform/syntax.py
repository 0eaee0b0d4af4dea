"""Pieces of upstream's assembly that xDSL's declarative formats lack, for parsers by hand; `directives` has the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    IntegerType,
    i1,
    i64,
)
from xdsl.dialects.utils import parse_dynamic_index_list_without_types, print_dynamic_index_list
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer

from .base import TransformOp


def parse_functional_type(parser: Parser) -> tuple[Sequence[Attribute], Sequence[Attribute]]:
    """`: (A, B) -> (C, D)`"""
    parser.parse_punctuation(":")
    type_ = parser.parse_function_type()
    return type_.inputs.data, type_.outputs.data


def print_functional_type(printer: Printer, inputs: Sequence[Attribute], outputs: Sequence[Attribute]) -> None:
    printer.print_string(" : ")
    with printer.in_parens():
        printer.print_list(inputs, printer.print_attribute)
    printer.print_string(" -> ")
    print_result_types(printer, outputs)


def print_result_types(printer: Printer, types: Sequence[Attribute]) -> None:
    """`A`, or in parentheses where there is not exactly one."""
    if len(types) == 1:
        printer.print_attribute(types[0])
        return
    with printer.in_parens():
        printer.print_list(types, printer.print_attribute)


def parse_semi_functional_type(parser: Parser) -> tuple[Attribute, Sequence[Attribute]]:
    """`: A` where there are no results, else `: (A) -> B`."""
    parser.parse_punctuation(":")
    if parser.parse_optional_punctuation("(") is None:
        return parser.parse_type(), ()
    input_ = parser.parse_type()
    parser.parse_punctuation(")")
    parser.parse_punctuation("->")
    results = parser.parse_optional_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_type)
    return input_, [parser.parse_type()] if results is None else results


def print_semi_functional_type(printer: Printer, input_: Attribute, results: Sequence[Attribute]) -> None:
    if results:
        print_functional_type(printer, [input_], results)
        return
    printer.print_string(" : ")
    printer.print_attribute(input_)


def resolve(parser: Parser, operands: Sequence[UnresolvedOperand], types: Sequence[Attribute], start: int) -> list[SSAValue]:
    """The values of the operands, which are all that the types are for."""
    if len(operands) != len(types):
        parser.raise_error(f"{len(types)} operand types, expected {len(operands)}", start, parser.pos)
    return list(parser.resolve_operands(operands, types, start))


def parse_types_of(parser: Parser, operands: Sequence[UnresolvedOperand], start: int) -> list[SSAValue]:
    """`A, B`, the types of the operands."""
    types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type) if operands else []
    return resolve(parser, operands, types, start)


def parse_operands(parser: Parser) -> list[UnresolvedOperand]:
    found = parser.parse_optional_undelimited_comma_separated_list(
        parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
    )
    return list(found or ())


def parse_clauses(parser: Parser, clauses: dict[str, Callable[[], None]]) -> None:
    """Clauses that each begin with a word of their own, in any order, each at most once."""
    done: set[str] = set()
    while True:
        start = parser.pos
        word = next((word for word in clauses if parser.parse_optional_keyword(word) is not None), None)
        if word is None:
            return
        if word in done:
            parser.raise_error(f"`{word}` is given twice, expected once", start, parser.pos)
        done.add(word)
        clauses[word]()


def parse_sizes(parser: Parser) -> tuple[list[UnresolvedOperand], DenseArrayBase[IntegerType]]:
    """`[8, %p]`: the values, and the numbers with a marker for each value."""
    dynamic, static = parse_dynamic_index_list_without_types(parser, DYNAMIC_INDEX)
    return list(dynamic), DenseArrayBase.from_list(i64, static)


def print_sizes(printer: Printer, dynamic: Sequence[SSAValue], static: DenseArrayBase[IntegerType] | None) -> None:
    print_dynamic_index_list(printer, DYNAMIC_INDEX, dynamic, () if static is None else static.get_values())


def parse_scalable_sizes(
    parser: Parser,
) -> tuple[list[UnresolvedOperand], DenseArrayBase[IntegerType], DenseArrayBase[IntegerType]]:
    """`[8, %p, [4]]`: values, numbers, and flags of which numbers are multiples of the vector unit (those in brackets)."""
    dynamic: list[UnresolvedOperand] = []
    static: list[int] = []
    flags: list[int] = []

    def size() -> None:
        if parser.parse_optional_punctuation("["):
            static.append(parser.parse_integer(allow_boolean=False))
            parser.parse_punctuation("]")
            flags.append(1)
            return
        value = parser.parse_optional_unresolved_operand()
        if value is not None:
            dynamic.append(value)
        static.append(parser.parse_integer(allow_boolean=False) if value is None else DYNAMIC_INDEX)
        flags.append(0)

    parser.parse_comma_separated_list(Parser.Delimiter.SQUARE, size)
    return dynamic, DenseArrayBase.from_list(i64, static), DenseArrayBase.from_list(i1, flags)


def print_scalable_sizes(
    printer: Printer,
    dynamic: Sequence[SSAValue],
    static: DenseArrayBase[IntegerType] | None,
    scalable: DenseArrayBase[IntegerType] | None,
) -> None:
    sizes = () if static is None else static.get_values()
    flags = () if scalable is None else scalable.get_values()
    values = iter(dynamic)

    def size(number: int) -> None:
        if sizes[number] == DYNAMIC_INDEX:
            printer.print_ssa_value(next(values))
        else:
            is_scalable = number < len(flags) and flags[number]
            printer.print_string(f"[{sizes[number]}]" if is_scalable else str(sizes[number]))

    with printer.in_square_brackets():
        printer.print_list(range(len(sizes)), size)


def print_words(printer: Printer, op: TransformOp, *own: str) -> None:
    """The attributes of an op, and its properties, in braces; without those of `own`, written elsewhere, and defaults."""
    definition = op.get_irdl_definition().properties
    shown = {
        name: value
        for name, value in op.properties.items()
        if name not in own and name != "operandSegmentSizes" and definition[name].default_value != value
    }
    print_attributes(printer, shown | op.attributes)


def print_attributes(printer: Printer, attributes: Mapping[str, Attribute], *, print_keyword: bool = False) -> None:
    """A dictionary in braces, in the order of names as upstream prints it; nothing where it is empty."""
    printer.print_op_attributes(dict(sorted(attributes.items())), print_keyword=print_keyword)


def parse_words(parser: Parser, cls: type[TransformOp], *own: str) -> tuple[dict[str, Attribute], dict[str, Attribute]]:
    """What `print_words` prints: properties, and attributes that are none of the op's."""
    start = parser.pos
    found = dict(parser.parse_optional_attr_dict())
    names = cls.get_irdl_definition().properties.keys() - {"operandSegmentSizes"}
    for name in own:
        if name in found:
            parser.raise_error(f"`{name}` stands in the attributes, expected it before them", start, parser.pos)
    return {name: found.pop(name) for name in [*found] if name in names}, found


def parse_body(parser: Parser, terminator: Callable[[], Operation], arguments: Sequence[Parser.Argument] | None = None) -> Region:
    """A region of one block; the terminator, where it is left out, is put there."""
    region = parser.parse_region(arguments)
    end_body(region, terminator)
    return region


def end_body(region: Region, terminator: Callable[[], Operation]) -> None:
    if not region.blocks:
        region.add_block(Block())
    wanted = terminator()
    for block in region.blocks:
        if not isinstance(block.last_op, type(wanted)):
            block.add_op(terminator())


def print_body(printer: Printer, region: Region, *, print_arguments: bool = True) -> None:
    """A region, without its terminator where that yields nothing."""
    last = region.block.last_op if len(region.blocks) == 1 else None
    plain = last is None or not (last.operands or last.attributes)
    printer.print_string(" ")
    printer.print_region(
        region, print_entry_block_args=print_arguments, print_empty_block=False, print_block_terminators=not plain
    )
