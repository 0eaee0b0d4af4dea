"""The ops inside a gpu kernel, with upstream's custom syntax: ids and sizes, barrier, shuffle, reductions of a group.

xDSL 0.74 prints all of these generically only, knows no upper_bound, and has no shuffle and no subgroup_reduce.
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import I1, IndexType, IndexTypeConstr, IntegerAttr, UnitAttr, i1, i32
from xdsl.dialects.gpu import DimensionAttr, DimensionEnum
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, Pure
from xdsl.utils.exceptions import VerifyException

from .gpu_attrs import AllReduceKind, AllReduceKindAttr, ShuffleMode, ShuffleModeAttr

Dimension = DimensionAttr | DimensionEnum | str
"""A dimension: the attribute, xDSL's enum or just "x", "y", "z"."""

_INDEX = IndexType()


def _dimension(dim: Dimension) -> DimensionAttr:
    return dim if isinstance(dim, DimensionAttr) else DimensionAttr(DimensionEnum(dim))


class _DimensionOp(IRDLOperation, ABC):
    """An id or a size along one dimension of the launch."""

    dimension = prop_def(DimensionAttr)
    upper_bound = opt_prop_def(IntegerAttr.constr(type=IndexTypeConstr))
    result = result_def(IndexType)
    traits = traits_def(Pure())

    def __init__(self, dim: Dimension, upper_bound: int | None = None):
        dim = _dimension(dim)
        bound = None if upper_bound is None else IntegerAttr(upper_bound, _INDEX)
        super().__init__(result_types=[_INDEX], properties={"dimension": dim, "upper_bound": bound})
        # upstream's names for these results
        self.result.name_hint = f"{self.name.removeprefix('gpu.')}_{dim.data.value}"

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.dimension.data.value}")
        if self.upper_bound is not None:
            printer.print_string(f" upper_bound {self.upper_bound.value.data}")
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> _DimensionOp:
        dim = parser.parse_str_enum(DimensionEnum)
        bound = parser.parse_integer() if parser.parse_optional_keyword("upper_bound") else None
        attributes = parser.parse_optional_attr_dict()
        op = cls(dim, bound)
        op.attributes |= attributes
        return op


@irdl_op_definition
class BlockIdOp(_DimensionOp):
    """The block this thread is in. Example: %i = gpu.block_id x"""

    name = "gpu.block_id"


@irdl_op_definition
class ThreadIdOp(_DimensionOp):
    """The thread's place in its block. Example: %i = gpu.thread_id x upper_bound 32"""

    name = "gpu.thread_id"


@irdl_op_definition
class BlockDimOp(_DimensionOp):
    """How many threads a block has. Example: %n = gpu.block_dim x"""

    name = "gpu.block_dim"


@irdl_op_definition
class GridDimOp(_DimensionOp):
    """How many blocks the launch has. Example: %n = gpu.grid_dim x"""

    name = "gpu.grid_dim"


@irdl_op_definition
class GlobalIdOp(_DimensionOp):
    """block_id * block_dim + thread_id. Example: %i = gpu.global_id x"""

    name = "gpu.global_id"


class _SubgroupNumberOp(IRDLOperation, ABC):
    """A number about the subgroup of a thread; `TYPED` says whether upstream spells the result type."""

    upper_bound = opt_prop_def(IntegerAttr.constr(type=IndexTypeConstr))
    result = result_def(IndexType)
    traits = traits_def(Pure())
    TYPED: ClassVar[bool] = True

    def __init__(self, upper_bound: int | None = None):
        bound = None if upper_bound is None else IntegerAttr(upper_bound, _INDEX)
        super().__init__(result_types=[_INDEX], properties={"upper_bound": bound})
        self.result.name_hint = self.name.removeprefix("gpu.")

    def print(self, printer: Printer) -> None:
        if self.upper_bound is not None:
            printer.print_string(f" upper_bound {self.upper_bound.value.data}")
        printer.print_op_attributes(self.attributes)
        if self.TYPED:
            printer.print_string(" : index")

    @classmethod
    def parse(cls, parser: Parser) -> _SubgroupNumberOp:
        bound = parser.parse_integer() if parser.parse_optional_keyword("upper_bound") else None
        attributes = parser.parse_optional_attr_dict()
        if cls.TYPED:
            parser.parse_punctuation(":")
            parser.parse_keyword("index")
        op = cls(bound)
        op.attributes |= attributes
        return op


