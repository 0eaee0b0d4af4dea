"""`cost`: what each kernel of a module costs, exact and without running it.

A kernel's cost is the sum over its statements of the points they run in times what their ops cost (`operations.py`). Where a
guard depends on data, as the bounds test of a gather does, an upper bound is given, and said to be one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects.builtin import DenseArrayBase, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from .footprint import Footprints, accesses
from .operations import INDEX, INTEGER, MOVES, CostError, Tally, add, arithmetic, element, element_bytes, level
from .statements import Size3, Walk

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

    Raises CostError for an op that the table does not know, or a loop whose count depends on data.
    """
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, FuncOp)}
    launches = _launches(module)
    return {name: _cost(op, functions, launches.get(name, 1)) for name, op in _kernels(module)}


def _kernels(module: ModuleOp) -> Iterator[tuple[str, Operation]]:
    """Functions marked as kernels, and those in gpu modules; where there are none, every function that does anything."""
    found: list[tuple[str, Operation]] = []
    for op in module.ops:
        if isinstance(op, FuncOp):
            if "kernel" in op.attributes and op.body.blocks:
                found.append((op.sym_name.data, op))
        elif op.name == "gpu.module":
            found.extend((_name(inner), inner) for inner in op.regions[0].block.ops if inner.name == "gpu.func")
    if found:
        return iter(found)
    return iter([(op.sym_name.data, op) for op in module.ops if isinstance(op, FuncOp) and op.body.blocks])


def _name(op: Operation) -> str:
    name: Any = op.properties.get("sym_name", op.attributes.get("sym_name"))
    return name.data


def _launches(module: ModuleOp) -> dict[str, int]:
    """How often each kernel is run by the host, whose functions are straight code."""
    found: dict[str, int] = {}
    for function in module.ops:
        if isinstance(function, FuncOp) and "kernel" not in function.attributes:
            for op in function.walk():
                if op.name in ("func.call", "gpu.launch_func"):
                    symbol: Any = op.properties["callee" if op.name == "func.call" else "kernel"]
                    name = symbol.string_value().rpartition(".")[2]
                    found[name] = found.get(name, 0) + 1
    return found


def _size(op: Operation, name: str) -> Size3 | None:
    attr = op.properties.get(name, op.attributes.get(name))
    if not isinstance(attr, DenseArrayBase):
        return None
    x, y, z = (int(number) for number in attr.get_values())
    return x, y, z


def _cost(function: Operation, functions: dict[str, FuncOp], launches: int) -> Cost:
    grid, block = (_size(function, name) for name in ("known_grid_size", "known_block_size"))
    if function.name == "gpu.func" and (grid is None or block is None):
        raise CostError(function, "known_grid_size and known_block_size are not given, expected the size of its launches")
    walk = Walk(grid, block, functions)
    footprints = Footprints(walk.values)
    work: Tally = {}
    notes: dict[str, None] = {}
    exact = distinct_exact = True
    for statement in walk.function(function):
        part: Tally = {}
        for op in statement.ops:
            for key, amount in arithmetic(op).items():
                part[key] = part.get(key, 0) + amount
            for access in accesses(op):
                key = (access.direction, level(access.memref))
                part[key] = part.get(key, 0) + access.elements * element_bytes(element(access.memref.type))
                footprints.add(access, statement.iterations)
                if access.masked:
                    exact = False
                    notes[f"{op.name} may be masked or leave its memref"] = None
        if part:
            add(work, part, statement.iterations.size)
            if not statement.iterations.exact:
                exact = False
                notes["a guard depends on data"] = None
    distinct = {"read": 0, "written": 0}
    for (_, direction), footprint in footprints.found.items():
        distinct[direction] += footprint.bytes
        if footprint.bound:
            distinct_exact = False
            notes["an index depends on data"] = None
    return Cost(
        {key: amount for key, amount in work.items() if amount},
        distinct["read"],
        distinct["written"],
        launches,
        exact,
        distinct_exact,
        tuple(notes),
    )
