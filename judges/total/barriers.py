"""Every thread of a block comes to the same barriers, equally often; and what a block takes of workgroup memory fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .linear import Condition, Dim, TooManyAlternatives, both, negated
from .model import Barrier, Domain, Function, Place, domain_of
from .overlap import bytes_of, renamed
from .report import Finding, point_of


def check_barriers(function: Function) -> Iterator[Finding]:
    """A finding for each barrier that some threads of a block come to and others do not."""
    for barrier in function.barriers:
        if barrier.place.is_empty:
            continue
        for place in barrier.place.chain:
            if place.kind in ("if", "for") and not place.guard.always:
                finding = _divergence(function, barrier, place)
                if finding is not None:
                    yield finding
                    break


def _divergence(function: Function, barrier: Barrier, place: Place) -> Finding | None:
    """Two threads of one block, in the same iterations of the loops around, of which one enters `place` and one does not."""
    common: list[Dim] = [dim for dim in place.iterations if dim.kind not in ("thread",)]
    try:
        entered = domain_of(place.iterations, both(_above(place), place.guard))
        skipped = domain_of(place.iterations, both(_above(place), negated(place.guard)))
    except TooManyAlternatives:
        return Finding("barrier", function.name, barrier.op, f"stands under {place.op.name} whose condition is not followed")
    if not _differs(entered.dims, common):
        return None
    copies = {dim: dim if dim in common or dim.kind == "argument" else replace(dim, name=f"{dim.name}'") for dim in skipped.dims}
    found = _two(entered, skipped, copies)
    if found is None:
        return None
    values, others = found
    point, other = point_of(place, values), point_of(place, others)
    reason = (
        f"stands under {place.op.name}, which the thread at {point} enters and the one at {other} does not; "
        "expected all threads of a block to come to it"
    )
    return Finding("barrier", function.name, barrier.op, reason, "", point, None, other)


def _above(place: Place) -> Condition:
    assert place.parent is not None
    return place.parent.condition


def _differs(dims: tuple[Dim, ...], common: list[Dim]) -> bool:
    return any(dim not in common and dim.kind != "argument" for dim in dims)


def _two(entered: Domain, skipped: Domain, copies: dict[Dim, Dim]) -> tuple[dict[Dim, int], dict[Dim, int]] | None:
    from .sets import sample

    dims = tuple(dict.fromkeys((*entered.dims, *copies.values())))
    for yes in entered.alternatives:
        for no in skipped.alternatives:
            values = sample(dims, (*yes, *(renamed(linear, copies) for linear in no)))
            if values is not None:
                return dict(values), {dim: values[copy] for dim, copy in copies.items()}
    return None


def check_workgroup(function: Function, limit: int | None) -> Iterator[Finding]:
    """A finding where the buffers in workgroup memory take more than `limit` bytes."""
    if limit is None or not function.is_kernel:
        return
    buffers = [root for root in function.roots if root.space == "workgroup" and root.arena is None]
    used = sum(bytes_of(root) for root in buffers)
    if used > limit:
        names = ", ".join(f"%{root.name} {bytes_of(root)}" for root in buffers)
        reason = f"uses {used} bytes of workgroup memory ({names}), expected at most {limit}"
        yield Finding("workgroup memory", function.name, function.op, reason)