@irdl_op_definition
class LaneIdOp(_SubgroupNumberOp):
    """The thread's place in its subgroup. Example: %l = gpu.lane_id"""

    name = "gpu.lane_id"
    TYPED: ClassVar[bool] = False


@irdl_op_definition
class SubgroupIdOp(_SubgroupNumberOp):
    """Which subgroup of its block a thread is in. Example: %s = gpu.subgroup_id : index"""

    name = "gpu.subgroup_id"


@irdl_op_definition
class SubgroupSizeOp(_SubgroupNumberOp):
    """How many threads a subgroup has. Example: %n = gpu.subgroup_size : index"""

    name = "gpu.subgroup_size"


@irdl_op_definition
class NumSubgroupsOp(_SubgroupNumberOp):
    """How many subgroups a block has. Example: %n = gpu.num_subgroups : index"""

    name = "gpu.num_subgroups"


@irdl_op_definition
class BarrierOp(IRDLOperation):
    """Wait until every thread of the block is here; what they wrote to workgroup and global memory is seen after it."""

    name = "gpu.barrier"
    assembly_format = "attr-dict"

    def __init__(self) -> None:
        super().__init__()


@irdl_op_definition
class ShuffleOp(IRDLOperation):
    """Read `value` of another lane of the subgroup.

    Shapes   t, i32, i32 -> t, i1; the i1 says whether that lane exists
    Example  %v, %ok = gpu.shuffle xor %x, %offset, %width : f32
    """

    T: ClassVar = VarConstraint("T", AnyAttr())
    name = "gpu.shuffle"
    value = operand_def(T)
    offset = operand_def(i32)
    width = operand_def(i32)
    mode = prop_def(ShuffleModeAttr)
    shuffle_result = result_def(T)
    valid = result_def(I1)
    traits = traits_def(Pure())

    def __init__(
        self, mode: ShuffleMode | str, value: SSAValue | Operation, offset: SSAValue | Operation, width: SSAValue | Operation
    ):
        value = SSAValue.get(value)
        super().__init__(
            operands=[value, offset, width],
            result_types=[value.type, i1],
            properties={"mode": ShuffleModeAttr(ShuffleMode(mode))},
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.mode.data.value} ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.value.type)

    @classmethod
    def parse(cls, parser: Parser) -> ShuffleOp:
        mode = parser.parse_str_enum(ShuffleMode)
        operands = [parser.parse_unresolved_operand()]
        for _ in range(2):
            parser.parse_punctuation(",")
            operands.append(parser.parse_unresolved_operand())
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type_ = parser.parse_type()
        op = cls(mode, *(parser.resolve_operand(o, t) for o, t in zip(operands, (type_, i32, i32))))
        op.attributes |= attributes
        return op


def _parse_reduced(parser: Parser, operand: object) -> tuple[SSAValue, Attribute]:
    """The trailing `: (t) -> t` of a reduction."""
    parser.parse_punctuation(":")
    position = parser.pos
    parser.parse_punctuation("(")
    type_ = parser.parse_type()
    parser.parse_punctuation(")")
    parser.parse_punctuation("->")
    result = parser.parse_type()
    if result != type_:
        parser.raise_error(f"result type is {result}, expected {type_}", position)
    return parser.resolve_operand(operand, type_), result  # pyright: ignore


