"""A load or store at an index from memory runs behind a guard that keeps it in bounds.

before
    func.func @f(%at: memref<6xi32>, %x: memref<11xf32>, %o: memref<6xf32>) attributes {outs = 1 : i64} {
      scf.forall (%i) in (6) {
        %n = memref.load %at[%i] : memref<6xi32>
        %k = arith.index_cast %n : i32 to index
        %v = memref.load %x[%k] : memref<11xf32>
        memref.store %v, %o[%i] : memref<6xf32>
      }
      return
    }
after
    func.func @f(%at: memref<6xi32>, %x: memref<11xf32>, %o: memref<6xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c11 = arith.constant 11 : index
      %zero = arith.constant 0.0 : f32
      scf.forall (%i) in (6) {
        %n = memref.load %at[%i] : memref<6xi32>
        %k = arith.index_cast %n : i32 to index
        %low = arith.cmpi sge, %k, %c0 : index
        %high = arith.cmpi slt, %k, %c11 : index
        %inside = arith.andi %low, %high : i1
        %v = scf.if %inside -> (f32) {
          %v_1 = memref.load %x[%k] : memref<11xf32>
          scf.yield %v_1 : f32
        } else {
          scf.yield %zero : f32
        }
        memref.store %v, %o[%i] : memref<6xf32>
      }
      return
    }

Out of bounds a load gives 0 and a store does nothing. Only accesses that `rung.judges.total` cannot prove are guarded, and only
those at indices from memory: one at loop indices that leaves its memref is a mistake of a pass, left for `rung-verify-total`.

Why here: while an access is one op, and before the vectorizer, which leaves guarded code scalar. Needs and keeps rung loops.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from rung.judges.total.bounds import open_limits
from rung.judges.total.linear import ISL_LOCK
from rung.judges.total.model import Access
from rung.judges.total.reading import Reader
from rung.lowering.constant_pool import ConstantPool


def guard_accesses(func: FuncOp) -> None:
    """Guard the accesses of one function."""
    if not any(_from_memory(op) for op in func.walk()):
        return  # no index can come from memory: nothing to prove
    pool = None
    with ISL_LOCK:
        for access in Reader(func.sym_name.data, func).read_host().accesses:
            axes = [axis for axis in open_limits(access) if _depends_on_memory(access, axis)]
            if axes and isinstance(access.op, memref.LoadOp | memref.StoreOp):
                pool = pool or ConstantPool(func.body.block)
                _guard(access.op, access, axes, pool)


def _from_memory(op: Operation) -> bool:
    """Does the op make an index of a number that may have been loaded?"""
    return op.name in ("arith.index_cast", "arith.index_castui") and isinstance(op.results[0].type, IndexType)


def _depends_on_memory(access: Access, limit: int) -> bool:
    """Is the number that the limit is about unknown, or made of unknown numbers?"""
    return any(dim.kind in ("unknown", "argument") for dim in access.domain().dims) and any(
        dim.kind in ("unknown", "argument", "derived") for dim in access.limits[limit][0].terms
    )


def _guard(op: memref.LoadOp | memref.StoreOp, access: Access, limits: list[int], pool: ConstantPool) -> None:
    if max(limits) >= len(op.indices):
        raise PassFailedException(
            f"loops-guard-accesses: {op.name} goes through a view that it may leave, expected loops-fold-subviews before"
        )
    block = op.parent
    assert block is not None
    inside: SSAValue | None = None
    for axis in limits:
        index, extent = op.indices[axis], access.limits[axis][1]
        low = arith.CmpiOp(index, pool.index(0), "sge")
        high = arith.CmpiOp(index, pool.index(extent), "slt")
        low.result.name_hint, high.result.name_hint = "low", "high"
        both = arith.AndIOp(low.result, high.result)
        new: list[Operation] = [low, high, both]
        if inside is not None:
            new.append(both := arith.AndIOp(inside, both.result))
        both.result.name_hint = "inside"
        inside = both.result
        block.insert_ops_before(new, op)
    assert inside is not None
    following = op.next_op  # there is one: no access ends a block
    assert following is not None
    op.detach()
    if isinstance(op, memref.LoadOp):
        loaded = scf.YieldOp(op.res)
        branch = scf.IfOp(inside, [op.res.type], [op, loaded], [scf.YieldOp(pool.scalar(0, op.res.type))])
        op.res.replace_uses_with_if(branch.results[0], lambda use: use.operation is not loaded)
        branch.results[0].name_hint = op.res.name_hint
    else:
        branch = scf.IfOp(inside, [], [op, scf.YieldOp()])
    block.insert_ops_before((branch,), following)


@dataclass(frozen=True)
class LoopsGuardAccessesPass(ModulePass):
    """Guard accesses at indices from memory."""

    name = "loops-guard-accesses"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.block.ops:
            if isinstance(func, FuncOp) and func.body.blocks:
                guard_accesses(func)
