"""`cost`: what each kernel of a module costs, exact and without running it.

The model is the one that proofs are made of (`rung.judges.total`): a tree of places, each with its iterations. A kernel's cost is
the sum over its places of their points times what their ops cost (`operations.py`). Where a guard depends on data, as the bounds
test of a gather does, an upper bound is given, and said to be one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from rung.judges.total.linear import TooManyAlternatives
from rung.judges.total.model import AccessKind, Function, Model, Place, Root
from rung.judges.total.reading import read_module

from .footprint import Footprint
from .iterations import runs, touches
from .operations import INDEX, INTEGER, MOVES, CostError, Tally, add, arithmetic

DIRECTIONS: dict[AccessKind, tuple[str, ...]] = {"read": ("read",), "write": ("written",), "atomic": ("read", "written")}
LEVELS = ("global", "workgroup", "private")


@dataclass(frozen=True)
class Cost:
    """What one launch (one call, above the gpu rung) of a kernel costs. What counts as what: see `operations.py`.

    work              amount of each kind of work, as the table of operations names them
    distinct_read     bytes of global memory that are read at least once, all memrefs together
    distinct_written  the same for what is written
    launches          how often the host runs the kernel
    exact             whether `work` is exact; an upper bound where a guard depends on data or lanes are masked
    distinct_exact    the same of the distinct bytes, which also need every index to be affine
    """

    work: Tally
    distinct_read: int = 0
    distinct_written: int = 0
    launches: int = 1
    exact: bool = True
    distinct_exact: bool = True
    notes: tuple[str, ...] = field(default=())
    """Why it is not exact."""

    @property
    def flops(self) -> int:
        """Arithmetic on floats of any type."""
        return sum(self.flops_by_type.values())

    @property
    def flops_by_type(self) -> dict[str, int]:
        return self._named("flops")

    @property
    def calls(self) -> dict[str, int]:
        """Calls of exp2, log2, sin, ..., by name."""
        return self._named("calls")

    @property
    def integer(self) -> int:
        return self.work.get(INTEGER, 0)

    @property
    def moves(self) -> int:
        return self.work.get(MOVES, 0)

    @property
    def index(self) -> int:
        return self.work.get(INDEX, 0)

    @property
    def read(self) -> dict[str, int]:
        """Bytes that accesses read, by level of memory."""
        return {level: self.work.get(("read", level), 0) for level in LEVELS}

    @property
    def written(self) -> dict[str, int]:
        return {level: self.work.get(("written", level), 0) for level in LEVELS}

    @property
    def accessed(self) -> int:
        """Bytes of global memory, each access counted."""
        return self.read["global"] + self.written["global"]

    @property
    def compulsory(self) -> int:
        """Bytes of global memory that have to move at least, as each is touched once or more."""
        return self.distinct_read + self.distinct_written

    @property
    def intensity(self) -> float | None:
        """Flops and calls for each compulsory byte."""
        return (self.flops + sum(self.calls.values())) / self.compulsory if self.compulsory else None

    def _named(self, kind: str) -> dict[str, int]:
        return {name: count for (key, name), count in sorted(self.work.items()) if key == kind}


def cost(module: ModuleOp) -> dict[str, Cost]:
    """The cost of each kernel of a module on the loops, vector or gpu rung, by name, in the order of the module.

    Raises CostError for an op that the table does not know, or that the model cannot follow: a loop whose count depends on data.
    """
    return cost_of(read_module(module))


def cost_of(model: Model) -> dict[str, Cost]:
    """The same of a module that has been read, as a proof has."""
    launches: dict[str, int] = {}
    kernels: list[Function] = []
    for function in model.functions.values():
        if function.is_kernel or "kernel" in function.op.attributes:
            kernels.append(function)
        else:
            for call in function.calls:
                launches[call.callee] = launches.get(call.callee, 0) + 1
    # a module without kernels is one of plain functions
    chosen = kernels or model.functions.values()
    return {function.name.rpartition("::")[2]: _cost(function, launches.get(function.name, 1)) for function in chosen}


def _cost(function: Function, launches: int) -> Cost:
    for problem in function.problems:
        raise CostError(problem.op, problem.reason)
    work: Tally = {}
    notes: dict[str, None] = {}
    counts: dict[Place, tuple[int, bool]] = {}
    try:
        for place in function.places:
            part: Tally = {}
            for op in _ops(place):
                add(part, arithmetic(op))
            counts[place] = count, exact = runs(place)
            add(work, part, count)
            if part and not exact:
                notes["a guard depends on data"] = None
        footprints: dict[tuple[Root, str], Footprint] = {}
        for access in function.accesses:
            touched, exact = touches(access, counts[access.place])
            if not exact:
                notes["a guard or a mask depends on data"] = None
            for direction in DIRECTIONS[access.kind]:
                add(work, {(direction, access.root.space): touched * access.root.element_bytes})
                if access.root.space == "global":
                    key = (access.root, direction)
                    if key not in footprints:
                        footprints[key] = Footprint(access.root)
                    footprints[key].add(access, touched)
    except TooManyAlternatives:
        raise CostError(function.op, "a guard has too many alternatives to be counted") from None
    distinct = {"read": 0, "written": 0}
    for (_, direction), footprint in footprints.items():
        distinct[direction] += footprint.bytes
    distinct_exact = all(footprint.exact for footprint in footprints.values())
    work = {key: amount for key, amount in work.items() if amount}
    exact = not notes
    if not distinct_exact:
        notes["which elements are touched depends on data"] = None
    return Cost(work, distinct["read"], distinct["written"], launches, exact, distinct_exact, tuple(notes))


def _ops(place: Place) -> Iterator[Operation]:
    """The ops of a place, and those that combine the results of its iterations, once each."""
    for op in place.ops:
        yield op
        if op.name == "scf.reduce":
            for region in op.regions:
                yield from region.block.ops
