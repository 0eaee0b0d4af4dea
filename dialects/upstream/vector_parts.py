"""`vector` ops of upstream on parts of a vector, and on memory by a vector of indices, that xDSL 0.74 lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    I1,
    ArrayAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    TensorType,
    VectorType,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    base,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from .vector_combine import vector_type

_I64S = ArrayAttr[IntegerAttr[IntegerType]]
_LANES = VectorType.constr(base(IndexType) | base(IntegerType))


def _ints(values: Sequence[int]) -> ArrayAttr[IntegerAttr[IntegerType]]:
    return ArrayAttr([IntegerAttr(value, i64) for value in values])


@irdl_op_definition
class ExtractStridedSliceOp(IRDLOperation):
    """A box of elements, from the leading dims; upstream takes unit strides only.

    Example  %w = vector.extract_strided_slice %v {offsets = [0, 2], sizes = [2, 4], strides = [1, 1]}
             : vector<4x8xf32> to vector<2x4xf32>
    """

    name = "vector.extract_strided_slice"
    source = operand_def(VectorType)
    offsets = prop_def(base(_I64S))
    sizes = prop_def(base(_I64S))
    strides = prop_def(base(_I64S))
    result = result_def(VectorType)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$source attr-dict `:` type($source) `to` type($result)"

    def __init__(self, source: SSAValue | Operation, offsets: Sequence[int], sizes: Sequence[int]):
        type_ = vector_type(SSAValue.get(source))
        super().__init__(
            operands=[source],
            result_types=[VectorType(type_.element_type, [*sizes, *type_.get_shape()[len(sizes) :]])],
            properties={"offsets": _ints(offsets), "sizes": _ints(sizes), "strides": _ints([1] * len(sizes))},
        )

    def verify_(self) -> None:
        source, result = vector_type(self.source), vector_type(self.result)
        sizes = [size.value.data for size in self.sizes]
        offsets = [offset.value.data for offset in self.offsets]
        _verify_box(source.get_shape(), offsets, sizes, [stride.value.data for stride in self.strides])
        want = (*sizes, *source.get_shape()[len(sizes) :])
        if result.get_shape() != want or result.element_type != source.element_type:
            raise VerifyException(f"result type is {result}, expected {VectorType(source.element_type, want)}")


@irdl_op_definition
class InsertStridedSliceOp(IRDLOperation):
    """`dest` with a box of its elements replaced; the box spans the trailing dims of dest.

    Example  %w = vector.insert_strided_slice %s, %v {offsets = [0, 2], strides = [1, 1]} : vector<2x4xf32> into vector<4x8xf32>
    """

    name = "vector.insert_strided_slice"
    T: ClassVar = VarConstraint("T", base(VectorType))
    source = operand_def(VectorType)
    dest = operand_def(T)
    offsets = prop_def(base(_I64S))
    strides = prop_def(base(_I64S))
    result = result_def(T)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$source `,` $dest attr-dict `:` type($source) `into` type($dest)"

    def __init__(self, source: SSAValue | Operation, dest: SSAValue | Operation, offsets: Sequence[int]):
        rank = vector_type(SSAValue.get(source)).get_num_dims()
        super().__init__(
            operands=[source, dest],
            result_types=[SSAValue.get(dest).type],
            properties={"offsets": _ints(offsets), "strides": _ints([1] * rank)},
        )

    def verify_(self) -> None:
        source, dest = vector_type(self.source), vector_type(self.dest)
        offsets = [offset.value.data for offset in self.offsets]
        if len(offsets) != dest.get_num_dims():
            raise VerifyException(f"{len(offsets)} offsets are given, expected {dest.get_num_dims()}")
        sizes = [1] * (dest.get_num_dims() - source.get_num_dims()) + list(source.get_shape())
        _verify_box(dest.get_shape(), offsets, sizes, [stride.value.data for stride in self.strides])


def _verify_box(shape: Sequence[int], offsets: Sequence[int], sizes: Sequence[int], strides: Sequence[int]) -> None:
    if len(offsets) != len(sizes) or len(sizes) > len(shape):
        raise VerifyException(
            f"{len(offsets)} offsets and {len(sizes)} sizes are given, expected as many of each, at most {len(shape)}"
        )
    if any(stride != 1 for stride in strides):
        raise VerifyException(f"strides are {list(strides)}, expected all 1")
    for axis, (extent, offset, size) in enumerate(zip(shape, offsets, sizes)):
        if not (0 <= offset and size >= 1 and offset + size <= extent):
            raise VerifyException(f"dim {axis} takes {offset} to {offset + size}, expected a range within 0 to {extent}")


@irdl_op_definition
class GatherOp(IRDLOperation):
    """Load base[offsets, .., offsets[-1] + indices] in each lane whose mask holds; the other lanes keep `pass_thru`.

    Example  %v = vector.gather %m[%i] [%idx], %mask, %other
             : memref<64xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>
    """

    name = "vector.gather"
    T: ClassVar = VarConstraint("T", base(VectorType))
    base = operand_def(MemRefType | TensorType)
    offsets = var_operand_def(IndexType)
    indices = operand_def(_LANES)
    mask = operand_def(VectorType.constr(I1))
    pass_thru = operand_def(T)
    result = result_def(T)
    traits = traits_def(MemoryReadEffect())
    assembly_format = (
        "$base `[` $offsets `]` `[` $indices `]` `,` $mask `,` $pass_thru attr-dict `:` "
        "type($base) `,` type($indices) `,` type($mask) `,` type($pass_thru) `into` type($result)"
    )

    def __init__(
        self,
        memory: SSAValue | Operation,
        offsets: Sequence[SSAValue | Operation],
        indices: SSAValue | Operation,
        mask: SSAValue | Operation,
        pass_thru: SSAValue | Operation,
    ):
        super().__init__(operands=[memory, offsets, indices, mask, pass_thru], result_types=[SSAValue.get(pass_thru).type])

    def verify_(self) -> None:
        _verify_lanes(self.base, self.offsets, self.indices, self.mask, self.result)


@irdl_op_definition
class ScatterOp(IRDLOperation):
    """Store each lane whose mask holds at base[offsets, .., offsets[-1] + indices].

    Example  vector.scatter %m[%i] [%idx], %mask, %v : memref<64xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32>
    """

    name = "vector.scatter"
    base = operand_def(MemRefType | TensorType)
    offsets = var_operand_def(IndexType)
    indices = operand_def(_LANES)
    mask = operand_def(VectorType.constr(I1))
    value = operand_def(VectorType)
    traits = traits_def(MemoryWriteEffect())
    assembly_format = (
        "$base `[` $offsets `]` `[` $indices `]` `,` $mask `,` $value attr-dict `:` "
        "type($base) `,` type($indices) `,` type($mask) `,` type($value)"
    )

    def __init__(
        self,
        memory: SSAValue | Operation,
        offsets: Sequence[SSAValue | Operation],
        indices: SSAValue | Operation,
        mask: SSAValue | Operation,
        value: SSAValue | Operation,
    ):
        super().__init__(operands=[memory, offsets, indices, mask, value])

    def verify_(self) -> None:
        _verify_lanes(self.base, self.offsets, self.indices, self.mask, self.value)


def _verify_lanes(memory: SSAValue, offsets: Sequence[SSAValue], indices: SSAValue, mask: SSAValue, value: SSAValue) -> None:
    base_type = memory.type
    assert isa(base_type, MemRefType | TensorType[Attribute])
    if len(offsets) != base_type.get_num_dims():
        raise VerifyException(f"{len(offsets)} offsets are given, expected {base_type.get_num_dims()}")
    want = vector_type(value).get_shape()
    for what, lanes in (("indices", indices), ("mask", mask)):
        if vector_type(lanes).get_shape() != want:
            raise VerifyException(f"{what} have shape {vector_type(lanes).get_shape()}, expected {want}")
