"""Memrefs as ways to a root: what an index into a subview, cast, reshape or part of an arena touches in the memory behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, IntAttr, MemRefType, NoneAttr, StridedLayoutAttr
from xdsl.ir import Attribute, Operation, SSAValue

from .linear import Linear, constant
from .model import Root, Space
from .values import Values

Limits = list[tuple[Linear, int]]
Index = tuple[Linear, ...]
Step = Callable[[Index, Limits], Index]


class NotFollowed(Exception):
    """An op, or a way of using it, that the model has no word for."""


@dataclass(frozen=True, eq=False)
class View:
    """A memref: `root`, its own shape, and the way from an index into it to one of the root."""

    root: Root
    shape: tuple[int, ...]
    way: Step | None = None

    def resolve(self, index: Index, limits: Limits) -> Index:
        """The index into the root; `limits` is given what has to hold on the way."""
        limits += zip(index, self.shape, strict=True)
        return index if self.way is None else self.way(index, limits)


def shape_of(type_: Attribute) -> tuple[int, ...]:
    """The extents of a memref or vector type, all static."""
    shape = tuple(cast("MemRefType[Attribute]", type_).get_shape())
    if DYNAMIC_INDEX in shape:
        raise NotFollowed(f"has type {type_}, expected a static shape")
    return shape


def memref_type(value: SSAValue) -> MemRefType[Attribute]:
    type_: Attribute = value.type
    if not isinstance(type_, MemRefType):
        raise NotFollowed(f"has type {type_}, expected a memref")
    return cast("MemRefType[Attribute]", type_)


def check_layout(type_: MemRefType[Attribute]) -> None:
    """Raise NotFollowed unless two indices of memory of this type are always two elements."""
    layout = type_.layout
    if isinstance(layout, NoneAttr):
        return
    if not isinstance(layout, StridedLayoutAttr):
        raise NotFollowed(f"has the layout {layout}, expected none or strides")
    reach = 0
    strides = [stride.data if isinstance(stride, IntAttr) else 0 for stride in layout.strides.data]
    for stride, extent in sorted(zip(map(abs, strides), shape_of(type_), strict=True)):
        if extent > 1 and stride <= reach:
            raise NotFollowed(f"has the layout {layout}, expected strides that keep its elements apart")
        reach += stride * (extent - 1)


def space_of(type_: MemRefType[Attribute]) -> Space | None:
    """The space that the type names: 3 and 5 are CUDA's and OpenCL's numbers. None where it names none."""
    if isinstance(type_.memory_space, NoneAttr):
        return None
    text = str(type_.memory_space)
    if "workgroup" in text or text.startswith("3"):
        return "workgroup"
    return "private" if "private" in text or text.startswith("5") else "global"


def mixed(op: Operation, statics: str, operands: Sequence[SSAValue], values: Values) -> list[Linear]:
    """A list in which some entries are attributes and the others operands."""
    dynamic = iter(operands)
    entries = cast(Any, op.properties[statics]).get_values()
    return [values.linear(next(dynamic)) if entry == DYNAMIC_INDEX else constant(int(entry)) for entry in entries]


def subview(op: Any, source: View, values: Values) -> View:
    offsets = mixed(op, "static_offsets", op.offsets, values)
    strides = mixed(op, "static_strides", op.strides, values)
    sizes = mixed(op, "static_sizes", op.sizes, values)
    shape = shape_of(op.result.type)
    kept = _kept_axes([size.const if not size.terms else -1 for size in sizes], shape)

    def way(index: Index, limits: Limits) -> Index:
        at = list(offsets)
        for own, axis in enumerate(kept):
            step = values.product(strides[axis], index[own])
            if step is None:
                raise NotFollowed("its stride is not a constant")
            at[axis] = at[axis].plus(step)
        return source.resolve(tuple(at), limits)

    return View(source.root, shape, way)


def _kept_axes(sizes: Sequence[int], shape: Sequence[int]) -> list[int]:
    """Which axes of the source are left where a subview drops axes of extent 1."""
    kept: list[int] = []
    spare = len(sizes) - len(shape)
    for axis, size in enumerate(sizes):
        if spare and size == 1 and (len(kept) == len(shape) or shape[len(kept)] != 1):
            spare -= 1
        else:
            kept.append(axis)
    if len(kept) != len(shape):
        raise NotFollowed("it is not clear which axes it drops")
    return kept


def _groups(op: Operation) -> list[list[int]]:
    return [[int(i.value.data) for i in group] for group in cast(Any, op.properties["reassociation"])]


def expand_shape(op: Any, source: View) -> View:
    shape, groups = shape_of(op.results[0].type), _groups(op)

    def way(index: Index, limits: Limits) -> Index:
        return source.resolve(tuple(flattened([index[i] for i in group], [shape[i] for i in group]) for group in groups), limits)

    return View(source.root, shape, way)


def collapse_shape(op: Any, source: View, values: Values) -> View:
    groups = _groups(op)

    def way(index: Index, limits: Limits) -> Index:
        at: list[Linear] = []
        for own, group in zip(index, groups, strict=True):
            at += unflattened(own, [source.shape[i] for i in group], values)
        return source.resolve(tuple(at), limits)

    return View(source.root, shape_of(op.results[0].type), way)


def reinterpret_cast(op: Any, source: View, values: Values) -> View:
    if source.way is not None or not isinstance(memref_type(op.source).layout, NoneAttr):
        raise NotFollowed("its source is itself a view")
    (offset,) = mixed(op, "static_offsets", op.offsets, values)
    strides = mixed(op, "static_strides", op.strides, values)

    def way(index: Index, limits: Limits) -> Index:
        flat = offset
        for own, stride in zip(index, strides, strict=True):
            step = values.product(stride, own)
            if step is None:
                raise NotFollowed("its stride is not a constant")
            flat = flat.plus(step)
        limits.append((flat, prod(source.shape)))
        return source.resolve(tuple(unflattened(flat, source.shape, values)), limits)

    return View(source.root, shape_of(op.result.type), way)


def arena_view(op: Any, source: View, values: Values) -> View:
    """memref.view: typed memory of its own, at a place in an arena of bytes."""
    shift = values.linear(op.byte_shift)
    type_ = memref_type(op.result)
    if shift.terms or source.way is not None or source.root.arena is not None:
        raise NotFollowed("its place in the arena is not a constant")
    shape = shape_of(type_)
    arena = source.root
    name = op.result.name_hint or f"{arena.name}+{shift.const}"
    root = Root(
        name, op.result, shape, type_.element_type, arena.space, "view", arena.place, arena=arena, byte_offset=shift.const
    )
    size = root.element_bytes * prod(shape)
    if shift.const < 0 or shift.const + size > prod(arena.shape) * arena.element_bytes:
        have = prod(arena.shape) * arena.element_bytes
        raise NotFollowed(f"it takes bytes {shift.const} to {shift.const + size}, expected within 0 to {have}")
    if shift.const % root.element_bytes:
        raise NotFollowed(f"it begins at byte {shift.const}, expected a multiple of {root.element_bytes} for {root.element}")
    return View(root, shape)


def flattened(index: Sequence[Linear], shape: Sequence[int]) -> Linear:
    """The row-major number of an element."""
    flat = constant(0)
    for own, extent in zip(index, shape, strict=True):
        flat = flat.times(extent).plus(own)
    return flat


def unflattened(flat: Linear, shape: Sequence[int], values: Values) -> list[Linear]:
    """The index of an element by its row-major number; a number that is too large gives a first index that is too large."""
    at: list[Linear] = []
    for axis in range(len(shape)):
        inner = prod(shape[axis + 1 :])
        number = values.floordiv(flat, inner) if inner > 0 else constant(0)
        at.append(values.mod(number, shape[axis]) if axis and shape[axis] > 0 else number)
    return at


def same_view(op: Operation, source: View) -> View:
    if shape_of(op.results[0].type) != source.shape:
        raise NotFollowed(f"casts {source.shape} to {op.results[0].type}, expected the same shape")
    return source
