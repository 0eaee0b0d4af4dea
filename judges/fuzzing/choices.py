"""What a compiler may decide at will, decided at random: where kernels are cut, which reductions are split, every schedule.

A new decision of the pipeline is one more method here. Which number decides what depends on the kernel, not on its place in the
module, so that a program that is cut down or joined with others keeps its schedules where its kernels stay as they are.
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Choices:
    """The decisions of one seed; of an even one, those that users get."""

    seed: int

    @property
    def usual(self) -> bool:
        return self.seed % 2 == 0

    def pass_of(self, step: Step, machine: Machine) -> ModulePass:
        """The pass of a step, with options drawn for it."""
        rng = np.random.default_rng([self.seed, crc32(step.name.encode())])
        if self.usual or rng.random() < 0.3:
            return step.make(machine)

        def pick(*numbers: int) -> int:
            return int(rng.choice(numbers))

        match step.name:
            case "nd-split-reduce":
                return NdSplitReducePass(machine.name, pick(2, 8, 1000), pick(4, 32), pick(2, 3, 7), pick(1, 2, 5))
            case "nd-mark-kernels":
                return NdMarkKernelsPass(pick(1, 4, 32), pick(0, 4, 100), pick(0, 100, 16384), pick(1, 2, 8))
            case _:
                return step.make(machine)

    def before(self, step: Step, module: ModuleOp, machine: Machine) -> None:
        """What is written into a module before a step reads it."""
        if self.usual or step.name != "linalg-choose-schedule":
            return
        for func in kernels(module):
            if read_schedule(func) is None:
                group = Group.of(func)
                shape = (group.spine_extents, *(nest.extents for nest in group.nests))
                rng = np.random.default_rng([self.seed, crc32(repr(shape).encode())])
                if rng.random() < 0.8:
                    func.attributes["schedule"] = _schedule(group, machine, rng).attribute()


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
    return Schedule(tile, tuple(vector), tuple(dims), tuple(threads))
