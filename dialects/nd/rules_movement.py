"""Rules for the movement kind of `nd`: what moves nothing goes, two moves in a row become one, constants are not moved at all."""

from __future__ import annotations

from xdsl.ir import SSAValue

from .base import element_of, shape_of
from .movement import ExpandOp, FlipOp, PadOp, PermuteOp, ReshapeOp, ShrinkOp
from .rules_support import Build, const, constant, expand, made_by, reshape
from .sources import IotaOp


def _iota(build: Build, of: IotaOp, axis: int, shape: tuple[int, ...]) -> SSAValue:
    return build(IotaOp(axis, shape, element_of(of.res)))


def simplify_reshape(op: ReshapeOp, build: Build) -> SSAValue | None:
    shape = shape_of(op.res)
    if shape_of(op.src) == shape:
        return op.src
    if (value := constant(op.src)) is not None:
        return const(build, value, shape)
    if (inner := made_by(op.src, ReshapeOp)) is not None:
        return reshape(build, inner.src, shape)
    if (iota := made_by(op.src, IotaOp)) is not None:
        old, axis = shape_of(op.src), iota.axis.value.data
        if [d for d in old if d != 1] == [d for d in shape if d != 1] and old[axis] != 1:
            position = sum(d != 1 for d in old[:axis])
            return _iota(build, iota, [i for i, d in enumerate(shape) if d != 1][position], shape)
    return None


def simplify_permute(op: PermuteOp, build: Build) -> SSAValue | None:
    permutation, shape = op.permutation.get_values(), shape_of(op.src)
    if (value := constant(op.src)) is not None:
        return const(build, value, shape_of(op.res))
    moved = [axis for axis in permutation if shape[axis] != 1]
    if moved == sorted(moved):  # axes of extent 1 may go anywhere; a reshape is easier to see through
        return reshape(build, op.src, shape_of(op.res))
    if (inner := made_by(op.src, PermuteOp)) is not None:
        before = inner.permutation.get_values()
        return build(PermuteOp(inner.src, [before[axis] for axis in permutation]))
    if (iota := made_by(op.src, IotaOp)) is not None:
        return _iota(build, iota, list(permutation).index(iota.axis.value.data), shape_of(op.res))
    return None


def simplify_expand(op: ExpandOp, build: Build) -> SSAValue | None:
    shape = shape_of(op.res)
    if shape_of(op.src) == shape:
        return op.src
    if (value := constant(op.src)) is not None:
        return const(build, value, shape)
    if (inner := made_by(op.src, ExpandOp)) is not None:
        return expand(build, inner.src, shape)
    if (iota := made_by(op.src, IotaOp)) is not None:
        return _iota(build, iota, iota.axis.value.data, shape)
    return None


def simplify_pad(op: PadOp, build: Build) -> SSAValue | None:
    shape = shape_of(op.res)
    if shape_of(op.src) == shape:
        return op.src
    if constant(op.src) == op.value or 0 in shape_of(op.src):
        return const(build, op.value, shape)
    if (inner := made_by(op.src, PadOp)) is not None and inner.value == op.value:
        low = [a + b for a, b in zip(inner.low.get_values(), op.low.get_values())]
        high = [a + b for a, b in zip(inner.high.get_values(), op.high.get_values())]
        return build(PadOp(inner.src, low, high, op.value))
    return None


def simplify_shrink(op: ShrinkOp, build: Build) -> SSAValue | None:
    shape, old = shape_of(op.res), shape_of(op.src)
    if shape == old:
        return op.src
    if (value := constant(op.src)) is not None:
        return const(build, value, shape)
    start, step = list(op.start.get_values()), list(op.step.get_values())
    if (inner := made_by(op.src, ShrinkOp)) is not None:
        outer = zip(inner.start.get_values(), inner.step.get_values(), start, step)
        found = [(a + b * c, b * d) for a, b, c, d in outer]
        return _shrink(build, inner.src, [a for a, _ in found], shape, [s for _, s in found])
    if (source := made_by(op.src, ExpandOp)) is not None:
        narrow = shape_of(source.src)
        kept = [narrow[i] != 1 for i in range(len(shape))]
        small = tuple(d if k else 1 for d, k in zip(shape, kept))
        starts = [a if k else 0 for a, k in zip(start, kept)]
        return expand(build, _shrink(build, source.src, starts, small, [s if k else 1 for s, k in zip(step, kept)]), shape)
    if (padded := made_by(op.src, PadOp)) is not None and max(step) == 1:
        return _shrink_before_pad(op, padded, build)
    if (iota := made_by(op.src, IotaOp)) is not None:
        axis = iota.axis.value.data
        if start[axis] == 0 and step[axis] == 1:
            return _iota(build, iota, axis, shape)
    least = [a + (n - 1) * s + 1 for a, n, s in zip(start, shape, step)]
    plain = [1 if n == 1 else s for n, s in zip(shape, step)]
    if least != list(op.stop.get_values()) or plain != step:
        return build(ShrinkOp(op.src, start, least, plain))
    return None


def _shrink(build: Build, value: SSAValue, start: list[int], shape: tuple[int, ...], step: list[int]) -> SSAValue:
    """The elements start, start + step, .. of each axis, as many as `shape` says (at least one)."""
    if shape == shape_of(value):
        return value
    step = [1 if n == 1 else s for n, s in zip(shape, step)]
    return build(ShrinkOp(value, start, [a + (n - 1) * s + 1 for a, n, s in zip(start, shape, step)], step))


def _shrink_before_pad(op: ShrinkOp, padded: PadOp, build: Build) -> SSAValue:
    """shrink(pad x) -> pad(shrink x): pad only what is kept. What is cut out of the padding alone is a constant."""
    shape, old = shape_of(op.res), shape_of(padded.src)
    starts, lows, highs, kept = list[int](), list[int](), list[int](), list[int]()
    for start, stop, low, extent in zip(op.start.get_values(), op.stop.get_values(), padded.low.get_values(), old):
        first, last = max(start - low, 0), min(stop - low, extent)
        if first >= last:
            return const(build, padded.value, shape)
        starts.append(first)
        kept.append(last - first)
        lows.append(max(low - start, 0))
        highs.append(stop - low - last)
    inside = _shrink(build, padded.src, starts, tuple(kept), [1] * len(kept))
    return inside if not any((*lows, *highs)) else build(PadOp(inside, lows, highs, padded.value))


def simplify_flip(op: FlipOp, build: Build) -> SSAValue | None:
    shape, axes = shape_of(op.src), list(op.axes.get_values())
    if constant(op.src) is not None:
        return op.src
    inner, source = made_by(op.src, FlipOp), made_by(op.src, ExpandOp)
    if inner is not None:
        turned = sorted(set(axes) ^ set(inner.axes.get_values()))
        return build(FlipOp(inner.src, turned)) if turned else inner.src
    if source is not None and any(shape_of(source.src)[axis] == 1 for axis in axes):
        turned = [axis for axis in axes if shape_of(source.src)[axis] != 1]
        return expand(build, build(FlipOp(source.src, turned)) if turned else source.src, shape)
    turned = [axis for axis in axes if shape[axis] != 1]
    if (iota := made_by(op.src, IotaOp)) is not None and iota.axis.value.data not in turned:
        return op.src
    if turned != axes:
        return build(FlipOp(op.src, turned)) if turned else op.src
    return None
