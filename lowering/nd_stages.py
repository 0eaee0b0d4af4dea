"""What one kernel computes, as stages: its fused reductions in order, then its result, all sharing the leading loops (the spine).

A softmax kernel has three: the row maximum, the row sum, the quotient. Each row is independent of the others, so the rows are the
spine: every stage loops over them first, and hands later stages one value a row. A kernel of one stage has all its parallel
loops as spine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from rung.dialects.nd import MOVEMENT, ReduceOp
from rung.dialects.nd.base import shape_of

from .index_expr import Index, Space, constant
from .nd_access import source_access


@dataclass(frozen=True)
class Stage:
    """One structured op: loops over the spine, then other parallel loops, then reduced ones.

    value     what the stage computes; a ReduceOp's result if it is a reduction
    extents   the loops' extents, spine first, reduced last
    reduced   how many of the loops are reduced
    index     the index of `value` (or, for a reduction, of its source) at a point of the loops
    """

    value: SSAValue
    extents: tuple[int, ...]
    reduced: int
    index: tuple[Index, ...]
    output: tuple[int, ...]
    """The loops that index the stage's result, axis by axis."""

    @property
    def space(self) -> Space:
        return Space(self.extents)

    @property
    def reduction(self) -> ReduceOp | None:
        return reduction_of(self.value)


@dataclass(frozen=True)
class Plan:
    """The stages of a kernel in order; `spine` leading loops are shared by all."""

    stages: tuple[Stage, ...]
    spine: int


def reduction_of(value: SSAValue) -> ReduceOp | None:
    """The reduction with at least one axis that makes `value`, or None."""
    owner = value.owner
    return owner if isinstance(owner, ReduceOp) and owner.axes.get_values() else None


def plan_kernel(root: SSAValue) -> Plan:
    """The stages that compute `root` from the kernel's arguments.

    Raises VerifyException if a fused reduction is needed at more than its rows: it must be realized as a kernel of its own.
    """
    loops, reduced = _root_loops(root)
    seen: dict[ReduceOp, tuple[Index, ...]] = {}
    _first_accesses(root, tuple(Space(loops).dim(i) for i in range(len(loops))), Space(loops), seen)
    if not seen:
        parallel = len(loops) - reduced
        return Plan((_single_stage(root, loops, reduced),), parallel)
    spine = _spine_of(seen, loops, len(loops) - reduced)
    stages: list[Stage] = []
    done: set[ReduceOp] = set()
    for fused in seen:
        _add_fused(fused, seen[fused], spine, loops, stages, done)
    stages.append(_root_stage(root, loops, reduced, spine))
    return Plan(tuple(stages), len(spine))


def _root_loops(root: SSAValue) -> tuple[tuple[int, ...], int]:
    """The root's loops in the order of its axes, reduced ones last."""
    reduction = reduction_of(root)
    if reduction is None:
        return shape_of(root), 0
    shape, axes = shape_of(reduction.src), reduction.axes.get_values()
    return (*shape_of(root), *(shape[a] for a in axes)), len(axes)


def _source_index(reduction: ReduceOp, kept: Sequence[Index], reduced: Sequence[Index]) -> tuple[Index, ...]:
    """The index of a reduction's source, from those of its result and of its reduced axes."""
    axes, outer, inner = reduction.axes.get_values(), iter(kept), iter(reduced)
    return tuple(next(inner) if a in axes else next(outer) for a in range(len(shape_of(reduction.src))))


def _single_stage(root: SSAValue, loops: tuple[int, ...], reduced: int) -> Stage:
    return _root_stage(root, loops, reduced, tuple(range(len(loops) - reduced)))


def _root_stage(root: SSAValue, loops: tuple[int, ...], reduced: int, spine: tuple[int, ...]) -> Stage:
    parallel = len(loops) - reduced
    order = [*spine, *(i for i in range(parallel) if i not in spine), *range(parallel, len(loops))]
    extents = tuple(loops[i] for i in order)
    where = {old: new for new, old in enumerate(order)}
    space = Space(extents)
    index = tuple(space.dim(where[i]) for i in range(parallel))
    reduction = reduction_of(root)
    if reduction is not None:
        index = _source_index(reduction, index, [space.dim(where[i]) for i in range(parallel, len(loops))])
    return Stage(root, extents, reduced, index, tuple(where[i] for i in range(parallel)))


