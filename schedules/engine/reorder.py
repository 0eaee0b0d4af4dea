"""Rewrites of one structured op that keep what it iterates over: as a linalg.generic, and with its loops in another order."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import linalg
from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, IntegerAttr, i64
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.ir import Operation
from xdsl.ir.affine import AffineDimExpr, AffineMap

from rung.schedules.engine.failures import Unfit
from rung.schedules.engine.tiles import maps_of


def generalized(op: Operation) -> linalg.ops.GenericOp:
    """Replace a named op by the linalg.generic that it stands for; one that is a generic stays. Raises Unfit."""
    if isinstance(op, linalg.ops.GenericOp):
        return op
    if not isinstance(op, LinalgStructuredOperation) or not op.regions or not op.regions[0].blocks:
        raise Unfit(f"payload is {op.name}, expected a named op of linalg with a body that is known here")
    maps, reductions = maps_of(op)
    kinds = [IteratorTypeAttr.reduction() if d in reductions else IteratorTypeAttr.parallel() for d in range(maps[0].num_dims)]
    new = linalg.ops.GenericOp(
        list(op.inputs),
        list(op.outputs),
        op.regions[0].clone(),
        ArrayAttr([AffineMapAttr(map_) for map_ in maps]),
        ArrayAttr(kinds),
        [result.type for result in op.results],
    )
    new.attributes.update(op.attributes)
    swap(op, new)
    return new


def interchanged(op: Operation, order: Sequence[int]) -> linalg.ops.GenericOp:
    """Loop `i` becomes what was loop `order[i]`. Raises Unfit: no generic, or not one number for each loop."""
    if not isinstance(op, linalg.ops.GenericOp):
        raise Unfit(f"payload is {op.name}, expected linalg.generic (transform.structured.generalize makes one)")
    dims = len(op.iterator_types.data)
    if not order:
        return op
    if sorted(order) != list(range(dims)):
        raise Unfit(f"iterator_interchange is {list(order)}, expected a permutation of the {dims} loops")
    now = [0] * dims
    for place, old in enumerate(order):
        now[old] = place
    renamed = [AffineDimExpr(place) for place in now]
    maps = [
        AffineMapAttr(AffineMap(dims, 0, tuple(expr.replace_dims_and_symbols(renamed, []) for expr in attr.data.results)))
        for attr in op.indexing_maps
    ]
    kinds = [op.iterator_types.data[old] for old in order]
    new = linalg.ops.GenericOp(
        list(op.inputs),
        list(op.outputs),
        op.body.clone(),
        ArrayAttr(maps),
        ArrayAttr(kinds),
        [result.type for result in op.results],
        op.doc,
        op.library_call,
    )
    new.attributes.update(op.attributes)
    for index in new.body.walk():
        if isinstance(index, linalg.ops.IndexOp):
            index.properties["dim"] = IntegerAttr(now[index.dim.value.data], i64)
    swap(op, new)
    return new


def swap(op: Operation, new: Operation) -> None:
    """Put `new` in the place of `op`, result for result."""
    block = op.parent
    assert block is not None
    block.insert_op_before(new, op)
    new.location = op.location
    for old, result in zip(op.results, new.results, strict=True):
        result.name_hint = old.name_hint
        old.replace_all_uses_with(result)
    op.detach()
    op.erase()
