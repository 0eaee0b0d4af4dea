"""What `xdsl_repairs` replaces of the parsers and printers of xDSL 0.74: strings, dense hex floats, linalg, scf, memref."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from xdsl.dialects import linalg, memref, scf
from xdsl.dialects.builtin import AnyFloat, ArrayAttr, IndexType, StringAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import FormatProgram
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.utils.mlir_lexer import MLIRLexer


def repair_strings() -> None:
    """Refuse a string that is not closed at once; xDSL's pattern tries every way to cut it, twice as many for each character."""
    pattern = r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"'  # xDSL's, with possessive repeats
    MLIRLexer._unescaped_characters_regex = re.compile(pattern)  # pyright: ignore[reportPrivateUsage]


def repair_dense_hex() -> None:
    """Read `dense<0xFF800000>` of floats as bits."""
    element = AttrParser._TensorLiteralElement  # pyright: ignore[reportPrivateUsage]
    as_number = element.to_type

    def to_type(self: Any, parser: AttrParser, type: Any) -> Any:
        if isinstance(type, AnyFloat) and self.span.text[:2] in ("0x", "0X"):
            size = type.compile_time_size
            if self.value >= 1 << 8 * size:
                parser.raise_error(f"hexadecimal float has more than {8 * size} bits, the width of {type}", self.span)
            return next(iter(type.iter_unpack(self.value.to_bytes(size, "little"))))
        return as_number(self, parser, type)

    element.to_type = to_type


def _parse_typed_operands(parser: Parser, keyword: str | None) -> list[SSAValue]:
    """`ins(%a, %b : t, t)`, or nothing; without a keyword the list starts at its parenthesis."""
    if keyword is not None and not parser.parse_optional_keyword(keyword):
        return []
    position = parser.pos
    if not parser.parse_optional_punctuation("("):
        return []
    operands = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_unresolved_operand)
    parser.parse_punctuation(":")
    types = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
    parser.parse_punctuation(")")
    return list(parser.resolve_operands(operands, types, position))


def repair_generic() -> None:
    """Let linalg.generic have several results in its custom syntax."""

    def iterator(parser: Parser, attribute: Attribute) -> linalg.attrs.IteratorTypeAttr:
        if isinstance(attribute, linalg.attrs.IteratorTypeAttr):
            return attribute
        kinds = {str(kind.value): kind for kind in linalg.attrs.IteratorType}
        if not isinstance(attribute, StringAttr) or attribute.data not in kinds:
            parser.raise_error(f"iterator type is {attribute}, expected one of {', '.join(kinds)}")
        return linalg.attrs.IteratorTypeAttr(kinds[attribute.data])

    def parse(cls: type[linalg.ops.GenericOp], parser: Parser) -> linalg.ops.GenericOp:
        attributes = parser.parse_optional_attr_dict()
        maps, iterators = attributes.pop("indexing_maps", None), attributes.pop("iterator_types", None)
        doc, library_call = attributes.pop("doc", None), attributes.pop("library_call", None)
        if not isinstance(maps, ArrayAttr) or not isinstance(iterators, ArrayAttr):
            parser.raise_error("expected indexing_maps and iterator_types, both arrays, in the attributes of linalg.generic")
        ins, outs = _parse_typed_operands(parser, "ins"), _parse_typed_operands(parser, "outs")
        if parser.parse_optional_keyword("attrs"):
            parser.parse_punctuation("=")
            attributes |= parser.parse_optional_attr_dict()
        body = parser.parse_region()
        results: Sequence[Attribute] = []
        if parser.parse_optional_punctuation("->"):
            several = parser.parse_optional_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_type)
            results = [parser.parse_type()] if several is None else several
        kinds = [iterator(parser, attribute) for attribute in cast(ArrayAttr[Attribute], iterators)]
        op = cls(ins, outs, body, cast(Any, maps), kinds, results, cast(Any, doc), cast(Any, library_call))
        op.attributes |= attributes
        return op

    linalg.ops.GenericOp.parse = classmethod(parse)  # pyright: ignore[reportAttributeAccessIssue]


