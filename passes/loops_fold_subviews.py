"""Loads and stores through a `memref.subview` index the whole memref instead, one `affine.apply` an index.

before
    func.func @f(%x: memref<64x48xf32>, %y: memref<4x4xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      scf.forall (%t) in (8) {
        %o = affine.apply affine_map<(d0) -> (d0 * 8)>(%t)
        %xt = memref.subview %x[%o, 2] [4, 4] [1, 2] : memref<64x48xf32> to memref<4x4xf32, strided<[48, 2], offset: ?>>
        scf.for %i = %c0 to %c4 step %c1 {
          scf.for %j = %c0 to %c4 step %c1 {
            %v = memref.load %xt[%i, %j] : memref<4x4xf32, strided<[48, 2], offset: ?>>
            memref.store %v, %y[%i, %j] : memref<4x4xf32>
          }
        }
      }
      return
    }
after
    func.func @f(%x: memref<64x48xf32>, %y: memref<4x4xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      scf.forall (%t) in (8) {
        scf.for %i = %c0 to %c4 step %c1 {
          %row = affine.apply affine_map<(d0, d1) -> (d0 * 8 + d1)>(%t, %i)
          scf.for %j = %c0 to %c4 step %c1 {
            %column = affine.apply affine_map<(d0) -> (d0 * 2 + 2)>(%j)
            %v = memref.load %x[%row, %column] : memref<64x48xf32>
            memref.store %v, %y[%i, %j] : memref<4x4xf32>
          }
        }
      }
      return
    }

An index stands as far out as its operands, once. A subview with another user, or one that drops unit dims, stays.

Why here: the vectorizer and the printers then see plain row-major memrefs and one expression an index. Needs and keeps rung
loops.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import memref, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import DYNAMIC_INDEX, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.dialects.utils import get_dynamic_index_list
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from rung.dialects.upstream.scf import ForallOp
from rung.lowering.index_expr import Index, constant
from rung.lowering.loop_indices import Constants, Indices, Place, index
from rung.schedules.nests import shape_of


def fold_subviews(func: FuncOp) -> None:
    """Fold every subview of `func` that only loads and stores look through."""
    if func.is_declaration or not any(isinstance(op, memref.SubviewOp) for op in func.walk()):
        return
    indices = Indices(Constants(func))
    views: list[Operation] = []
    for op in list(func.walk()):
        if isinstance(op, memref.LoadOp | memref.StoreOp) and isinstance(op.memref.owner, memref.SubviewOp):
            _fold(op, indices)
        elif isinstance(op, ApplyOp):
            views.append(op)
            assert op.parent is not None
            indices.placed.setdefault((indices.of(op.result), op.parent), op.result)
        elif isinstance(op, memref.SubviewOp):
            views.append(op)
        elif isinstance(op, ForallOp | scf.ParallelOp | scf.ForOp):
            for iv in op.body.block.args:
                if iv.type == index:
                    indices.of(iv)  # known outermost first, so that an index reads (%tile, %i)
    for op in reversed(views):
        if not op.results[0].uses:
            op.detach()
            op.erase()


def _fold(op: memref.LoadOp | memref.StoreOp, indices: Indices) -> None:
    """Let one access go past the subviews that it looks through."""
    source: SSAValue = op.memref
    at = [indices.of(v) for v in op.indices]
    while isinstance(source.owner, memref.SubviewOp) and len(shape_of(source)) == len(shape_of(source.owner.source)):
        view = source.owner
        steps = get_dynamic_index_list(view.static_strides.get_values(), view.strides, DYNAMIC_INDEX)
        if not all(isinstance(step, int) for step in steps):
            break
        offsets = get_dynamic_index_list(view.static_offsets.get_values(), view.offsets, DYNAMIC_INDEX)
        at = [
            indices.space.add(_index(offset, indices), indices.space.mul(i, step))
            for i, offset, step in zip(at, offsets, steps)
            if isinstance(step, int)
        ]
        source = view.source
    if source is op.memref:
        return
    first = list(op.operands).index(op.memref)
    stack = _stack(op)
    op.operands[first] = source
    for axis, i in enumerate(at):
        op.operands[first + 1 + axis] = indices.place(i, stack)


def _index(offset: SSAValue | int, indices: Indices) -> Index:
    return constant(offset) if isinstance(offset, int) else indices.of(offset)


def _stack(op: Operation) -> list[Place]:
    """The places in front of `op` and of the ops around it, outermost first, within its function."""
    places: list[Place] = []
    current: Operation | None = op
    while current is not None and not isinstance(current, FuncOp):
        if current.parent is not None:
            places.insert(0, (current.parent, current))
        current = current.parent_op()
    return places


@dataclass(frozen=True)
class LoopsFoldSubviewsPass(ModulePass):
    """Fold memref.subview into the indices of loads and stores."""

    name = "loops-fold-subviews"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.block.ops:
            if isinstance(func, FuncOp):
                fold_subviews(func)
