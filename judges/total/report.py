"""What a proof found: findings with a counterexample each, and the counts of what was proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from xdsl.ir import Operation

from rung.dialects.contract_rules import names_itself

from .linear import Dim, Linear
from .model import Access, Place, Root

FindingKind = Literal[
    "bounds",
    "race",
    "missing write",
    "double write",
    "unwritten read",
    "input written",
    "barrier",
    "workgroup memory",
    "recursion",
    "division",
    "launch",
    "not followed",
]


@dataclass(frozen=True)
class Point:
    """One run of an op: where it stands in the launch and its loops, and the value of each loop variable and unknown number."""

    block: tuple[int, int, int] | None
    thread: tuple[int, int, int] | None
    indices: Mapping[str, int]
    unknowns: Mapping[str, int]

    def __str__(self) -> str:
        parts = [f"block {self.block}, thread {self.thread}"] if self.block is not None else []
        parts += [f"{name} = {value}" for name, value in self.indices.items()]
        parts += [f"{name} = {value} (from memory)" for name, value in self.unknowns.items()]
        return ", ".join(parts) or "its only run"


@dataclass(frozen=True)
class Finding:
    """Something that is not proved: where, why, and for which run of the program.

    map       the index map of the access, over the dims of `point`
    point     a run for which it fails; `other` is the second run of a race, of `other_op`
    element   index into `root` that is touched, and its row-major number `address`
    """

    kind: FindingKind
    function: str
    op: Operation
    reason: str
    map: str = ""
    point: Point | None = None
    other_op: Operation | None = None
    other: Point | None = None
    root: str = ""
    element: tuple[int, ...] = ()
    address: int | None = None

    @property
    def explanation(self) -> str:
        """The reason with the index map, without the op."""
        return f"{self.reason}; its map is {self.map}" if self.map else self.reason

    def __str__(self) -> str:
        return f"{names_itself(self.op)}: {self.explanation}"


@dataclass
class Report:
    """The verdict on a module. `findings` is empty exactly if it is proved total.

    proved          accesses in bounds by the bounds of their loops and ids alone
    guarded         in bounds because of an scf.if around them, a mask, or a transfer that is clipped
    data_dependent  in bounds because of a guard, where the index was read from memory
    pairs           pairs of accesses shown not to race
    seconds         what the proof took
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    proved: int = 0
    guarded: int = 0
    data_dependent: int = 0
    pairs: int = 0
    functions: int = 0
    seconds: float = 0.0

    @property
    def total(self) -> bool:
        return not self.findings

    @property
    def accesses(self) -> int:
        return self.proved + self.guarded + self.data_dependent

    def __str__(self) -> str:
        verdict = "proved total" if self.total else _count(len(self.findings), "finding")
        of = f"{_count(self.functions, 'function')}, {_count(self.accesses, 'access', 'es')}"
        how = f"{self.proved} by loops alone, {self.guarded} behind guards, {self.data_dependent} at indices from memory"
        return f"{verdict}: {of} in bounds ({how})"


def _count(number: int, what: str, plural: str = "s") -> str:
    return f"{number} {what}{plural if number != 1 else ''}"


def point_of(place: Place, values: Mapping[Dim, int], mentioned: Sequence[Linear] = ()) -> Point:
    """The run of `place` in which dims have `values`."""

    def at(linear: Linear) -> int:
        return linear.const + sum(c * values.get(dim, dim.low) for dim, c in linear.terms.items())

    block = thread = None
    indices: dict[str, int] = {}
    for outer in place.chain:
        numbers = [at(linear) for _, linear in outer.indices]
        if outer.kind == "block":
            block = (numbers[0], numbers[1], numbers[2])
        elif outer.kind == "thread":
            thread = (numbers[0], numbers[1], numbers[2])
        else:
            indices |= {name: number for (name, _), number in zip(outer.indices, numbers)}
    unknowns = {dim.name: value for dim, value in values.items() if dim.kind in ("unknown", "argument")}
    return Point(block, thread, indices, unknowns)


def element_of(index: Sequence[Linear], values: Mapping[Dim, int]) -> tuple[int, ...]:
    return tuple(linear.const + sum(c * values.get(dim, dim.low) for dim, c in linear.terms.items()) for linear in index)


def address_of(root: Root, element: Sequence[int]) -> int:
    """The row-major number of an element; for an index out of bounds, of where it would be."""
    flat = 0
    for at, extent in zip(element, root.shape, strict=True):
        flat = flat * extent + at
    return flat


def map_text(access: Access) -> str:
    """The index map: `(thread_x, k) -> (4*thread_x, k + 1)`."""
    dims = [dim.name for dim in access.domain().dims if any(dim in linear.terms for linear in access.index)]
    return f"({', '.join(dims)}) -> ({', '.join(map(str, access.index))}) of %{access.root.name}"


def numbered(element: Sequence[int]) -> str:
    return "[" + ", ".join(map(str, element)) + "]"
