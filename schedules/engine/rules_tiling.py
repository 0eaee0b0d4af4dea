"""Tiling: tile_using_for and tile_using_forall.

Where a size does not divide its dim, the tiled op, and the forall or loop, become several (see `tile_loops`), and so their
handles hold several ops where upstream's hold one: the full tiles first, then the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from rung.dialects.upstream.transform import TransformOp
from rung.dialects.upstream.transform.base import mixed, values_of
from rung.dialects.upstream.transform.tiling import TileUsingForallOp, TileUsingForOp
from rung.schedules.engine.checks import check_parallel, check_sizes
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure, Unfit
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.state import Payload
from rung.schedules.engine.tile_loops import tile_with_for, tile_with_forall
from rung.schedules.engine.tiles import Loops


def loops_of(run: Interpreter, op: TransformOp, target: Operation, sizes: Sequence[int]) -> tuple[Loops, list[int]]:
    """The payload as loops, and a size for each of its dims. Silenceable failure where they do not fit."""
    try:
        loops = Loops.of(target)
        if len(sizes) > len(loops.extents):
            raise Unfit(f"{len(sizes)} sizes are given, expected at most {len(loops.extents)}, the loops of {target.name}")
        full = [*sizes, *[0] * (len(loops.extents) - len(sizes))]
        if 0 in loops.extents:
            raise Unfit(f"{target.name} iterates over nothing, expected extents of at least 1")
        if run.check == "off":
            full = [min(size, extent) for size, extent in zip(full, loops.extents, strict=True)]
        check_sizes(loops, full)
        return loops, full
    except Unfit as problem:
        raise SilenceableFailure(op, str(problem), target) from problem


@rule(TileUsingForOp)
def tile_using_for(run: Interpreter, op: TileUsingForOp) -> list[list[Payload]]:
    targets = run.state.ops(op.target)
    if op.scalable_sizes is not None and any(op.scalable_sizes.get_values()):
        raise DefiniteFailure(op, "scalable sizes are legal upstream, not supported here")
    tiles: list[Payload] = []
    levels: list[list[Payload]] = [[] for _ in op.loops]
    given = run.sizes(op, op.sizes(), len(targets))
    for target, sizes in zip(targets, given, strict=True):
        if sum(size != 0 for size in sizes) != len(op.loops):
            raise DefiniteFailure(op, f"a parameter is 0, which makes fewer than the {len(op.loops)} loops there are results for")
        loops, full = loops_of(run, op, target, sizes)
        order = list(values_of(op.interchange))
        if sorted(order) != list(range(len(order))) or len(order) > len(full):
            raise SilenceableFailure(op, f"interchange is {order}, expected a permutation of at most {len(full)} loops", target)
        made = tile_with_for(loops, full, [*order, *range(len(order), len(full))])
        tiles += made.tiles
        for level, found in zip(levels, made.loops, strict=True):
            level += found
    return [tiles, *levels]


@rule(TileUsingForallOp)
def tile_using_forall(run: Interpreter, op: TileUsingForallOp) -> list[list[Payload]]:
    targets = run.state.ops(op.target)
    by_threads = bool(values_of(op.static_num_threads)) or op.packed_num_threads is not None
    by_size = bool(values_of(op.static_tile_sizes)) or op.packed_tile_sizes is not None
    if by_threads and by_size:
        raise DefiniteFailure(op, "both num_threads and tile_sizes are legal upstream, not supported here; give one of them")
    packed = op.packed_num_threads or op.packed_tile_sizes
    tiles: list[Payload] = []
    foralls: list[Payload] = []
    if packed is not None:
        numbers = run.state.ints(op, packed)
        given = [numbers for _ in targets]
    else:
        static, dynamic = (op.static_num_threads, op.num_threads) if by_threads else (op.static_tile_sizes, op.tile_sizes)
        given = run.sizes(op, mixed(static, dynamic), len(targets))
    for target, sizes in zip(targets, given, strict=True):
        if by_threads:
            if any(threads < 0 for threads in sizes):
                raise SilenceableFailure(op, f"num_threads is {sizes}, expected none below 0", target)
            extents = loops_of(run, op, target, [0] * len(sizes))[0].extents
            sizes = [-(-extent // threads) if threads else 0 for extent, threads in zip(extents, sizes)]
        loops, full = loops_of(run, op, target, sizes)
        if not any(full):
            raise SilenceableFailure(op, "all sizes are 0, expected one that is not: a forall has a dim at least", target)
        tiled = sum(size != 0 for size in full)
        if op.mapping is not None and len(op.mapping) != tiled:
            raise SilenceableFailure(op, f"mapping has {len(op.mapping)} entries, expected {tiled}, one for each dim", target)
        if run.check == "structural":
            try:
                check_parallel(loops, full)
            except Unfit as problem:
                raise SilenceableFailure(op, str(problem), target) from problem
        made = tile_with_forall(loops, full, op.mapping)
        tiles += made.tiles
        foralls += made.loops[0]
    return [tiles, foralls]
