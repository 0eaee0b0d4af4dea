"""`vector` ops of upstream that combine elements and that xDSL 0.74 lacks: multi_reduction, contract, outerproduct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, DenseArrayBase, StringAttr, VectorType, i64
from xdsl.dialects.utils import EnumAttribute
from xdsl.dialects.vector import CombiningKindAttr, CombiningKindFlag
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    VarConstraint,
    base,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa
from xdsl.utils.str_enum import StrEnum


def vector_type(value: SSAValue) -> VectorType[Attribute]:
    """The vector type of a value that the op's definition says is a vector."""
    type_ = value.type
    assert isa(type_, VectorType[Attribute])
    return type_


def combining_kind(kind: CombiningKindAttr | CombiningKindFlag | str) -> CombiningKindAttr:
    return kind if isinstance(kind, CombiningKindAttr) else CombiningKindAttr(CombiningKindFlag(kind))


@irdl_op_definition
class MultiReductionOp(IRDLOperation):
    """Combine the elements along some dims with an accumulator of the other dims.

    Shapes   (d0, .., dn) -> the extents not in `dims`; a scalar where none is left
    Example  %r = vector.multi_reduction <add>, %v, %acc [1] : vector<4x8xf32> to vector<4xf32>
    """

    name = "vector.multi_reduction"
    T: ClassVar = VarConstraint("T", AnyAttr())
    source = operand_def(VectorType)
    acc = operand_def(T)
    kind = prop_def(CombiningKindAttr)
    reduction_dims = prop_def(DenseArrayBase.constr(i64))
    dest = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$kind `,` $source `,` $acc $reduction_dims attr-dict `:` type($source) `to` type($dest)"

    def __init__(
        self,
        kind: CombiningKindAttr | CombiningKindFlag | str,
        source: SSAValue | Operation,
        acc: SSAValue | Operation,
        dims: Sequence[int],
    ):
        super().__init__(
            operands=[source, acc],
            result_types=[SSAValue.get(acc).type],
            properties={"kind": combining_kind(kind), "reduction_dims": DenseArrayBase.from_list(i64, dims)},
        )

    def verify_(self) -> None:
        source, dims = vector_type(self.source), self.reduction_dims.get_values()
        if len(set(dims)) != len(dims) or any(not 0 <= dim < source.get_num_dims() for dim in dims):
            raise VerifyException(f"dims are {list(dims)}, expected different ones of 0 to {source.get_num_dims() - 1}")
        shape = [extent for dim, extent in enumerate(source.get_shape()) if dim not in dims]
        want = VectorType(source.element_type, shape) if shape else source.element_type
        if self.dest.type != want:
            raise VerifyException(f"result type is {self.dest.type}, expected {want}")


class IteratorKind(StrEnum):
    Parallel = "parallel"
    Reduction = "reduction"


@irdl_attr_definition
class IteratorKindAttr(EnumAttribute[IteratorKind]):
    """`#vector.iterator_type<parallel>`."""

    name = "vector.iterator_type"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> IteratorKind:
        with parser.in_angle_brackets():
            return parser.parse_str_enum(IteratorKind)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data.value)