@irdl_op_definition
class SubgroupReduceOp(IRDLOperation):
    """Combine a value over the lanes of a subgroup, or of clusters of lanes; every lane gets the result.

    Example  %s = gpu.subgroup_reduce add %x cluster(size = 8, stride = 2) : (f32) -> f32
    Errors   a cluster stride without a size; a size that is not a power of two
    """

    T: ClassVar = VarConstraint("T", AnyAttr())
    name = "gpu.subgroup_reduce"
    value = operand_def(T)
    op = prop_def(AllReduceKindAttr)
    uniform = opt_prop_def(UnitAttr)
    cluster_size = opt_prop_def(IntegerAttr.constr(type=i32))
    cluster_stride = prop_def(IntegerAttr.constr(type=i32), default_value=IntegerAttr(1, i32))
    result = result_def(T)

    def __init__(
        self,
        kind: AllReduceKind | str,
        value: SSAValue | Operation,
        *,
        uniform: bool = False,
        cluster_size: int | None = None,
        cluster_stride: int = 1,
    ):
        value = SSAValue.get(value)
        super().__init__(
            operands=[value],
            result_types=[value.type],
            properties={
                "op": AllReduceKindAttr(AllReduceKind(kind)),
                "uniform": UnitAttr() if uniform else None,
                "cluster_size": None if cluster_size is None else IntegerAttr(cluster_size, i32),
                "cluster_stride": IntegerAttr(cluster_stride, i32),
            },
        )

    def verify_(self) -> None:
        stride = self.cluster_stride.value.data
        if self.cluster_size is None:
            if stride != 1:
                raise VerifyException(f"cluster stride is {stride}, expected 1 where no cluster size is given")
        else:
            size = self.cluster_size.value.data
            if size <= 0 or size & (size - 1):
                raise VerifyException(f"cluster size is {size}, expected a positive power of two")

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.op.data.value} ")
        printer.print_ssa_value(self.value)
        if self.uniform is not None:
            printer.print_string(" uniform")
        if self.cluster_size is not None:
            printer.print_string(f" cluster(size = {self.cluster_size.value.data}")
            if self.cluster_stride.value.data != 1:
                printer.print_string(f", stride = {self.cluster_stride.value.data}")
            printer.print_string(")")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_operation_type(self)

    @classmethod
    def parse(cls, parser: Parser) -> SubgroupReduceOp:
        kind = parser.parse_str_enum(AllReduceKind)
        operand = parser.parse_unresolved_operand()
        uniform = parser.parse_optional_keyword("uniform") is not None
        size, stride = None, 1
        if parser.parse_optional_keyword("cluster"):
            parser.parse_punctuation("(")
            parser.parse_keyword("size")
            parser.parse_punctuation("=")
            size = parser.parse_integer()
            if parser.parse_optional_punctuation(","):
                parser.parse_keyword("stride")
                parser.parse_punctuation("=")
                stride = parser.parse_integer()
            parser.parse_punctuation(")")
        attributes = parser.parse_optional_attr_dict()
        value, _ = _parse_reduced(parser, operand)
        op = cls(kind, value, uniform=uniform, cluster_size=size, cluster_stride=stride)
        op.attributes |= attributes
        return op


@irdl_op_definition
class AllReduceOp(IRDLOperation):
    """Combine a value over all threads of a block, by a named kind or by the region.

    Example  %s = gpu.all_reduce add %x uniform {} : (f32) -> f32
    Errors   a kind and a region together, or neither
    """

    T: ClassVar = VarConstraint("T", AnyAttr())
    name = "gpu.all_reduce"
    value = operand_def(T)
    op = opt_prop_def(AllReduceKindAttr)
    uniform = opt_prop_def(UnitAttr)
    result = result_def(T)
    body = region_def()
    traits = traits_def(IsolatedFromAbove())

    def __init__(
        self, kind: AllReduceKind | str | None, value: SSAValue | Operation, *, uniform: bool = False, body: Region | None = None
    ):
        value = SSAValue.get(value)
        super().__init__(
            operands=[value],
            result_types=[value.type],
            properties={
                "op": None if kind is None else AllReduceKindAttr(AllReduceKind(kind)),
                "uniform": UnitAttr() if uniform else None,
            },
            regions=[Region() if body is None else body],
        )

    def verify_(self) -> None:
        if (self.op is None) != bool(self.body.blocks):
            found = "neither a kind nor a body" if self.op is None else "a kind and a body"
            raise VerifyException(f"{found} given, expected exactly one of them")

    def print(self, printer: Printer) -> None:
        if self.op is not None:
            printer.print_string(f" {self.op.data.value}")
        printer.print_string(" ")
        printer.print_ssa_value(self.value)
        printer.print_string(" uniform " if self.uniform is not None else " ")
        printer.print_region(self.body)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_operation_type(self)

    @classmethod
    def parse(cls, parser: Parser) -> AllReduceOp:
        kind = parser.parse_optional_str_enum(AllReduceKind)
        operand = parser.parse_unresolved_operand()
        uniform = parser.parse_optional_keyword("uniform") is not None
        body = parser.parse_region()
        attributes = parser.parse_optional_attr_dict()
        value, _ = _parse_reduced(parser, operand)
        op = cls(kind, value, uniform=uniform, body=body)
        op.attributes |= attributes
        return op


OPERATIONS = [
    BlockIdOp, ThreadIdOp, BlockDimOp, GridDimOp, GlobalIdOp, LaneIdOp, SubgroupIdOp, SubgroupSizeOp, NumSubgroupsOp, BarrierOp,
    ShuffleOp, SubgroupReduceOp, AllReduceOp,
]  # fmt: skip
"""What the `gpu` overlay has in place of, or beside, xDSL's."""
