"""Transforms that lay operands out anew: pads, packed tiles, buffers of their own; and sizes computed for them."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import I64, ArrayAttr, BoolAttr, DenseArrayBase, IntegerAttr, IntegerType, StringAttr, UnitAttr, i64
from xdsl.ir import Attribute
from xdsl.irdl import (
    AnyAttr,
    EqAttrConstraint,
    ParsePropInAttrDict,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from .base import FunctionalOp, TransformOp, check_markers, check_permutation, dense, int_prop, spell, transform_op, values_of
from .directives import Sizes
from .syntax import (
    parse_clauses,
    parse_functional_type,
    parse_sizes,
    parse_words,
    print_functional_type,
    print_sizes,
    print_words,
    resolve,
)
from .types import ANY_OP, ANY_VALUE, OPS, OPS_OR_PARAM, HandleTo, ParamHandleType

_EMPTY = ArrayAttr[Attribute](())
_NO_SIZES = dense(())
_TRUE = BoolAttr.from_bool(True)
_MATERIALIZE = "bufferization.materialize_in_destination"


def _check_choice(what: str, value: StringAttr, choices: tuple[str, ...]) -> None:
    if value.data not in choices:
        raise VerifyException(f'{what} is "{value.data}", expected one of {", ".join(choices)}')


@transform_op
class PadOp(FunctionalOp):
    """Pad operands of an op to static shapes, or to multiples, with a value of the op's neutral kind.

    Example  %p, %pad, %copy = transform.structured.pad %m pad_to_multiple_of [8, %n] {padding_dimensions = [0, 1]} : (A, P) -> ..
    Errors   nofold_flags beside 0 and 1; negative padding_dimensions; transpose_paddings that are no permutations
    """

    name = "transform.structured.pad"
    RESULTS: ClassVar = {
        "padded": "the op over padded operands",
        "pad": "the tensor.pads made",
        "copy": "the ops that copy the result back",
    }
    target = operand_def(OPS)
    copy_back_op = prop_def(StringAttr, default_value=StringAttr(_MATERIALIZE))
    nofold_flags = prop_def(ArrayAttr[IntegerAttr], default_value=_EMPTY)
    pad_to_multiple_of = var_operand_def(OPS_OR_PARAM)
    padding_dimensions = prop_def(ArrayAttr[IntegerAttr], default_value=_EMPTY)
    padding_values = prop_def(ArrayAttr, default_value=_EMPTY)
    static_pad_to_multiple_of = opt_prop_def(DenseArrayBase.constr(i64))
    transpose_paddings = prop_def(ArrayAttr, default_value=_EMPTY)
    use_prescribed_tensor_shapes = opt_prop_def(UnitAttr)
    padded = result_def(OPS)
    pad = result_def(OPS)
    copy = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    DIRECTIVES: ClassVar = (Sizes,)
    SYNTAX: ClassVar = (
        "$target (`pad_to_multiple_of` custom<Sizes>($pad_to_multiple_of, $static_pad_to_multiple_of)^)? "
        "(`use_prescribed_tensor_shapes` $use_prescribed_tensor_shapes^)? attr-dict `:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        check_markers("pad_to_multiple_of", self.static_pad_to_multiple_of, self.pad_to_multiple_of)
        for flag in self.nofold_flags:
            if flag.value.data not in (0, 1):
                raise VerifyException(f"nofold_flags has {flag.value.data}, expected 0 or 1")
        for dim in self.padding_dimensions:
            if dim.value.data < 0:
                raise VerifyException(f"padding_dimensions has {dim.value.data}, expected none below 0")
        sizes = values_of(self.static_pad_to_multiple_of)
        if sizes and len(sizes) != len(self.padding_dimensions):
            raise VerifyException(
                f"pad_to_multiple_of has {len(sizes)} entries, expected {len(self.padding_dimensions)} as padding_dimensions has"
            )
        for number, order in enumerate(self.transpose_paddings):
            if not isa(order, ArrayAttr[IntegerAttr]):
                raise VerifyException(f"transpose_paddings {number} is {order}, expected a list of integers")
            check_permutation(f"transpose_paddings {number}", [dim.value.data for dim in order])
        _check_choice("copy_back_op", self.copy_back_op, (_MATERIALIZE, "linalg.copy", "none"))


@transform_op
class HoistPadOp(FunctionalOp):
    """Move a tensor.pad out of loops, so that the padded tiles of all iterations are kept: a packed buffer.

    Example  %h = transform.structured.hoist_pad %pad by 2 loops, transpose by [1, 0] : (A) -> A
    Errors   a transpose that is no permutation
    """

    name = "transform.structured.hoist_pad"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the hoisted pad, or the transpose of it"}
    target = operand_def(OPS)
    num_loops = prop_def(IntegerAttr[I64])
    transpose = prop_def(DenseArrayBase.constr(i64), default_value=_NO_SIZES)
    transformed = result_def(OPS)
    SYNTAX: ClassVar = (
        "$target `by` $num_loops `loops` (`,` `transpose` `by` $transpose^)? attr-dict `:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        check_permutation("transpose", values_of(self.transpose))


@transform_op
class BufferizeToAllocationOp(TransformOp):
    """Bufferise one op: its result gets an allocation of its own.

    Example  %b, %ops = transform.structured.bufferize_to_allocation %pad {memory_space = 3 : i64} : A
    Errors   a memcpy_op or alloc_op that upstream does not know
    """

    name = "transform.structured.bufferize_to_allocation"
    CONSUMES: ClassVar = ("target",)
    MODIFIES: ClassVar = True
    RESULTS: ClassVar = {"allocated_buffer": "the buffer (a value)", "new_ops": "all ops made for it"}
    target = operand_def(OPS)
    alloc_op = prop_def(StringAttr, default_value=StringAttr("memref.alloc"))
    bufferize_destination_only = opt_prop_def(UnitAttr)
    emit_dealloc = opt_prop_def(UnitAttr)
    memcpy_op = prop_def(StringAttr, default_value=StringAttr(_MATERIALIZE))
    memory_space = opt_prop_def(AnyAttr())
    allocated_buffer = result_def(EqAttrConstraint(ANY_VALUE))
    new_ops = result_def(EqAttrConstraint(ANY_OP))
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` type($target)"

    def consumed_operands(self) -> tuple[int, ...]:
        # the op itself stays where only its destination gets a buffer
        return () if self.bufferize_destination_only is not None else (0,)

    def verify_(self) -> None:
        _check_choice("memcpy_op", self.memcpy_op, (_MATERIALIZE, "memref.copy", "linalg.copy"))
        _check_choice("alloc_op", self.alloc_op, ("memref.alloc", "memref.alloca"))


@transform_op
class PackOp(TransformOp):
    """Pack the operands of a linalg op: each dim with a size becomes an outer and an inner dim.

    Example  %p = transform.structured.pack %m packed_sizes = [8, %h, 32] : (A, A) -> !transform.op<"linalg.generic">
    """

    name = "transform.structured.pack"
    CONSUMES: ClassVar = ("target",)
    MODIFIES: ClassVar = True
    RESULTS: ClassVar = {"packed_op": "the op over packed operands"}
    target = operand_def(OPS)
    packed_sizes = var_operand_def(OPS)
    static_packed_sizes = prop_def(DenseArrayBase.constr(i64), default_value=_NO_SIZES)
    packed_op = result_def(OPS)
    DIRECTIVES: ClassVar = (Sizes,)
    SYNTAX: ClassVar = (
        "$target `packed_sizes` `=` custom<Sizes>($packed_sizes, $static_packed_sizes) attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        check_markers("packed_sizes", self.static_packed_sizes, self.packed_sizes)


@transform_op
class PackGreedilyOp(TransformOp):
    """Find the matmul in a linalg op and pack its m, n and k.

    Example  %p = transform.structured.pack_greedily %m matmul_packed_sizes = [8, 16, 32] matmul_inner_dims_order = [1, 2, 0] : ..
    Errors   lists that are not of three; a dim with both a size and a multiple; an order that is no permutation
    """

    name = "transform.structured.pack_greedily"
    CONSUMES: ClassVar = ("target",)
    MODIFIES: ClassVar = True
    RESULTS: ClassVar = {"packed_op": "the op over packed operands"}
    target = operand_def(OPS)
    matmul_packed_sizes = var_operand_def(OPS)
    static_matmul_packed_sizes = prop_def(DenseArrayBase.constr(i64), default_value=_NO_SIZES)
    matmul_padded_sizes_next_multiple_of = prop_def(DenseArrayBase.constr(i64), default_value=_NO_SIZES)
    matmul_inner_dims_order = prop_def(DenseArrayBase.constr(i64), default_value=_NO_SIZES)
    packed_op = result_def(OPS)

    OWN: ClassVar = ("static_matmul_packed_sizes", "matmul_padded_sizes_next_multiple_of", "matmul_inner_dims_order")

    def verify_(self) -> None:
        check_markers("matmul_packed_sizes", self.static_matmul_packed_sizes, self.matmul_packed_sizes)
        sizes, multiples = values_of(self.static_matmul_packed_sizes), values_of(self.matmul_padded_sizes_next_multiple_of)
        order = values_of(self.matmul_inner_dims_order)
        for what, found, counts in (
            ("matmul_packed_sizes", sizes, (3,)),
            ("matmul_padded_sizes_next_multiple_of", multiples, (0, 3)),
            ("matmul_inner_dims_order", order, (3,)),
        ):
            if len(found) not in counts:
                raise VerifyException(f"{what} has {len(found)} entries, expected {' or '.join(map(str, counts))}")
        check_permutation("matmul_inner_dims_order", order)
        for dim, (size, multiple) in enumerate(zip(sizes, multiples)):
            if size and multiple:
                raise VerifyException(f"dim {dim} has the size {size} and the multiple {multiple}, expected one of them to be 0")

    @classmethod
    def parse(cls, parser: Parser) -> PackGreedilyOp:
        start = parser.pos
        operands = [parser.parse_unresolved_operand()]
        own: dict[str, Attribute] = {}

        def numbers() -> DenseArrayBase[IntegerType]:
            return dense(parser.parse_comma_separated_list(Parser.Delimiter.SQUARE, parser.parse_integer))

        def clause() -> None:
            dynamic: list[UnresolvedOperand]
            parser.parse_punctuation("=")
            dynamic, own["static_matmul_packed_sizes"] = parse_sizes(parser)
            operands.extend(dynamic)
            if parser.parse_optional_keyword("matmul_padded_sizes_next_multiple_of"):
                parser.parse_punctuation("=")
                own["matmul_padded_sizes_next_multiple_of"] = numbers()
            parser.parse_keyword("matmul_inner_dims_order")
            parser.parse_punctuation("=")
            own["matmul_inner_dims_order"] = numbers()

        parse_clauses(parser, {"matmul_packed_sizes": clause})
        properties, attributes = parse_words(parser, cls, *cls.OWN)
        inputs, outputs = parse_functional_type(parser)
        values = resolve(parser, operands, inputs, start)
        return cls.build(
            operands=[values[0], values[1:]], result_types=[outputs], properties=own | properties, attributes=attributes
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.target)
        printer.print_string(" matmul_packed_sizes = ")
        print_sizes(printer, self.matmul_packed_sizes, self.static_matmul_packed_sizes)
        for what, array in (
            ("matmul_padded_sizes_next_multiple_of", self.matmul_padded_sizes_next_multiple_of),
            ("matmul_inner_dims_order", self.matmul_inner_dims_order),
        ):
            if values_of(array):
                printer.print_string(f" {what} = {list(values_of(array))}")
        print_words(printer, self, *self.OWN)
        print_functional_type(printer, self.operand_types, self.result_types)


@transform_op
class LowerPackOp(FunctionalOp):
    """linalg.pack becomes tensor.pad, tensor.expand_shape and linalg.transpose."""

    name = "transform.structured.lower_pack"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"pad_op": "the pad", "expand_shape_op": "the reshape", "transpose_op": "the transpose"}
    target = operand_def(HandleTo("linalg.pack"))
    pad_by_insert_slice = prop_def(BoolAttr, default_value=_TRUE, prop_name="lowerPadLikeWithInsertSlice")
    pad_op = result_def(HandleTo("tensor.pad"))
    expand_shape_op = result_def(HandleTo("tensor.expand_shape"))
    transpose_op = result_def(HandleTo("linalg.transpose"))
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class MultiTileSizesOp(TransformOp):
    """Two tile sizes near `target_size` that together cover a dim with no remainder, and where the second begins.

    Example  %lo, %hi, %at = transform.structured.multitile_sizes %m {dimension = 1 : i64, target_size = 10 : i64} : (A) -> P
    Errors   results of different types
    """

    name = "transform.structured.multitile_sizes"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"low_size": "the smaller size", "high_size": "the larger", "split_point": "where the larger ends"}
    target = operand_def(OPS)
    dimension = prop_def(IntegerAttr[I64])
    divisor = prop_def(IntegerAttr[I64], default_value=int_prop(1))
    target_size = prop_def(IntegerAttr[I64])
    low_size = result_def(OPS_OR_PARAM)
    high_size = result_def(OPS_OR_PARAM)
    split_point = result_def(OPS_OR_PARAM)

    def modifies_payload(self) -> bool:
        # sizes that are handles, not parameters, are computed by new ops in the payload
        return not isinstance(self.low_size.type, ParamHandleType)

    def verify_(self) -> None:
        if len(set(self.result_types)) != 1:
            raise VerifyException(f"result types are {spell(self.result_types)}, expected them equal")

    @classmethod
    def parse(cls, parser: Parser) -> MultiTileSizesOp:
        start = parser.pos
        target = parser.parse_unresolved_operand()
        properties, attributes = parse_words(parser, cls)
        inputs, outputs = parse_functional_type(parser)
        values = resolve(parser, [target], inputs, start)
        if len(outputs) != 1:
            parser.raise_error(f"{len(outputs)} result types, expected 1, that of all results", start, parser.pos)
        return cls.build(operands=values, result_types=[*outputs] * 3, properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.target)
        print_words(printer, self)
        print_functional_type(printer, [self.target.type], [self.low_size.type])


OPERATIONS = [PadOp, HoistPadOp, BufferizeToAllocationOp, PackOp, PackGreedilyOp, LowerPackOp, MultiTileSizesOp]
