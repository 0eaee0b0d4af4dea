"""Split a reduction: partial results along a new parallel dim, then a second reduction of those."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.dialects import arith, linalg, tensor
from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
    i64,
)
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.rewriter import InsertPoint
from xdsl.utils.hints import isa

from rung.schedules.engine.failures import Unfit
from rung.schedules.engine.tiles import Loops

_FLOAT_NEUTRAL: dict[type[Operation], float] = {
    arith.AddfOp: 0.0,
    arith.MulfOp: 1.0,
    arith.MaximumfOp: float("-inf"),
    arith.MinimumfOp: float("inf"),
}
_INT_NEUTRAL: dict[type[Operation], int] = {arith.AddiOp: 0, arith.MuliOp: 1, arith.OrIOp: 0, arith.XOrIOp: 0, arith.AndIOp: -1}
_EXACT = (arith.MaximumfOp, arith.MinimumfOp)
"""Combiners of floats that give the same in any order."""


@dataclass(frozen=True)
class Split:
    """The ops that came of a reduction, in the order of the transform op's results."""

    init: Operation
    fill: Operation
    split: Operation
    combining: Operation


def check_reassociation(combiner: Operation) -> None:
    """Raises Unfit where the order of the sum was not said to be free."""
    if isinstance(combiner, arith.AddfOp | arith.MulfOp):
        if FastMathFlag.REASSOC not in combiner.fastmath.data:
            raise Unfit(
                f"{combiner.name} that combines has no fastmath<reassoc>, and splitting the reduction adds in another order "
                "(upstream does so without a word); declare it on the op"
            )


def combiner_of(op: linalg.ops.GenericOp) -> Operation:
    """The one op that combines the accumulator with a value. Raises Unfit."""
    block = op.body.block
    accumulator = block.args[-1]
    uses = list(accumulator.uses)
    end = block.last_op
    assert end is not None
    if len(uses) != 1 or len(end.operands) != 1 or end.operands[0].owner is not uses[0].operation:
        raise Unfit(f"body of {op.name} does not end in one op that combines the accumulator with a value")
    combiner = uses[0].operation
    if type(combiner) not in (*_FLOAT_NEUTRAL, *_INT_NEUTRAL):
        raise Unfit(
            f"{combiner.name} combines, expected one of {', '.join(sorted(o.name for o in (*_FLOAT_NEUTRAL, *_INT_NEUTRAL)))}"
        )
    return combiner


