"""`gpu.module`, `gpu.func`, `gpu.return` and `gpu.launch_func` as MLIR 22 has them.

xDSL 0.74 prints them generically only, marks a kernel by a property that MLIR drops (here: the attribute `gpu.kernel`), and knows
neither `known_block_size` as a property nor attributions.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    FunctionType,
    IndexType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.dialects.gpu import AsyncTokenType
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.irdl import (
    AnyOf,
    AttrSizedOperandSegments,
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    opt_attr_def,
    opt_operand_def,
    opt_prop_def,
    opt_result_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    IsolatedFromAbove,
    IsTerminator,
    NoTerminator,
    SymbolOpInterface,
    SymbolTable,
    SymbolUserOpInterface,
)
from xdsl.utils.exceptions import VerifyException

SizeType = AnyOf.get(IndexType, i32, i64)


@irdl_op_definition
class ModuleOp(IRDLOperation):
    """The kernels that are compiled for a device together. Example: gpu.module @kernels { gpu.func .. }"""

    name = "gpu.module"
    body = region_def("single_block")
    sym_name = prop_def(SymbolNameConstraint())
    targets = opt_prop_def(ArrayAttr)
    offloading_handler = opt_prop_def(Attribute, prop_name="offloadingHandler")
    traits = traits_def(IsolatedFromAbove(), NoTerminator(), SymbolOpInterface(), SymbolTable())

    def __init__(self, name: str | StringAttr | SymbolRefAttr, body: Region | Sequence[Operation] = ()):
        if isinstance(name, SymbolRefAttr):
            name = name.root_reference
        if not isinstance(body, Region):
            body = Region(Block(body))
        super().__init__(properties={"sym_name": StringAttr(name) if isinstance(name, str) else name}, regions=[body])

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        if self.offloading_handler is not None:
            printer.print_string(" <")
            printer.print_attribute(self.offloading_handler)
            printer.print_string(">")
        if self.targets is not None:
            printer.print_string(" ")
            printer.print_attribute(self.targets)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> ModuleOp:
        name = parser.parse_symbol_name()
        handler = None
        if parser.parse_optional_punctuation("<"):
            handler = parser.parse_attribute()
            parser.parse_punctuation(">")
        targets = parser.parse_optional_attribute()
        attributes = parser.parse_optional_attr_dict_with_keyword()
        body = parser.parse_region()
        if not body.blocks:
            body.add_block(Block())
        op = cls(name, body)
        if handler is not None:
            op.offloading_handler = handler
        if targets is not None:
            if not isinstance(targets, ArrayAttr):
                parser.raise_error(f"targets are {targets}, expected an array")
            op.targets = targets
        if attributes is not None:
            op.attributes |= attributes.data
        return op


_FUNC_PROPERTIES = ("known_block_size", "known_grid_size", "known_cluster_size")


@irdl_op_definition
class FuncOp(IRDLOperation):
    """A function of a gpu.module; with `kernel` it can be launched.

    Shapes   entry block arguments are the inputs, then workgroup buffers, then private buffers
    Example  gpu.func @f(%x: memref<8xf32>) workgroup(%w : memref<8xf32, #gpu.address_space<workgroup>>) kernel { .. }
    Errors   block arguments unlike the inputs; fewer of them than attributions; results of a kernel
    """

    name = "gpu.func"
    body = region_def()
    sym_name = attr_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    kernel = opt_attr_def(UnitAttr, attr_name="gpu.kernel")
    workgroup_count = opt_attr_def(IntegerAttr.constr(type=i64), attr_name="workgroup_attributions")
    arg_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    res_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    workgroup_attrib_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    private_attrib_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    known_block_size = opt_prop_def(DenseArrayBase.constr(i32))
    known_grid_size = opt_prop_def(DenseArrayBase.constr(i32))
    known_cluster_size = opt_prop_def(DenseArrayBase.constr(i32))
    traits = traits_def(IsolatedFromAbove(), HasParent(ModuleOp), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        function_type: FunctionType | tuple[Sequence[Attribute], Sequence[Attribute]],
        region: Region | None = None,
        *,
        kernel: bool = True,
        known_block_size: Sequence[int] | None = None,
        known_grid_size: Sequence[int] | None = None,
        workgroup_attributions: int = 0,
    ):
        """Of the block arguments behind the inputs, the first `workgroup_attributions` are workgroup buffers, the rest private."""
        if isinstance(function_type, tuple):
            function_type = FunctionType.from_lists(*function_type)
        if region is None:
            region = Region(Block(arg_types=function_type.inputs))
        super().__init__(
            properties={
                "function_type": function_type,
                "known_block_size": None if known_block_size is None else DenseArrayBase.from_list(i32, known_block_size),
                "known_grid_size": None if known_grid_size is None else DenseArrayBase.from_list(i32, known_grid_size),
            },
            attributes={
                "gpu.kernel": UnitAttr() if kernel else None,
                "sym_name": StringAttr(name),
                "workgroup_attributions": IntegerAttr(workgroup_attributions, i64),
            },
            regions=[region],
        )

    @property
    def workgroup_attributions(self) -> int:
        """How many buffers in workgroup memory the function owns."""
        return 0 if self.workgroup_count is None else self.workgroup_count.value.data

    @property
    def arguments(self) -> tuple[BlockArgument, ...]:
        """What a launch passes."""
        return self.body.blocks[0].args[: len(self.function_type.inputs)]

    @property
    def workgroup_buffers(self) -> tuple[BlockArgument, ...]:
        start = len(self.function_type.inputs)
        return self.body.blocks[0].args[start : start + self.workgroup_attributions]

    @property
    def private_buffers(self) -> tuple[BlockArgument, ...]:
        return self.body.blocks[0].args[len(self.function_type.inputs) + self.workgroup_attributions :]

    def verify_(self) -> None:
        if not self.body.blocks:
            raise VerifyException("body is empty, expected a block: gpu.func has no declarations")
        found = self.body.blocks[0].arg_types
        inputs = self.function_type.inputs.data
        if found[: len(inputs)] != inputs:
            raise VerifyException(f"entry block takes {_types(found)}, expected the inputs {_types(inputs)} first")
        if len(found) < len(inputs) + self.workgroup_attributions:
            raise VerifyException(
                f"entry block has {len(found) - len(inputs)} attributions, "
                f"expected at least the {self.workgroup_attributions} in workgroup memory"
            )
        if self.kernel is not None and self.function_type.outputs.data:
            raise VerifyException(f"kernel returns {_types(self.function_type.outputs.data)}, expected no results")
        for what in _FUNC_PROPERTIES:
            size = self.properties.get(what)
            if isinstance(size, DenseArrayBase) and len(size) != 3:
                raise VerifyException(f"{what} has {len(size)} entries, expected 3")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string("(")
        arg_attrs = [None] * len(self.arguments) if self.arg_attrs is None else self.arg_attrs.data
        printer.print_list(zip(self.arguments, arg_attrs), lambda pair: _print_argument(printer, ": ", *pair))
        printer.print_string(")")
        outputs = self.function_type.outputs.data
        if outputs:
            printer.print_string(" -> ")
            if len(outputs) == 1 and self.res_attrs is None:
                printer.print_attribute(outputs[0])
            else:
                res_attrs = [None] * len(outputs) if self.res_attrs is None else self.res_attrs.data
                with printer.in_parens():
                    printer.print_list(zip(outputs, res_attrs), lambda pair: _print_type(printer, *pair))
        for word, buffers, attrs in (
            ("workgroup", self.workgroup_buffers, self.workgroup_attrib_attrs),
            ("private", self.private_buffers, self.private_attrib_attrs),
        ):
            if buffers:
                printer.print_string(f" {word}(")
                each = [None] * len(buffers) if attrs is None else attrs.data
                printer.print_list(zip(buffers, each), lambda pair: _print_argument(printer, " : ", *pair))
                printer.print_string(")")
        if self.kernel is not None:
            printer.print_string(" kernel")
        attributes = {key: value for key in _FUNC_PROPERTIES if (value := self.properties.get(key)) is not None}
        hidden = ("sym_name", "gpu.kernel", "workgroup_attributions")
        attributes |= {key: value for key, value in self.attributes.items() if key not in hidden}
        printer.print_op_attributes(attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)

    @classmethod
    def parse(cls, parser: Parser) -> FuncOp:
        name = parser.parse_symbol_name().data
        inputs = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, lambda: _parse_argument(parser))
        outputs: list[tuple[Attribute, dict[str, Attribute]]] = []
        if parser.parse_optional_punctuation("->"):
            results = parser.parse_optional_comma_separated_list(
                Parser.Delimiter.PAREN, lambda: (parser.parse_type(), parser.parse_optional_dictionary_attr_dict())
            )
            outputs = [(parser.parse_type(), {})] if results is None else results
        buffers: dict[str, list[tuple[Parser.Argument, dict[str, Attribute]]]] = {"workgroup": [], "private": []}
        for word in buffers:
            if parser.parse_optional_keyword(word):
                buffers[word] = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, lambda: _parse_argument(parser))
        kernel = parser.parse_optional_keyword("kernel") is not None
        attributes = parser.parse_optional_attr_dict_with_keyword(("sym_name", "function_type", "workgroup_attributions"))
        everything = [*inputs, *buffers["workgroup"], *buffers["private"]]
        region = parser.parse_region([argument for argument, _ in everything])
        op = cls(
            name,
            ([argument.type for argument, _ in inputs], [type_ for type_, _ in outputs]),
            region,
            kernel=kernel,
            workgroup_attributions=len(buffers["workgroup"]),
        )
        op.arg_attrs = _attrs(inputs)
        op.res_attrs = _attrs(outputs)
        op.workgroup_attrib_attrs = _attrs(buffers["workgroup"])
        op.private_attrib_attrs = _attrs(buffers["private"])
        for key, value in ({} if attributes is None else attributes.data).items():
            (op.properties if key in _FUNC_PROPERTIES else op.attributes)[key] = value
        return op


def _attrs(pairs: Sequence[tuple[object, dict[str, Attribute]]]) -> ArrayAttr[DictionaryAttr] | None:
    """The attributes of arguments or results, or None where all have none."""
    return ArrayAttr(DictionaryAttr(attrs) for _, attrs in pairs) if any(attrs for _, attrs in pairs) else None


def _parse_argument(parser: Parser) -> tuple[Parser.Argument, dict[str, Attribute]]:
    argument = parser.parse_argument()
    attrs = parser.parse_optional_dictionary_attr_dict()
    argument.location = parser.parse_optional_location()
    return argument, attrs


def _print_argument(printer: Printer, colon: str, argument: BlockArgument, attrs: DictionaryAttr | None) -> None:
    printer.print_ssa_value(argument)
    printer.print_string(colon)
    _print_type(printer, argument.type, attrs)


def _print_type(printer: Printer, type_: Attribute, attrs: DictionaryAttr | None) -> None:
    printer.print_attribute(type_)
    if attrs is not None and attrs.data:
        printer.print_string(" ")
        printer.print_attribute(attrs)


def _types(types: Sequence[Attribute]) -> str:
    return "(" + ", ".join(map(str, types)) + ")"


@irdl_op_definition
class ReturnOp(IRDLOperation):
    """End a gpu.func. Example: gpu.return"""

    name = "gpu.return"
    args = var_operand_def()
    assembly_format = "attr-dict ($args^ `:` type($args))?"
    traits = traits_def(IsTerminator(), HasParent(FuncOp))

    def __init__(self, operands: Sequence[SSAValue | Operation] = ()):
        super().__init__(operands=[operands])

    def verify_(self) -> None:
        parent = self.parent_op()
        if isinstance(parent, FuncOp) and tuple(self.args.types) != parent.function_type.outputs.data:
            raise VerifyException(f"returns {_types(self.args.types)}, expected {_types(parent.function_type.outputs.data)}")


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
                f"launch passes {_types(op.kernel_operands.types)}, expected {_types(found.function_type.inputs.data)}"
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
    traits = lazy_traits_def(lambda: (_LaunchUsesKernel(),))

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
        if self.async_token is not None:
            printer.print_string(" async")
        if self.async_dependencies:
            printer.print_string(" [")
            printer.print_list(self.async_dependencies, printer.print_ssa_value)
            printer.print_string("]")
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

        is_async = parser.parse_optional_keyword("async") is not None
        dependencies = parser.parse_optional_comma_separated_list(Parser.Delimiter.SQUARE, parser.parse_unresolved_operand) or []
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
                [parser.resolve_operand(dependency, AsyncTokenType()) for dependency in dependencies],
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


OPERATIONS = [ModuleOp, FuncOp, ReturnOp, LaunchFuncOp]
"""What the `gpu` overlay has in place of xDSL's."""
