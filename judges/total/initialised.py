"""Nothing is read that was not written: a read of memory that begins as garbage comes after a write of the same element.

A write comes before a read if the same parallel run makes both and the write is earlier in its loops (a smaller index of a loop
that both are in, or the same iterations and earlier in the text), or if a barrier of the block stands between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from .linear import Condition, Dim, Linear, both
from .model import PARALLEL, Access, Domain, Function, Root
from .overlap import renamed
from .races import shared_places
from .report import Finding, address_of, map_text, numbered


def check_own_memory(function: Function) -> Iterator[Finding]:
    """A finding for each buffer allocated inside of parallel code that is read where nothing has been written yet."""
    for root in function.roots:
        if root.kind != "alloc" or root.place is None or root.place.kind == "function":
            continue
        if any(other.arena is root for other in function.roots):
            continue  # its bytes are written under other types
        accesses = [access for access in function.of(root) if not access.place.is_empty]
        writes = [access for access in accesses if access.kind != "read"]
        for read in accesses:
            if read.kind == "read":
                finding = unwritten(function, root, read, writes, None)
                if finding is not None:
                    yield finding
                    break


def unwritten(function: Function, root: Root, read: Access, writes: Sequence[Access], before: Any) -> Finding | None:
    """A finding if `read` sees an element that neither `before` has (an isl set; None: nothing) nor a write before the read."""
    if any(_surely_before(write, read) for write in writes):
        return None
    from .sets import first, image

    kept = read.iterations
    missing = image(read.domain(), read.index, kept)
    for write in writes:
        if write.certain and write.domain().exact:
            for alternative in _earlier(function, write, read):
                missing = missing.subtract(alternative)
    found = missing.project_out(_set_dims(), 0, len(kept))
    if before is not None:
        found = found.subtract(before)
    element = first(found)
    if element is None:
        return None
    reason = f"reads element {numbered(element)} of %{root.name}, which nothing has written before"
    address = address_of(root, element)
    return Finding(
        "unwritten read", function.name, read.op, reason, map_text(read), root=root.name, element=element, address=address
    )


def _set_dims() -> Any:
    from .sets import SET

    return SET


def _surely_before(write: Access, read: Access) -> bool:
    """The write stands in front of the read, around it, and is of the same elements."""
    return (
        write.certain
        and write.order < read.order
        and write.place in read.place.chain
        and write.guard.always
        and not write.lanes
        and not read.lanes
        and all(x.same(y) for x, y in zip(write.index, read.index, strict=True))
    )


def _earlier(function: Function, write: Access, read: Access) -> Iterator[Any]:
    """isl sets over the iterations of `read` and its element: those of which `write` has written the element before."""
    shared = shared_places(write, read)
    run = {dim for place in shared if place.kind in PARALLEL for dim in place.dims}
    steps = [dim for place in shared if place.kind == "for" for dim in place.dims]
    copies = {dim: dim if dim in run else replace(dim, name=f"{dim.name}'") for dim in write.domain().dims}
    for depth in range(len(steps) + 1):
        equal = [Linear({steps[d]: 1, copies[steps[d]]: -1}) for d in range(depth)]
        if depth < len(steps):
            yield from _written(write, read, copies, [Linear({steps[depth]: 1, copies[steps[depth]]: -1}, -1)], equal)
        elif write.order < read.order:
            yield from _written(write, read, copies, [], equal)
    if any(barrier.syncs_memory for barrier in function.barriers) and write.phase is not None and read.phase is not None:
        block = {dim for place in shared if place.kind == "block" for dim in place.dims}
        others = {dim: dim if dim in block else replace(dim, name=f"{dim.name}'") for dim in write.domain().dims}
        yield from _written(write, read, others, [read.phase.plus(renamed(write.phase, others), -1).shifted(-1)], [])


def _written(
    write: Access, read: Access, copies: dict[Dim, Dim], also: Sequence[Linear], equal: Sequence[Linear]
) -> Iterator[Any]:
    from .sets import image

    ours, theirs = read.domain(), write.domain()
    renamed_ = Condition(tuple(tuple(renamed(linear, copies) for linear in each) for each in theirs.alternatives))
    same = [x.plus(renamed(y, copies), -1) for x, y in zip(read.index, write.index, strict=True)]
    facts = (*also, *equal, *(e.times(-1) for e in equal), *same, *(s.times(-1) for s in same))
    condition = both(both(Condition(ours.alternatives), renamed_), Condition((facts,)))
    dims = tuple(dict.fromkeys((*ours.dims, *copies.values())))
    yield image(Domain(dims, condition.alternatives), read.index, read.iterations)
