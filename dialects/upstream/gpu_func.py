"""`gpu.module`, `gpu.func` and `gpu.return` as MLIR 22 has them.

xDSL 0.74 prints them generically only, marks a kernel by a property that MLIR drops (here: the attribute `gpu.kernel`), and knows
neither `known_block_size` as a property nor attributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.irdl import (
    AnyOf,
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    opt_attr_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    IsolatedFromAbove,
    IsTerminator,
    NoTerminator,
    SymbolOpInterface,
    SymbolTable,
)
from xdsl.utils.exceptions import VerifyException

SizeType = AnyOf.get(IndexType, i32, i64)


@irdl_op_definition
class ModuleOp(IRDLOperation):
    """The kernels that are compiled for a device together. Example: gpu.module @kernels { gpu.func .. }"""

    name = "gpu.module"
    body = region_def("single_block")
    sym_name = prop_def(SymbolNameConstraint())
    targets = opt_prop_def(ArrayAttr[Attribute])
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
        targets = parser.parse_optional_comma_separated_list(Parser.Delimiter.SQUARE, parser.parse_attribute)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        body = parser.parse_region()
        if not body.blocks:
            body.add_block(Block())
        op = cls(name, body)
        if handler is not None:
            op.offloading_handler = handler
        if targets is not None:
            op.targets = ArrayAttr(targets)
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
        """Behind the inputs, the first `workgroup_attributions` block arguments are workgroup buffers, the rest private ones."""
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
            raise VerifyException(f"entry block takes {types_text(found)}, expected the inputs {types_text(inputs)} first")
        if len(found) < len(inputs) + self.workgroup_attributions:
            raise VerifyException(
                f"entry block has {len(found) - len(inputs)} attributions, "
                f"expected at least the {self.workgroup_attributions} in workgroup memory"
            )
        if self.kernel is not None and self.function_type.outputs.data:
            raise VerifyException(f"kernel returns {types_text(self.function_type.outputs.data)}, expected no results")
        for what in _FUNC_PROPERTIES:
            size = self.properties.get(what)
            if size is not None and (entries := len(cast(DenseArrayBase[IntegerType], size))) != 3:
                raise VerifyException(f"{what} has {entries} entries, expected 3")

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
        outputs: Sequence[tuple[Attribute, dict[str, Attribute]]] = []
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
        if attributes is not None:
            for key, value in attributes.data.items():
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


def types_text(types: Sequence[Attribute]) -> str:
    """How an error message shows several types."""
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
            raise VerifyException(
                f"returns {types_text(self.args.types)}, expected {types_text(parent.function_type.outputs.data)}"
            )
