"""The road of one program, top to bottom: one list, each entry beside its reason for standing there.

`lower` walks it from the rung a module is on to the rung that is asked for; `rung ladder` and `rung.compile` are callers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from rung.backends.machine import CPU, Machine
from rung.passes.runner import PassRunner
from rung.universe import PASSES, load_pass

LADDER = ("nd", "linalg", "loops", "vector", "gpu")
"""The rungs of IR, top to bottom; source text is below them."""


@dataclass(frozen=True)
class Step:
    """One pass of the pipeline. `rung`: the contract that holds after it. `options`: what it is told of the machine."""

    name: str
    rung: str
    why: str
    options: Callable[[Machine], dict[str, object]] = lambda machine: {}
    leaves: bool = False
    """Begins the way to the next rung: the rung is complete, and worth looking at, before it."""

    def make(self, machine: Machine) -> ModulePass:
        return load_pass(PASSES[self.name])(**self.options(machine))


def _target(machine: Machine) -> dict[str, object]:
    return {"target": machine.name}


def _native(machine: Machine) -> dict[str, object]:
    return {"native": tuple(sorted(machine.native_floats))}


PIPELINE: tuple[Step, ...] = (
    Step("nd-simplify", "nd", "first, because what is folded here is not copied into kernels"),
    Step("nd-split-reduce", "nd", "before kernels form: a long reduction to few results takes two to use the machine", _target),
    Step("nd-mark-kernels", "nd", "decides what is stored in memory; the marks can be printed and edited"),
    Step("nd-outline-kernels", "nd", "cuts at the marks, so that all that follows sees one kernel at a time"),
    Step("nd-to-linalg", "linalg", "movement becomes index maps while the program is still a DAG"),
    Step("linalg-outline-kernels", "linalg", "where linalg programs from elsewhere get on; does nothing to our own"),
    Step(
        "linalg-choose-schedule",
        "linalg",
        "writes the default schedule as an attribute; one that is there already stays",
        _target,
    ),
    Step("linalg-tile-to-forall", "linalg", "tiling is simplest on tensors, where slices cannot alias"),
    Step("linalg-promote-operands", "linalg", "a tile's copy of an operand is its own tensor, which nothing else can alias"),
    Step("linalg-bufferize", "linalg", "after tiling, so that intermediates of a tile are tile-sized", leaves=True),
    Step("linalg-to-loops", "loops", "fixes the order inside a tile"),
    Step("loops-fold-subviews", "loops", "every access then indexes an argument directly, which the vectorizer reads"),
    Step("loops-guard-accesses", "loops", "an index from memory is kept in bounds while its load is one op, not yet a vector"),
    Step("loops-forward-stores", "loops", "one-element buffers become values: registers, not memory"),
    Step("arith-emulate-floats", "loops", "before vectorizing, so that narrow floats are widened as scalars are", _native),
    Step("loops-to-vector", "vector", "loads, stores and accumulators become vectors where the accesses allow"),
    Step("vector-to-gpu", "gpu", "blocks and threads last: nothing above depends on how a grid is numbered"),
    Step("host-plan-buffers", "gpu", "needs the launches in order to see which intermediates are alive together"),
)
"""Every pass between a tensor program and source text, in order."""

_MARKS = (("gpu", ("gpu.",)), ("vector", ("vector.",)), ("nd", ("nd.",)), ("linalg", ("linalg.", "tensor.")))


def rung_of(module: ModuleOp) -> str:
    """The rung a module stands on, by its dialects: the lowest of gpu, vector, nd, linalg that occurs; else loops.

    Where nothing is computed (`@main` returns its arguments), functions of tensors are on nd, and of anything else on loops.
    """
    prefixes = {op.name.partition(".")[0] for op in module.walk()}
    for rung, dialects in _MARKS:
        if any(name.rstrip(".") in prefixes for name in dialects):
            return rung
    types = (type_ for op in module.ops if isinstance(op, FuncOp) for type_ in op.function_type.inputs)
    if any(isinstance(type_, TensorType) for type_ in types):
        return "nd" if prefixes <= {"builtin", "func"} else "linalg"
    return "loops"


def steps_between(start: str, stop: str) -> Sequence[Step]:
    """The steps that take a module on rung `start` to the end of rung `stop`. Raises ValueError for a rung that is not there."""
    for rung in (start, stop):
        if rung not in LADDER:
            raise ValueError(f"no rung {rung!r}, expected one of {', '.join(LADDER)}")
    first, last = LADDER.index(start), LADDER.index(stop)
    return [step for step in PIPELINE if _enters(step, first) and LADDER.index(step.rung) <= last]


def _enters(step: Step, first: int) -> bool:
    """Does `step` come after entering the ladder at rung number `first`? A module on linalg has been through nd-to-linalg."""
    position = LADDER.index(step.rung)
    if position > first:
        return True
    return position == first and step.name not in ("nd-to-linalg", "linalg-to-loops", "loops-to-vector", "vector-to-gpu")


def lower(
    ctx: Context,
    module: ModuleOp,
    machine: Machine = CPU,
    *,
    stop_at: str = "gpu",
    runner: PassRunner | None = None,
    on_rung: Callable[[str, ModuleOp], None] | None = None,
    schedule: ModuleOp | None = None,
) -> ModuleOp:
    """Take `module` down to the end of rung `stop_at`, in place, and return it.

    on_rung   called with the rung's name and the module when a rung is complete (before the first pass of the next)
    schedule  a transform script, applied to the kernels on linalg; what it has tiled is left as it is by the default schedules
    Raises PassFailure naming the pass, the op and the reason; the failing pass leaves a file that reruns it. ValueError for a
    schedule of a module below linalg, whose kernels have been tiled.
    """
    runner = runner or PassRunner()
    here = rung_of(module)
    if schedule is not None and here not in ("nd", "linalg"):
        raise ValueError(f"module is on rung {here}, expected nd or linalg: a schedule tiles kernels that are not tiled yet")
    shown = False
    for step in steps_between(here, stop_at):
        if (step.rung != here or step.leaves) and not shown:
            shown = True
            if on_rung is not None:
                on_rung(here, module)
        if step.rung != here:
            here, shown = step.rung, False
        if schedule is not None and step.name == "linalg-choose-schedule":
            from rung.schedules.engine.as_pass import SchedulePass

            runner.run(ctx, module, [SchedulePass(schedule)])
        runner.run(ctx, module, [step.make(machine)], {step.name: step.rung})
    if on_rung is not None and not shown:
        on_rung(here, module)
    return module
