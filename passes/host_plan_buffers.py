"""Place all intermediate buffers of a host function in one arena, so that a buffer that is dead gives its place to a later one.

before
    func.func @main(%x: memref<100xf32>, %out: memref<100xf32>) attributes {outs = 1 : i64} {
      %a = memref.alloc() : memref<100xf32>
      func.call @f(%x, %a) : (memref<100xf32>, memref<100xf32>) -> ()
      %b = memref.alloc() : memref<10xf32>
      func.call @g(%a, %b) : (memref<100xf32>, memref<10xf32>) -> ()
      %c = memref.alloc() : memref<100xf32>
      func.call @h(%b, %c) : (memref<10xf32>, memref<100xf32>) -> ()
      func.call @f(%c, %out) : (memref<100xf32>, memref<100xf32>) -> ()
      return
    }
    func.func private @f(memref<100xf32>, memref<100xf32>)
    func.func private @g(memref<100xf32>, memref<10xf32>)
    func.func private @h(memref<10xf32>, memref<100xf32>)
after
    func.func @main(%x: memref<100xf32>, %out: memref<100xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c512 = arith.constant 512 : index
      %arena = memref.alloc() {alignment = 256 : i64} : memref<552xi8>
      %a = memref.view %arena[%c0][] : memref<552xi8> to memref<100xf32>
      %b = memref.view %arena[%c512][] : memref<552xi8> to memref<10xf32>
      %c = memref.view %arena[%c0][] : memref<552xi8> to memref<100xf32>
      func.call @f(%x, %a) : (memref<100xf32>, memref<100xf32>) -> ()
      func.call @g(%a, %b) : (memref<100xf32>, memref<10xf32>) -> ()
      func.call @h(%b, %c) : (memref<10xf32>, memref<100xf32>) -> ()
      func.call @f(%c, %out) : (memref<100xf32>, memref<100xf32>) -> ()
      memref.dealloc %arena : memref<552xi8>
      return
    }
    func.func private @f(memref<100xf32>, memref<100xf32>)
    func.func private @g(memref<100xf32>, memref<10xf32>)
    func.func private @h(memref<10xf32>, memref<100xf32>)

A buffer lives from the first op that uses it to the last, both included: one that a launch reads and one that the same launch
writes never overlap. The biggest buffer is placed first, each at the lowest offset that is free while it lives. Buffers with a
size that is not static, or inside of control flow, stay as they are.

Why here: the order of launches is fixed by now, and with it who is alive when. Needs and keeps rung `gpu` (or `vector`, `loops`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    FixedBitwidthType,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    NoneAttr,
    i8,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from rung.lowering.constant_pool import ConstantPool


@dataclass(frozen=True)
class HostPlanBuffersPass(ModulePass):
    """Intermediate buffers of the host into one arena."""

    name = "host-plan-buffers"
    alignment_bytes: int = 256
    """Of each buffer: enough for an OpenCL sub-buffer, and what CUDA gives an allocation, so no access gets slower."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, func.FuncOp) and "kernel" not in function.attributes:
                for block in function.body.blocks:
                    _plan_block(block, self.alignment_bytes)


@dataclass(frozen=True)
class Buffer:
    """`size` bytes that must not be touched by others from step `first` to step `last`, both included."""

    size: int
    first: int
    last: int

    def meets(self, other: Buffer) -> bool:
        """Whether both live at some step."""
        return self.first <= other.last and other.first <= self.last


def place(buffers: Sequence[Buffer], alignment: int) -> list[int]:
    """An offset for each buffer, a multiple of `alignment`; those that live at the same step do not overlap."""
    order = sorted(range(len(buffers)), key=lambda k: (-buffers[k].size, buffers[k].first, k))
    offsets = [0] * len(buffers)
    placed: list[int] = []
    for k in order:
        offset = 0
        for other in sorted((other for other in placed if buffers[other].meets(buffers[k])), key=lambda other: offsets[other]):
            if offset + buffers[k].size <= offsets[other]:
                break
            offset = max(offset, -(-(offsets[other] + buffers[other].size) // alignment) * alignment)
        offsets[k] = offset
        placed.append(k)
    return offsets


def _plan_block(block: Block, alignment: int) -> None:
    allocs = [op for op in block.ops if isinstance(op, memref.AllocOp) and _bytes(op.memref.type) is not None]
    if not allocs or (len(allocs) == 1 and _is_arena(allocs[0])):
        return
    steps: dict[Operation, int] = {op: step for step, op in enumerate(block.ops)}
    buffers: list[Buffer] = []
    frees: list[memref.DeallocOp] = []
    for alloc in allocs:
        used = [step for step, op in _uses(alloc.memref, steps) if not isinstance(op, memref.DeallocOp)] or [steps[alloc]]
        frees += [op for _, op in _uses(alloc.memref, steps) if isinstance(op, memref.DeallocOp)]
        buffers.append(Buffer(_bytes(alloc.memref.type) or 0, min(used), max(used)))
    offsets = place(buffers, alignment)
    total = max(offset + buffer.size for offset, buffer in zip(offsets, buffers, strict=True))

    pool = ConstantPool(block)
    arena_type = MemRefType(i8, [total])
    arena = memref.AllocOp([], [], arena_type, IntegerAttr(alignment, i64))
    arena.memref.name_hint = "arena"
    views: list[Operation] = [arena]
    for alloc, offset in zip(allocs, offsets, strict=True):
        type_ = alloc.memref.type
        assert isa(type_, MemRefType[Attribute])
        view = memref.ViewOp(arena.memref, pool.index(offset), [], type_)
        view.result.name_hint = alloc.memref.name_hint
        views.append(view)
        alloc.memref.replace_all_uses_with(view.result)
    block.insert_ops_before(views, allocs[0])
    for op in (*frees, *allocs):
        op.detach()
        op.erase()
    last = block.last_op
    assert last is not None
    block.insert_ops_before((memref.DeallocOp.get(arena.memref),), last)


def _is_arena(alloc: memref.AllocOp) -> bool:
    """Whether this pass has been here: bytes that are only seen through views."""
    type_ = alloc.memref.type
    assert isa(type_, MemRefType[Attribute])
    users = [use.operation for use in alloc.memref.uses]
    return type_.element_type == i8 and all(isinstance(op, memref.ViewOp | memref.DeallocOp) for op in users)


def _uses(value: SSAValue, steps: dict[Operation, int]) -> list[tuple[int, Operation]]:
    """The ops that use `value` or another name for its memory, and the step of the block in which each of them is."""
    found: list[tuple[int, Operation]] = []
    for use in value.uses:
        op: Operation | None = use.operation
        for result in use.operation.results:
            if isinstance(result.type, MemRefType):
                found += _uses(result, steps)
        while op is not None and op not in steps:
            op = op.parent_op()
        assert op is not None
        found.append((steps[op], use.operation))
    return found


def _bytes(type_: Attribute) -> int | None:
    """How many bytes a memref of this type takes; None where that is not static or it is not plain memory."""
    if not isa(type_, MemRefType[Attribute]) or not isinstance(type_.element_type, FixedBitwidthType):
        return None
    shape = type_.get_shape()
    if DYNAMIC_INDEX in shape or not isinstance(type_.layout, NoneAttr) or not isinstance(type_.memory_space, NoneAttr):
        return None
    return prod(shape) * -(-type_.element_type.bitwidth // 8)
