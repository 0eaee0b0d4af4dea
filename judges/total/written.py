"""Every element of an output is written, and once; nothing is read that was not written.

A function with `outs` is a sequence of regions: parallel loops, launches, copies. They run one after another, and within a region
each element belongs to the one parallel run that writes it (two that write it race). *Written once* means

- a region writes an element that an earlier region of the function wrote only if it reads that element too: it accumulates;
- within a region the same run may write an element again (an initial value, then sums; a loop that updates in place) only if that
  run reads the element too. A value that is overwritten without being looked at was stored in the wrong place.

Both are asked of outputs. Other memory of the host has to be written before it is read, also where buffers share an arena: what
one of them writes is lost for those whose bytes it overlaps. Writing into an input of a function with `outs` is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from xdsl.ir import Operation

from .counting import points
from .initialised import unwritten
from .intervals import determined
from .linear import Dim
from .model import PARALLEL, Access, Function, Model, Root
from .overlap import Located, meeting, roots_meet
from .races import races_between, shared_places
from .report import Finding, Report, address_of, map_text, numbered, point_of

MAX_DEPTH = 32
"""Of calls; a module without recursion that is deeper is not ours."""


@dataclass(eq=False)
class Region:
    """One parallel loop, launch or copy, and what it touches of memory that outlives it."""

    function: Function
    op: Operation
    accesses: list[Located] = field(default_factory=list[Located])
    is_call: bool = False


@dataclass(frozen=True)
class Image:
    """Elements of a root. `elements` is an isl set over its axes; None: all of them, if `full`, or none."""

    full: bool
    elements: Any = None
    once: bool = False
    """Each is touched by one run of one access."""


NOTHING = Image(False)


def check_written(model: Model, function: Function, report: Report) -> Iterator[Finding]:
    """Findings of one function with `outs`, with all that it calls and launches."""
    yield from _Run(function, report).findings(regions_of(model, function, {}, 0))


def regions_of(model: Model, function: Function, passed: dict[Root, Root], depth: int) -> list[Region]:
    """The regions of a function in order; its parameters are the roots that were `passed` for them."""
    if function.is_kernel:
        return [Region(function, function.op, [_located(access, passed) for access in function.accesses], True)]
    found: list[tuple[int, Region]] = []
    last: Any = None
    for access in function.accesses:
        if access.place.is_empty:
            continue
        top = access.place.chain[1] if len(access.place.chain) > 1 else access.op
        if top is not last:
            found.append((access.order, Region(function, access.op)))
            last = top
        found[-1][1].accesses.append(_located(access, passed))
    for call in function.calls:
        callee = model.functions.get(call.callee)
        if callee is None or depth > MAX_DEPTH:
            continue
        inner = {
            parameter: passed.get(argument, argument)
            for parameter, argument in zip(callee.parameters, call.arguments)
            if parameter is not None and argument is not None
        }
        for region in regions_of(model, callee, inner, depth + 1):
            region.is_call = True
            found.append((call.order, region))
    found.sort(key=lambda pair: pair[0])
    return [region for _, region in found]


def _located(access: Access, passed: dict[Root, Root]) -> Located:
    return Located(access, passed.get(access.root, access.root))


class _Run:
    """Walks over the regions of one function with what has been written so far."""

    def __init__(self, function: Function, report: Report):
        self.function, self.report = function, report
        self.state: dict[Root, Image] = {}
        self.images: dict[tuple[int, ...], Image] = {}
        for root in function.parameters:
            if root is not None:
                self.state[root] = NOTHING if root.is_out else Image(True)

    def findings(self, regions: list[Region]) -> Iterator[Finding]:
        for region in regions:
            yield from self._region(region)
        for root in self.function.parameters:
            if root is not None and root.is_out and not self.state[root].full:
                finding = self._missing(root, self.state[root])
                if finding is not None:
                    yield finding

    def _region(self, region: Region) -> Iterator[Finding]:
        touched: dict[Root, tuple[list[Access], list[Access]]] = {}
        for located in region.accesses:
            if located.access.place.is_empty or not _outlives(located.root):
                continue
            reads, writes = touched.setdefault(located.root, ([], []))
            if located.access.kind != "write":
                reads.append(located.access)
            if located.access.kind != "read":
                writes.append(located.access)
        if region.is_call:
            yield from self._aliases(region, touched)
        for root, (reads, writes) in touched.items():
            if reads:
                yield from self._read(region, root, reads, writes)
        for root, (reads, writes) in touched.items():
            if writes:
                yield from self._write(region, root, reads, writes)

    def _aliases(self, region: Region, touched: dict[Root, Any]) -> Iterator[Finding]:
        """Parameters of a kernel are different memory when it is proved by itself; here they may be passed the same."""
        passed: dict[Root, Root] = {located.access.root: located.root for located in region.accesses}
        roots = list(passed.items())
        meet = any(roots_meet(a, b) for i, (_, a) in enumerate(roots) for _, b in roots[:i])
        if meet and any(writes for _, writes in touched.values()):
            accesses = [located for located in region.accesses if not located.access.place.is_empty]
            yield from races_between(region.function, accesses, self.report, only_new=True)

    def _read(self, region: Region, root: Root, reads: list[Access], writes: list[Access]) -> Iterator[Finding]:
        before = self.state.get(root, NOTHING)
        if before.full or root.kind == "global":
            return
        for read in reads:
            finding = unwritten(region.function, root, read, writes, before.elements)
            if finding is not None:
                yield finding
                return

    def _write(self, region: Region, root: Root, reads: list[Access], writes: list[Access]) -> Iterator[Finding]:
        before = self.state.get(root, NOTHING)
        if root.kind == "parameter" and not root.is_out and self.function.outs and root in self.function.parameters:
            reason = f"writes into %{root.name}, an input of @{self.function.name}, expected only its outs written"
            yield Finding("input written", region.function.name, writes[0].op, reason, map_text(writes[0]), root=root.name)
        now = self.image(root, writes)
        if root.is_out:
            yield from self._again(region, root, reads, writes, before, now)
        for other in self.state:
            if other is not root and roots_meet(other, root):
                self.state[other] = NOTHING
        self.state[root] = _union(root, before, now)

    def _again(
        self, region: Region, root: Root, reads: list[Access], writes: list[Access], before: Image, now: Image
    ) -> Iterator[Finding]:
        """Elements that are written a second time without having been read."""
        if before.full or before.elements is not None:
            twice = (
                elements_of(root, before).intersect(elements_of(root, now)).subtract(elements_of(root, self.image(root, reads)))
            )
            element = _first(twice)
            if element is not None:
                reason = f"writes element {numbered(element)} of %{root.name}, which was written before and is not read here"
                yield _finding("double write", region.function, writes[0], root, element, reason)
                return
        if now.once:
            return
        for number, a in enumerate(writes):
            for b in writes[number:]:
                finding = _rewritten(region.function, root, a, b, reads)
                if finding is not None:
                    yield finding
                    return

    def _missing(self, root: Root, image: Image) -> Finding | None:
        missing = elements_of(root, Image(True)).subtract(elements_of(root, image))
        element = _first(missing)
        if element is None:
            return None
        reason = f"element {numbered(element)} of its output %{root.name} is written by nothing, expected all {list(root.shape)}"
        return Finding(
            "missing write",
            self.function.name,
            self.function.op,
            reason,
            root=root.name,
            element=element,
            address=address_of(root, element),
        )

    def image(self, root: Root, accesses: Sequence[Access]) -> Image:
        """The elements that the accesses are sure to touch."""
        key = tuple(id(access) for access in accesses)
        if key not in self.images:
            self.images[key] = _image(root, accesses)
        return self.images[key]


def _outlives(root: Root) -> bool:
    return root.space == "global" and (root.place is None or root.place.kind == "function")


def _image(root: Root, accesses: Sequence[Access]) -> Image:
    accesses = [access for access in accesses if access.certain]
    volume = prod(root.shape)
    if not accesses:
        return NOTHING
    if volume == 0:
        return Image(True, once=True)
    total = 0
    once = True
    for access in accesses:
        number = points(access.domain()) if access.domain().exact and is_injective(access) else None
        if number is None:
            once = False
            break
        total += number
    if once:
        once = all(
            meeting(Located(a, root), Located(b, root), (), ()) is None for i, a in enumerate(accesses) for b in accesses[:i]
        )
    if once and total == volume:
        return Image(True, once=True)
    elements = _elements(root, accesses)
    return Image(bool(_whole(root).is_subset(elements)), elements, once)


def is_injective(access: Access) -> bool:
    """No two runs of the access touch one element, as far as intervals say."""
    return determined(access.index, access.index, ()).issuperset(access.iterations)


def _elements(root: Root, accesses: Sequence[Access], kept: Sequence[Dim] = ()) -> Any:
    """The isl set of what accesses touch whatever unknown numbers are, over the axes of the root, after the dims `kept`."""
    from .sets import image

    found = None
    for access in accesses:
        if access.domain().exact:
            one = image(access.domain(), access.index, kept)
            found = one if found is None else found.union(one)
    if found is None:
        from .sets import nothing

        return nothing(len(kept) + len(root.shape))
    return found.coalesce()


def _whole(root: Root) -> Any:
    from .sets import box

    return box(root.shape)


def elements_of(root: Root, image: Image) -> Any:
    if image.full:
        return _whole(root)
    from .sets import nothing

    return nothing(len(root.shape)) if image.elements is None else image.elements


def _union(root: Root, a: Image, b: Image) -> Image:
    if a.full or b.full:
        return Image(True)
    if a.elements is None or b.elements is None:
        return a if b.elements is None else b
    both = a.elements.union(b.elements).coalesce()
    return Image(bool(_whole(root).is_subset(both)), both)


def _first(elements: Any) -> tuple[int, ...] | None:
    """An element of an isl set, or None where it is empty."""
    from .sets import first

    return first(elements)


def _finding(kind: Any, function: Function, access: Access, root: Root, element: tuple[int, ...], reason: str) -> Finding:
    address = address_of(root, element)
    return Finding(kind, function.name, access.op, reason, map_text(access), root=root.name, element=element, address=address)


def _rewritten(function: Function, root: Root, a: Access, b: Access, reads: Sequence[Access]) -> Finding | None:
    """Two runs of writes by one parallel run that meet in an element which that run does not read."""
    shared = shared_places(a, b)
    instance = [dim for place in shared if place.kind in PARALLEL for dim in place.dims]
    differing = [dim for dim in a.iterations if dim not in instance] if a is b else []
    if a is b and not differing:
        return None
    pair = meeting(Located(a, root), Located(b, root), instance, differing)
    if pair is None:
        return None
    ours = [read for read in reads if read.place.chain[: len(shared)] == shared or set(instance) <= set(read.iterations)]
    rewritten = _elements(root, [a], instance)
    if a is not b:
        rewritten = rewritten.intersect(_elements(root, [b], instance))
    if ours and rewritten.is_subset(_elements(root, ours, instance)):
        return None
    element = tuple(linear.at({**{dim: dim.low for dim in linear.terms}, **pair.first}) for linear in a.index)
    point, other = point_of(a.place, pair.first), point_of(b.place, pair.second)
    runs = f"at {point} and by {b.op.name} at {other}"
    reason = f"writes element {numbered(element)} of %{root.name} twice, {runs}, and does not read it"
    return Finding(
        "double write",
        function.name,
        b.op,
        reason,
        map_text(b),
        other,
        a.op,
        point,
        root.name,
        element,
        address_of(root, element),
    )
