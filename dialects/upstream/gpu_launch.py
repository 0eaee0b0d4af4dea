"""`gpu.launch_func` as MLIR 22 has it; xDSL 0.74 prints it generically only."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IndexType, SymbolRefAttr, i32, i64
from xdsl.dialects.gpu import AsyncTokenType
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AnyOf,
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_result_def,
    prop_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import SymbolTable, SymbolUserOpInterface
from xdsl.utils.exceptions import VerifyException

from .gpu_func import FuncOp, types_text
from .gpu_host import parse_async, print_async

SizeType = AnyOf.get(IndexType, i32, i64)


class _LaunchUsesKernel(SymbolUserOpInterface):
    """A launch names a kernel that is there, and passes what it takes."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, LaunchFuncOp)
        found = SymbolTable.lookup_symbol(op, op.kernel)
        if not isinstance(found, FuncOp):
            raise VerifyException(f"kernel {op.kernel} is {'not there' if found is None else found.name}, expected a gpu.func")
        if found.kernel is None:
            raise VerifyException(f"kernel {op.kernel} has no attribute gpu.kernel, expected a gpu.func marked kernel")
        if tuple(op.kernel_operands.types) != found.function_type.inputs.data:
            raise VerifyException(
                f"launch passes {types_text(op.kernel_operands.types)}, expected {types_text(found.function_type.inputs.data)}"
            )


