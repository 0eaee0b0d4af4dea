"""What is refused before a step is taken, where upstream warns or says nothing."""

from __future__ import annotations

from collections.abc import Sequence

from rung.schedules.engine.failures import Unfit
from rung.schedules.engine.tiles import Loops


def check_sizes(loops: Loops, sizes: Sequence[int]) -> None:
    """Each size is 0, which leaves the dim alone, or from 1 to the dim's extent."""
    for dim, (size, extent) in enumerate(zip(sizes, loops.extents, strict=True)):
        if not 0 <= size <= extent:
            raise Unfit(f"tile size {dim} is {size}, expected 0 to {extent}, the extent of d{dim} of {loops.op.name}")


def check_parallel(loops: Loops, sizes: Sequence[int]) -> None:
    """Iterations of a forall run in any order and at once, so each element of an out may belong to one of them only."""
    for dim, size in enumerate(sizes):
        if not size or size == loops.extents[dim]:
            continue  # one iteration
        if dim in loops.reductions:
            raise Unfit(
                f"racy: d{dim} of {loops.op.name} is a reduction, and the iterations of an scf.forall would all write the same "
                "results (upstream only warns); tile it by tile_using_for, or split_reduction"
            )
        for number, axes in enumerate(loops.out_axes):
            if not any(axis.dim == dim for axis in axes):
                places = ", ".join(str(axis.expr()) for axis in axes)
                raise Unfit(
                    f"overlapping writes: out {number} of {loops.op.name} is written at ({places}), which does not have "
                    f"the tiled d{dim} alone as an index, so iterations would write the same elements"
                )
