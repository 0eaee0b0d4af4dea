"""The `schedule` attribute of a kernel: how it is computed, printed on the function and editable by hand.

    func.func private @matmul(..) attributes {kernel, spine = 2 : i64, class = "contraction", schedule = {
      tile = array<i64: 64, 64>, vector = array<i64: 4, 16>, vector_dims = array<i64: 0, 1>, threads = array<i64: 1, 1>}}

tile         the grid: one entry for each spine dim, its extent in one block (cpu) or one thread (gpu). Consumed by
             linalg-tile-to-forall, which makes one dim of the scf.forall for each entry (exactly one dim if there is no spine).
vector       the register tile: lanes computed at once along each loop dim that `vector_dims` names, in that order.
vector_dims  loop dims of the linalg ops of the kernel. A number below `spine` is that shared dim, in every op of the group;
             another is the loop dim of that number in each op that has one, be it parallel or a reduction there
             (softmax: spine 1, vector_dims [1] is the reduction of max and sum, and a parallel dim of the division).
             Left out by a user: the last loop dims, as many as `vector` has entries, of the op with most dims, reductions of a
             contraction not counted (matmul: 0 and 1; softmax: 1).
threads      threads of a block along each dim of the forall; all 1 on a cpu.
promote      operands, by number, of the op that reduces most, of which each tile makes itself a packed copy (left out: none).

linalg-to-loops copies the lanes onto the loops themselves, `vector = array<i64: 4, 16>` on an scf.parallel (one entry for each
of its induction variables) and `vector = array<i64: 32>` on an scf.for, clamped to the loop's extent: the vectorizer needs to
look at nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import I64, DenseArrayBase, DictionaryAttr, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.hints import isa


@dataclass(frozen=True)
class Schedule:
    """One kernel's schedule; see the head of this file for what each field says."""

    tile: tuple[int, ...]
    vector: tuple[int, ...] = ()
    vector_dims: tuple[int, ...] = ()
    threads: tuple[int, ...] = ()
    promote: tuple[int, ...] = ()

    def attribute(self) -> DictionaryAttr:
        fields = {name: getattr(self, name) for name in FIELDS if name != "promote" or self.promote}
        return DictionaryAttr({name: DenseArrayBase.from_list(i64, values) for name, values in fields.items()})


FIELDS = ("tile", "vector", "vector_dims", "threads", "promote")


def read_schedule(func: FuncOp) -> Schedule | None:
    """The schedule written on `func`, or None. Errors: not a dictionary of i64 arrays; an unknown field."""
    found = func.attributes.get("schedule")
    if found is None:
        return None
    if not isinstance(found, DictionaryAttr):
        raise _bad(func, f"is {found}, expected a dictionary of {', '.join(FIELDS)}")
    fields: dict[str, tuple[int, ...]] = {}
    for name, value in found.data.items():
        if name not in FIELDS:
            raise _bad(func, f"has a field {name!r}, expected one of {', '.join(FIELDS)}")
        fields[name] = _integers(func, name, value)
    if "tile" not in fields:
        raise _bad(func, "has no field 'tile'")
    return Schedule(**fields)


def check_schedule(func: FuncOp, schedule: Schedule, spine_extents: Sequence[int], loop_dims: int, max_threads: int) -> None:
    """Raise where `schedule` does not fit a kernel with these spine extents and at most `loop_dims` loop dims an op."""
    tile, spine = schedule.tile, len(spine_extents)
    if len(tile) != spine:
        raise _bad(func, f"has {len(tile)} tile sizes, expected {spine}, one for each spine dim {list(spine_extents)}")
    for axis, (size, extent) in enumerate(zip(tile, spine_extents)):
        if not 1 <= size <= max(extent, 1):
            raise _bad(func, f"has tile[{axis}] = {size}, expected 1..{max(extent, 1)}")
    if len(schedule.vector) != len(schedule.vector_dims):
        raise _bad(
            func, f"has {len(schedule.vector)} vector sizes, expected {len(schedule.vector_dims)}, one for each of vector_dims"
        )
    if len(set(schedule.vector_dims)) != len(schedule.vector_dims):
        raise _bad(func, f"has vector_dims = {list(schedule.vector_dims)}, expected no dim twice")
    for dim in schedule.vector_dims:
        if not 0 <= dim < loop_dims:
            raise _bad(func, f"has {dim} in vector_dims, expected loop dims 0..{loop_dims - 1}")
    if any(size < 1 for size in (*schedule.vector, *schedule.threads)):
        raise _bad(func, "has a vector or thread count below 1")
    ranks = max(spine, 1)
    if len(schedule.threads) != ranks:
        raise _bad(func, f"has {len(schedule.threads)} thread counts, expected {ranks}, one for each dim of the forall")
    threads = 1
    for count in schedule.threads:
        threads *= count
    if threads > max_threads:
        raise _bad(func, f"has {threads} threads a block, expected at most {max_threads}")


def _integers(func: FuncOp, name: str, value: Attribute) -> tuple[int, ...]:
    if not isa(value, DenseArrayBase[I64]):
        raise _bad(func, f"has {name} = {value}, expected array<i64: ..>")
    return tuple(value.get_values())


def _bad(func: FuncOp, message: str) -> PassFailedException:
    return PassFailedException(f"schedule of @{func.sym_name.data} {message}")
