"""The ops that read and write elements, as accesses of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr

from .linear import ALWAYS, Condition, Dim, Linear, all_of, at_least_0, both, variable
from .model import Access, AccessKind
from .views import Limits, NotFollowed, View, shape_of

if TYPE_CHECKING:
    from .reading import Reader


def _indices(reader: Reader, values: Sequence[SSAValue]) -> list[Linear]:
    return [reader.values.linear(value) for value in values]


def _access(
    reader: Reader,
    op: Operation,
    kind: AccessKind,
    view: View,
    index: Sequence[Linear],
    lanes: Sequence[Dim] = (),
    guard: Condition = ALWAYS,
    certain: bool = True,
) -> Access:
    limits: Limits = []
    at = view.resolve(tuple(index), limits)
    moving = tuple(lane for lane in lanes if lane.extent != 1)
    return Access(op, reader.place, kind, view.root, at, moving, tuple(limits), reader.phase, reader.order, guard, certain)


def _lanes(reader: Reader, extents: Sequence[int]) -> list[Dim]:
    return [Dim(reader.values.fresh_name("lane"), "lane", 0, extent - 1) for extent in extents]


def _load(reader: Reader, op: Any) -> Iterator[Access]:
    yield _access(reader, op, "read", reader.view(op.operands[0]), _indices(reader, op.operands[1:]))


def _store(reader: Reader, op: Any) -> Iterator[Access]:
    yield _access(reader, op, "write", reader.view(op.operands[1]), _indices(reader, op.operands[2:]))


def _atomic(reader: Reader, op: Any) -> Iterator[Access]:
    yield _access(reader, op, "atomic", reader.view(op.operands[1]), _indices(reader, op.operands[2:]))


def _transfer(kind: AccessKind) -> Callable[[Reader, Any], Iterator[Access]]:
    def rule(reader: Reader, op: Any) -> Iterator[Access]:
        view = reader.view(op.source)
        vector = op.results[0] if kind == "read" else op.operands[0]
        shape = shape_of(vector.type)
        index = _indices(reader, op.indices)
        flags = [bool(flag.value.data) for flag in op.in_bounds]
        lanes = _lanes(reader, shape)
        axes = [expr.position if isinstance(expr, AffineDimExpr) else None for expr in op.permutation_map.data.results]
        for lane, axis in zip(lanes, axes, strict=True):
            if axis is not None:
                index[axis] = index[axis].plus(variable(lane))
        guard, certain = ALWAYS, True
        for axis, flag in zip(axes, flags or [False] * len(axes)):
            if axis is not None and not flag:  # a lane outside touches nothing
                past = index[axis].times(-1).shifted(view.shape[axis] - 1)
                guard = all_of((guard, at_least_0(index[axis]), at_least_0(past)))
        touched = [(axis, lane) for axis, lane in zip(axes, lanes) if axis is not None]
        if op.mask is not None:
            by_axis = tuple(lane for _, lane in sorted(touched, key=lambda pair: pair[0]))
            mask = reader.values.condition(op.mask, by_axis)
            guard, certain = both(guard, mask), not any(dim.kind == "unknown" for dim in mask.dims())
        yield _access(reader, op, kind, view, index, [lane for _, lane in touched], guard, certain)

    return rule


def _minor(kind: AccessKind, place: int) -> Callable[[Reader, Any], Iterator[Access]]:
    """vector.load and vector.store: the last axes move."""

    def rule(reader: Reader, op: Any) -> Iterator[Access]:
        view = reader.view(op.operands[place])
        index = _indices(reader, op.operands[place + 1 :])
        shape = shape_of(op.results[0].type if kind == "read" else op.operands[0].type)
        lanes = _lanes(reader, shape)
        for axis, lane in zip(range(len(index) - len(shape), len(index)), lanes):
            index[axis] = index[axis].plus(variable(lane))
        yield _access(reader, op, kind, view, index, lanes)

    return rule


def _lanewise(kind: AccessKind, has_offsets: bool) -> Callable[[Reader, Any], Iterator[Access]]:
    """vector.gather, scatter, maskedload, maskedstore: each lane that its mask lets through moves along the last axis."""

    def rule(reader: Reader, op: Any) -> Iterator[Access]:
        view = reader.view(op.operands[0])
        *_, mask, value = op.operands
        index = _indices(reader, op.operands[1 : 1 + len(view.shape)])
        lanes = tuple(_lanes(reader, shape_of(value.type)))
        if not index:
            raise NotFollowed("it moves along the last axis of a memref that has none")
        along = reader.values.linear(op.operands[-3], lanes) if has_offsets else variable(lanes[-1])
        index[-1] = index[-1].plus(along)
        guard = reader.values.condition(mask, lanes)
        certain = not any(dim.kind == "unknown" for dim in guard.dims())
        yield _access(reader, op, kind, view, index, lanes, guard, certain)

    return rule


def _copy(reader: Reader, op: Any) -> Iterator[Access]:
    """memref.copy and gpu.memcpy: every element, read and written."""
    source, target = (reader.view(value) for value in op.operands[-2:])
    if op.name == "gpu.memcpy":
        source, target = target, source
    if source.shape != target.shape:
        raise NotFollowed(f"copies {source.shape} into {target.shape}, expected the same shape")
    lanes = _lanes(reader, source.shape)
    index = [variable(lane) for lane in lanes]
    yield _access(reader, op, "read", source, index, lanes)
    yield _access(reader, op, "write", target, index, lanes)


def _memset(reader: Reader, op: Any) -> Iterator[Access]:
    target = reader.view(op.dst)
    lanes = _lanes(reader, target.shape)
    yield _access(reader, op, "write", target, [variable(lane) for lane in lanes], lanes)


ACCESSES: dict[str, Callable[[Reader, Any], Iterator[Access]]] = {
    "memref.load": _load,
    "memref.store": _store,
    "memref.atomic_rmw": _atomic,
    "memref.copy": _copy,
    "gpu.memcpy": _copy,
    "gpu.memset": _memset,
    "vector.transfer_read": _transfer("read"),
    "vector.transfer_write": _transfer("write"),
    "vector.load": _minor("read", 0),
    "vector.store": _minor("write", 1),
    "vector.maskedload": _lanewise("read", False),
    "vector.maskedstore": _lanewise("write", False),
    "vector.gather": _lanewise("read", True),
    "vector.scatter": _lanewise("write", True),
}
"""Name of each op that touches memory: its accesses."""
