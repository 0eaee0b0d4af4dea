"""The judge `reference`: down the ladder, and after every pass whatever can be asked of a module without a device.

A further judge of modules is one function in AFTER_PASSES. The structural judge is asked by the pass runner itself.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from rung.backends.machine import MACHINES, Machine
from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context
from rung.judges.upstream import find_mlir_opt, generic_text
from rung.passes.runner import PassFailure, PassRunner
from rung.pipeline import PIPELINE, Step

from .analyses import counted_as_measured, proved_total
from .case import Case, Found, wrong

Order = Literal["forward", "reversed", "shuffled"]


@dataclass(frozen=True, eq=False)
class Stop:
    """The module as one pass left it.

    step        None where no pass has run yet: the program itself
    changed     did the pass do anything?
    ends_rung   is it the last pass of its rung?
    """

    case: Case
    module: ModuleOp
    machine: Machine
    step: Step | None
    changed: bool
    ends_rung: bool

    @property
    def rung(self) -> str:
        return "nd" if self.step is None else self.step.rung


def same_numbers(stop: Stop, order: Order = "shuffled") -> str | None:
    """The evaluator computes what the program means; below nd with its threads in shuffled order."""
    if not stop.changed:
        return None
    program = stop.case.program
    order = "forward" if stop.rung == "nd" else order
    try:
        results = evaluate(stop.module, "main", program.inputs, thread_order=order)
    except Exception as problem:
        return f"evaluation: {type(problem).__name__}: {problem}"
    return wrong(program, stop.case.values, results)


AFTER_PASSES: list[Callable[[Stop], str | None]] = [same_numbers, proved_total, counted_as_measured]
"""Each says what is wrong with a module, or None. Asked in turn, until one complains."""


def judge_ladder(cases: Sequence[Case], *, upstream: bool = True) -> list[Found | None]:
    """Every case down the ladder for each of its machines; with `upstream`, mlir-opt then reads all their rungs at once."""
    ctx = make_context()
    upstream = upstream and find_mlir_opt() is not None
    found = list[Found | None]()
    owners = dict[str, tuple[int, str]]()
    """By text, as two machines share a program's nd rung: the case, and where it was met."""
    for number, case in enumerate(cases):
        problem = None
        for machine in case.machines:
            rungs: dict[str, str] | None = {} if upstream else None
            problem = judge_passes(case, machine, ctx=ctx, rungs=rungs)
            if problem is not None:
                break
            for rung, text in (rungs or {}).items():
                owners.setdefault(text, (number, f"mlir-opt on rung {rung} for {machine}"))
        found.append(problem)
    texts = list(owners)
    for at, said in culprits(texts):
        number, where = owners[texts[at]]
        found[number] = found[number] or Found(where, said)
    return found


def judge_passes(case: Case, machine: str, *, ctx: Context | None = None, rungs: dict[str, str] | None = None) -> Found | None:
    """Down the ladder for one machine. `rungs` is given the text of each rung at its end."""
    ctx, module, about = ctx or make_context(), case.program.module(), MACHINES[machine]
    module.verify()
    if (problem := _asked(Stop(case, module, about, None, True, False))) is not None:
        return Found("the nd program itself", problem)
    runner, before = PassRunner(crash_dir=None), _identities(module)
    for step in PIPELINE:
        where = f"{step.name} on {machine}"
        try:
            case.choices.before(step, module, about)
            runner.run(ctx, module, [case.choices.pass_of(step, about)], {step.name: step.rung})
        except PassFailure as problem:
            return Found(where, f"refused: {problem.reason}")
        ends = (step.rung, step.name) in _ENDS
        if rungs is not None and ends:
            rungs[step.rung] = generic_text(module) if step.rung == "nd" else str(module)
        after = _identities(module)
        if (said := _asked(Stop(case, module, about, step, after != before, ends))) is not None:
            return Found(where, said)
        before = after
    return None


def _asked(stop: Stop) -> str | None:
    for judge in AFTER_PASSES:
        if (problem := judge(stop)) is not None:
            return problem
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


def judge_upstream(texts: Sequence[str]) -> str | None:
    """What mlir-opt says of modules, all given to one process: it costs 30 ms to start."""
    tool = find_mlir_opt()
    assert tool is not None, "mlir-opt-22 is absent"
    command = [tool, "--allow-unregistered-dialect", "--split-input-file", "-o", "/dev/null"]
    done = subprocess.run(command, input="\n// -----\n".join(texts), capture_output=True, text=True, timeout=600)
    return None if done.returncode == 0 else done.stderr[:2000] or f"exit status {done.returncode}"


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
