"""Fuse a producer into a loop that reads parts of its result: each part is computed where it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.builder import Builder
from xdsl.dialects import tensor
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.dialects.utils import get_dynamic_index_list
from xdsl.ir import Operation, SSAValue, Use
from xdsl.rewriter import InsertPoint

from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.tensor import ParallelInsertSliceOp
from rung.schedules.engine.failures import Unfit
from rung.schedules.engine.tiles import Loops, Offset, Tile
from rung.schedules.nests import shape_of


def fuse_into(producer: Operation, containing: Sequence[Operation]) -> list[Operation]:
    """Compute in the loops the parts of the producer's result that they read; gives the new ops, the producer stays.

    Where foralls share the producer's result as an out, one after the other, and read it by slices, each slice is computed in
    place, and the first forall shares what the producer itself writes into. Equal slices in one block are computed once. A use
    that is no slice gets a copy of the whole producer. Raises Unfit: nothing of it is used in the loops; a slice with strides,
    or of a result whose index is no plain loop dim.
    """
    loops = Loops.of(producer)
    fused: list[Operation] = []
    for number, result in enumerate(producer.results):
        for loop in containing:
            users = [use.operation for use in result.uses if _inside(use.operation, loop)]
            fused += _tiles_at(loops, number, result, users, None)
            for user in users:
                if user.parent is not None and any(operand is result for operand in user.operands):
                    fused.append(_copy_for(producer, result, user))
        for chain in _chains(result, containing):
            for link in chain:
                users = [use.operation for use in link.argument.uses]
                fused += _tiles_at(loops, number, link.argument, users, link.argument)
            first = chain[0]
            before = len(first.forall.operands) - len(first.forall.outputs)
            first.forall.operands[before + first.number] = loops.operands[loops.inputs + number]
    if not fused:
        raise Unfit(f"the loops use no result of {producer.name} that could be computed in them, expected them to")
    return fused


def _tiles_at(loops: Loops, number: int, value: SSAValue, users: Sequence[Operation], out: SSAValue | None) -> list[Operation]:
    """A tile of the producer for each slice of `value` among `users`, one for equal slices of one block."""
    made: dict[tuple[object, ...], Operation] = {}
    for user in users:
        if not isinstance(user, tensor.ExtractSliceOp) or user.source is not value:
            continue
        key = (user.parent, user.static_offsets, user.static_sizes, *user.offsets)
        if key not in made:
            made[key] = _tile_for(loops, number, user, out)
        _take(user, made[key].results[number])
    return list(made.values())


def _inside(op: Operation, containing: Operation) -> bool:
    above = op.parent_op()
    while above is not None and above is not containing:
        above = above.parent_op()
    return above is containing


@dataclass(frozen=True)
class _Link:
    """A forall that shares a tensor as its out `number`, which its body sees as `argument`."""

    forall: ForallOp
    number: int

    @property
    def argument(self) -> SSAValue:
        return self.forall.region_out_args[self.number]


def _chains(result: SSAValue, containing: Sequence[Operation]) -> list[list[_Link]]:
    """Foralls that together write all of the result over, each iteration reading at most what it writes itself."""
    found: list[list[_Link]] = []
    for use in list(result.uses):
        link = _link(use, containing)
        if link is None:
            continue
        chain, written = [link], _written(link)
        while len(after := list(link.forall.results[link.number].uses)) == 1:
            link = _link(after[0], containing)
            if link is None:
                break
            chain.append(link)
            written += _written(link)
        if written == prod(shape_of(result)) and all(_written(link) for link in chain):
            found.append(chain)
    return found


def _link(use: Use, containing: Sequence[Operation]) -> _Link | None:
    forall = use.operation
    if not isinstance(forall, ForallOp) or not any(forall is each for each in containing):
        return None
    number = use.index - (len(forall.operands) - len(forall.outputs))
    return _Link(forall, number) if number >= 0 else None


def _written(link: _Link) -> int:
    """How many elements the forall writes; 0 where an iteration reads others than it writes, or its bounds are not known."""
    users = [use.operation for use in link.argument.uses]
    reads = [user for user in users if isinstance(user, tensor.ExtractSliceOp)]
    writes = [user for user in users if isinstance(user, ParallelInsertSliceOp) and user.dest is link.argument]
    if len(reads) + len(writes) != len(users) or len(writes) != 1 or not reads:
        return 0
    window = (*writes[0].mixed_offsets(), *writes[0].mixed_sizes())
    if any((*_offsets(read), *read.static_sizes.get_values()) != window for read in reads):
        return 0
    sizes = writes[0].static_sizes.get_values()
    bounds = link.forall.mixed_bounds()
    if DYNAMIC_INDEX in sizes or not all(isinstance(part, int) for bound in bounds for part in bound):
        return 0
    return prod(sizes) * prod(len(range(*bound)) for bound in link.forall.static_bounds())


def _offsets(op: tensor.ExtractSliceOp) -> list[Offset]:
    return list(get_dynamic_index_list(op.static_offsets.get_values(), op.offsets, DYNAMIC_INDEX))


def _tile_for(loops: Loops, number: int, user: tensor.ExtractSliceOp, out: SSAValue | None) -> Operation:
    """The part of the producer that a slice asks for, in front of it. `out`: what it writes into, else its own outs."""
    sizes = user.static_sizes.get_values()
    if any(stride != 1 for stride in user.static_strides.get_values()):
        raise Unfit("a slice of the producer's result has strides, expected none")
    if DYNAMIC_INDEX in sizes or tuple(sizes) != shape_of(user.result):
        raise Unfit(f"a slice of the producer's result is {user.result.type}, expected static extents, none dropped")
    offsets: list[Offset] = [0] * len(loops.extents)
    extents = list(loops.extents)
    axes = loops.out_axes[number]
    for axis, offset, size in zip(axes, _offsets(user), sizes, strict=True):
        if axis.dim is None:
            raise Unfit(f"{loops.op.name} writes its result at {axis.expr()}, expected plain loop dims")
        offsets[axis.dim], extents[axis.dim] = offset, size
    outs = list(loops.op.outputs)
    if out is not None:
        outs[number] = out
    tile, windows = Tile(loops, offsets, extents, Builder(InsertPoint.before(user))).make(outs)
    if windows[number].sizes != tuple(sizes):
        raise Unfit(f"a slice of the producer's result is {list(sizes)}, its tile {list(windows[number].sizes)}")
    return tile


def _take(user: tensor.ExtractSliceOp, value: SSAValue) -> None:
    value.name_hint = value.name_hint or user.result.name_hint
    user.result.replace_all_uses_with(value)
    user.detach()
    user.erase()


def _copy_for(producer: Operation, value: SSAValue, user: Operation) -> Operation:
    copy = producer.clone()
    Builder(InsertPoint.before(user)).insert(copy)
    for position, operand in enumerate(user.operands):
        if operand is value:
            user.operands[position] = copy.results[list(producer.results).index(value)]  # pyright: ignore[reportArgumentType]
    return copy
