"""Rules for the reduce kind of `nd`."""

from __future__ import annotations

from math import prod

from xdsl.ir import SSAValue

from . import folding
from .base import element_of, shape_of
from .dtype import is_integer
from .elementwise import BinaryOp
from .movement import ExpandOp
from .reduce import ReduceOp
from .rules_support import Build, const, constant, expand, made_by, reshape


def simplify_reduce(op: ReduceOp, build: Build) -> SSAValue | None:
    shape, axes = shape_of(op.src), op.axes.get_values()
    if not axes:
        return op.src
    count = prod(shape[axis] for axis in axes)
    if count == 0:
        return const(build, folding.neutral(op.combiner.data, element_of(op.res)), shape_of(op.res))
    if count == 1:
        return reshape(build, op.src, shape_of(op.res))
    value = constant(op.src)
    if value is not None:
        folded = folding.fold_reduce(op.combiner.data, value, count)
        return None if folded is None else const(build, folded, shape_of(op.res))
    return _of_repeated(op, build)


def _of_repeated(op: ReduceOp, build: Build) -> SSAValue | None:
    """Axes along which an expand repeats: the extremum of equals is any of them, their integer sum is a multiple."""
    source, combiner = made_by(op.src, ExpandOp), op.combiner.data
    if source is None or not (combiner in ("max", "min") or (combiner == "sum" and is_integer(element_of(op.res)))):
        return None
    narrow, full, axes = shape_of(source.src), shape_of(op.src), op.axes.get_values()
    repeated = [axis for axis in axes if narrow[axis] != full[axis]]
    if not repeated:
        return None
    once = [narrow[axis] if axis in repeated else extent for axis, extent in enumerate(full)]
    result = build(ReduceOp(combiner, expand(build, source.src, once), axes))
    if combiner != "sum":
        return result
    times = folding.attribute_of(prod(full[axis] for axis in repeated), element_of(op.res))
    return build(BinaryOp("mul", result, const(build, times, shape_of(op.res))))
