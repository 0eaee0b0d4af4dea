"""The schedule a kernel gets if nobody wrote one: few rules, each from a measurement.

Measured 2026-11 on two cores of a Zen 3 with PoCL 3.0: an elementwise block below 16K elements loses up to 4x to the cost of
starting it; a row reduction wants a row a block and four vectors in flight; a matmul wants 64x64 blocks computed by 4x16
registers. On a GPU only the shape of the launch is chosen so far: contiguous quads, a row a thread, 4x4 registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import FixedBitwidthType, MemRefType, TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.hints import isa

from rung.backends.machine import Machine
from rung.schedules.classify import Classification, classify
from rung.schedules.nests import Group, Nest
from rung.schedules.schedule import Schedule

ELEMENTWISE_TILE_ELEMS = 16 * 1024
ROW_TILE_ELEMS = 4 * 1024
COLUMN_TILE_COLUMNS = (64, 256)
"""Least and most columns a block: a row of 128 lanes is 8 cache lines, read at once (4096x4096: 1.6 ms; 3.8 ms by 32 lanes)."""
TRANSPOSE_TILE = 32
"""4096x4096: 11 ms; 15 ms by 64."""
CONTRACTION_TILES = ((256, 64), (128, 64), (64, 64), (32, 64), (32, 32), (16, 32))
PROMOTED_BYTES = 128 * 1024
"""A contraction's columns of more than this are packed: read in place, the rows of a large matrix fall into few sets of a cache
(1024x1024 on one core of a Zen 5: 16 ms in place, 9 ms packed; 512x512: no difference)."""
PROMOTED_MOST_BYTES = 1 << 20
"""More than this neither stays in a core's cache nor belongs on a thread's stack."""
PROMOTED_PANELS = 8
"""Row panels that must read the packed columns before packing pays; two where in place their neighbours lie apart."""
SMALL_CONTRACTION_POINTS = 1 << 18
"""Below this a contraction is over in microseconds, and splitting it for more blocks costs more than it brings."""


def default_schedule(group: Group, machine: Machine) -> Schedule:
    """The schedule of `group` on `machine`."""
    found = classify(group)
    return _for_cpu(group, found, machine) if machine.kind == "cpu" else _for_gpu(group, found, machine)


def completed(schedule: Schedule, group: Group) -> Schedule:
    """`schedule` with what its author left out: vector_dims and threads (see rung.schedules.schedule)."""
    dims, threads = schedule.vector_dims, schedule.threads
    if schedule.vector and not dims:
        found = classify(group)
        loops = range(max(len(nest.extents) for nest in group.nests))
        if found.kind == "contraction":
            loops = found.core.parallel
        dims = tuple(loops)[-len(schedule.vector) :]
    return Schedule(schedule.tile, schedule.vector, dims, threads or (1,) * max(group.spine, 1), schedule.promote)


def lanes_of(nest: Nest, machine: Machine) -> int:
    """Elements of the op's widest type in one vector register; narrow types are computed in 32 bits."""
    bits = 32
    for value in nest.operands:
        type_: Attribute = value.type
        element = type_.get_element_type() if isa(type_, TensorType[Attribute] | MemRefType[Attribute]) else type_
        if isinstance(element, FixedBitwidthType):
            bits = max(bits, element.bitwidth)
    return max(machine.vector_bits // bits, 1)


def _for_cpu(group: Group, found: Classification, machine: Machine) -> Schedule:
    extents, core, lanes = group.spine_extents, found.core, lanes_of(found.core, machine)
    ones = (1,) * max(group.spine, 1)
    blocks = 4 * machine.parallel_units
    match found.kind:
        case "full":
            return _vector((), found.unit, 8 * lanes, core, ones)
        case "contraction":
            return _cpu_contraction(group, found, lanes, machine, ones)
        case "row":
            per_row = max(prod(core.extents[group.spine :]), 1)
            rows = min(max(ROW_TILE_ELEMS // per_row, 1), max(prod(extents) // blocks, 1))
            short = found.unit is None or core.extents[found.unit] < lanes  # pooling 2x2: vectors go across the results
            return _vector(whole_inner(extents, rows), found.out_unit if short else found.unit, 4 * lanes, core, ones)
        case "column" | "window":
            least, most = COLUMN_TILE_COLUMNS
            per_element = max(prod(core.extents[dim] for dim in core.reductions), 1)
            wanted = max(min(max(ELEMENTWISE_TILE_ELEMS // per_element, most), prod(extents) // blocks), least)
            wide = 16 if found.kind == "column" else 4
            return _vector(whole_inner(extents, wanted), found.out_unit, wide * lanes, core, ones)
        case "elementwise":
            if found.unit is not None and found.out_unit is not None and found.unit != found.out_unit:
                # The input is contiguous along another dim than the output: square blocks keep both in cache, and square
                # registers read and write whole vectors (4096^2 transposed in 6 ms, 48 ms with lanes along the output only).
                sides = sorted((found.unit, found.out_unit))
                tile = tuple(
                    divisor(e, TRANSPOSE_TILE, TRANSPOSE_TILE // 2, 2 * TRANSPOSE_TILE) if dim in sides else 1
                    for dim, e in enumerate(extents)
                )
                square = tuple(vector_width(tile[dim], lanes) for dim in sides)
                if min(square) > 1:
                    return Schedule(tile, square, tuple(sides), ones)
            else:
                tile = whole_inner(extents, ELEMENTWISE_TILE_ELEMS)
            return _vector(tile, found.out_unit, 2 * lanes, core, ones)


def _vector(tile: tuple[int, ...], dim: int | None, lanes: int, nest: Nest, threads: tuple[int, ...]) -> Schedule:
    """`tile` with up to `lanes` lanes along `dim`, fewer where its extent in the tile does not fill them."""
    if dim is None:
        return Schedule(tile, (), (), threads)
    extent = tile[dim] if dim < len(tile) else nest.extents[dim]
    width = vector_width(extent, lanes)
    return Schedule(tile, (width,), (dim,), threads) if width > 1 else Schedule(tile, (), (), threads)


def vector_width(extent: int, most: int) -> int:
    """The widest power of two up to `most` that divides `extent`, if it wastes nothing worth having; else what fits.

    A remainder is worth its code where the loop is long (four vectors and more) or where no vector divides it at all.
    """
    fits = 1
    while fits * 2 <= min(most, extent):
        fits *= 2
    divides = fits
    while extent % divides:
        divides //= 2
    return fits if extent >= 4 * fits or divides * 4 <= fits else divides


def whole_inner(extents: Sequence[int], wanted: int) -> tuple[int, ...]:
    """A tile of about `wanted` elements: inner dims whole, the one that goes beyond split (evenly if it can be), outer ones 1."""
    tile: list[int] = []
    for extent in reversed(extents):
        size = min(max(wanted, 1), max(extent, 1))
        if size < extent:
            size = divisor(extent, size, (size + 1) // 2, 2 * size)
        tile.insert(0, size)
        wanted //= max(size, 1)
    return tuple(tile)


def divisor(extent: int, target: int, low: int, high: int, multiple: int = 1) -> int:
    """The divisor of `extent` in low..high nearest to `target`, rather one that `multiple` divides; `target` if there is none.

    A tile that divides its extent leaves no edge, and so no second kernel to compile.
    """
    if extent <= low:
        return max(extent, 1)
    fitting = [size for size in range(low, min(high, extent) + 1) if extent % size == 0]
    if not fitting:
        return extent if extent <= high else target
    return min(fitting, key=lambda size: (size % multiple != 0, max(size, target) / min(size, target)))


def _cpu_contraction(group: Group, found: Classification, lanes: int, machine: Machine, ones: tuple[int, ...]) -> Schedule:
    """256x64 blocks of 4 rows by two vectors (8 by two where there are 32 registers); smaller blocks where there would be fewer
    than 16 of them. The columns' operand is packed where that pays."""
    extents, rows, columns = group.spine_extents, found.rows, found.out_unit
    assert rows is not None and columns is not None
    width = vector_width(extents[columns], 2 * lanes)
    height = machine.vector_registers // 4 * (1 if width > lanes else 2)
    tile: list[int] = []
    for side in CONTRACTION_TILES:
        tile = [1] * len(extents)
        for dim, target, multiple in ((rows, side[0], height), (columns, side[1], width)):
            tile[dim] = divisor(extents[dim], target, target // 2, 2 * target, multiple)
        blocks = prod(-(-extent // size) for extent, size in zip(extents, tile))
        if blocks >= 16 or found.core.points < SMALL_CONTRACTION_POINTS:
            break
    height = min(next((n for n in (height, 6, 5, 3) if tile[rows] % n == 0), height), tile[rows])
    promote = _promoted(found, tile[columns], tile[rows] // height)
    return Schedule(tuple(tile), (height, width), (rows, columns), ones, promote)


def _promoted(found: Classification, width: int, panels: int) -> tuple[int, ...]:
    """The operand of a contraction that has its columns but not its rows, if `panels` of rows pay for packing it."""
    core = found.core
    assert found.out_unit is not None and found.rows is not None
    depth = prod(core.extents[dim] for dim in core.reductions)
    for number, (value, axes) in enumerate(zip(core.operands[:-1], core.axes)):
        dims = {axis.dim for axis in axes}
        if found.out_unit not in dims or found.rows in dims or None in dims:
            continue
        apart = axes[-1].dim != found.out_unit
        size = depth * width * element_bytes(value)
        large = size > PROMOTED_BYTES
        if size > PROMOTED_MOST_BYTES:
            continue
        if panels >= 2 if apart else large and panels >= PROMOTED_PANELS:
            return (number,)
    return ()


def element_bytes(value: SSAValue) -> int:
    type_: Attribute = value.type
    element = type_.get_element_type() if isa(type_, TensorType[Attribute] | MemRefType[Attribute]) else type_
    return max(1, element.bitwidth // 8) if isinstance(element, FixedBitwidthType) else 8


def _for_gpu(group: Group, found: Classification, machine: Machine) -> Schedule:
    extents = group.spine_extents
    if found.kind == "contraction":
        rows, columns = found.rows, found.out_unit
        assert rows is not None and columns is not None
        sides = {dim: divides(extents[dim], 4) for dim in (rows, columns)}
        tile = tuple(sides.get(dim, 1) for dim in range(len(extents)))
        threads = spread(extents, tile, {rows: 16, columns: 16}, machine.max_threads)
        return Schedule(tile, (sides[rows], sides[columns]), (rows, columns), threads)
    if found.kind in ("row", "full"):
        tile = (1,) * len(extents)
        threads = spread(extents, tile, {len(extents) - 1: 64}, machine.max_threads)
        lanes = divides(found.core.extents[found.unit], 4) if found.unit is not None else 1
        return Schedule(tile, *(((lanes,), (found.unit,)) if lanes > 1 and found.unit is not None else ((), ())), threads)
    unit = found.out_unit
    quad = divides(extents[unit], 4) if unit is not None and unit < len(extents) else 1
    tile = tuple(quad if dim == unit else 1 for dim in range(len(extents)))
    threads = spread(extents, tile, {len(extents) - 1: 256}, machine.max_threads)
    return Schedule(tile, *(((quad,), (unit,)) if quad > 1 and unit is not None else ((), ())), threads)


def divides(extent: int, most: int) -> int:
    """The largest power of two up to `most` that divides `extent`."""
    size = most
    while extent % size:
        size //= 2
    return size


def spread(extents: Sequence[int], tile: Sequence[int], wanted: dict[int, int], most: int) -> tuple[int, ...]:
    """Threads along each dim of the forall: `wanted` where the dim has that many tiles; what is left over goes to outer dims."""
    if not extents:
        return (1,)
    counts = [max(-(-extent // size), 1) for extent, size in zip(extents, tile)]
    left = min(prod(wanted.values()), most)
    threads = [1] * len(counts)
    for dim in sorted(range(len(counts)), key=lambda d: (d not in wanted, -d)):
        room = min(wanted.get(dim, left), left)
        while threads[dim] * 2 <= room and threads[dim] < counts[dim]:
            threads[dim] *= 2
        left //= threads[dim]
    return tuple(threads)
