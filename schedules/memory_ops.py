"""The memory ops that bufferization inserts: allocations, copies, and the views that stand for slices and reshapes."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import linalg, memref, scf, tensor
from xdsl.dialects.builtin import DYNAMIC_INDEX, AffineMapAttr, DenseArrayBase, MemRefType, TensorType, i64
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.utils import get_dynamic_index_list
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.utils.hints import isa

from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.tensor import ParallelInsertSliceOp
from rung.schedules.nests import fail, shape_of

View = tensor.ExtractSliceOp | tensor.CollapseShapeOp | tensor.ExpandShapeOp
"""Ops whose result is a part of, or another look at, their source: no memory of their own."""


def memref_of(type_: Attribute) -> MemRefType[Attribute]:
    assert isa(type_, TensorType[Attribute])
    return MemRefType(type_.element_type, type_.get_shape())


def is_tensor(type_: Attribute) -> bool:
    return isinstance(type_, TensorType)


def insert(op: Operation, before: Operation) -> None:
    block = before.parent
    assert block is not None
    block.insert_op_before(op, before)


def in_forall(op: Operation) -> bool:
    """Is `op` in an iteration of a forall, perhaps in a loop there?"""
    above = op.parent_op()
    while isinstance(above, scf.ForOp):
        above = above.parent_op()
    return isinstance(above, ForallOp)


def allocate(value: SSAValue, before: Operation) -> SSAValue:
    """New memory for `value` in front of `before`: of the iteration inside a forall, else of the function."""
    inside = in_forall(before)
    build = memref.AllocaOp.build if inside else memref.AllocOp.build
    op = build(operands=[[], []], result_types=[memref_of(value.type)], properties={"alignment": None})
    insert(op, before)
    op.results[0].name_hint = value.name_hint
    return op.results[0]


def copy(source: SSAValue, target: SSAValue, before: Operation) -> None:
    """A copy in front of `before`: within a kernel as a structured op, which becomes loops like any other."""
    if not in_forall(before):
        insert(memref.CopyOp(source, target), before)
        return
    rank, type_ = len(shape_of(source)), target.type
    assert isa(type_, MemRefType[Attribute])
    body = Block(arg_types=[type_.element_type] * 2)
    body.add_op(linalg.ops.YieldOp(body.args[0]))
    identity = AffineMapAttr(AffineMap.identity(rank))
    kinds = [IteratorTypeAttr.parallel()] * rank
    insert(linalg.ops.GenericOp([source], [target], Region(body), [identity, identity], kinds), before)


def subview(
    source: SSAValue,
    offsets: Sequence[SSAValue | int],
    sizes: Sequence[SSAValue | int],
    strides: Sequence[SSAValue | int],
    before: Operation,
) -> SSAValue:
    type_ = source.type
    assert isa(type_, MemRefType[Attribute])
    result = memref.SubviewOp.infer_result_type(type_, offsets, sizes, strides)
    op = memref.SubviewOp.get(source, offsets, sizes, strides, result)
    insert(op, before)
    return op.result


def view_of(op: View, held: SSAValue) -> SSAValue:
    """The part of the memory `held` that stands for the result of `op`. Raises where a slice drops dims."""
    match op:
        case tensor.ExtractSliceOp():
            if len(shape_of(op.source)) != len(shape_of(op.result)):
                raise fail(op, "drops unit extents of its source, which linalg-bufferize has no rule for")
            offsets = get_dynamic_index_list(op.static_offsets.get_values(), op.offsets, DYNAMIC_INDEX)
            sizes = get_dynamic_index_list(op.static_sizes.get_values(), op.sizes, DYNAMIC_INDEX)
            strides = get_dynamic_index_list(op.static_strides.get_values(), op.strides, DYNAMIC_INDEX)
            view = subview(held, offsets, sizes, strides, op)
        case tensor.CollapseShapeOp():
            collapsed = memref.CollapseShapeOp.build(
                operands=[held], result_types=[memref_of(op.result.type)], properties={"reassociation": op.reassociation}
            )
            insert(collapsed, op)
            view = collapsed.result
        case tensor.ExpandShapeOp():
            shape = DenseArrayBase.from_list(i64, shape_of(op.result))
            expanded = memref.ExpandShapeOp.build(
                operands=[held, []],
                result_types=[memref_of(op.result.type)],
                properties={"reassociation": op.reassociation, "static_output_shape": shape},
            )
            insert(expanded, op)
            view = expanded.result
    view.name_hint = op.result.name_hint
    return view


def same_window(view: memref.SubviewOp, insertion: ParallelInsertSliceOp | tensor.InsertSliceOp) -> bool:
    """Does a subview look at exactly what an insertion writes?"""
    return (
        view.static_offsets == insertion.static_offsets
        and view.static_sizes == insertion.static_sizes
        and view.static_strides == insertion.static_strides
        and tuple(view.offsets) == tuple(insertion.offsets)
        and tuple(view.sizes) == tuple(insertion.sizes)
        and tuple(view.strides) == tuple(insertion.strides)
    )
