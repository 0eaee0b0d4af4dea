"""Every program of the corpus at every rung, before all judges: our evaluator, upstream's verifier, devices and compilers.

The numbers are compared after each pass, so the first pass that changes an answer is the one named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from corpus import assert_same, program, programs
from xdsl.dialects.builtin import ModuleOp

from rung.backends.machine import MACHINES
from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context
from rung.passes.runner import PassRunner
from rung.pipeline import LADDER, PIPELINE

Array = np.ndarray[Any, np.dtype[Any]]
NAMES = [each.name for each in programs()]
SIDES = ("cpu", "nvidia")
"""One machine with explicit vectors and one with many threads: their default schedules take different roads."""


@dataclass(frozen=True)
class Stop:
    """The module as one pass left it."""

    after: str
    rung: str
    module: ModuleOp


@lru_cache(maxsize=4)  # the judges of one program ask one after another
def descent(name: str, machine: str) -> list[Stop]:
    """The program before the first pass and after each; ops, dominance and the rung's contract are checked on the way."""
    ctx = make_context()
    module = program(name).module()
    stops = [Stop("the program itself", "nd", module.clone())]
    runner = PassRunner(crash_dir=None)
    for step in PIPELINE:
        runner.run(ctx, module, [step.make(MACHINES[machine])], {step.name: step.rung})
        stops.append(Stop(step.name, step.rung, module.clone()))
    return stops


def ends(name: str, machine: str) -> dict[str, ModuleOp]:
    """Each rung at its end."""
    return {stop.rung: stop.module for stop in descent(name, machine)}


@lru_cache(maxsize=4)
def answer(name: str) -> tuple[list[Array], list[Array]]:
    """Inputs, and what the nd program itself gives for them."""
    each = program(name)
    inputs = each.inputs()
    return inputs, evaluate(each.module(), "main", inputs)


def as_declared(got: list[Array], want: list[Array]) -> list[Array]:
    """Below nd integers are signless: the same bits, read with the sign that the program declares."""
    return [g.view(w.dtype) if g.dtype.kind in "iu" and g.dtype != w.dtype else g for g, w in zip(got, want)]


@pytest.mark.parametrize("machine", SIDES, scope="module")
@pytest.mark.parametrize("name", NAMES, scope="module")  # the judges of one program in turn: it is lowered once
def test_every_pass_keeps_the_numbers(name: str, machine: str) -> None:
    inputs, want = answer(name)
    before = None
    for stop in descent(name, machine):
        if (text := str(stop.module)) == before:
            continue  # the pass did nothing here
        before = text
        for order in ("forward", "shuffled") if stop.rung != "nd" else ("forward",):
            got = evaluate(stop.module, "main", inputs, thread_order=order)
            assert_same(as_declared(got, want), want, what=f"after {stop.after} on {machine}, {order} order:")


@pytest.mark.parametrize("machine", SIDES, scope="module")
@pytest.mark.parametrize("name", NAMES, scope="module")  # the judges of one program in turn: it is lowered once
def test_upstream_accepts_every_rung(name: str, machine: str, mlir_opt: Callable[..., str]) -> None:
    below = [module for rung, module in ends(name, machine).items() if rung != "nd"]
    mlir_opt("\n// -----\n".join(str(module) for module in below), "--split-input-file")
    mlir_opt(ends(name, machine)["nd"])


def test_corpus_is_large_and_reaches_every_rung() -> None:
    assert len(NAMES) >= 60
    assert tuple(ends(NAMES[0], "cpu")) == LADDER
