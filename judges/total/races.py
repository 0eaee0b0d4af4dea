"""No two parallel runs touch one element, one of them writing, without a barrier between.

Parallel are the blocks of a launch, the threads of a block, and the iterations of scf.forall and scf.parallel, at every level
that two accesses share: with all outer indices equal, may two of its points meet in an element? A barrier orders the threads of
one block, in workgroup and in global memory; nothing orders two blocks. Memory that is allocated inside of a level is not shared
there. Atomics do not race with each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from .linear import Dim
from .model import PARALLEL, Access, Function, Place, Root
from .overlap import Located, Pair, meeting, roots_meet
from .report import Finding, Report, address_of, element_of, map_text, numbered, point_of

WHAT = {"block": "blocks", "thread": "threads", "forall": "iterations of scf.forall", "parallel": "iterations of scf.parallel"}


def check_races(function: Function, report: Report) -> Iterator[Finding]:
    """A finding for each pair of accesses that race in the function by itself."""
    accesses = [Located(access, access.root) for access in function.accesses if not access.place.is_empty]
    yield from races_between(function, accesses, report)


def races_between(function: Function, accesses: list[Located], report: Report, only_new: bool = False) -> Iterator[Finding]:
    """Races among accesses to memory that `accesses` says; with `only_new` only between different parameters."""
    written = [located.root for located in accesses if located.access.kind != "read"]
    if not written:
        return
    touched = [located for located in accesses if any(roots_meet(located.root, root) for root in written)]
    for number, a in enumerate(touched):
        for b in touched[number:]:
            kinds = {a.access.kind, b.access.kind}
            if kinds == {"read"} or kinds == {"atomic"} or not roots_meet(a.root, b.root):
                continue
            if only_new and a.access.root is b.access.root:
                continue
            finding = _race(function, a, b)
            report.pairs += 1
            if finding is not None:
                yield finding


def shared_places(a: Access, b: Access) -> tuple[Place, ...]:
    """The places that both are in, outermost first."""
    return tuple(x for x, y in zip(a.place.chain, b.place.chain) if x is y)


def _race(function: Function, a: Located, b: Located) -> Finding | None:
    outer: list[Dim] = []
    for place in shared_places(a.access, b.access):
        if place.kind in PARALLEL and place.dims and not _private(a.root, place) and not _private(b.root, place):
            pair = meeting(a, b, outer, place.dims, phases=place.kind == "thread")
            if pair is not None:
                return _finding(function, a, b, place, pair)
        outer += place.dims
    return None


def _private(root: Root, place: Place) -> bool:
    """Has each point of the place a copy of the memory for itself?"""
    return root.place is not None and place in root.place.chain


def _finding(function: Function, a: Located, b: Located, place: Place, pair: Pair) -> Finding:
    # named after a write, and after the later of two: it is where the evaluator would stop
    if a.access.kind == "read" or (b.access.kind != "read" and b.access.order > a.access.order):
        a, b, pair = b, a, Pair(pair.second, pair.first)
    point, other = point_of(a.access.place, pair.first), point_of(b.access.place, pair.second)
    element = element_of(a.access.index, pair.first)
    what = "written" if b.access.kind != "read" else "read"
    who = WHAT[place.kind]
    reason = (
        f"two {who} meet at {numbered(element)} of %{a.root.name}: written at {point} and {what} by "
        f"{b.access.op.name} at {other}, expected {_expected(place)}"
    )
    return Finding(
        "race",
        function.name,
        a.access.op,
        reason,
        map_text(a.access),
        point,
        b.access.op,
        other,
        a.root.name,
        element,
        address_of(a.access.root, element),
    )


def _expected(place: Place) -> str:
    return "a barrier between them, or different elements" if place.kind == "thread" else "different elements"
