"""Distinct bytes: what of each memref of global memory a launch touches at least once. No schedule can move less.

An access is a box of elements wherever its indices are sums of loop variables without gaps, each variable in one index; then a
few comparisons do. Other accesses become an isl set, their image. Where an index depends on data, or memory is seen through a
reinterpreting view, nothing better than the whole memref is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import islpy as isl
from xdsl.dialects.builtin import DYNAMIC_INDEX, AffineMapAttr, DenseArrayBase, MemRefType, VectorType
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr
from xdsl.utils.hints import isa

from .affine import SET, Linear
from .iterations import Iterations
from .operations import COPIES, READS, VIEWS, WRITES, element, element_bytes, lanes, level, memref_bytes, root
from .points import count
from .statements import Values

Box = tuple[tuple[int, int], ...]
"""Of each axis the first element and the last."""


@dataclass(frozen=True)
class Access:
    """Elements of one memref that an op touches: from each of `indices` on, as many as `window` says."""

    op: Operation
    direction: str
    memref: SSAValue
    indices: tuple[SSAValue, ...] = ()
    window: tuple[int, ...] = ()
    """Elements along each axis; empty for all of the memref."""
    masked: bool = False

    @property
    def elements(self) -> int:
        """How many elements one execution touches, at most."""
        return prod(self.window) if self.window else lanes(self.memref.type)


def accesses(op: Operation) -> Iterator[Access]:
    """The accesses of an op to memory, in what the table of operations calls READS, WRITES and COPIES."""
    name = op.name
    if name in COPIES:
        target, source = op.operands[-2:] if name != "memref.copy" else reversed(op.operands[-2:])
        if name != "gpu.memset":
            yield Access(op, "read", source)
        yield Access(op, "written", target)
        return
    if name not in READS and name not in WRITES:
        return
    first = 0 if name in READS and name != "memref.atomic_rmw" else 1
    type_ = op.operands[first].type
    rank = len(type_.get_shape()) if isa(type_, MemRefType) else 0
    memref, indices = op.operands[first], tuple(op.operands[first + 1 : first + 1 + rank])
    window, masked = [1] * rank, False
    if name.startswith("vector."):
        vector = (op.results[0] if name in READS else op.operands[0]).type
        shape = vector.get_shape() if isa(vector, VectorType) else ()
        axes: list[int | None] = list(range(rank - len(shape), rank))
        if name.startswith("vector.transfer"):
            map_, flags = op.properties["permutation_map"], op.properties.get("in_bounds")
            assert isinstance(map_, AffineMapAttr)
            axes = [expr.position if isinstance(expr, AffineDimExpr) else None for expr in map_.data.results]
            masked = len(op.operands) > rank + 2 or flags is None or "false" in str(flags)
        elif name not in ("vector.load", "vector.store"):
            masked = True
        for axis, extent in zip(axes, shape):
            if axis is not None:
                window[axis] = extent
    for direction, names in (("read", READS), ("written", WRITES)):
        if name in names:
            yield Access(op, direction, memref, indices, tuple(window), masked)


@dataclass
class Footprint:
    """The elements of one memref, in one direction."""

    memref: SSAValue
    boxes: list[Box]
    sets: list[isl.Set]
    touched: int = 0
    """Bytes of all accesses together."""
    bound: bool = False
    """All that is known is that it is not more than that, nor more than the whole memref."""

    @property
    def bytes(self) -> int:
        type_ = self.memref.type
        assert isa(type_, MemRefType)
        if self.bound:
            return min(memref_bytes(type_), self.touched)
        return self._elements() * element_bytes(type_.element_type)

    def _elements(self) -> int:
        boxes = [box for box in set(self.boxes) if not any(box != other and _within(box, other) for other in self.boxes)]
        if not self.sets and len(boxes) <= 1:
            return prod(last - first + 1 for first, last in boxes[0]) if boxes else 0
        found = [*self.sets, *map(_as_set, boxes)]
        union = found[0]
        for other in found[1:]:
            union = union.union(other)
        return count(union)


def _within(inner: Box, outer: Box) -> bool:
    return all(a <= c and d <= b for (c, d), (a, b) in zip(inner, outer))


def _as_set(box: Box) -> isl.Set:
    found = isl.Set.universe(isl.Space.set_alloc(isl.DEFAULT_CONTEXT, 0, len(box)))
    for axis, (first, last) in enumerate(box):
        found = found.lower_bound_val(SET, axis, isl.Val(first)).upper_bound_val(SET, axis, isl.Val(last))
    return found


class Footprints:
    """Collects what each memref of global memory is touched in."""

    def __init__(self, values: Values):
        self.values = values
        self.found: dict[tuple[SSAValue, str], Footprint] = {}

    def add(self, access: Access, iterations: Iterations) -> None:
        if level(access.memref) != "global":
            return
        base = root(access.memref)
        footprint = self.found.setdefault((base, access.direction), Footprint(base, [], []))
        footprint.touched += access.elements * element_bytes(element(access.memref.type)) * iterations.size
        if footprint.bound:
            return
        spans = self._spans(access)
        if spans is None or access.masked or not iterations.exact:
            footprint.bound = True
            return
        if (box := _box(spans, iterations)) is not None:
            footprint.boxes.append(box)
        elif iterations.size:
            footprint.sets.append(_image(spans, iterations))

    def _spans(self, access: Access) -> list[tuple[Linear, int]] | None:
        """For each axis of the allocation the first index and how many elements from there; None where that is not affine."""
        if not access.window:
            type_ = access.memref.type
            assert isa(type_, MemRefType)
            spans = [(Linear(), extent) for extent in type_.get_shape()]
        else:
            spans: list[tuple[Linear, int]] = []
            for index, extent in zip(access.indices, access.window):
                if (known := self.values.linear.get(index)) is None:
                    return None
                spans.append((known, extent))
        memref = access.memref
        while isinstance(memref.owner, Operation) and memref.owner.name in VIEWS:
            op = memref.owner
            if op.name == "memref.subview":
                found = self._through(op, spans)
                if found is None:
                    return None
                spans = found
            elif op.operands[0].type != op.results[0].type and op.name not in ("memref.cast", "memref.memory_space_cast"):
                return None
            memref = op.operands[0]
        return spans

    def _through(self, op: Operation, spans: list[tuple[Linear, int]]) -> list[tuple[Linear, int]] | None:
        """Indices into a subview as indices into what it is of."""
        dynamic = iter(op.operands[1:])
        numbers: list[list[Linear | None]] = []
        for name in ("static_offsets", "static_sizes", "static_strides"):
            static = op.properties[name]
            assert isinstance(static, DenseArrayBase)
            numbers.append(
                [self.values.linear.get(next(dynamic)) if n == DYNAMIC_INDEX else Linear(int(n)) for n in static.get_values()]
            )
        offsets, sizes, strides = numbers
        kept = [axis for axis, size in enumerate(sizes) if size is None or size.terms or size.constant != 1]
        if len(spans) == len(sizes):
            kept = list(range(len(sizes)))
        if len(kept) != len(spans):
            return None
        result: list[tuple[Linear, int]] = []
        inner = dict(zip(kept, spans))
        for axis, (offset, stride) in enumerate(zip(offsets, strides)):
            index, extent = inner.get(axis, (Linear(), 1))
            if offset is None or stride is None or stride.terms or (stride.constant != 1 and extent != 1):
                return None
            result.append((offset.plus(index, stride.constant), extent))
        return result


def _box(spans: list[tuple[Linear, int]], iterations: Iterations) -> Box | None:
    """The elements as a box, where it is plain to see that they are one."""
    used = [atom for span, _ in spans for atom in span.terms]
    if len(set(used)) < len(used) or any(not isinstance(atom, int) for atom in used):
        return None
    if any(not isinstance(guard, bool) for guard in iterations.guards) or not all(
        iterations.space.ranges[dim][1] >= 0 for dim in iterations.dims
    ):
        return None
    box: list[tuple[int, int]] = []
    for index, extent in spans:
        reach = extent - 1
        for atom, factor in sorted(index.terms.items(), key=lambda term: abs(term[1])):
            assert isinstance(atom, int)
            if abs(factor) > reach + 1:
                return None
            reach += abs(factor) * iterations.space.ranges[atom][1]
        low, high = index.range(iterations.space.ranges)
        box.append((low, high + extent - 1))
    return tuple(box)


def _image(spans: list[tuple[Linear, int]], iterations: Iterations) -> isl.Set:
    """The elements as a set, by the way of isl."""
    dims = iterations.tied(dim for index, _ in spans for dim in index.dims())
    lanes = [extent for _, extent in spans if extent > 1]
    points = iterations.behind(dims).set_of(dims).add_dims(SET, len(lanes))
    position = {dim: at for at, dim in enumerate(dims)}
    space = points.get_space()
    local = isl.LocalSpace.from_space(space)
    plane = space.map_from_set().drop_dims(isl.dim_type.out, 0, space.dim(SET))
    affs = isl.MultiPwAff.zero(plane.add_dims(isl.dim_type.out, len(spans)))
    lane = len(dims)
    for axis, (index, extent) in enumerate(spans):
        aff = index.aff(local, position)
        if extent > 1:
            points = points.lower_bound_val(SET, lane, isl.Val(0)).upper_bound_val(SET, lane, isl.Val(extent - 1))
            aff = aff.add_coefficient_val(isl.dim_type.in_, lane, isl.Val(1))
            lane += 1
        affs = affs.set_pw_aff(axis, isl.PwAff.from_aff(aff))
    return points.apply(isl.Map.from_multi_pw_aff(affs))
