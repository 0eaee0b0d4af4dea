"""Rules of `tensor`: values that are never written in place. A slice is a view; an insert makes a new array."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation

from .gather import load_wide
from .interpreter import Frame, Rule, Scope, Step
from .memref import allocate
from .slices import Box, checked_index, dropped_axes, mixed, numbers, operand_groups, type_shape
from .values import Memref, dtype_of, poison, shape_of


def _empty(scope: Scope, op: Operation) -> Step:
    """A tensor nobody has written is poison, as memory is."""
    result = op.results[0]
    type_ = result.type
    shape, r = mixed(scope, type_shape(type_), op.operands), scope.slot(result)

    def step(frame: Frame) -> None:
        frame[r] = poison(shape(frame), type_)

    return step


def _extract(scope: Scope, op: Operation) -> Step:
    source, *index = scope.slots(op.operands)
    r, is_index = scope.slot(op.results[0]), op.results[0].type.name == "index"
    if scope.wide:
        return load_wide(scope, op, np.asarray)

    def step(frame: Frame) -> None:
        value = np.asarray(frame[source])
        element = value[checked_index(scope, op, [frame[slot] for slot in index], value.shape)]
        frame[r] = int(element) if is_index else element

    return step


def _insert(scope: Scope, op: Operation) -> Step:
    scalar, dest, *index = scope.slots(op.operands)
    r = scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        value = np.array(frame[dest])
        value[checked_index(scope, op, [frame[slot] for slot in index], value.shape)] = frame[scalar]
        frame[r] = value

    return step


def _extract_slice(scope: Scope, op: Operation) -> Step:
    source, r = scope.slot(op.operands[0]), scope.slot(op.results[0])
    box = Box(scope, op)
    dropped = dropped_axes(numbers(op.properties["static_sizes"]), shape_of(op.results[0].type))

    def step(frame: Frame) -> None:
        value = np.asarray(frame[source])
        value = value[box.window(frame, value.shape)]
        frame[r] = value.squeeze(dropped) if dropped else value

    return step


def _insert_slice(scope: Scope, op: Operation) -> Step:
    source, dest, r = scope.slot(op.operands[0]), scope.slot(op.operands[1]), scope.slot(op.results[0])
    box = Box(scope, op, first=2)

    def step(frame: Frame) -> None:
        value = np.array(frame[dest])
        value[box.window(frame, value.shape)] = np.reshape(frame[source], box.extents(frame))
        frame[r] = value

    return step


def _same(scope: Scope, op: Operation) -> Step:
    source, r, shape = scope.slot(op.operands[0]), scope.slot(op.results[0]), shape_of(op.results[0].type)

    def step(frame: Frame) -> None:
        found = np.shape(frame[source])
        if len(found) != len(shape) or any(want not in (-1, have) for have, want in zip(found, shape)):
            raise scope.error(op, f"the shape is {found}, expected {shape}")
        frame[r] = frame[source]

    return step


def _reshape(scope: Scope, op: Operation) -> Step:
    source, r, shape = scope.slot(op.operands[0]), scope.slot(op.results[0]), shape_of(op.results[0].type)

    def step(frame: Frame) -> None:
        frame[r] = np.reshape(frame[source], shape)

    return step


def _dim(scope: Scope, op: Operation) -> Step:
    (source, axis), r = scope.slots(op.operands), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        shape = np.shape(frame[source])
        frame[r] = shape[checked_index(scope, op, (frame[axis],), (len(shape),))[0]]

    return step


def _from_elements(scope: Scope, op: Operation) -> Step:
    """Also vector.from_elements: scalars in row-major order."""
    operands, r = scope.slots(op.operands), scope.slot(op.results[0])
    shape, dtype = shape_of(op.results[0].type), dtype_of(op.results[0].type)

    def step(frame: Frame) -> None:
        frame[r] = np.array([frame[slot] for slot in operands], dtype=dtype).reshape(shape)

    return step


def _splat(scope: Scope, op: Operation) -> Step:
    value, r = scope.slot(op.operands[0]), scope.slot(op.results[0])
    type_ = op.results[0].type
    shape, dtype = mixed(scope, type_shape(type_), op.operands[1:]), dtype_of(type_)

    def step(frame: Frame) -> None:
        frame[r] = np.full(shape(frame), frame[value], dtype)

    return step


def _concat(scope: Scope, op: Operation) -> Step:
    operands, r, dim = scope.slots(op.operands), scope.slot(op.results[0]), op.properties["dim"]
    assert isinstance(dim, IntegerAttr)
    axis = dim.value.data

    def step(frame: Frame) -> None:
        frame[r] = np.concatenate([frame[slot] for slot in operands], axis=axis)

    return step


def _pad(scope: Scope, op: Operation) -> Step:
    """The region gives the padding value; one that depends on the index has no rule."""
    _, low_dynamic, high_dynamic = operand_groups(op, 3)
    low = mixed(scope, numbers(op.properties["static_low"]), low_dynamic)
    high = mixed(scope, numbers(op.properties["static_high"]), high_dynamic)
    body, source, r = scope.region(op.regions[0]), scope.slot(op.operands[0]), scope.slot(op.results[0])
    if any(arg.uses for block in op.regions[0].blocks for arg in block.args):
        raise scope.error(op, "no rule for a padding value that depends on the index")

    def step(frame: Frame) -> None:
        body.run(frame)
        value = np.asarray(frame[source])
        before, after = low(frame), high(frame)
        if min((0, *before, *after)) < 0:
            raise scope.error(op, f"pads by low {before} high {after}, expected no negative amount")
        padded = np.full([a + n + b for a, n, b in zip(before, value.shape, after)], frame[body.yields[0]], value.dtype)
        padded[tuple(slice(a, a + n) for a, n in zip(before, value.shape))] = value
        frame[r] = padded

    return step


def _to_buffer(scope: Scope, op: Operation) -> Step:
    source, r = scope.slot(op.operands[0]), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = allocate(scope, np.array(frame[source]))

    return step


def _to_tensor(scope: Scope, op: Operation) -> Step:
    source, r = scope.slot(op.operands[0]), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = frame[source].array.copy()

    return step


def _materialize(scope: Scope, op: Operation) -> Step:
    source, dest = scope.slots(op.operands)
    results = scope.slots(op.results)

    def step(frame: Frame) -> None:
        if isinstance(frame[dest], Memref):
            frame[dest].array[...] = frame[source]
        for slot in results:
            frame[slot] = frame[source]

    return step


RULES: dict[str, Rule] = {
    "tensor.empty": _empty, "tensor.extract": _extract, "tensor.insert": _insert, "tensor.extract_slice": _extract_slice,
    "tensor.insert_slice": _insert_slice, "tensor.cast": _same, "tensor.collapse_shape": _reshape,
    "tensor.expand_shape": _reshape, "tensor.reshape": _reshape, "tensor.dim": _dim, "tensor.from_elements": _from_elements,
    "tensor.splat": _splat, "tensor.concat": _concat, "tensor.pad": _pad,
    "bufferization.alloc_tensor": _empty, "bufferization.to_buffer": _to_buffer, "bufferization.to_tensor": _to_tensor,
    "bufferization.materialize_in_destination": _materialize,
}  # fmt: skip