@irdl_op_definition
class ContractOp(IRDLOperation):
    """Multiply two vectors over an iteration space given by maps, and combine with an accumulator: any small contraction.

    Example  vector.contract {indexing_maps = [..], iterator_types = ["parallel", ..], kind = #vector.kind<add>} %a, %b, %c
             : vector<4x8xf32>, vector<8xf32> into vector<4xf32>
    Errors   not three maps; maps over another number of dims; a shape that contradicts its map
    """

    name = "vector.contract"
    T: ClassVar = VarConstraint("T", AnyAttr())
    lhs = operand_def(VectorType)
    rhs = operand_def(VectorType)
    acc = operand_def(T)
    indexing_maps = prop_def(base(ArrayAttr[AffineMapAttr]))
    iterator_types = prop_def(base(ArrayAttr[IteratorKindAttr]))
    kind = prop_def(CombiningKindAttr, default_value=CombiningKindAttr(CombiningKindFlag.ADD))
    result = result_def(T)
    traits = traits_def(Pure())

    def __init__(
        self,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        acc: SSAValue | Operation,
        maps: Sequence[AffineMap | AffineMapAttr],
        iterators: Sequence[IteratorKind | str],
        kind: CombiningKindAttr | CombiningKindFlag | str = "add",
    ):
        super().__init__(
            operands=[lhs, rhs, acc],
            result_types=[SSAValue.get(acc).type],
            properties={
                "indexing_maps": ArrayAttr([map_ if isinstance(map_, AffineMapAttr) else AffineMapAttr(map_) for map_ in maps]),
                "iterator_types": ArrayAttr([IteratorKindAttr(IteratorKind(iterator)) for iterator in iterators]),
                "kind": combining_kind(kind),
            },
        )

    def verify_(self) -> None:
        if len(self.indexing_maps) != 3:
            raise VerifyException(f"{len(self.indexing_maps)} indexing maps are given, expected 3")
        rank, extents = len(self.iterator_types), dict[int, int]()
        for operand, map_attr in zip((self.lhs, self.rhs, self.acc), self.indexing_maps):
            map_ = map_attr.data
            if map_.num_dims != rank:
                raise VerifyException(f"indexing map has {map_.num_dims} dims, expected {rank}, one for each iterator")
            shape = vector_type(operand).get_shape() if isa(operand.type, VectorType[Attribute]) else ()
            if len(map_.results) != len(shape):
                raise VerifyException(
                    f"indexing map {map_} has {len(map_.results)} results, expected {len(shape)} for {operand.type}"
                )
            for result, extent in zip(map_.results, shape):
                used = [dim for dim in range(rank) if dim in result.used_dims()]
                if len(used) == 1 and extents.setdefault(used[0], extent) != extent:
                    raise VerifyException(f"d{used[0]} has extents {extents[used[0]]} and {extent}, expected one extent")

    def print(self, printer: Printer) -> None:
        shown = ArrayAttr([StringAttr(kind.data.value) for kind in self.iterator_types])
        printer.print_op_attributes(
            {"indexing_maps": self.indexing_maps, "iterator_types": shown, "kind": self.kind, **self.attributes}
        )
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list((self.lhs.type, self.rhs.type), printer.print_attribute)
        printer.print_string(" into ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> ContractOp:
        attributes = parser.parse_optional_attr_dict()
        position = parser.pos
        operands = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_unresolved_operand)
        parser.parse_punctuation(":")
        types: list[Attribute] = [parser.parse_type()]
        parser.parse_punctuation(",")
        types.append(parser.parse_type())
        parser.parse_keyword("into")
        types.append(parser.parse_type())
        maps, iterators, kind = (attributes.pop(key, None) for key in ("indexing_maps", "iterator_types", "kind"))
        if not isa(maps, ArrayAttr[AffineMapAttr]):
            parser.raise_error("expected indexing_maps, an array of affine maps", position)
        if not isa(iterators, ArrayAttr[StringAttr]):
            parser.raise_error('expected iterator_types, an array of "parallel" and "reduction"', position)
        if kind is not None and not isinstance(kind, CombiningKindAttr):
            parser.raise_error(f"kind is {kind}, expected a #vector.kind", position)
        lhs, rhs, acc = parser.resolve_operands(operands, types, position)
        names = [iterator.data for iterator in iterators]
        if not set(names) <= {"parallel", "reduction"}:
            parser.raise_error(f"iterator types are {names}, expected parallel or reduction", position)
        op = cls(lhs, rhs, acc, maps.data, names, "add" if kind is None else kind)
        op.attributes |= attributes
        return op


@irdl_op_definition
class OuterProductOp(IRDLOperation):
    """Every element of lhs times every element of rhs, combined with an accumulator where one is given.

    Shapes   (m), (n) -> (m, n); (m), scalar -> (m)
    Example  %r = vector.outerproduct %x, %y, %acc {kind = #vector.kind<add>} : vector<4xf32>, vector<8xf32>
    """

    name = "vector.outerproduct"
    lhs = operand_def(VectorType)
    rhs = operand_def(AnyAttr())
    acc = opt_operand_def(VectorType)
    kind = prop_def(CombiningKindAttr, default_value=CombiningKindAttr(CombiningKindFlag.ADD))
    result = result_def(VectorType)
    traits = traits_def(Pure())

    def __init__(
        self,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        acc: SSAValue | Operation | None = None,
        kind: CombiningKindAttr | CombiningKindFlag | str = "add",
    ):
        lhs, rhs = SSAValue.get(lhs), SSAValue.get(rhs)
        super().__init__(
            operands=[lhs, rhs, acc], result_types=[_outer_type(lhs, rhs)], properties={"kind": combining_kind(kind)}
        )

    def verify_(self) -> None:
        want = _outer_type(self.lhs, self.rhs)
        for what, value in (("result", self.result), ("accumulator", self.acc)):
            if value is not None and value.type != want:
                raise VerifyException(f"{what} type is {value.type}, expected {want}")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes({"kind": self.kind, **self.attributes})
        printer.print_string(" : ")
        printer.print_list((self.lhs.type, self.rhs.type), printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> OuterProductOp:
        position = parser.pos
        operands = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        lhs_type = parser.parse_type()
        parser.parse_punctuation(",")
        rhs_type = parser.parse_type()
        if len(operands) not in (2, 3) or not isa(lhs_type, VectorType[Attribute]):
            parser.raise_error(f"{len(operands)} operands, the first a {lhs_type}; expected 2 or 3, the first a vector", position)
        kind = attributes.pop("kind", None)
        if kind is not None and not isinstance(kind, CombiningKindAttr):
            parser.raise_error(f"kind is {kind}, expected a #vector.kind", position)
        lhs, rhs = parser.resolve_operands(operands[:2], [lhs_type, rhs_type], position)
        acc = parser.resolve_operand(operands[2], _outer_type(lhs, rhs)) if len(operands) == 3 else None
        op = cls(lhs, rhs, acc, "add" if kind is None else kind)
        op.attributes |= attributes
        return op


def _outer_type(lhs: SSAValue, rhs: SSAValue) -> VectorType[Attribute]:
    left = vector_type(lhs)
    right = vector_type(rhs).get_shape() if isinstance(rhs.type, VectorType) else ()
    return VectorType(left.element_type, [*left.get_shape(), *right])
