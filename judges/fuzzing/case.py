"""What a judge is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .bounds import Shadow
from .choices import Choices
from .program import DTYPES, Array, Program
from .shadow import difference, shadow

USUAL = Choices(0)
"""The decisions that users get."""

MACHINE_NAMES = ("cpu", "nvidia")
"""One machine with explicit vectors and one with many threads: their default schedules take different roads."""


@dataclass(frozen=True, eq=False)
class Case:
    """A program to judge.

    values     what it means: each node's value, by NumPy, with its bound
    choices    what the compiler is to decide where it may decide at will
    machines   whose schedules it is lowered with, for judges that need no device
    """

    program: Program
    values: Sequence[Shadow]
    choices: Choices = USUAL
    machines: Sequence[str] = MACHINE_NAMES

    @staticmethod
    def of(program: Program, choices: Choices = USUAL, machines: Sequence[str] = MACHINE_NAMES) -> Case:
        """Raises IllConditioned."""
        return Case(program, shadow(program), choices, machines)


@dataclass(frozen=True)
class Found:
    """A judge's complaint."""

    where: str
    """A pass and machine, mlir-opt and a rung, or a target."""
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


Judge = Callable[[Sequence[Case]], list[Found | None]]
"""One answer for each case. They come in batches, so that a compiler or process that is slow to start is started once."""


def wrong(program: Program, values: Sequence[Shadow], results: Sequence[Array]) -> str | None:
    """The first result that is not what the program means."""
    if len(results) != len(program.outputs):
        return f"{len(results)} results, expected {len(program.outputs)}"
    for number, (got, at) in enumerate(zip(results, program.outputs)):
        element = program.nodes[at].element
        dtype = DTYPES[element]
        # Below nd integers are signless: the same bits, read with the sign that the program declares.
        if got.dtype.kind in "iu" and got.dtype != dtype and got.dtype.itemsize == dtype.itemsize:
            got = got.view(dtype)
        if (problem := difference(got, values[at], element)) is not None:
            return f"result {number} {problem}"
    return None
