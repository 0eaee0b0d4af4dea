"""Rules of the `vector` ops that touch memory or tensors: transfers, loads, stores, gathers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr
from xdsl.utils.hints import isa

from .affine import affine_map
from .interpreter import Frame, Rule, Scope, Step
from .memref import read, write
from .slices import out_of_bounds
from .values import Array, Memref, shape_of


class Window:
    """Which elements of a base a transfer touches. `axes` has, for each vector dim, its axis of the base (None: broadcast)."""

    def __init__(self, scope: Scope, op: Operation, indices: Sequence[SSAValue], axes: list[int | None], in_bounds: list[bool]):
        self.scope, self.op, self.indices = scope, op, scope.slots(indices)
        self.axes, self.in_bounds = axes, in_bounds
        self.used = [axis for axis in axes if axis is not None]
        self.dim_of = {axis: dim for dim, axis in enumerate(axes) if axis is not None}
        self.to_vector = tuple(sorted(self.used).index(axis) for axis in self.used)
        self.to_base = tuple(self.used.index(axis) for axis in sorted(self.used))
        self.insert = tuple(None if axis is None else slice(None) for axis in axes)

    def at(
        self, frame: Frame, base: Sequence[int], shape: Sequence[int], strict: bool
    ) -> tuple[tuple[Any, ...], tuple[slice, ...]]:
        """An index into the base, and the part of the vector (without its broadcast dims) that it fills.

        Raises EvaluationError for a dim that claims to be in bounds and is not, unless `strict` is off.
        """
        index: list[Any] = []
        inside: dict[int, slice] = {}
        starts = [frame[slot] for slot in self.indices]
        for axis, (start, limit) in enumerate(zip(starts, base)):
            dim = self.dim_of.get(axis)
            if dim is None:
                if not 0 <= start < limit:
                    raise out_of_bounds(self.scope, self.op, starts, base)
                index.append(start)
                continue
            extent = shape[dim]
            low, high = max(start, 0), max(min(start + extent, limit), max(start, 0))
            if high - low < extent and self.in_bounds[dim] and strict:
                took = f"dim {dim} takes {start} to {start + extent - 1} of axis {axis}"
                raise self.scope.error(self.op, f"{took}, expected within 0 to {limit - 1}: in_bounds is true")
            index.append(slice(low, high))
            inside[dim] = slice(low - start, high - start)
        return tuple(index), tuple(inside[dim] for dim, axis in enumerate(self.axes) if axis is not None)


def _window(scope: Scope, op: Operation, indices: Sequence[SSAValue], rank: int) -> Window:
    map_, flags = affine_map(op, "permutation_map"), op.properties.get("in_bounds")
    axes = [expr.position if isinstance(expr, AffineDimExpr) else None for expr in map_.results]
    in_bounds = [bool(flag.value.data) for flag in flags] if isa(flags, ArrayAttr[IntegerAttr]) and len(flags) else [False] * rank
    return Window(scope, op, indices, axes, in_bounds)


def _minor(scope: Scope, op: Operation, indices: Sequence[SSAValue], rank: int) -> Window:
    """The window of vector.load and store: the last axes of the base, all in bounds."""
    first = len(indices) - rank
    return Window(scope, op, indices, [first + dim for dim in range(rank)], [True] * rank)


def _base(value: Any) -> Array:
    return value.array if isinstance(value, Memref) else np.asarray(value)


def _reading(scope: Scope, op: Operation, window: Window, padding: int | None, mask: int | None) -> Step:
    base, r, shape = scope.slot(op.operands[0]), scope.slot(op.results[0]), shape_of(op.results[0].type)
    own = tuple(extent for extent, axis in zip(shape, window.axes) if axis is not None)
    extents = tuple(1 if axis is None else extent for extent, axis in zip(shape, window.axes))

    def step(frame: Frame) -> None:
        value = frame[base]
        index, inside = window.at(frame, _base(value).shape, shape, mask is None)
        found = read(scope, value, index) if isinstance(value, Memref) else np.asarray(value)[index]
        found = np.transpose(found, window.to_vector)
        if found.shape != own or mask is not None:
            assert padding is not None
            full = np.full(own, frame[padding], found.dtype)
            full[inside] = found
            if mask is not None:
                full = np.where(np.transpose(frame[mask], window.to_vector), full, frame[padding])
            found = full
        frame[r] = np.broadcast_to(np.array(found).reshape(extents), shape)

    return step


def _writing(scope: Scope, op: Operation, window: Window, mask: int | None) -> Step:
    vector, base, shape = scope.slot(op.operands[0]), scope.slot(op.operands[1]), shape_of(op.operands[0].type)
    results = scope.slots(op.results)

    def step(frame: Frame) -> None:
        value = frame[base]
        index, inside = window.at(frame, _base(value).shape, shape, mask is None)
        stored = np.transpose(frame[vector][inside], window.to_base)
        if mask is not None:
            inside_base = tuple(inside[dim] for dim in window.to_base)
            stored = np.where(frame[mask][inside_base], stored, _base(value)[index])
        if isinstance(value, Memref):
            write(scope, op, value, index, stored)
        else:
            value = np.array(value)
            value[index] = stored
        for slot in results:
            frame[slot] = value

    return step


def _transfer_read(scope: Scope, op: Operation) -> Step:
    source, rest = op.operands[0], op.operands[1:]
    rank = len(shape_of(source.type))
    window = _window(scope, op, rest[:rank], len(shape_of(op.results[0].type)))
    mask = scope.slot(rest[rank + 1]) if len(rest) > rank + 1 else None
    return _reading(scope, op, window, scope.slot(rest[rank]), mask)


def _transfer_write(scope: Scope, op: Operation) -> Step:
    rank = len(shape_of(op.operands[1].type))
    rest = op.operands[2:]
    window = _window(scope, op, rest[:rank], len(shape_of(op.operands[0].type)))
    if None in window.axes:
        raise scope.error(op, "its permutation_map has a constant, expected dims only: a write cannot broadcast")
    return _writing(scope, op, window, scope.slot(rest[rank]) if len(rest) > rank else None)


def _load(scope: Scope, op: Operation) -> Step:
    return _reading(scope, op, _minor(scope, op, op.operands[1:], len(shape_of(op.results[0].type))), None, None)


def _store(scope: Scope, op: Operation) -> Step:
    return _writing(scope, op, _minor(scope, op, op.operands[2:], len(shape_of(op.operands[0].type))), None)


class _Lanes:
    """Elements picked lane by lane: the index of each, along the last axis, and which lanes take part."""

    def __init__(self, scope: Scope, op: Operation, indices: Sequence[SSAValue], lanes: SSAValue | None, mask: SSAValue):
        self.scope, self.op = scope, op
        self.indices, self.mask = scope.slots(indices), scope.slot(mask)
        self.lanes = None if lanes is None else scope.slot(lanes)

    def at(self, frame: Frame, base: Sequence[int]) -> tuple[tuple[Any, ...], Array]:
        mask = frame[self.mask]
        *outer, last = [frame[slot] for slot in self.indices]
        along = last + (np.arange(len(mask)) if self.lanes is None else frame[self.lanes].astype(np.int64))
        index = tuple(np.broadcast_to(i, mask.shape)[mask] for i in (*outer, along))
        for i, limit in zip(index, base):
            if i.size and not (0 <= i.min() and i.max() < limit):
                raise self.scope.error(self.op, f"a lane takes {i.min()} or {i.max()}, expected within 0 to {limit - 1}")
        return index, mask


def _picking(scope: Scope, op: Operation, lanes: _Lanes) -> Step:
    base, other, r = scope.slot(op.operands[0]), scope.slot(op.operands[-1]), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        value = frame[base]
        index, mask = lanes.at(frame, _base(value).shape)
        found = np.array(frame[other])
        found[mask] = read(scope, value, index) if isinstance(value, Memref) else value[index]
        frame[r] = found

    return step


def _placing(scope: Scope, op: Operation, lanes: _Lanes) -> Step:
    base, source = scope.slot(op.operands[0]), scope.slot(op.operands[-1])

    def step(frame: Frame) -> None:
        index, mask = lanes.at(frame, frame[base].array.shape)
        write(scope, op, frame[base], index, frame[source][mask])

    return step


RULES: dict[str, Rule] = {
    "vector.transfer_read": _transfer_read,
    "vector.transfer_write": _transfer_write,
    "vector.load": _load,
    "vector.store": _store,
    "vector.maskedload": lambda s, op: _picking(s, op, _Lanes(s, op, op.operands[1:-2], None, op.operands[-2])),
    "vector.maskedstore": lambda s, op: _placing(s, op, _Lanes(s, op, op.operands[1:-2], None, op.operands[-2])),
    "vector.gather": lambda s, op: _picking(s, op, _Lanes(s, op, op.operands[1:-3], op.operands[-3], op.operands[-2])),
    "vector.scatter": lambda s, op: _placing(s, op, _Lanes(s, op, op.operands[1:-3], op.operands[-3], op.operands[-2])),
}
