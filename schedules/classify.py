"""What kind of kernel a group is, by a small rule that anyone can check by eye.

full         no shared parallel dims: one number comes out
elementwise  nothing is reduced
contraction  two operands are read along a reduced dim, each lacking a parallel dim that the other has (matmul, convolution)
window       an operand is read at the sum of a parallel and a reduced dim, and it is no contraction (pooling, depthwise)
row          the largest operand is contiguous along a reduced dim (softmax, a sum over the last axis)
column       it is contiguous along a parallel dim, or along none (a sum over the first axis)

Dims of extent 1 do not count. The op looked at is the one with most points, of those that reduce if any does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from xdsl.dialects import linalg, tensor
from xdsl.dialects.affine import ApplyOp
from xdsl.ir import Operation, SSAValue

from rung.schedules.nests import Group, Linear, Nest, shape_of

Kind = Literal["full", "elementwise", "contraction", "window", "row", "column"]


@dataclass(frozen=True)
class Access:
    """How one operand is read or written: the loop dims in its indices, and the one along which it is contiguous, if any."""

    elements: int
    dims: frozenset[int]
    unit: int | None
    window: bool
    """Is it indexed by a sum of a parallel and a reduced dim?"""


@dataclass(frozen=True)
class Classification:
    kind: Kind
    core: Nest
    """The op that the schedule is chosen for."""
    unit: int | None
    """The loop dim of `core` along which its largest operand is contiguous."""
    out_unit: int | None
    """The same for what `core` writes; of the root if nothing is reduced."""
    rows: int | None = None
    """Of a contraction: the parallel dim that shares the register tile with `out_unit`."""


def classify(group: Group) -> Classification:
    reducing = [nest for nest in group.nests if nest.reductions]
    core = max(reducing or group.nests, key=lambda nest: nest.points)
    accesses = list(_accesses(core))
    largest = max(accesses, key=lambda a: (a.elements, len(a.dims)), default=None)
    unit = largest.unit if largest is not None else None
    out_unit = _unit(core.out_axes, shape_of(core.op.results[0]), core)
    if not reducing:
        return Classification("elementwise", core, unit, out_unit)
    if group.spine == 0:
        return Classification("full", core, unit, out_unit)
    rows = _contraction_rows(core, accesses, out_unit, group.spine)
    if rows is not None:
        return Classification("contraction", core, unit, out_unit, rows)
    if any(a.window for a in accesses):
        return Classification("window", core, unit, out_unit)
    return Classification("row" if unit in core.reductions else "column", core, unit, out_unit)


def _contraction_rows(core: Nest, accesses: list[Access], out_unit: int | None, spine: int) -> int | None:
    """The parallel dim to unroll beside `out_unit`: the longest that an operand with `out_unit` lacks. None: no contraction."""
    live = {dim for dim in core.parallel if core.extents[dim] > 1 and dim < spine}
    reduced = {dim for dim in core.reductions if core.extents[dim] > 1}
    if out_unit not in live:
        return None
    found: list[int] = []
    for mine in accesses:
        for other in accesses:
            if out_unit in mine.dims and out_unit not in other.dims and mine.dims & reduced and other.dims & reduced:
                found += (live & other.dims) - mine.dims
    return max(found, key=lambda dim: core.extents[dim], default=None)


def _accesses(nest: Nest) -> Iterator[Access]:
    """The reads of an op: operands by their maps, captured tensors by the index arithmetic in the body."""
    body = nest.op.body.block
    for value, axes, scalar in zip(nest.operands[:-1], nest.axes, body.args):
        if axes and scalar.uses:
            yield _access(nest, shape_of(value), axes)
    for op in body.walk():
        if isinstance(op, tensor.ExtractOp):
            yield _access(nest, shape_of(op.tensor), tuple(_captured(v) for v in op.indices))


def _access(nest: Nest, shape: tuple[int, ...], axes: tuple[Linear, ...]) -> Access:
    elements = 1
    for extent in shape:
        elements *= extent
    mixed = any(_overlaps(axis, nest) for axis in axes)
    dims = frozenset(dim for axis in axes for dim, _ in axis.factors if nest.extents[dim] > 1)
    return Access(elements, dims, _unit(axes, shape, nest), mixed)


def _overlaps(axis: Linear, nest: Nest) -> bool:
    """Does an index mix parallel and reduced dims so that an element is met twice? (A split axis, 64 * i + j, does not.)"""
    live = sorted((factor, dim) for dim, factor in axis.factors if nest.extents[dim] > 1)
    if len({dim in nest.reductions for _, dim in live}) < 2:
        return False
    reach = 0
    for factor, dim in live:
        if factor <= reach:
            return True
        reach += factor * (nest.extents[dim] - 1)
    return False


def _unit(axes: tuple[Linear, ...], shape: tuple[int, ...], nest: Nest) -> int | None:
    """The loop dim along which an operand's elements are neighbours; where a sum leaves a choice, the parallel one."""
    for axis, extent in zip(reversed(axes), reversed(shape)):
        if extent == 1:
            continue
        choices = [dim for dim, factor in axis.factors if factor == 1 and nest.extents[dim] > 1]
        return min(choices, key=lambda dim: (dim in nest.reductions, -dim), default=None)
    return None


def _captured(value: SSAValue) -> Linear:
    """The loop dims in an index computed in a body; a factor of 1 only where the index is that dim plus a constant or a sum."""
    owner = value.owner
    if isinstance(owner, linalg.ops.IndexOp):
        return Linear(((owner.dim.value.data, 1),), 0)
    if not isinstance(owner, Operation):
        return Linear((), 0)
    inner = [_captured(v) for v in owner.operands if v.type == value.type]
    outer: Linear | None = None
    if isinstance(owner, ApplyOp):
        try:
            outer = Linear.of(owner.map.data.results[0])
        except ValueError:
            outer = None
    factors: dict[int, int] = {}
    for position, each in enumerate(inner):
        for dim, factor in each.factors:
            factors[dim] = factor * outer.factor(position) if outer is not None else 0
    return Linear(tuple(factors.items()), 0)
