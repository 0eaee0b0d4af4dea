"""The ops with which a host drives a device, with upstream's custom syntax: alloc, dealloc, memcpy, memset, wait; and gpu.yield.

xDSL 0.74 prints them generically only, and gives dealloc and memcpy operand segments that upstream does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

from xdsl.dialects.builtin import DYNAMIC_INDEX, IndexType, MemRefType, UnitAttr
from xdsl.dialects.gpu import AsyncTokenType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AttrSizedOperandSegments,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    opt_result_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

_TOKEN = AsyncTokenType()
Value = SSAValue | Operation


def parse_async(parser: Parser) -> tuple[bool, list[SSAValue]]:
    """`async [%a, %b]`: does the op give a token, and on which does it wait?"""
    gives = parser.parse_optional_keyword("async") is not None
    found = parser.parse_optional_comma_separated_list(Parser.Delimiter.SQUARE, parser.parse_unresolved_operand)
    return gives, [parser.resolve_operand(operand, _TOKEN) for operand in found or ()]


def print_async(printer: Printer, token: SSAValue | None, dependencies: Sequence[SSAValue]) -> None:
    if token is not None:
        printer.print_string(" async")
    if dependencies:
        printer.print_string(" [")
        printer.print_list(dependencies, printer.print_ssa_value)
        printer.print_string("]")


def _print_two(printer: Printer, op: MemcpyOp | MemsetOp, first: SSAValue, second: SSAValue) -> None:
    print_async(printer, op.async_token, op.async_dependencies)
    printer.print_string(" ")
    printer.print_list((first, second), printer.print_ssa_value)
    printer.print_string(" : ")
    printer.print_list((first.type, second.type), printer.print_attribute)
    printer.print_op_attributes(op.attributes)


def _parse_two(parser: Parser) -> tuple[bool, list[SSAValue], SSAValue, SSAValue, dict[str, Attribute]]:
    gives, dependencies = parse_async(parser)
    first = parser.parse_unresolved_operand()
    parser.parse_punctuation(",")
    second = parser.parse_unresolved_operand()
    parser.parse_punctuation(":")
    first_type = parser.parse_type()
    parser.parse_punctuation(",")
    values = parser.resolve_operand(first, first_type), parser.resolve_operand(second, parser.parse_type())
    return gives, dependencies, *values, parser.parse_optional_attr_dict()


@irdl_op_definition
class WaitOp(IRDLOperation):
    """Wait for the work that the tokens stand for; with `async` only give a token of it. Example: gpu.wait [%t]"""

    name = "gpu.wait"
    async_dependencies = var_operand_def(AsyncTokenType)
    async_token = opt_result_def(AsyncTokenType)

    def __init__(self, async_dependencies: Sequence[Value] = (), *, is_async: bool = False):
        super().__init__(operands=[async_dependencies], result_types=[_TOKEN if is_async else None])

    def print(self, printer: Printer) -> None:
        print_async(printer, self.async_token, self.async_dependencies)
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> WaitOp:
        gives, dependencies = parse_async(parser)
        op = cls(dependencies, is_async=gives)
        op.attributes |= parser.parse_optional_attr_dict()
        return op


@irdl_op_definition
class AllocOp(IRDLOperation):
    """Memory on the device. Example: %m = gpu.alloc () : memref<64xf32>"""

    name = "gpu.alloc"
    async_dependencies = var_operand_def(AsyncTokenType)
    dynamic_sizes = var_operand_def(IndexType)
    symbol_operands = var_operand_def(IndexType)
    host_shared = opt_prop_def(UnitAttr, prop_name="hostShared")
    result = result_def(MemRefType)
    async_token = opt_result_def(AsyncTokenType)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        return_type: MemRefType[Attribute],
        dynamic_sizes: Sequence[Value] = (),
        *,
        symbol_operands: Sequence[Value] = (),
        host_shared: bool = False,
        async_dependencies: Sequence[Value] = (),
        is_async: bool = False,
    ):
        super().__init__(
            operands=[async_dependencies, dynamic_sizes, symbol_operands],
            result_types=[return_type, _TOKEN if is_async else None],
            properties={"hostShared": UnitAttr() if host_shared else None},
        )

    def verify_(self) -> None:
        assert isa(self.result.type, MemRefType[Attribute])
        want = self.result.type.get_shape().count(DYNAMIC_INDEX)
        if len(self.dynamic_sizes) != want:
            raise VerifyException(f"{len(self.dynamic_sizes)} dynamic sizes are given, expected {want}")

    def print(self, printer: Printer) -> None:
        print_async(printer, self.async_token, self.async_dependencies)
        printer.print_string(" host_shared (" if self.host_shared is not None else " (")
        printer.print_list(self.dynamic_sizes, printer.print_ssa_value)
        printer.print_string(")")
        if self.symbol_operands:
            printer.print_string("[")
            printer.print_list(self.symbol_operands, printer.print_ssa_value)
            printer.print_string("]")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> AllocOp:
        index = IndexType()
        gives, dependencies = parse_async(parser)
        shared = parser.parse_optional_keyword("host_shared") is not None
        sizes = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_unresolved_operand)
        symbols = parser.parse_optional_comma_separated_list(Parser.Delimiter.SQUARE, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        position = parser.pos
        type_ = parser.parse_type()
        if not isa(type_, MemRefType[Attribute]):
            parser.raise_error(f"type is {type_}, expected a memref", position)
        op = cls(
            type_,
            [parser.resolve_operand(size, index) for size in sizes],
            symbol_operands=[parser.resolve_operand(symbol, index) for symbol in symbols or ()],
            host_shared=shared,
            async_dependencies=dependencies,
            is_async=gives,
        )
        op.attributes |= attributes
        return op


@irdl_op_definition
class DeallocOp(IRDLOperation):
    """Give device memory back. Example: gpu.dealloc %m : memref<64xf32>"""

    name = "gpu.dealloc"
    async_dependencies = var_operand_def(AsyncTokenType)
    buffer = operand_def(MemRefType)
    async_token = opt_result_def(AsyncTokenType)

    def __init__(self, buffer: Value, async_dependencies: Sequence[Value] = (), *, is_async: bool = False):
        super().__init__(operands=[async_dependencies, buffer], result_types=[_TOKEN if is_async else None])

    def print(self, printer: Printer) -> None:
        print_async(printer, self.async_token, self.async_dependencies)
        printer.print_string(" ")
        printer.print_ssa_value(self.buffer)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)

    @classmethod
    def parse(cls, parser: Parser) -> DeallocOp:
        gives, dependencies = parse_async(parser)
        buffer = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        op = cls(parser.resolve_operand(buffer, parser.parse_type()), dependencies, is_async=gives)
        op.attributes |= attributes
        return op


@irdl_op_definition
class MemcpyOp(IRDLOperation):
    """Copy between host and device, or on the device. Example: gpu.memcpy %to, %from : memref<64xf32>, memref<64xf32>"""

    name = "gpu.memcpy"
    async_dependencies = var_operand_def(AsyncTokenType)
    dst = operand_def(MemRefType)
    src = operand_def(MemRefType)
    async_token = opt_result_def(AsyncTokenType)

    def __init__(self, source: Value, destination: Value, async_dependencies: Sequence[Value] = (), *, is_async: bool = False):
        super().__init__(operands=[async_dependencies, destination, source], result_types=[_TOKEN if is_async else None])

    def verify_(self) -> None:
        shapes: list[tuple[int, Attribute]] = []
        for value in (self.dst, self.src):
            assert isa(value.type, MemRefType[Attribute])
            shapes.append((prod(value.type.get_shape()), value.type.element_type))
        if shapes[0] != shapes[1]:
            raise VerifyException(f"source type is {self.src.type}, expected the elements of {self.dst.type}")

    def print(self, printer: Printer) -> None:
        _print_two(printer, self, self.dst, self.src)

    @classmethod
    def parse(cls, parser: Parser) -> MemcpyOp:
        gives, dependencies, dst, src, attributes = _parse_two(parser)
        op = cls(src, dst, dependencies, is_async=gives)
        op.attributes |= attributes
        return op


@irdl_op_definition
class MemsetOp(IRDLOperation):
    """Set every element. Example: gpu.memset %m, %zero : memref<64xf32>, f32"""

    T: ClassVar = VarConstraint("T", AnyAttr())
    name = "gpu.memset"
    async_dependencies = var_operand_def(AsyncTokenType)
    dst = operand_def(MemRefType.constr(element_type=T))
    value = operand_def(T)
    async_token = opt_result_def(AsyncTokenType)

    def __init__(self, destination: Value, value: Value, async_dependencies: Sequence[Value] = (), *, is_async: bool = False):
        super().__init__(operands=[async_dependencies, destination, value], result_types=[_TOKEN if is_async else None])

    def print(self, printer: Printer) -> None:
        _print_two(printer, self, self.dst, self.value)

    @classmethod
    def parse(cls, parser: Parser) -> MemsetOp:
        gives, dependencies, dst, value, attributes = _parse_two(parser)
        op = cls(dst, value, dependencies, is_async=gives)
        op.attributes |= attributes
        return op


@irdl_op_definition
class YieldOp(IRDLOperation):
    """End a region of gpu.all_reduce with its value. Example: gpu.yield %s : f32"""

    name = "gpu.yield"
    values = var_operand_def()
    traits = traits_def(IsTerminator())
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, operands: Sequence[Value] = ()):
        super().__init__(operands=[operands])

    def verify_(self) -> None:
        parent = self.parent_op()
        if parent is not None and tuple(self.values.types) != tuple(parent.result_types):
            found, want = ([str(type_) for type_ in types] for types in (self.values.types, parent.result_types))
            raise VerifyException(f"yields {found}, expected {want} as {parent.name}")


OPERATIONS = [WaitOp, AllocOp, DeallocOp, MemcpyOp, MemsetOp, YieldOp]
"""What the `gpu` overlay has in place of xDSL's, and memset."""
