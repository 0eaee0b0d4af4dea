"""Transforms that make tiles of structured ops: loops around a smaller op, and fusion into them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import DYNAMIC_INDEX, ArrayAttr, DenseArrayBase, UnitAttr, i1, i64
from xdsl.ir import Attribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .base import FunctionalOp, Index, check_markers, dense, mixed, transform_op, values_of
from .directives import ScalableSizes
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
from .types import OPS, OPS_OR_PARAM

_EMPTY = ArrayAttr[Attribute](())


def _check_interchange(values: Sequence[int], dims: int) -> None:
    """Loops may be reordered that are made; upstream pads a shorter list with the dims that are left, in order."""
    if len(values) > dims:
        raise VerifyException(f"interchange has {len(values)} entries, expected at most {dims}, one for each size")
    if len(set(values)) != len(values) or any(not 0 <= value < dims for value in values):
        raise VerifyException(f"interchange is {list(values)}, expected different numbers from 0 to {dims - 1}")


@transform_op
class TileUsingForOp(FunctionalOp):
    """Tile by scf.for loops; a size of 0 leaves its dim alone.

    Example  %t, %l:2 = transform.structured.tile_using_for %m tile_sizes [8, %p, 0] interchange = [1, 0, 2] : (A, P) -> (A, A, A)
    Errors   loop results that are not one for each size that is not 0; markers without values
    """

    name = "transform.structured.tile_using_for"
    RESULTS: ClassVar = {"tiled_linalg_op": "the op on one tile", "loops": "one handle for each loop, outermost first"}
    target = operand_def(OPS)
    dynamic_sizes = var_operand_def(OPS_OR_PARAM)
    static_sizes = opt_prop_def(DenseArrayBase.constr(i64))
    interchange = opt_prop_def(DenseArrayBase.constr(i64))
    scalable_sizes = opt_prop_def(DenseArrayBase.constr(i1))
    tiled_linalg_op = result_def(OPS)
    loops = var_result_def(OPS)
    DIRECTIVES: ClassVar = (ScalableSizes,)
    SYNTAX: ClassVar = (
        "$target `tile_sizes` custom<ScalableSizes>($dynamic_sizes, $static_sizes, $scalable_sizes) "
        "(`interchange` `=` $interchange^)? attr-dict `:` functional-type(operands, results)"
    )

    def sizes(self) -> list[Index]:
        return mixed(self.static_sizes, self.dynamic_sizes)

    def verify_(self) -> None:
        check_markers("tile_sizes", self.static_sizes, self.dynamic_sizes)
        sizes = values_of(self.static_sizes)
        if self.scalable_sizes is not None and len(self.scalable_sizes) != len(sizes):
            raise VerifyException(f"scalable_sizes has {len(self.scalable_sizes)} flags, expected {len(sizes)}")
        loops = sum(size != 0 for size in sizes)
        if len(self.loops) != loops:
            raise VerifyException(f"found {len(self.loops)} loop results, expected {loops}, one for each size that is not 0")


def _parse_packed(parser: Parser) -> UnresolvedOperand | None:
    """`*(%sizes)`: one value for the whole list."""
    if parser.parse_optional_punctuation("*") is None:
        return None
    with parser.in_parens():
        return parser.parse_unresolved_operand()


@transform_op
class TileUsingForallOp(FunctionalOp):
    """Tile by one scf.forall over all dims that are tiled, its iterations in any order.

    Example  %t, %f = transform.structured.tile_using_forall %m tile_sizes [%p, 32] (mapping = [#gpu.block<x>]) : (A, P) -> (A, A)
    Errors   neither num_threads nor tile_sizes; a packed list beside a plain one
    """

    name = "transform.structured.tile_using_forall"
    RESULTS: ClassVar = {"tiled_op": "the op on one tile", "forall_op": "the scf.forall"}
    target = operand_def(OPS)
    num_threads = var_operand_def(OPS_OR_PARAM)
    tile_sizes = var_operand_def(OPS_OR_PARAM)
    packed_num_threads = opt_operand_def(OPS_OR_PARAM)
    packed_tile_sizes = opt_operand_def(OPS_OR_PARAM)
    static_num_threads = opt_prop_def(DenseArrayBase.constr(i64))
    static_tile_sizes = opt_prop_def(DenseArrayBase.constr(i64))
    mapping = opt_prop_def(ArrayAttr)
    tiled_op = result_def(OPS)
    forall_op = result_def(OPS)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    OWN: ClassVar = ("static_num_threads", "static_tile_sizes", "mapping")

    def verify_(self) -> None:
        check_markers("num_threads", self.static_num_threads, self.num_threads)
        check_markers("tile_sizes", self.static_tile_sizes, self.tile_sizes)
        given = [
            bool(values_of(self.static_num_threads)) + (self.packed_num_threads is not None),
            bool(values_of(self.static_tile_sizes)) + (self.packed_tile_sizes is not None),
        ]
        if not any(given):
            raise VerifyException("found neither num_threads nor tile_sizes, expected one of them")
        for what, count in zip(("num_threads", "tile_sizes"), given, strict=True):
            if count > 1:
                raise VerifyException(f"found a packed {what} beside a plain one, expected one of them")

    @classmethod
    def parse(cls, parser: Parser) -> TileUsingForallOp:
        start = parser.pos
        target = parser.parse_unresolved_operand()
        lists: dict[str, list[UnresolvedOperand]] = {"num_threads": [], "tile_sizes": []}
        packed: dict[str, list[UnresolvedOperand]] = {"num_threads": [], "tile_sizes": []}
        own: dict[str, Attribute] = {}

        def clause(what: str) -> None:
            own[f"static_{what}"] = dense(())
            value = _parse_packed(parser)
            if value is not None:
                packed[what].append(value)
                return
            lists[what], own[f"static_{what}"] = parse_sizes(parser)

        parse_clauses(parser, {what: (lambda what=what: clause(what)) for what in lists})
        if parser.parse_optional_punctuation("("):
            parser.parse_keyword("mapping")
            parser.parse_punctuation("=")
            own["mapping"] = parser.parse_attribute()
            parser.parse_punctuation(")")
        properties, attributes = parse_words(parser, cls, *cls.OWN)
        inputs, outputs = parse_functional_type(parser)
        segments = [[target], *lists.values(), *packed.values()]
        values = iter(resolve(parser, [operand for segment in segments for operand in segment], inputs, start))
        if len(outputs) != 2:
            parser.raise_error(f"{len(outputs)} result types, expected 2: the tiled op and the forall", start, parser.pos)
        return cls.build(
            operands=[[next(values) for _ in segment] for segment in segments],
            result_types=list(outputs),
            properties=own | properties,
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.target)
        for what, packed, dynamic, static in (
            ("num_threads", self.packed_num_threads, self.num_threads, self.static_num_threads),
            ("tile_sizes", self.packed_tile_sizes, self.tile_sizes, self.static_tile_sizes),
        ):
            if packed is not None:
                printer.print_string(f" {what} *(")
                printer.print_ssa_value(packed)
                printer.print_string(")")
            elif values_of(static):
                printer.print_string(f" {what} ")
                print_sizes(printer, dynamic, static)
        if self.mapping is not None:
            printer.print_string(" (mapping = ")
            printer.print_attribute(self.mapping)
            printer.print_string(")")
        print_words(printer, self, *self.OWN)
        print_functional_type(printer, self.operand_types, self.result_types)


@transform_op
class FuseOp(FunctionalOp):
    """Tile an op and fuse the ops that feed it into its loops, as far up as that goes.

    Example  %t, %l:2 = transform.structured.fuse %m tile_sizes [8, 16] interchange [1, 0] {apply_cleanup} : (A) -> (A, A, A)
    Errors   loop results that are not one for each size that is not 0, or with {use_forall} not one
    """

    name = "transform.structured.fuse"
    RESULTS: ClassVar = {"transformed": "the target on one tile", "loops": "the loops, outermost first, or the one scf.forall"}
    target = operand_def(OPS)
    tile_sizes = var_operand_def(OPS_OR_PARAM)
    tile_interchange = var_operand_def(OPS_OR_PARAM)
    static_tile_sizes = opt_prop_def(DenseArrayBase.constr(i64))
    static_tile_interchange = opt_prop_def(DenseArrayBase.constr(i64))
    apply_cleanup = opt_prop_def(UnitAttr)
    use_forall = opt_prop_def(UnitAttr)
    transformed = result_def(OPS)
    loops = var_result_def(OPS)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    OWN: ClassVar = ("static_tile_sizes", "static_tile_interchange")

    def verify_(self) -> None:
        check_markers("tile_sizes", self.static_tile_sizes, self.tile_sizes)
        check_markers("interchange", self.static_tile_interchange, self.tile_interchange)
        sizes = values_of(self.static_tile_sizes)
        order = values_of(self.static_tile_interchange)
        if DYNAMIC_INDEX not in order:
            _check_interchange(order, len(sizes))
        loops = 1 if self.use_forall is not None else sum(size != 0 for size in sizes)
        if len(self.loops) != loops:
            raise VerifyException(f"found {len(self.loops)} loop results, expected {loops}")

    @classmethod
    def parse(cls, parser: Parser) -> FuseOp:
        start = parser.pos
        target = parser.parse_unresolved_operand()
        lists: dict[str, list[UnresolvedOperand]] = {"tile_sizes": [], "interchange": []}
        own: dict[str, Attribute] = {}

        def clause(what: str) -> None:
            static = "static_tile_sizes" if what == "tile_sizes" else "static_tile_interchange"
            lists[what], own[static] = parse_sizes(parser)

        parse_clauses(parser, {what: (lambda what=what: clause(what)) for what in lists})
        properties, attributes = parse_words(parser, cls, *cls.OWN, *lists)
        inputs, outputs = parse_functional_type(parser)
        sizes, order = lists.values()
        values = resolve(parser, [target, *sizes, *order], inputs, start)
        if not outputs:
            parser.raise_error("0 result types, expected the fused op and its loops", start, parser.pos)
        return cls.build(
            operands=[values[0], values[1 : 1 + len(sizes)], values[1 + len(sizes) :]],
            result_types=[outputs[0], outputs[1:]],
            properties=own | properties,
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.target)
        for what, dynamic, static in (
            ("tile_sizes", self.tile_sizes, self.static_tile_sizes),
            ("interchange", self.tile_interchange, self.static_tile_interchange),
        ):
            if values_of(static):
                printer.print_string(f" {what} ")
                print_sizes(printer, dynamic, static)
        print_words(printer, self, *self.OWN)
        print_functional_type(printer, self.operand_types, self.result_types)


@transform_op
class FuseIntoContainingOp(FunctionalOp):
    """Fuse a producer into a loop that uses it.

    Example  %p, %l = transform.structured.fuse_into_containing_op %producer into %loop : (A, A) -> (A, A)
    """

    name = "transform.structured.fuse_into_containing_op"
    CONSUMES: ClassVar = ("producer_op",)
    RESULTS: ClassVar = {"fused_op": "the producer's tiles inside the loop", "new_containing_op": "the loop, perhaps replaced"}
    producer_op = operand_def(OPS)
    containing_op = operand_def(OPS)
    fused_op = result_def(OPS)
    new_containing_op = result_def(OPS)
    SYNTAX: ClassVar = "$producer_op `into` $containing_op attr-dict `:` functional-type(operands, results)"


OPERATIONS = [
    TileUsingForOp,
    TileUsingForallOp,
    FuseOp,
    FuseIntoContainingOp,
]