def _first_accesses(value: SSAValue, index: tuple[Index, ...], space: Space, seen: dict[ReduceOp, tuple[Index, ...]]) -> None:
    """The reductions that the computation of `value` meets first (not through others), each with the index it is needed at."""
    root = reduction_of(value)
    visited: set[tuple[SSAValue, tuple[Index, ...]]] = set()
    work: list[tuple[SSAValue, tuple[Index, ...]]] = []
    if root is not None:
        outer = len(index) - len(root.axes.get_values())
        work.append((root.src, _source_index(root, index[:outer], index[outer:])))
    else:
        work.append((value, index))
    while work:
        value, index = work.pop()
        if (value, index) in visited or not isinstance(value.owner, Operation):
            continue
        visited.add((value, index))
        reduction = reduction_of(value)
        if reduction is not None:
            if seen.setdefault(reduction, index) != index:
                raise _needs_realizing(reduction, "is needed at two different indices")
        elif isinstance(value.owner, MOVEMENT):
            access = source_access(value.owner, index, space)
            if not access.never:
                work.append((value.owner.operands[0], access.index))
        else:
            work.extend((operand, index) for operand in reversed(value.owner.operands))


def _needs_realizing(reduction: ReduceOp, why: str) -> VerifyException:
    name = reduction.res.name_hint or "a value"
    return VerifyException(f'nd.reduce "{reduction.combiner.data}" (%{name}) {why} of this kernel; mark it {{realize}}')


def _spine_of(seen: dict[ReduceOp, tuple[Index, ...]], loops: tuple[int, ...], parallel: int) -> tuple[int, ...]:
    """The root's loops that the fused reductions share; each must be indexed by exactly these, axis by axis."""
    spine: tuple[int, ...] | None = None
    for reduction, index in seen.items():
        found: list[int] = []
        for i in index:
            position = i.as_dim()
            if position is not None and position < parallel:
                found.append(position)
            elif i.dims() or i.constant:
                raise _needs_realizing(reduction, "is needed at more than one element for each row")
        if len(set(found)) != len(found) or (spine is not None and tuple(sorted(found)) != spine):
            raise _needs_realizing(reduction, "has other rows than the rest")
        spine = tuple(sorted(found))
        for axis, i in enumerate(index):
            position = i.as_dim()
            if position is not None and shape_of(reduction.res)[axis] != loops[position]:
                raise _needs_realizing(reduction, "is needed at some of its rows only by the loops")
    assert spine is not None
    return spine


def _add_fused(
    reduction: ReduceOp,
    at: tuple[Index, ...],
    spine: tuple[int, ...],
    loops: tuple[int, ...],
    stages: list[Stage],
    done: set[ReduceOp],
) -> None:
    """Append the stage of a fused reduction, after those it needs itself. `at`: its index in terms of the root's loops."""
    if reduction in done:
        return
    done.add(reduction)
    shape, axes = shape_of(reduction.src), reduction.axes.get_values()
    extents = (*(loops[p] for p in spine), *(shape[a] for a in axes))
    space = Space(extents)
    kept = [constant(0) if i.as_dim() is None else space.dim(spine.index(_position(i))) for i in at]
    index = _source_index(reduction, kept, [space.dim(len(spine) + k) for k in range(len(axes))])
    inner: dict[ReduceOp, tuple[Index, ...]] = {}
    _first_accesses_from(reduction.src, index, space, inner)
    for needed, where in inner.items():
        positions = [i.as_dim() for i in where if i.dims()]
        whole = sorted(p for p in positions if p is not None)
        rows = [p for p, q in enumerate(spine) if loops[q] != 1]
        if whole != rows or len(whole) != len(positions):
            raise _needs_realizing(needed, "is needed at more than one element for each row")
        as_root = tuple(constant(0) if i.as_dim() is None else Space(loops).dim(spine[_position(i)]) for i in where)
        _add_fused(needed, as_root, spine, loops, stages, done)
    stages.append(Stage(reduction.res, extents, len(axes), index, tuple(range(len(spine)))))


def _position(i: Index) -> int:
    position = i.as_dim()
    assert position is not None
    return position


def _first_accesses_from(
    value: SSAValue, index: tuple[Index, ...], space: Space, seen: dict[ReduceOp, tuple[Index, ...]]
) -> None:
    if (own := reduction_of(value)) is not None:
        seen[own] = index
    else:
        _first_accesses(value, index, space, seen)
