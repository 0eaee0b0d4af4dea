"""What an iteration stores in memory of its own and loads again stays in a register; memory that nothing loads any more goes.

before
    func.func @f(%x: memref<8x6xf32>, %y: memref<8xf32>) attributes {outs = 1 : i64} {
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c6 = arith.constant 6 : index
      scf.forall (%i) in (8) {
        %sum = memref.alloca() : memref<1xf32>
        %s = scf.for %j = %c0 to %c6 step %c1 iter_args(%acc = %zero) -> (f32) {
          %v = memref.load %x[%i, %j] : memref<8x6xf32>
          %t = arith.addf %acc, %v fastmath<reassoc> : f32
          scf.yield %t : f32
        }
        memref.store %s, %sum[%c0] : memref<1xf32>
        %m = memref.load %sum[%c0] : memref<1xf32>
        %r = math.sqrt %m : f32
        memref.store %r, %y[%i] : memref<8xf32>
      }
      return
    }
after
    func.func @f(%x: memref<8x6xf32>, %y: memref<8xf32>) attributes {outs = 1 : i64} {
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c6 = arith.constant 6 : index
      scf.forall (%i) in (8) {
        %s = scf.for %j = %c0 to %c6 step %c1 iter_args(%acc = %zero) -> (f32) {
          %v = memref.load %x[%i, %j] : memref<8x6xf32>
          %t = arith.addf %acc, %v fastmath<reassoc> : f32
          scf.yield %t : f32
        }
        %r = math.sqrt %s : f32
        memref.store %r, %y[%i] : memref<8xf32>
      }
      return
    }

A load takes the value of the last store before it if that store surely ran, in the same iteration of every loop around the
memory, and wrote the same element. It is left alone where a loop or a branch in between may have stored too, where the last store
was to another index, and where anything but loads and stores has hold of the memory.

Why here: a group shares the loops over its rows, so that what one op hands the next is one element. Needs and keeps rung loops.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

BRANCHES = (scf.IfOp, scf.IndexSwitchOp)
"""Ops whose regions run at most once: a store elsewhere inside them cannot come before a load inside."""


def forward_stores(func: FuncOp) -> None:
    """Forward stores to loads, and drop dead memory, for every memref.alloca of `func`."""
    for op in list(func.walk()):
        if isinstance(op, memref.AllocaOp):
            _promote(op)


def _promote(alloca: memref.AllocaOp) -> None:
    loads: list[memref.LoadOp] = []
    stores: list[memref.StoreOp] = []
    for use in alloca.memref.uses:
        user = use.operation
        if isinstance(user, memref.LoadOp):
            loads.append(user)
        elif isinstance(user, memref.StoreOp) and user.value is not alloca.memref:
            stores.append(user)
        else:
            return
    storing = _ancestors(stores, alloca)
    left = 0
    for load in loads:
        value = _reaching(load, alloca, storing)
        if value is None:
            left += 1
            continue
        load.res.replace_all_uses_with(value)
        load.detach()
        load.erase()
    if not left:
        for op in (*stores, alloca):
            op.detach()
            op.erase()


def _ancestors(stores: list[memref.StoreOp], alloca: memref.AllocaOp) -> set[Operation]:
    """The ops, within the alloca's block, that have a store inside."""
    found: set[Operation] = set()
    for store in stores:
        op: Operation | None = store.parent_op()
        while op is not None and op is not alloca.parent_op() and op not in found:
            found.add(op)
            op = op.parent_op()
    return found


def _reaching(load: memref.LoadOp, alloca: memref.AllocaOp, storing: set[Operation]) -> SSAValue | None:
    """The value that `load` finds, or None where that cannot be told."""
    op: Operation = load
    while True:
        before = op.prev_op
        while before is not None:
            if isinstance(before, memref.StoreOp) and before.memref is alloca.memref:
                same = all(_same(a, b) for a, b in zip(before.indices, load.indices))
                return before.value if same else None
            if before in storing or before is alloca:
                return None
            before = before.prev_op
        parent = op.parent_op()
        if parent is None or (parent in storing and not isinstance(parent, BRANCHES)):
            return None  # an earlier iteration of this loop may have stored
        op = parent


def _same(a: SSAValue, b: SSAValue) -> bool:
    """Are these the same index: one value, or equal constants?"""
    if a is b:
        return True
    return isinstance(a.owner, arith.ConstantOp) and isinstance(b.owner, arith.ConstantOp) and a.owner.value == b.owner.value


@dataclass(frozen=True)
class LoopsForwardStoresPass(ModulePass):
    """Keep what is stored and loaded within one iteration in registers, and drop dead memory."""

    name = "loops-forward-stores"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.block.ops:
            if isinstance(func, FuncOp):
                forward_stores(func)
