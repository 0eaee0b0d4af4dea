"""Rules of `memref`: memory as NumPy views. Every access is checked against its shape and against the race clock."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerAttr
from xdsl.ir import Operation

from .arith import as_unsigned, scalar_max, scalar_maxnum, scalar_min, scalar_minnum
from .gather import load_wide
from .interpreter import Frame, Rule, Scope, Step
from .slices import Box, checked_index, dropped_axes, mixed, numbers, operand_groups, out_of_bounds, type_shape
from .values import Array, Memref, Root, constant, dtype_of, poison, shape_of


def allocate(scope: Scope, array: Array) -> Memref:
    return Memref(array, Root(array, scope.clock.now))


def _alloc(scope: Scope, op: Operation) -> Step:
    dynamic = operand_groups(op, 3)[1] if op.name == "gpu.alloc" else operand_groups(op, 2)[0]
    result = op.results[0]
    shape, r = mixed(scope, type_shape(result.type), dynamic), scope.slot(result)
    type_ = result.type
    is_arena = any(use.operation.name == "memref.view" for use in result.uses)

    def step(frame: Frame) -> None:
        extents = shape(frame)
        # bytes that will be read as other types: all ones is NaN in every float type
        frame[r] = allocate(scope, np.full(extents, -1, dtype_of(type_)) if is_arena else poison(extents, type_))

    return step


def _dealloc(scope: Scope, op: Operation) -> Step:
    """What is freed is poisoned, so that a later read shows; bytes by all ones, as an arena is."""
    m, type_ = scope.slot(op.operands[-1]), op.operands[-1].type

    def step(frame: Frame) -> None:
        array = frame[m].array
        array[...] = -1 if array.dtype == np.int8 else poison((1,) * array.ndim, type_)

    return step


def _load(scope: Scope, op: Operation) -> Step:
    m, *index = scope.slots(op.operands)
    r, clock = scope.slot(op.results[0]), scope.clock
    is_index = op.results[0].type.name == "index"
    if scope.wide:
        return load_wide(scope, op, lambda memref: memref.array)

    def step1(frame: Frame) -> None:
        memref, i = frame[m], frame[i0]
        array = memref.array
        if not 0 <= i < array.shape[0]:
            raise out_of_bounds(scope, op, (i,), array.shape)
        if memref.root.written >= clock.floor:
            clock.reads(memref, (i,))
        frame[r] = array[i]

    def step2(frame: Frame) -> None:
        memref, i, j = frame[m], frame[i0], frame[i1]
        array = memref.array
        rows, columns = array.shape
        if not (0 <= i < rows and 0 <= j < columns):
            raise out_of_bounds(scope, op, (i, j), array.shape)
        if memref.root.written >= clock.floor:
            clock.reads(memref, (i, j))
        frame[r] = array[i, j]

    def step(frame: Frame) -> None:
        memref = frame[m]
        at = checked_index(scope, op, [frame[slot] for slot in index], memref.array.shape)
        value = read(scope, memref, at)
        frame[r] = int(value) if is_index else value

    if len(index) == 1 and not is_index:
        (i0,) = index
        return step1
    if len(index) == 2 and not is_index:
        i0, i1 = index
        return step2
    return step


def read(scope: Scope, memref: Memref, index: Any) -> Array:
    """What lies at the index, a view where the index is slices. Raises Race where another iteration has written it."""
    if memref.root.written >= scope.clock.floor:
        scope.clock.reads(memref, index)
    return memref.array[index]


def write(scope: Scope, op: Operation, memref: Memref, index: Any, value: Any) -> None:
    """Store under the clock. Raises Race, and EvaluationError for memory that is read-only."""
    if not memref.array.flags.writeable:
        raise scope.error(op, "writes into an input of the function, expected only its outs written")
    if scope.clock.levels:
        scope.clock.wrote(memref, index)
    memref.array[index] = value


def _store(scope: Scope, op: Operation) -> Step:
    value, m, *index = scope.slots(op.operands)
    if scope.wide:
        raise scope.error(op, "no rule for it inside the body of a linalg op")

    def step(frame: Frame) -> None:
        memref = frame[m]
        at = checked_index(scope, op, [frame[slot] for slot in index], memref.array.shape)
        write(scope, op, memref, at, frame[value])

    return step


_ATOMIC: list[Callable[[Any, Any], Any] | None] = [
    lambda a, b: a + b, lambda a, b: a + b, lambda a, b: a & b, lambda a, b: b, scalar_max, scalar_max, as_unsigned(np.maximum),
    scalar_min, scalar_min, as_unsigned(np.minimum), lambda a, b: a * b, lambda a, b: a * b, lambda a, b: a | b, scalar_maxnum,
    scalar_minnum, lambda a, b: a ^ b,
]  # fmt: skip
"""By number: addf addi andi assign maximumf maxs maxu minimumf mins minu mulf muli ori maxnumf minnumf xori"""


def _atomic(scope: Scope, op: Operation) -> Step:
    """Atomics of two iterations do not race, so the clock is not asked."""
    value, m, *index = scope.slots(op.operands)
    kind, r = op.properties["kind"], scope.slot(op.results[0])
    assert isinstance(kind, IntegerAttr)
    number = kind.value.data
    combine = _ATOMIC[number] if 0 <= number < len(_ATOMIC) else None
    if combine is None:
        raise scope.error(op, f"no rule for the kind {number}")

    def step(frame: Frame) -> None:
        array = frame[m].array
        at = checked_index(scope, op, [frame[slot] for slot in index], array.shape)
        frame[r] = array[at]
        array[at] = combine(array[at], frame[value])

    return step


def _subview(scope: Scope, op: Operation) -> Step:
    source, r = scope.slot(op.operands[0]), scope.slot(op.results[0])
    box = Box(scope, op)
    dropped = dropped_axes(numbers(op.properties["static_sizes"]), shape_of(op.results[0].type))

    def step(frame: Frame) -> None:
        memref = frame[source]
        array = memref.array[box.window(frame, memref.array.shape)]
        frame[r] = memref.view(array.squeeze(dropped) if dropped else array)

    return step


def _copy(scope: Scope, op: Operation) -> Step:
    source, target = scope.slots(op.operands[-2:])
    if op.name == "gpu.memcpy":
        source, target = target, source

    def step(frame: Frame) -> None:
        a, b = read(scope, frame[source], ...), frame[target]
        if a.shape != b.array.shape:
            raise scope.error(op, f"copies the shape {a.shape} into {b.array.shape}, expected them equal")
        write(scope, op, b, ..., a.copy())

    return step


def _same(scope: Scope, op: Operation) -> Step:
    """A cast that leaves memory and geometry as they are."""
    source, r, shape = scope.slot(op.operands[0]), scope.slot(op.results[0]), shape_of(op.results[0].type)

    def step(frame: Frame) -> None:
        found = frame[source].array.shape
        if len(found) != len(shape) or any(want not in (-1, have) for have, want in zip(found, shape)):
            raise scope.error(op, f"the shape is {found}, expected {shape}")
        frame[r] = frame[source]

    return step


def _reshape(scope: Scope, op: Operation) -> Step:
    """collapse_shape and expand_shape: the same memory under another shape."""
    source, r, shape = scope.slot(op.operands[0]), scope.slot(op.results[0]), shape_of(op.results[0].type)

    def step(frame: Frame) -> None:
        memref = frame[source]
        array = memref.array.reshape(shape)
        if array.size and not np.may_share_memory(array, memref.array):
            raise scope.error(op, f"memory of strides {memref.array.strides} bytes cannot be seen as {shape} without a copy")
        frame[r] = memref.view(array)

    return step


def _view(scope: Scope, op: Operation) -> Step:
    source, shift, *_ = scope.slots(op.operands)
    result = op.results[0]
    r, dtype, shape = scope.slot(result), dtype_of(result.type), mixed(scope, type_shape(result.type), op.operands[2:])

    def step(frame: Frame) -> None:
        memref, start, extents = frame[source], int(frame[shift]), shape(frame)
        stop = start + prod(extents) * dtype.itemsize
        if not 0 <= start <= stop <= memref.array.size:
            raise scope.error(op, f"takes bytes {start} to {stop}, expected within 0 to {memref.array.size}")
        if start % dtype.itemsize:
            raise scope.error(op, f"starts at byte {start}, expected a multiple of {dtype.itemsize} for {dtype}")
        frame[r] = memref.view(memref.array[start:stop].view(dtype).reshape(extents))

    return step


def _reinterpret(scope: Scope, op: Operation) -> Step:
    source, r = scope.slot(op.operands[0]), scope.slot(op.results[0])
    box = Box(scope, op)

    def step(frame: Frame) -> None:
        memref = frame[source]
        flat: Array = memref.root.array.reshape(-1).view(memref.array.dtype)
        (offset,), extents, strides = box.offsets(frame), box.extents(frame), box.strides(frame)
        ends = [(extent - 1) * stride for extent, stride in zip(extents, strides)]
        low, high = offset + sum(min(0, end) for end in ends), offset + sum(max(0, end) for end in ends)
        if prod(extents) and not 0 <= low <= high < flat.size:
            raise scope.error(op, f"takes elements {low} to {high}, expected within 0 to {flat.size - 1}")
        step_bytes = tuple(stride * flat.itemsize for stride in strides)
        frame[r] = memref.view(np.lib.stride_tricks.as_strided(flat[offset:], extents, step_bytes))

    return step


def _dim(scope: Scope, op: Operation) -> Step:
    (source, axis), r = scope.slots(op.operands), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        shape = np.shape(frame[source].array if isinstance(frame[source], Memref) else frame[source])
        frame[r] = shape[checked_index(scope, op, (frame[axis],), (len(shape),))[0]]

    return step


def _rank(scope: Scope, op: Operation) -> None:
    scope.constant(op.results[0], len(shape_of(op.operands[0].type)))


def _global(scope: Scope, op: Operation) -> Step:
    """get_global: constants and zero-initialised memory of the module; workgroup memory is one for each block (see gpu.py)."""
    found, r = scope.program.lookup(op.properties["name"], scope.name), scope.slot(op.results[0])
    type_, value = op.results[0].type, found.properties.get("initial_value")

    def step(frame: Frame) -> None:
        known = scope.program.globals
        if found not in known:
            initial = isinstance(value, DenseIntOrFPElementsAttr)
            array = constant(found.properties["initial_value"], type_) if initial else poison(shape_of(type_), type_)
            known[found] = allocate(scope, array)
        frame[r] = known[found]

    return step


RULES: dict[str, Rule] = {
    "memref.alloc": _alloc, "memref.alloca": _alloc, "memref.dealloc": _dealloc, "memref.load": _load, "memref.store": _store,
    "memref.atomic_rmw": _atomic, "memref.subview": _subview, "memref.copy": _copy, "memref.cast": _same,
    "memref.memory_space_cast": _same, "memref.assume_alignment": _same, "memref.collapse_shape": _reshape,
    "memref.expand_shape": _reshape, "memref.view": _view, "memref.reinterpret_cast": _reinterpret, "memref.dim": _dim,
    "memref.rank": _rank, "memref.get_global": _global,
}  # fmt: skip
