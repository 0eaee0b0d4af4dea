"""What a function on the loops, vector or gpu rung does to memory, as integer sets: the model behind proofs and costs.

A `Function` is a tree of `Place`s: straight code that runs once for each point of its domain. Each op stands in one place; what
touches memory is also an `Access` with an index map, linear in the dims of its place. `Function.launch` says which dims number
blocks and threads; on the loops and vector rungs these are the dims of scf.forall and scf.parallel.

    for function in read_module(module).functions.values():
        for place in function.places:
            place.domain().to_isl()       # its iterations: an isl set, exactly one point for each time the ops run
        for access in function.accesses:
            access.domain().to_isl()      # one point for each element touched: iterations and lanes of the vector
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from xdsl.ir import Attribute, Operation, SSAValue

from .linear import ALWAYS, Condition, Conjunction, Dim, Linear, both

Space = Literal["global", "workgroup", "private"]
AccessKind = Literal["read", "write", "atomic"]
PlaceKind = Literal["function", "block", "thread", "forall", "parallel", "for", "if"]

PARALLEL: frozenset[str] = frozenset(("block", "thread", "forall", "parallel"))
"""Kinds of places whose points run in any order, or at once."""


@dataclass(frozen=True)
class Domain:
    """A set of integer points: values of `dims`, within the interval of each, for which one of `alternatives` holds.

    Derived dims are among `dims` with the facts that define them, so they do not add points: one point is one iteration. Where a
    dim is unknown (`exact` is False) the set has a point for each value that it might have.
    """

    dims: tuple[Dim, ...]
    alternatives: tuple[Conjunction, ...]

    @property
    def exact(self) -> bool:
        return not any(dim.kind in ("unknown", "argument") for dim in self.dims)

    def and_also(self, condition: Condition) -> Domain:
        """The points for which `condition` holds too; its dims are added."""
        return domain_of(self.dims, both(Condition(self.alternatives), condition))

    def to_isl(self) -> Any:
        """The islpy Set, its dims in the order of `dims`. Alternatives may overlap; the set does not count a point twice."""
        from .sets import to_set  # late: isl takes a few milliseconds to load, and most proofs do without

        return to_set(self)


@dataclass(eq=False)
class Root:
    """Memory: a parameter, an allocation, or one view of an arena of bytes. Every access names the root it touches.

    place   where it is allocated: each point of that place has its own (None: it exists before the function runs)
    arena   for a memref.view: the memory it is cut from, and the byte at which it begins
    """

    name: str
    value: SSAValue
    shape: tuple[int, ...]
    element: Attribute
    space: Space
    kind: Literal["parameter", "alloc", "view", "global"]
    place: Place | None = None
    position: int = -1
    """Number of the parameter."""
    is_out: bool = False
    arena: Root | None = None
    byte_offset: int = 0

    @property
    def element_bytes(self) -> int:
        """Bytes of one element in memory; an index takes 8, a bool 1."""
        bits = getattr(self.element, "bitwidth", 64)
        return max(1, (bits + 7) // 8)

    def __repr__(self) -> str:
        return self.name


@dataclass(eq=False)
class Place:
    """Straight code: the ops of one region, which run once for each point of `domain()`.

    dims     iterations that this place adds to those of its parent; dims that have only one value are left out
    guard    when it runs at all: the condition of an scf.if, bounds of a loop that depend on outer indices
    indices  name and value of each loop variable or id that begins here, for messages: also those with only one value
    ops      the ops directly in the region; the body of one with regions is a place of its own
    """

    kind: PlaceKind
    op: Operation
    parent: Place | None
    dims: tuple[Dim, ...] = ()
    guard: Condition = ALWAYS
    indices: list[tuple[str, Linear]] = field(default_factory=list[tuple[str, Linear]])
    ops: list[Operation] = field(default_factory=list[Operation])

    @cached_property
    def chain(self) -> tuple[Place, ...]:
        """From the function inward to this place."""
        return (*(self.parent.chain if self.parent is not None else ()), self)

    @cached_property
    def iterations(self) -> tuple[Dim, ...]:
        """All dims that count iterations here, outermost first."""
        return tuple(dim for place in self.chain for dim in place.dims)

    @cached_property
    def condition(self) -> Condition:
        """All guards together. Raises TooManyAlternatives."""
        if self.parent is None:
            return self.guard
        return both(self.parent.condition, self.guard)

    @cached_property
    def is_empty(self) -> bool:
        """Some loop around it has no iteration."""
        return any(dim.extent <= 0 for dim in self.iterations) or any(place.guard.never for place in self.chain)

    def domain(self) -> Domain:
        return self._domain

    @cached_property
    def _domain(self) -> Domain:
        return domain_of(self.iterations, self.condition)


@dataclass(eq=False)
class Access:
    """One op that reads or writes elements of `root`: for each point of `domain()` the element `index`.

    index     one expression for each axis of the root, over iterations and `lanes`
    lanes     a dim for each axis of the vector that moves along the memory; none for a scalar access. A lane that is broadcast
              (the same element for all its lanes) has no dim: `elements` is what is touched, not how long the vector is
    guard     what else must hold for a lane to touch memory: a transfer that is not in bounds is clipped, a mask
    limits    each (expression, extent) that has to be within 0 .. extent - 1: the axes of the memref in the op and of every
              memref it is a view of
    phase     which interval between barriers it stands in: two accesses of one block with different phases have a barrier
              between. None: on this function's paths the number of barriers before it has no linear form
    order     position in the text of the function
    certain   False where it may also not happen at all within its domain (a mask that is not followed)
    """

    op: Operation
    place: Place
    kind: AccessKind
    root: Root
    index: tuple[Linear, ...]
    lanes: tuple[Dim, ...]
    limits: tuple[tuple[Linear, int], ...]
    phase: Linear | None
    order: int
    guard: Condition = ALWAYS
    certain: bool = True

    @property
    def elements(self) -> int:
        """How many elements one execution touches if no lane is clipped."""
        total = 1
        for lane in self.lanes:
            total *= lane.extent
        return total

    @cached_property
    def condition(self) -> Condition:
        return both(self.place.condition, self.guard)

    @cached_property
    def iterations(self) -> tuple[Dim, ...]:
        return (*self.place.iterations, *self.lanes)

    def domain(self) -> Domain:
        return self._domain

    @cached_property
    def _domain(self) -> Domain:
        return domain_of(self.iterations, self.condition, (*self.index, *(linear for linear, _ in self.limits)))


@dataclass(eq=False)
class Barrier:
    """A gpu.barrier, or another op at which all threads of a block meet."""

    op: Operation
    place: Place
    syncs_memory: bool = True


@dataclass(eq=False)
class Call:
    """A call or a launch on the host, in the order of the text: `arguments` are the roots passed (None: a number)."""

    op: Operation
    callee: str
    arguments: tuple[Root | None, ...]
    grid: tuple[int | None, ...] = ()
    block: tuple[int | None, ...] = ()
    order: int = 0


@dataclass(frozen=True)
class Problem:
    """Something that the model has no word for, so that nothing can be proved of it: the op and why."""

    op: Operation
    reason: str


@dataclass(eq=False)
class Function:
    """All of one func.func or gpu.func. `name` is as the IR spells it: `f`, or `kernels::f` inside a gpu.module.

    steps     calls and places of parallel loops at the top of a host function, in order
    problems  ops that could not be followed; while there are any the lists below are not complete
    """

    name: str
    op: Operation
    is_kernel: bool
    outs: int
    parameters: list[Root | None] = field(default_factory=list["Root | None"])
    roots: list[Root] = field(default_factory=list[Root])
    places: list[Place] = field(default_factory=list[Place])
    accesses: list[Access] = field(default_factory=list[Access])
    barriers: list[Barrier] = field(default_factory=list[Barrier])
    calls: list[Call] = field(default_factory=list[Call])
    divisions: list[tuple[Operation, Place, Linear]] = field(default_factory=list["tuple[Operation, Place, Linear]"])
    """Divisions and remainders of indices: where they stand, and the divisor."""
    problems: list[Problem] = field(default_factory=list[Problem])
    block: tuple[int, int, int] | None = None
    """Threads of a block along x, y, z; for a gpu kernel."""
    grid: tuple[int, int, int] | None = None

    def of(self, root: Root) -> Iterator[Access]:
        return (access for access in self.accesses if access.root is root)


@dataclass
class Model:
    """The functions of a module, by the name that calls and launches use."""

    functions: dict[str, Function]


def domain_of(dims: Sequence[Dim], condition: Condition, mentioned: Iterable[Linear] = ()) -> Domain:
    """The domain over `dims` and every derived or unknown dim that the condition or `mentioned` needs, with their facts."""
    order = list(dims)
    seen = set(order)
    total = condition
    for dim in order:
        if dim.facts is not None:
            total = both(total, dim.facts)
    pending = [dim for linear in mentioned for dim in linear.terms]
    pending += total.dims()
    while pending:
        dim = pending.pop()
        if dim in seen:
            continue
        seen.add(dim)
        order.append(dim)
        if dim.facts is not None:
            pending += dim.facts.dims()
            total = both(total, dim.facts)
    return Domain(tuple(order), total.alternatives)
