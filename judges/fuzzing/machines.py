"""The judges that compile: programs joined into one, so that they share the build, then run and compared, or only compiled.

A build costs PoCL 25 ms beside what each kernel costs it: 55 ms a kernel for one program a build, 43 ms for 20 programs (50 to 80
kernels), 40 to 45 ms for 50, 100 or 200 (two cores of a Zen 5 EPYC, 2026-11). The rest is each kernel's own code, shared by none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from rung.backends import target as targets
from rung.backends.machine import Machine
from rung.dialects.upstream import make_context
from rung.passes.runner import PassRunner
from rung.pipeline import PIPELINE

from .case import Case, Found, wrong
from .choices import Choices
from .program import Array, Program, joined


def judge_target(cases: Sequence[Case], target: str) -> list[Found | None]:
    """Compiled and run on a target. The choices are those of the first case."""

    def run(program: Program, choices: Choices) -> Answer:
        return _run(program, target, choices)

    return _shared(cases, target, run)


def judge_compiles(cases: Sequence[Case], target: str) -> list[Found | None]:
    """The source compiles without a warning, for a target that has a compiler here and no device: CUDA by NVRTC."""

    def run(program: Program, choices: Choices) -> Answer:
        return None, _compile(program, target, choices)

    return _shared(cases, f"{target}, compiled only", run)


Answer = tuple[list[Array] | None, str]
"""The results, if it was run, and what the compiler said."""


def _shared(cases: Sequence[Case], where: str, run: Callable[[Program, Choices], Answer]) -> list[Found | None]:
    """One answer for each case. What fails as a whole is halved."""
    results: list[Array] | None = None
    try:
        results, log = run(joined([case.program for case in cases]), cases[0].choices)
        problem = f"the compiler's log is not empty: {log}" if log else None
    except Exception as failure:
        problem = f"{type(failure).__name__}: {failure}"
    if problem is not None and len(cases) == 1:
        return [Found(where, problem)]
    if problem is not None:
        half = len(cases) // 2
        first, second = (_shared(part, where, run) for part in (cases[:half], cases[half:]))
        if not any((*first, *second)):
            first[0] = Found(where, f"only when joined: {problem}")
        return [*first, *second]
    found = list[Found | None]()
    for case in cases:
        count = len(case.program.outputs)
        if results is None:
            found.append(None)
            continue
        mine, results = results[:count], results[count:]
        problem = wrong(case.program, case.values, mine)
        found.append(None if problem is None else Found(where, problem))
    return found


def _lowered(program: Program, machine: Machine, choices: Choices) -> ModuleOp:
    module, ctx, runner = program.module(), make_context(), PassRunner(check=False, crash_dir=None)
    for step in PIPELINE:
        choices.before(step, module, machine)
        runner.run(ctx, module, [choices.pass_of(step, machine)])
    return module


def _run(program: Program, target: str, choices: Choices) -> Answer:
    found = targets.target(target)
    executable = found.build(_lowered(program, found.machine, choices))
    outs = executable.run([found.from_numpy(array) for array in program.inputs])
    results = [np.array(out.numpy()) for out in outs]
    return results, build_log(executable)


def _compile(program: Program, target: str, choices: Choices) -> str:
    from rung.backends.cuda import nvrtc

    found = targets.target(target)
    log = nvrtc.compile_cubin(found.spell(_lowered(program, found.machine, choices)), "sm_90").log
    return log if "warning" in log else ""


def build_log(executable: Any) -> str:
    """What an OpenCL compiler said of the source."""
    if not hasattr(executable, "program"):
        return ""
    log = executable.program.get_build_info(executable.runtime.device, executable.runtime.cl.program_build_info.LOG)
    return str(log).strip()