@irdl_op_definition
class LaunchFuncOp(IRDLOperation):
    """Run a kernel over a grid of blocks of threads.

    Example  gpu.launch_func @kernels::@f blocks in (%c37, %c1, %c1) threads in (%c32, %c1, %c1) args(%x : memref<8xf32>)
    Errors   a kernel that is missing or no kernel; arguments unlike its inputs; grid and block sizes of different types
    """

    name = "gpu.launch_func"
    async_dependencies = var_operand_def(AsyncTokenType)
    grid_x = operand_def(SizeType)
    grid_y = operand_def(SizeType)
    grid_z = operand_def(SizeType)
    block_x = operand_def(SizeType)
    block_y = operand_def(SizeType)
    block_z = operand_def(SizeType)
    cluster_x = opt_operand_def(SizeType)
    cluster_y = opt_operand_def(SizeType)
    cluster_z = opt_operand_def(SizeType)
    dynamic_shared_memory_size = opt_operand_def(i32)
    kernel_operands = var_operand_def()
    async_object = opt_operand_def()
    async_token = opt_result_def(AsyncTokenType)
    kernel = prop_def(SymbolRefAttr)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(_LaunchUsesKernel())

    def __init__(
        self,
        kernel_symbol: SymbolRefAttr,
        grid: Sequence[SSAValue | Operation],
        block: Sequence[SSAValue | Operation],
        operands: Sequence[SSAValue | Operation] = (),
        *,
        cluster: Sequence[SSAValue | Operation] | None = None,
        dynamic_shared_memory_size: SSAValue | Operation | None = None,
        async_dependencies: Sequence[SSAValue | Operation] = (),
        is_async: bool = False,
    ):
        """Raises ValueError unless grid, block and cluster have three sizes each."""
        for what, sizes in (("grid", grid), ("block", block), ("cluster", cluster)):
            if sizes is not None and len(sizes) != 3:
                raise ValueError(f"{what} has {len(sizes)} sizes, expected 3")
        super().__init__(
            operands=[
                async_dependencies,
                *grid,
                *block,
                *((None, None, None) if cluster is None else cluster),
                dynamic_shared_memory_size,
                operands,
                None,
            ],
            result_types=[AsyncTokenType() if is_async else None],
            properties={"kernel": kernel_symbol},
        )

    @property
    def grid(self) -> tuple[SSAValue, SSAValue, SSAValue]:
        return (self.grid_x, self.grid_y, self.grid_z)

    @property
    def block(self) -> tuple[SSAValue, SSAValue, SSAValue]:
        """The sizes of a block of threads. (`parent_block()` gives the block this op is in.)"""
        return (self.block_x, self.block_y, self.block_z)

    @property
    def cluster(self) -> tuple[SSAValue, ...]:
        return tuple(size for size in (self.cluster_x, self.cluster_y, self.cluster_z) if size is not None)

    def verify_(self) -> None:
        sizes = (*self.grid, *self.block, *self.cluster)
        if len(self.cluster) not in (0, 3):
            raise VerifyException(f"cluster has {len(self.cluster)} sizes, expected 0 or 3")
        for size in sizes:
            if size.type != self.grid_x.type:
                raise VerifyException(f"launch sizes have types {self.grid_x.type} and {size.type}, expected one type")

    def print(self, printer: Printer) -> None:
        print_async(printer, self.async_token, self.async_dependencies)
        if self.async_object is not None:
            printer.print_string(" <")
            printer.print_ssa_value(self.async_object)
            printer.print_string(" : ")
            printer.print_attribute(self.async_object.type)
            printer.print_string(">")
        printer.print_string(" ")
        printer.print_attribute(self.kernel)
        for word, sizes in (("clusters", self.cluster), ("blocks", self.grid), ("threads", self.block)):
            if sizes:
                printer.print_string(f" {word} in (")
                printer.print_list(sizes, printer.print_ssa_value)
                printer.print_string(")")
        if not isinstance(self.grid_x.type, IndexType):
            printer.print_string(" : ")
            printer.print_attribute(self.grid_x.type)
        if self.dynamic_shared_memory_size is not None:
            printer.print_string(" dynamic_shared_memory_size ")
            printer.print_ssa_value(self.dynamic_shared_memory_size)
        if self.kernel_operands:
            printer.print_string(" args(")
            printer.print_list(self.kernel_operands, lambda value: _print_argument_value(printer, value))
            printer.print_string(")")
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> LaunchFuncOp:
        def sizes(word: str) -> list[UnresolvedOperand]:
            parser.parse_keyword(word)
            parser.parse_keyword("in")
            return parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_unresolved_operand)

        def argument() -> SSAValue:
            operand = parser.parse_unresolved_operand()
            parser.parse_punctuation(":")
            return parser.resolve_operand(operand, parser.parse_type())

        is_async, dependencies = parse_async(parser)
        async_object = None
        if parser.parse_optional_punctuation("<"):
            async_object = argument()
            parser.parse_punctuation(">")
        position = parser.pos
        kernel = parser.parse_attribute()
        if not isinstance(kernel, SymbolRefAttr):
            parser.raise_error(f"kernel is {kernel}, expected a symbol such as @kernels::@name", position)
        cluster = None
        if parser.parse_optional_keyword("clusters"):
            parser.parse_keyword("in")
            cluster = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_unresolved_operand)
        grid, block = sizes("blocks"), sizes("threads")
        if len(grid) != 3 or len(block) != 3 or (cluster is not None and len(cluster) != 3):
            parser.raise_error("expected 3 sizes each in clusters, blocks and threads", position)
        type_ = parser.parse_type() if parser.parse_optional_punctuation(":") else IndexType()
        dynamic = None
        if parser.parse_optional_keyword("dynamic_shared_memory_size"):
            dynamic = parser.resolve_operand(parser.parse_unresolved_operand(), i32)
        operands: list[SSAValue] = []
        if parser.parse_optional_keyword("args"):
            operands = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, argument)
        attributes = parser.parse_optional_attr_dict()
        op = cls.build(
            operands=[
                dependencies,
                *(parser.resolve_operand(size, type_) for size in (*grid, *block)),
                *((None,) * 3 if cluster is None else (parser.resolve_operand(size, type_) for size in cluster)),
                dynamic,
                operands,
                async_object,
            ],
            result_types=[AsyncTokenType() if is_async else None],
            properties={"kernel": kernel},
            attributes=attributes,
        )
        return op


def _print_argument_value(printer: Printer, value: SSAValue) -> None:
    printer.print_ssa_value(value)
    printer.print_string(" : ")
    printer.print_attribute(value.type)