def repair_parallel() -> None:
    """Give scf.parallel upstream's custom syntax, and scf.reduce the comma between its regions."""

    def parse(cls: type[scf.ParallelOp], parser: Parser) -> scf.ParallelOp:
        def operands() -> Sequence[SSAValue]:
            position = parser.pos
            found = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_unresolved_operand)
            return parser.resolve_operands(found, [IndexType()] * len(found), position)

        ivs = parser.parse_comma_separated_list(
            Parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False).resolve(IndexType())
        )
        parser.parse_punctuation("=")
        lower = operands()
        parser.parse_keyword("to")
        upper = operands()
        parser.parse_keyword("step")
        step = operands()
        inits: Sequence[SSAValue] = []
        if parser.parse_optional_keyword("init"):
            position = parser.pos
            found = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_unresolved_operand)
            parser.parse_punctuation("->")
            several = parser.parse_optional_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_type)
            inits = parser.resolve_operands(found, [parser.parse_type()] if several is None else several, position)
        body = parser.parse_region(ivs)
        if not isinstance(body.block.last_op, scf.ReduceOp):
            body.block.add_op(scf.ReduceOp())
        op = cls(lower, upper, step, body, inits)
        op.attributes |= parser.parse_optional_attr_dict()
        return op

    def print_(self: scf.ParallelOp, printer: Printer) -> None:
        printer.print_string(" ")
        parts = ("", self.body.block.args), (" = ", self.lowerBound), (" to ", self.upperBound), (" step ", self.step)
        for word, values in (*parts, *([(" init ", self.initVals)] if self.initVals else [])):
            printer.print_string(word)
            with printer.in_parens():
                printer.print_list(values, printer.print_ssa_value)
        if self.res:
            printer.print_string(" -> ")
            if len(self.res) == 1:
                printer.print_attribute(self.res[0].type)
            else:
                with printer.in_parens():
                    printer.print_list(self.res.types, printer.print_attribute)
        printer.print_string(" ")
        printer.print_region(
            self.body, print_entry_block_args=False, print_empty_block=False, print_block_terminators=bool(self.initVals)
        )
        printer.print_op_attributes(self.attributes)

    def parse_reduce(cls: type[scf.ReduceOp], parser: Parser) -> scf.ReduceOp:
        operands = _parse_typed_operands(parser, None)
        regions = [parser.parse_region()] if operands else []
        while regions and parser.parse_optional_punctuation(","):
            regions.append(parser.parse_region())
        op = cls(operands, regions)
        op.attributes |= parser.parse_optional_attr_dict()
        return op

    def print_reduce(self: scf.ReduceOp, printer: Printer) -> None:
        if self.args:
            with printer.in_parens():
                printer.print_list(self.args, printer.print_ssa_value)
                printer.print_string(" : ")
                printer.print_list(self.args.types, printer.print_attribute)
            printer.print_string(" ")
            printer.print_list(self.reductions, printer.print_region)
        printer.print_op_attributes(self.attributes)

    scf.ReduceOp.parse = classmethod(parse_reduce)  # pyright: ignore[reportAttributeAccessIssue]
    scf.ReduceOp.print = print_reduce
    scf.ParallelOp.parse = classmethod(parse)  # pyright: ignore[reportAttributeAccessIssue]
    scf.ParallelOp.print = print_


def repair_memref() -> None:
    """Give memref.copy and the casts upstream's custom syntax."""

    def give(op: type[IRDLOperation], assembly_format: str) -> None:
        program = FormatProgram.from_str(assembly_format, op.get_irdl_definition())

        def parse(cls: type[IRDLOperation], parser: Parser) -> IRDLOperation:
            return program.parse(parser, cls)

        def print_(self: IRDLOperation, printer: Printer) -> None:
            program.print(printer, self)

        op.parse = classmethod(parse)  # pyright: ignore[reportAttributeAccessIssue]
        op.print = print_

    give(memref.CopyOp, "$source `,` $destination attr-dict `:` type($source) `to` type($destination)")
    give(memref.CastOp, "$source attr-dict `:` type($source) `to` type($dest)")
    give(memref.MemorySpaceCastOp, "$source attr-dict `:` type($source) `to` type($dest)")
