"""What a compiler may decide at will, decided at random: where kernels are cut, which reductions are split, every schedule.

This is the seam for whatever is decided later. A decision that is a pass's option is one more entry of OPTIONS, by the name of
its step; one that is written into the IR for a pass to read is one more entry of WRITTEN, by the name of the step that reads it
(a schedule in the transform dialect will be of that kind). Each is given a generator of random numbers of its own, so that a new
decision leaves the others as they were for a seed. Which number decides what depends on the kernel, not on its place in the
module, so that a program that is cut down or joined with others keeps its schedules where its kernels stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from zlib import crc32

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from rung.backends.machine import Machine
from rung.passes.nd_mark_kernels import NdMarkKernelsPass
from rung.passes.nd_split_reduce import NdSplitReducePass
from rung.pipeline import Step
from rung.schedules.nests import Group, kernels
from rung.schedules.schedule import Schedule, read_schedule

Draw = Callable[[str], np.random.Generator]
"""The random numbers of one thing that is decided: a kernel, or "" for the module."""


@dataclass(frozen=True)
class Choices:
    """The decisions of one seed; of an even one, those that users get."""

    seed: int

    @property
    def usual(self) -> bool:
        return self.seed % 2 == 0

    def pass_of(self, step: Step, machine: Machine) -> ModulePass:
        """The pass of a step, with options drawn for it."""
        choose = OPTIONS.get(step.name)
        if self.usual or choose is None:
            return step.make(machine)
        rng = self._draw(step.name)("")
        return step.make(machine) if rng.random() < 0.3 else choose(rng, machine)

    def before(self, step: Step, module: ModuleOp, machine: Machine) -> None:
        """What is written into a module before a step reads it."""
        write = WRITTEN.get(step.name)
        if write is not None and not self.usual:
            write(self._draw(step.name), module, machine)

    def _draw(self, step: str) -> Draw:
        return lambda about: np.random.default_rng([self.seed, crc32(step.encode()), crc32(about.encode())])


def _split(rng: np.random.Generator, machine: Machine) -> ModulePass:
    def pick(*numbers: int) -> int:
        return int(rng.choice(numbers))

    return NdSplitReducePass(machine.name, pick(2, 8, 1000), pick(4, 32), pick(2, 3, 7), pick(1, 2, 5))


def _marks(rng: np.random.Generator, machine: Machine) -> ModulePass:
    def pick(*numbers: int) -> int:
        return int(rng.choice(numbers))

    return NdMarkKernelsPass(pick(1, 4, 32), pick(0, 4, 100), pick(0, 100, 16384), pick(1, 2, 8))


def _schedules(draw: Draw, module: ModuleOp, machine: Machine) -> None:
    """A schedule on most kernels that have none."""
    for func in kernels(module):
        if read_schedule(func) is None:
            group = Group.of(func)
            rng = draw(repr((group.spine_extents, *(nest.extents for nest in group.nests))))
            if rng.random() < 0.8:
                func.attributes["schedule"] = _schedule(group, machine, rng).attribute()


OPTIONS: dict[str, Callable[[np.random.Generator, Machine], ModulePass]] = {
    "nd-split-reduce": _split,
    "nd-mark-kernels": _marks,
}
"""By step: the pass with options that nobody would choose."""

WRITTEN: dict[str, Callable[[Draw, ModuleOp, Machine], None]] = {"linalg-choose-schedule": _schedules}
"""By step: what is written into the module before it."""


def _schedule(group: Group, machine: Machine, rng: np.random.Generator) -> Schedule:
    """Any schedule that the rules of rung.schedules.schedule admit, powers of two more often than not."""

    def size(most: int) -> int:
        small = int(rng.choice([1, 1, 2, 3, 4, 4, 5, 8, 16, 32]))
        return max(1, min(small if rng.random() < 0.8 else most, most))

    tile = tuple(size(extent) for extent in group.spine_extents)
    widest = max(group.nests, key=lambda nest: len(nest.extents)).extents
    dims = [int(dim) for dim in rng.permutation(len(widest))[: int(rng.choice([0, 1, 1, 1, 2, 2]))]]
    vector = [int(rng.choice([2, 2, 4, 4, 8, 8, 16])) for _ in dims]
    while prod(vector) > 64:
        vector[0] //= 2
    threads = [1] * max(len(tile), 1)
    if machine.kind == "gpu":
        threads = [int(rng.choice([1, 1, 2, 3, 4, 8, 16])) for _ in threads]
        while prod(threads) > machine.max_threads:
            threads[int(np.argmax(threads))] //= 2
    return Schedule(tile, tuple(vector), tuple(dims), tuple(threads), _promoted(group, rng))


def _promoted(group: Group, rng: np.random.Generator) -> tuple[int, ...]:
    """Operands that every reducing op of the kernel has: which of them reduces most is known after tiling only."""
    counts = [len(nest.operands) - 1 for nest in group.nests if nest.reductions]
    if not counts or rng.random() < 0.6:
        return ()
    return tuple(number for number in range(min(counts)) if rng.random() < 0.7)