def split_reduction(op: Operation, factor: int, place: int, inner_parallel: bool, check: bool) -> Split:
    """Partial results for `factor` parts of the one reduction dim, along a new dim at `place` of the result and of the loops.

    inner_parallel   a part holds every factor-th element instead of neighbours
    Raises Unfit: not a generic of one result and one reduction dim, read by plain dims; a factor that does not divide it.
    """
    if not isinstance(op, linalg.ops.GenericOp):
        raise Unfit(f"payload is {op.name}, expected linalg.generic (transform.structured.generalize makes one)")
    loops = Loops.of(op)
    if len(op.outputs) != 1 or len(loops.reductions) != 1:
        raise Unfit(f"{op.name} has {len(op.outputs)} results and {len(loops.reductions)} reduction dims, expected one of each")
    (dim,) = loops.reductions
    combiner = combiner_of(op)
    if check:
        check_reassociation(combiner)
    extent = loops.extents[dim]
    if factor < 2 or extent % factor:
        raise Unfit(f"split factor is {factor}, expected at least 2, dividing {extent}, the extent of d{dim}")
    out_type = op.outputs[0].type
    assert isa(out_type, TensorType[Attribute])
    rank = len(out_type.get_shape())
    if not 0 <= place <= rank:
        raise Unfit(f"split dimension is {place}, expected 0 to {rank}")
    if any(isinstance(inner, linalg.ops.IndexOp) for inner in op.body.walk()):
        raise Unfit(f"body of {op.name} uses linalg.index, which is not supported here")
    for axes in loops.axes:
        if any(axis.dim is None for axis in axes):
            raise Unfit(f"{op.name} has an index that is no plain loop dim, expected plain dims")
    builder = Builder(InsertPoint.before(op))
    moved: list[AffineExpr] = [AffineDimExpr(d if d < place else d + 1) for d in range(len(loops.extents))]
    new_dim: AffineExpr = AffineDimExpr(place)
    pair = [moved[dim], new_dim] if inner_parallel else [new_dim, moved[dim]]
    sizes = [extent // factor, factor] if inner_parallel else [factor, extent // factor]
    inputs: list[SSAValue] = []
    maps: list[AffineMapAttr] = []
    dims = len(loops.extents) + 1
    for value, axes in zip(op.inputs, loops.axes):
        exprs: list[AffineExpr] = []
        shape: list[int] = []
        groups: list[ArrayAttr[IntegerAttr[IntegerType]]] = []
        for axis in axes:
            assert axis.dim is not None
            first = len(exprs)
            exprs += pair if axis.dim == dim else [moved[axis.dim]]
            shape += sizes if axis.dim == dim else [loops.extents[axis.dim]]
            groups.append(ArrayAttr([IntegerAttr(position, i64) for position in range(first, len(exprs))]))
        maps.append(AffineMapAttr(AffineMap(dims, 0, tuple(exprs))))
        inputs.append(_expand(builder, value, shape, groups) if len(shape) != len(axes) else value)
    shape = list(out_type.get_shape())
    shape.insert(place, factor)
    empty = builder.insert(tensor.EmptyOp([], TensorType(out_type.element_type, shape)))
    neutral = builder.insert(_neutral(combiner, out_type.element_type))
    fill = builder.insert(linalg.ops.FillOp([neutral.result], [empty.tensor], [empty.tensor.type]))
    out_exprs = [moved[axis.dim] for axis in loops.out_axes[0] if axis.dim is not None]
    out_exprs.insert(place, new_dim)
    maps.append(AffineMapAttr(AffineMap(dims, 0, tuple(out_exprs))))
    kinds = list(op.iterator_types.data)
    kinds.insert(place, IteratorTypeAttr.parallel())
    partial = builder.insert(
        linalg.ops.GenericOp(inputs, [fill.results[0]], op.body.clone(), ArrayAttr(maps), ArrayAttr(kinds), [empty.tensor.type])
    )
    partial.results[0].name_hint = "partial"
    combining = builder.insert(_combining(partial.results[0], op.outputs[0], combiner, rank, place))
    combining.results[0].name_hint = op.results[0].name_hint
    op.results[0].replace_all_uses_with(combining.results[0])
    op.detach()
    op.erase()
    return Split(empty, fill, partial, combining)


def _expand(builder: Builder, value: SSAValue, shape: list[int], groups: list[ArrayAttr[IntegerAttr[IntegerType]]]) -> SSAValue:
    type_ = value.type
    assert isa(type_, TensorType[Attribute])
    op = tensor.ExpandShapeOp.build(
        operands=[value, []],
        result_types=[TensorType(type_.element_type, shape)],
        properties={"reassociation": ArrayAttr(groups), "static_output_shape": DenseArrayBase.from_list(i64, shape)},
    )
    builder.insert(op).result.name_hint = value.name_hint
    return op.result


def _neutral(combiner: Operation, type_: Attribute) -> arith.ConstantOp:
    if type(combiner) in _FLOAT_NEUTRAL:
        return arith.ConstantOp(FloatAttr(_FLOAT_NEUTRAL[type(combiner)], type_))  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownArgumentType]
    assert isa(type_, IntegerType)
    return arith.ConstantOp(IntegerAttr(_INT_NEUTRAL[type(combiner)], type_))


def _combining(partial: SSAValue, init: SSAValue, combiner: Operation, rank: int, place: int) -> linalg.ops.GenericOp:
    kinds = [IteratorTypeAttr.parallel()] * rank
    kinds.insert(place, IteratorTypeAttr.reduction())
    whole = AffineMap.identity(rank + 1)
    kept = AffineMap(rank + 1, 0, tuple(AffineDimExpr(d) for d in range(rank + 1) if d != place))
    element = combiner.results[0].type
    block = Block(arg_types=[element, element])
    block.args[0].name_hint, block.args[1].name_hint = "part", "acc"
    op = combiner.clone(dict(zip(combiner.operands, (block.args[1], block.args[0]), strict=True)))
    block.add_ops([op, linalg.ops.YieldOp(op.results[0])])
    maps = ArrayAttr([AffineMapAttr(whole), AffineMapAttr(kept)])
    return linalg.ops.GenericOp([partial], [init], Region(block), maps, ArrayAttr(kinds), [init.type])
