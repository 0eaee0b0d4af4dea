"""Transforms that split the work of an op: a reduction into partial ones, a loop dim into parts."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import DYNAMIC_INDEX, I64, ArrayAttr, DenseArrayBase, IntegerAttr, UnitAttr, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .base import FunctionalOp, dense, int_prop, transform_op
from .syntax import (
    parse_types_of,
    parse_words,
    print_words,
)
from .types import OPS, OPS_OR_PARAM

_EMPTY = ArrayAttr[Attribute](())


@transform_op
class SplitReductionOp(FunctionalOp):
    """Split a reduction: partial results along a new parallel dim, then a second reduction of those. Reassociates.

    Example  %i, %f, %s, %c = transform.structured.split_reduction %r {split_factor = 4 : i64} : (A) -> (A, A, A, A)
    """

    name = "transform.structured.split_reduction"
    EACH: ClassVar = True
    RESULTS: ClassVar = {
        "init_or_alloc_op": "what makes the space for partial results",
        "fill_op": "what fills it with the neutral element",
        "split_linalg_op": "the op that computes them",
        "combining_linalg_op": "the reduction of them",
    }
    target = operand_def(OPS)
    split_factor = prop_def(IntegerAttr[I64], default_value=int_prop(0))
    insert_split_dimension = prop_def(IntegerAttr[I64], default_value=int_prop(0))
    inner_parallel = opt_prop_def(UnitAttr)
    use_alloc = opt_prop_def(UnitAttr)
    use_scaling_algorithm = opt_prop_def(UnitAttr)
    init_or_alloc_op = result_def(OPS)
    fill_op = result_def(OPS)
    split_linalg_op = result_def(OPS)
    combining_linalg_op = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


_PARTIAL: dict[str, str] = {
    "fill_op": "what fills each space for partial results with the neutral element",
    "split_op": "the op that computes them, on one tile",
    "combining_op": "the reduction of them",
}


@transform_op
class TileReductionUsingForOp(FunctionalOp):
    """Tile a reduction by scf.for loops that carry partial results. Reassociates.

    Example  %f, %s, %c, %l = transform.structured.tile_reduction_using_for %r by tile_sizes = [0, 8] : (A) -> (A, A, A, A)
    """

    name = "transform.structured.tile_reduction_using_for"
    EACH: ClassVar = True
    RESULTS: ClassVar = _PARTIAL | {"for_op": "the innermost loop"}
    target = operand_def(OPS)
    reduction_dims = prop_def(ArrayAttr[IntegerAttr], default_value=_EMPTY)
    tile_sizes = prop_def(ArrayAttr[IntegerAttr])
    fill_op = var_result_def(OPS)
    split_op = result_def(OPS)
    combining_op = result_def(OPS)
    for_op = result_def(OPS)
    SYNTAX: ClassVar = (
        "$target (`reduction_dims` `=` $reduction_dims^)? `by` `tile_sizes` `=` $tile_sizes attr-dict "
        "`:` functional-type(operands, results)"
    )


@transform_op
class TileReductionUsingForallOp(FunctionalOp):
    """Tile a reduction by an scf.forall whose threads each have partial results. Reassociates.

    Example  %f, %s, %c, %l = transform.structured.tile_reduction_using_forall %r by num_threads = [0, 4] : (A) -> (A, A, A, A)
    """

    name = "transform.structured.tile_reduction_using_forall"
    EACH: ClassVar = True
    RESULTS: ClassVar = _PARTIAL | {"forall_op": "the scf.forall"}
    target = operand_def(OPS)
    reduction_dims = prop_def(ArrayAttr[IntegerAttr], default_value=_EMPTY)
    num_threads = prop_def(DenseArrayBase.constr(i64), default_value=dense(()))
    tile_sizes = prop_def(DenseArrayBase.constr(i64), default_value=dense(()))
    mapping = opt_prop_def(ArrayAttr)
    fill_op = var_result_def(OPS)
    split_op = result_def(OPS)
    combining_op = result_def(OPS)
    forall_op = result_def(OPS)
    SYNTAX: ClassVar = (
        "$target (`reduction_dims` `=` $reduction_dims^)? `by` (`num_threads` `=` $num_threads^)? "
        "(`tile_sizes` `=` $tile_sizes^)? (`mapping` `=` $mapping^)? attr-dict `:` functional-type(operands, results)"
    )


@transform_op
class SplitOp(FunctionalOp):
    """Split an op in two along a dim, after so many iterations; with {multiway} in as many as chunks are given.

    Example  %s = transform.structured.split %m after 30 {dimension = 0 : i64} : A
    Errors   a dynamic size without the marker or a static one with a value
    """

    name = "transform.structured.split"
    RESULTS: ClassVar = {"split_list": "the first and second part of each payload op in turn"}
    target = operand_def(OPS)
    dimension = prop_def(IntegerAttr[I64])
    dynamic_chunk_sizes = opt_operand_def(OPS_OR_PARAM)
    static_chunk_sizes = prop_def(IntegerAttr[I64])
    multiway = opt_prop_def(UnitAttr)
    split_list = result_def(OPS)

    def verify_(self) -> None:
        is_marker = self.static_chunk_sizes.value.data == DYNAMIC_INDEX
        if is_marker != (self.dynamic_chunk_sizes is not None):
            found = "no value" if is_marker else "a value"
            raise VerifyException(f"{found} is given for the chunk size, expected {'one' if is_marker else 'none'}")

    @classmethod
    def parse(cls, parser: Parser) -> SplitOp:
        start = parser.pos
        operands = [parser.parse_unresolved_operand()]
        parser.parse_keyword("after")
        size = parser.parse_optional_unresolved_operand()
        static = DYNAMIC_INDEX
        if size is None:
            static = parser.parse_integer(allow_boolean=False)
        else:
            operands.append(size)
        properties, attributes = parse_words(parser, cls, "static_chunk_sizes")
        parser.parse_punctuation(":")
        values: list[SSAValue] = parse_types_of(parser, operands, start)
        if "dimension" not in properties:
            parser.raise_error("found no `dimension`, expected it in the attributes", start, parser.pos)
        return cls.build(
            operands=[values[0], values[1:]],
            result_types=[values[0].type],
            properties={**properties, "static_chunk_sizes": int_prop(static)},
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.target)
        printer.print_string(" after ")
        if self.dynamic_chunk_sizes is None:
            printer.print_string(str(self.static_chunk_sizes.value.data))
        else:
            printer.print_ssa_value(self.dynamic_chunk_sizes)
        print_words(printer, self, "static_chunk_sizes")
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)


OPERATIONS = [SplitReductionOp, TileReductionUsingForOp, TileReductionUsingForallOp, SplitOp]
