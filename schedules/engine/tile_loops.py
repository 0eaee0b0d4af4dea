"""Tile a structured op by loops: sequential ones that carry its outs, or one scf.forall that shares them.

Shapes stay static: where a size does not divide its dim, the rest is a region of its own beside the main one (upstream makes
one loop whose tiles are as large as an affine.min says). One tiled op then becomes several, as many as there are regions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.builder import Builder
from xdsl.dialects import scf
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import ArrayAttr, IndexType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.tensor import ParallelInsertSliceOp
from rung.schedules.engine.tiles import Loops, Offset, Tile, insert_slice
from rung.schedules.tiling import regions


@dataclass
class Tiled:
    """What came of an op: its tiles, and for each dim that is tiled, outermost first, its loops."""

    tiles: list[Operation] = field(default_factory=list[Operation])
    loops: list[list[Operation]] = field(default_factory=list[list[Operation]])


def tile_with_for(loops: Loops, sizes: Sequence[int], order: Sequence[int]) -> Tiled:
    """Replace the op by nested scf.for over the dims whose size is not 0, in `order` from the outside in.

    sizes   one for each loop dim, each at most the dim's extent
    """
    op = loops.op
    dims = [dim for dim in order if sizes[dim]]
    made = Tiled(loops=[[] for _ in dims])
    outside = Builder(InsertPoint.before(op))
    constants: dict[int, SSAValue] = {}

    def constant(value: int) -> SSAValue:
        if value not in constants:
            constants[value] = outside.insert(ConstantOp.from_int_and_width(value, IndexType())).result
            constants[value].name_hint = f"c{value}"
        return constants[value]

    def nest(level: int, offsets: list[Offset], extents: list[int], outs: list[SSAValue], builder: Builder) -> list[SSAValue]:
        if level == len(dims):
            tile, windows = Tile(loops, offsets, extents, builder).make(outs)
            made.tiles.append(tile)
            results: list[SSAValue] = []
            for part, out, window in zip(tile.results, outs, windows, strict=True):
                if window.is_all_of(out):
                    results.append(part)
                    continue
                insertion = insert_slice(part, out, window)
                builder.insert(insertion)
                insertion.result.name_hint = out.name_hint
                results.append(insertion.result)
            return results
        dim = dims[level]
        extent, size = loops.extents[dim], sizes[dim]
        full = extent // size * size
        body = Block(arg_types=[IndexType(), *(out.type for out in outs)])
        body.args[0].name_hint = f"i{dim}"
        for arg, out in zip(body.args[1:], outs, strict=True):
            arg.name_hint = out.name_hint
        loop = scf.ForOp(constant(0), constant(full), constant(size), outs, Region(body))
        offsets, extents = list(offsets), list(extents)
        offsets[dim], extents[dim] = body.args[0], size
        inside = Builder(InsertPoint.at_end(body))
        inside.insert(scf.YieldOp(*nest(level + 1, offsets, extents, list(body.args[1:]), inside)))
        builder.insert(loop)
        made.loops[level].append(loop)
        for result, out in zip(loop.results, outs, strict=True):
            result.name_hint = out.name_hint
        if full == extent:
            return list(loop.results)
        offsets[dim], extents[dim] = full, extent - full
        return nest(level + 1, offsets, extents, list(loop.results), builder)

    start: list[Offset] = [0] * len(loops.extents)
    results = nest(0, start, list(loops.extents), list(op.outputs), Builder(InsertPoint.before(op)))
    _replace(op, results)
    return made


def tile_with_forall(loops: Loops, sizes: Sequence[int], mapping: ArrayAttr[Attribute] | None) -> Tiled:
    """Replace the op by an scf.forall over the dims whose size is not 0; one for each region, chained by their shared outs."""
    op = loops.op
    dims = [dim for dim, size in enumerate(sizes) if size]
    made = Tiled(loops=[[]])
    outs = list(op.outputs)
    builder = Builder(InsertPoint.before(op))
    for box in regions([loops.extents[dim] for dim in dims], [sizes[dim] for dim in dims]):
        lower, upper, step = ([r.lower for r in box], [r.upper for r in box], [r.size for r in box])
        forall = ForallOp(lower, upper, step, outs, mapping=mapping)
        offsets: list[Offset] = [0] * len(loops.extents)
        extents = list(loops.extents)
        for dim, part, iv in zip(dims, box, forall.induction_variables, strict=True):
            iv.name_hint = f"i{dim}"
            offsets[dim], extents[dim] = part.lower if part.single else iv, part.size
        for arg, out in zip(forall.region_out_args, outs, strict=True):
            arg.name_hint = out.name_hint or "out"
        inside = Builder(InsertPoint.before(forall.terminator))
        # sliced even where one tile is all: what is fused into the forall looks for the slice
        tile, windows = Tile(loops, offsets, extents, inside).make(forall.region_out_args, always=True)
        for part, out, window in zip(tile.results, forall.region_out_args, windows, strict=True):
            ones = [1] * len(window.sizes)
            forall.terminator.region.block.add_op(
                ParallelInsertSliceOp(part, out, list(window.offsets), list(window.sizes), ones)
            )
        builder.insert(forall)
        for result, old in zip(forall.results, op.results, strict=True):
            result.name_hint = old.name_hint
        made.tiles.append(tile)
        made.loops[0].append(forall)
        outs = list(forall.results)
    _replace(op, outs)
    return made


def _replace(op: Operation, results: Sequence[SSAValue]) -> None:
    for old, new in zip(op.results, results, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()
