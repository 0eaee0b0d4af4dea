"""`tensor.parallel_insert_slice`, which xDSL 0.74 lacks. The rest of `tensor` is xDSL's, untouched."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import tensor as xdsl_tensor
from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, IndexType, TensorType, i64
from xdsl.dialects.utils import DynamicIndexList, get_dynamic_index_list, split_dynamic_index_list
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import HasParent
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from .scf import InParallelOp


@irdl_op_definition
class ParallelInsertSliceOp(IRDLOperation):
    """Leave `source` in a slice of a shared out when an iteration of scf.forall ends.

    Shapes   source may drop unit extents of the slice
    Example  tensor.parallel_insert_slice %t into %o[%i, 0] [1, 64] [1, 1] : tensor<64xf32> into tensor<37x64xf32>
    Errors   offsets, sizes or strides that are not one for each dim of dest; values that do not match the dynamic markers
    """

    name = "tensor.parallel_insert_slice"
    source = operand_def(TensorType)
    dest = operand_def(TensorType)
    offsets = var_operand_def(IndexType)
    sizes = var_operand_def(IndexType)
    strides = var_operand_def(IndexType)
    static_offsets = prop_def(DenseArrayBase.constr(i64))
    static_sizes = prop_def(DenseArrayBase.constr(i64))
    static_strides = prop_def(DenseArrayBase.constr(i64))

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(HasParent(InParallelOp))
    assembly_format = (
        "$source `into` $dest ``"
        "custom<DynamicIndexList>($offsets, $static_offsets)"
        "custom<DynamicIndexList>($sizes, $static_sizes)"
        "custom<DynamicIndexList>($strides, $static_strides)"
        "attr-dict `:` type($source) `into` type($dest)"
    )
    custom_directives = (DynamicIndexList,)

    def __init__(
        self,
        source: SSAValue | Operation,
        dest: SSAValue | Operation,
        offsets: Sequence[SSAValue | int],
        sizes: Sequence[SSAValue | int],
        strides: Sequence[SSAValue | int] | None = None,
    ):
        """Strides left out are 1."""
        static_offsets, dynamic_offsets = split_dynamic_index_list(offsets, DYNAMIC_INDEX)
        static_sizes, dynamic_sizes = split_dynamic_index_list(sizes, DYNAMIC_INDEX)
        strides = [1] * len(sizes) if strides is None else strides
        static_strides, dynamic_strides = split_dynamic_index_list(strides, DYNAMIC_INDEX)
        super().__init__(
            operands=[source, dest, dynamic_offsets, dynamic_sizes, dynamic_strides],
            properties={
                "static_offsets": DenseArrayBase.from_list(i64, static_offsets),
                "static_sizes": DenseArrayBase.from_list(i64, static_sizes),
                "static_strides": DenseArrayBase.from_list(i64, static_strides),
            },
        )

    @staticmethod
    def from_static_parameters(
        source: SSAValue | Operation,
        dest: SSAValue | Operation,
        offsets: Sequence[int],
        sizes: Sequence[int],
        strides: Sequence[int] | None = None,
    ) -> ParallelInsertSliceOp:
        """The constructor that xDSL's InsertSliceOp has under the same name."""
        return ParallelInsertSliceOp(source, dest, offsets, sizes, strides)

    @staticmethod
    def get(
        source: SSAValue | Operation,
        dest: SSAValue | Operation,
        static_sizes: Sequence[int],
        static_offsets: Sequence[int] | None = None,
        static_strides: Sequence[int] | None = None,
        offsets: Sequence[SSAValue] = (),
        sizes: Sequence[SSAValue] = (),
        strides: Sequence[SSAValue] = (),
    ) -> ParallelInsertSliceOp:
        """The constructor that xDSL's InsertSliceOp has under the same name: leading dims dynamic where values are given."""
        rank = len(static_sizes)
        if not static_offsets:
            static_offsets = [DYNAMIC_INDEX] * len(offsets) + [0] * (rank - len(offsets))
        if not static_strides:
            static_strides = [DYNAMIC_INDEX] * len(strides) + [1] * (rank - len(strides))
        return ParallelInsertSliceOp(
            source,
            dest,
            get_dynamic_index_list(static_offsets, offsets, DYNAMIC_INDEX),
            get_dynamic_index_list(static_sizes, sizes, DYNAMIC_INDEX),
            get_dynamic_index_list(static_strides, strides, DYNAMIC_INDEX),
        )

    def mixed_offsets(self) -> list[SSAValue | int]:
        return get_dynamic_index_list(self.static_offsets.get_values(), self.offsets, DYNAMIC_INDEX)

    def mixed_sizes(self) -> list[SSAValue | int]:
        return get_dynamic_index_list(self.static_sizes.get_values(), self.sizes, DYNAMIC_INDEX)

    def mixed_strides(self) -> list[SSAValue | int]:
        return get_dynamic_index_list(self.static_strides.get_values(), self.strides, DYNAMIC_INDEX)

    def verify_(self) -> None:
        dest = self.dest.type
        assert isa(dest, TensorType[Attribute])
        rank = dest.get_num_dims()
        for what, static, dynamic in (
            ("offsets", self.static_offsets, self.offsets),
            ("sizes", self.static_sizes, self.sizes),
            ("strides", self.static_strides, self.strides),
        ):
            if len(static) != rank:
                raise VerifyException(f"{len(static)} {what} are given, expected {rank}, one for each dim of dest")
            markers = static.get_values().count(DYNAMIC_INDEX)
            if markers != len(dynamic):
                raise VerifyException(f"{len(dynamic)} values are given for {what}, expected {markers}")


Tensor = Dialect("tensor", [*xdsl_tensor.Tensor.operations, ParallelInsertSliceOp], [*xdsl_tensor.Tensor.attributes])

__all__ = ["ParallelInsertSliceOp", "Tensor"]
