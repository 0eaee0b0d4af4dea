"""The judges of a random program: the evaluator after every pass, mlir-opt on every rung, a compiled target.

Each answers what is wrong, or None; `Found` names the judge, the pass and the symptom.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from rung.backends import target as targets
from rung.backends.machine import MACHINES
from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context
from rung.judges.upstream import find_mlir_opt, generic_text
from rung.passes.runner import PassFailure, PassRunner
from rung.pipeline import PIPELINE

from .bounds import Shadow
from .choices import Choices
from .program import DTYPES, Array, Program, joined
from .shadow import difference, shadow

USUAL = Choices(0)
"""The decisions that users get."""

MACHINE_NAMES = ("cpu", "nvidia")
"""One machine with explicit vectors and one with many threads: their default schedules take different roads."""


@dataclass(frozen=True)
class Found:
    """A judge's complaint."""

    where: str
    """A pass and machine, `upstream` or a target."""
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


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


def judge_passes(
    program: Program,
    machine: str,
    *,
    ctx: Context | None = None,
    values: Sequence[Shadow] | None = None,
    choices: Choices = USUAL,
    order: Literal["forward", "reversed", "shuffled"] = "shuffled",
    rungs: dict[str, str] | None = None,
) -> Found | None:
    """Down the ladder; after every pass that changes the text, checks and numbers. `rungs` is given the text of each rung."""
    ctx, values = ctx or make_context(), values or shadow(program)
    module = program.module()
    module.verify()
    inputs = program.inputs
    if (found := _evaluated(program, values, module, inputs, "forward", "the nd program itself")) is not None:
        return found
    runner, before = PassRunner(crash_dir=None), _identities(module)
    for step in PIPELINE:
        where = f"{step.name} on {machine}"
        try:
            choices.before(step, module, MACHINES[machine])
            runner.run(ctx, module, [choices.pass_of(step, MACHINES[machine])], {step.name: step.rung})
        except PassFailure as problem:
            return Found(where, f"refused: {problem.reason}")
        if rungs is not None and (step.rung, step.name) in _ENDS:
            rungs[step.rung] = generic_text(module) if step.rung == "nd" else str(module)
        if (after := _identities(module)) == before:
            continue
        before = after
        if (found := _evaluated(program, values, module, inputs, "forward" if step.rung == "nd" else order, where)) is not None:
            return found
    return None


_ENDS = {(rung, name) for rung, name in {step.rung: step.name for step in PIPELINE}.items()}
"""The last pass of each rung."""


def _identities(module: ModuleOp) -> list[int]:
    """Which objects a module is made of: the same after a pass that did nothing, for a tenth of the cost of printing."""
    found = list[int]()
    for op in module.walk():
        found.append(id(op))
        found += map(id, op.operands)
        found += map(id, op.attributes.values())
        found += map(id, op.properties.values())
    return found


def _evaluated(
    program: Program, values: Sequence[Shadow], module: ModuleOp, inputs: list[Array], order: Any, where: str
) -> Found | None:
    try:
        results = evaluate(module, "main", inputs, thread_order=order)
    except Exception as problem:
        return Found(where, f"evaluation: {type(problem).__name__}: {problem}")
    problem = wrong(program, values, results)
    return None if problem is None else Found(where, problem)


def judge_upstream(texts: Sequence[str]) -> str | None:
    """What mlir-opt says of modules, all given to one process: it costs 30 ms to start."""
    tool = find_mlir_opt()
    assert tool is not None, "mlir-opt-22 is absent"
    command = [tool, "--allow-unregistered-dialect", "--split-input-file", "-o", "/dev/null"]
    done = subprocess.run(command, input="\n// -----\n".join(texts), capture_output=True, text=True, timeout=600)
    return None if done.returncode == 0 else done.stderr[:2000] or f"exit status {done.returncode}"


def judge_target(
    programs: Sequence[Program], target: str, values: Sequence[Sequence[Shadow]] | None = None, choices: Choices = USUAL
) -> list[Found | None]:
    """Programs joined into one module, so that they share the build; one answer for each. What fails as a whole is halved."""
    values = values or [shadow(program) for program in programs]
    try:
        results, log = _run(joined(programs), target, choices)
        problem = f"the compiler's log is not empty: {log}" if log else None
    except Exception as failure:
        results, problem = list[Array](), f"{type(failure).__name__}: {failure}"
    if problem is not None and len(programs) == 1:
        return [Found(target, problem)]
    if problem is not None:
        half = len(programs) // 2
        first = judge_target(programs[:half], target, values[:half], choices)
        second = judge_target(programs[half:], target, values[half:], choices)
        if not any((*first, *second)):
            first[0] = Found(target, f"only when joined: {problem}")
        return [*first, *second]
    found = list[Found | None]()
    for program, held in zip(programs, values):
        mine, results = results[: len(program.outputs)], results[len(program.outputs) :]
        problem = wrong(program, held, mine)
        found.append(None if problem is None else Found(target, problem))
    return found


def _run(program: Program, target: str, choices: Choices) -> tuple[list[Array], str]:
    """The results of a compiled program, and what its compiler said."""
    found = targets.target(target)
    module, ctx, runner = program.module(), make_context(), PassRunner(check=False, crash_dir=None)
    for step in PIPELINE:
        choices.before(step, module, found.machine)
        runner.run(ctx, module, [choices.pass_of(step, found.machine)])
    executable = found.build(module)
    outs = executable.run([found.from_numpy(array) for array in program.inputs])
    results = [np.array(out.numpy()) for out in outs]
    return results, build_log(executable)


def build_log(executable: Any) -> str:
    """What an OpenCL compiler said of the source."""
    if not hasattr(executable, "program"):
        return ""
    log = executable.program.get_build_info(executable.runtime.device, executable.runtime.cl.program_build_info.LOG)
    return str(log).strip()


def culprits(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The texts that mlir-opt refuses, each with what it says."""
    if not texts or (said := judge_upstream(texts)) is None:
        return
    if len(texts) == 1:
        yield 0, said
        return
    half = len(texts) // 2
    yield from culprits(texts[:half])
    yield from ((at + half, why) for at, why in culprits(texts[half:]))


__all__ = ["Found", "build_log", "culprits", "judge_passes", "judge_target", "judge_upstream", "wrong"]
