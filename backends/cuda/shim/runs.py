"""One run of a compiled program in a process of its own: a kernel that crashes or never ends is an error like any other."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import DeviceError
from ...launch_plan import Copy, Launch, LaunchPlan, Slot
from .compile import Program, line_of

Order = Literal["forward", "reversed", "shuffled", "interleaved"]
ORDERS: tuple[Order, ...] = ("forward", "reversed", "shuffled", "interleaved")
"""Of threads between two barriers, and of blocks. Interleaved: shuffled, and they change at about every eighth access too."""

When = Literal["early", "late", "random"]
WHEN: tuple[When, ...] = ("early", "late", "random")
"""When asynchronous copies happen: where they are issued, when nothing else can move, or either."""


class KernelFault(DeviceError):
    """A kernel did what no kernel may do: the message names it, with block, thread, source line and order of threads."""


@dataclass(frozen=True)
class How:
    """What one run does of all that a GPU might do."""

    order: Order = "forward"
    seed: int = 0
    copies: When = "early"
    races: bool = True
    """Look for races and unwritten shared memory. Without, they show only in results that depend on the order."""
    seconds: float = 60.0
    """Longer than this is a fault."""

    def __str__(self) -> str:
        seeded = f" by seed {self.seed}" if self.order in ("shuffled", "interleaved") or self.copies == "random" else ""
        return f"{self.order} order{seeded}{'' if self.copies == 'early' else f', {self.copies} copies'}"


@dataclass(frozen=True)
class Done:
    """Results, and the seconds of each step."""

    outs: list[NDArray[Any]]
    seconds: list[float]


def run(program: Program, number: int, plan: LaunchPlan, inputs: Sequence[NDArray[Any]], how: How) -> Done:
    """Carry out a plan with the kernels of source `number`. Results start as 0xff, and so does the arena. Raises KernelFault."""
    request = "\n".join(_request(plan, number, how)).encode() + b"\n"
    data = [np.ascontiguousarray(array).tobytes() for array in inputs]
    try:
        done = subprocess.run([str(program.path)], input=b"".join((request, *data)), capture_output=True, timeout=how.seconds)
    except subprocess.TimeoutExpired:
        raise KernelFault(f"cuda-cpu: @{plan.function} did not end within {how.seconds:g} s ({how})") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")
        raise KernelFault(f"cuda-cpu: {_complaint(said, done.returncode, program, number)} ({how})")
    outs: list[NDArray[Any]] = []
    at = 0
    for param in plan.outs:
        outs.append(np.frombuffer(done.stdout, np.uint8, param.nbytes, at).view(param.numpy_dtype).reshape(param.shape).copy())
        at += param.nbytes
    return Done(outs, np.frombuffer(done.stdout, np.float64, len(plan.steps), at).tolist())


def _request(plan: LaunchPlan, number: int, how: How) -> list[str]:
    lines = [f"{ORDERS.index(how.order)} {how.seed} {WHEN.index(how.copies)} {int(how.races)}", f"{len(plan.params)}"]
    lines += [f"{param.nbytes} {int(not param.out)}" for param in plan.params]
    lines += [f"{plan.arena_bytes}", f"{len(plan.steps)}"]
    for step in plan.steps:
        lines.append(" ".join([_head(step, number), *(_slot(slot) for slot in _slots(step))]))
    return lines


def _head(step: Launch | Copy, number: int) -> str:
    if isinstance(step, Copy):
        return "= 0 0 0 0 0 0 2"
    return f"{number}.{step.kernel} {' '.join(map(str, (*step.grid, *step.block)))} {len(step.args)}"


def _slots(step: Launch | Copy) -> tuple[Slot, ...]:
    return (step.source, step.target) if isinstance(step, Copy) else step.args


def _slot(slot: Slot) -> str:
    return f"{slot.kind[0]} {slot.at} {slot.nbytes}"


def _complaint(said: str, status: int, program: Program, source: int) -> str:
    """What the process said at its end, with the line of the source instead of an address."""
    found = next((line for line in said.splitlines() if line.startswith("FAULT\t")), None)
    if found is None:
        return f"the process of the kernels ended with status {status}: {said.strip() or 'no word'}"
    _, kernel, in_thread, block, thread, pc, line, text = found.split("\t", 7)
    where = [f"kernel {kernel.partition('.')[2]}"] if kernel else []
    if in_thread == "1":
        where += [f"{what} ({', '.join(at.split())})" for what, at in (("block", block), ("thread", thread))]
    number = int(line) or line_of(program, 0 if pc == "(nil)" else int(pc, 16))
    lines = program.sources[source].splitlines()
    quoted = f"; line {number}: {lines[number - 1].strip()}" if number and number <= len(lines) else ""
    return f"{', '.join(where)}: {text}{quoted}"
