"""Attributes of `gpu` that xDSL 0.74 lacks or spells in an older way: address spaces, mappings, shuffle modes, reductions."""

from __future__ import annotations

from enum import auto
from typing import TypeVar

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum

EnumT = TypeVar("EnumT", bound=StrEnum)


class AddressSpace(StrEnum):
    """Global is the device's memory, workgroup what the threads of one block share, private what one thread has."""

    Global = auto()
    Workgroup = auto()
    Private = auto()


class MappingId(StrEnum):
    """Which id of a level a loop is mapped to."""

    X = auto()
    Y = auto()
    Z = auto()
    Linear0 = "linear_dim_0"
    Linear1 = "linear_dim_1"
    Linear2 = "linear_dim_2"
    Linear3 = "linear_dim_3"
    Linear4 = "linear_dim_4"
    Linear5 = "linear_dim_5"
    Linear6 = "linear_dim_6"
    Linear7 = "linear_dim_7"
    Linear8 = "linear_dim_8"
    Linear9 = "linear_dim_9"


class ShuffleMode(StrEnum):
    """How a lane picks the lane it reads from."""

    Xor = auto()
    Down = auto()
    Up = auto()
    Idx = auto()


class AllReduceKind(StrEnum):
    """What combines the values of a group; MLIR 22's names (xDSL 0.74 still has plain max and min)."""

    Add = auto()
    Mul = auto()
    Minui = auto()
    Minsi = auto()
    Minnumf = auto()
    Maxui = auto()
    Maxsi = auto()
    Maxnumf = auto()
    And = auto()
    Or = auto()
    Xor = auto()
    Minimumf = auto()
    Maximumf = auto()


def _parse_in_brackets(parser: AttrParser, kind: type[EnumT]) -> EnumT:
    with parser.in_angle_brackets():
        return parser.parse_str_enum(kind)


def _print_in_brackets(printer: Printer, value: StrEnum) -> None:
    with printer.in_angle_brackets():
        printer.print_string(value.value)


@irdl_attr_definition
class AddressSpaceAttr(EnumAttribute[AddressSpace]):
    """The memory space of a memref, `memref<32xf32, #gpu.address_space<workgroup>>`."""

    name = "gpu.address_space"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> AddressSpace:
        return _parse_in_brackets(parser, AddressSpace)

    def print_parameter(self, printer: Printer) -> None:
        _print_in_brackets(printer, self.data)


@irdl_attr_definition
class BlockMappingAttr(EnumAttribute[MappingId]):
    """`#gpu.block<x>` in the mapping of scf.forall."""

    name = "gpu.block"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> MappingId:
        return _parse_in_brackets(parser, MappingId)

    def print_parameter(self, printer: Printer) -> None:
        _print_in_brackets(printer, self.data)


@irdl_attr_definition
class ThreadMappingAttr(EnumAttribute[MappingId]):
    """`#gpu.thread<x>` in the mapping of scf.forall."""

    name = "gpu.thread"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> MappingId:
        return _parse_in_brackets(parser, MappingId)

    def print_parameter(self, printer: Printer) -> None:
        _print_in_brackets(printer, self.data)


@irdl_attr_definition
class WarpMappingAttr(EnumAttribute[MappingId]):
    """`#gpu.warp<x>` in the mapping of scf.forall."""

    name = "gpu.warp"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> MappingId:
        return _parse_in_brackets(parser, MappingId)

    def print_parameter(self, printer: Printer) -> None:
        _print_in_brackets(printer, self.data)


@irdl_attr_definition
class WarpgroupMappingAttr(EnumAttribute[MappingId]):
    """`#gpu.warpgroup<x>` in the mapping of scf.forall."""

    name = "gpu.warpgroup"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> MappingId:
        return _parse_in_brackets(parser, MappingId)

    def print_parameter(self, printer: Printer) -> None:
        _print_in_brackets(printer, self.data)


@irdl_attr_definition
class LaneMappingAttr(EnumAttribute[MappingId]):
    """`#gpu.lane<linear_dim_0>` in the mapping of scf.forall."""

    name = "gpu.lane"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> MappingId:
        return _parse_in_brackets(parser, MappingId)

    def print_parameter(self, printer: Printer) -> None:
        _print_in_brackets(printer, self.data)


@irdl_attr_definition
class MemorySpaceMappingAttr(EnumAttribute[AddressSpace]):
    """`#gpu.memory_space<workgroup>`: where transform.structured.promote puts its buffers."""

    name = "gpu.memory_space"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> AddressSpace:
        return _parse_in_brackets(parser, AddressSpace)

    def print_parameter(self, printer: Printer) -> None:
        _print_in_brackets(printer, self.data)


@irdl_attr_definition
class ShuffleModeAttr(EnumAttribute[ShuffleMode], SpacedOpaqueSyntaxAttribute):
    name = "gpu.shuffle_mode"


@irdl_attr_definition
class AllReduceKindAttr(EnumAttribute[AllReduceKind], SpacedOpaqueSyntaxAttribute):
    name = "gpu.all_reduce_op"


ATTRIBUTES = [
    AddressSpaceAttr,
    BlockMappingAttr,
    ThreadMappingAttr,
    WarpMappingAttr,
    WarpgroupMappingAttr,
    LaneMappingAttr,
    MemorySpaceMappingAttr,
    ShuffleModeAttr,
    AllReduceKindAttr,
]
"""What the `gpu` overlay adds; AllReduceKindAttr replaces xDSL's of the same name."""
