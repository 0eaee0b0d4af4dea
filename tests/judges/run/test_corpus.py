"""Every program of the corpus before the numerical judge: passes that are right raise no alarm, on any input it makes.

Every second program takes one machine's road here, by turns; the whole product is `pytest -m slow`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from corpus import program, programs

from rung.backends.machine import MACHINES
from rung.dialects.upstream import make_context
from rung.judges.run import judge_passes
from rung.judges.run.judge import LIMIT
from rung.pipeline import PIPELINE

NAMES = [each.name for each in programs()]
SIDES = ("cpu", "nvidia")


def notes(name: str, machine: str, *, seed: int = 0, limit: float = LIMIT) -> tuple[int, tuple[str, ...]]:
    passes = [step.make(MACHINES[machine]) for step in PIPELINE]
    verdict = judge_passes(program(name).module(), passes, seed=seed, limit=limit, ctx=make_context())
    return verdict.judged, verdict.notes


@pytest.mark.parametrize(("name", "machine"), [(name, SIDES[at % 2]) for at, name in enumerate(NAMES[::2])])
def test_passes_that_are_right_raise_no_alarm(name: str, machine: str, verdict: Callable[..., None]) -> None:
    judged, said = notes(name, machine, limit=LIMIT / 30)
    assert judged >= 8, said
    for step in PIPELINE:
        verdict(step.name, "judge run")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("machine", SIDES)
@pytest.mark.parametrize("name", NAMES)
def test_passes_that_are_right_raise_no_alarm_on_either_machine(name: str, machine: str, seed: int) -> None:
    judged, said = notes(name, machine, seed=seed)
    assert judged >= 20, said
