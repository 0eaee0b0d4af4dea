"""What the compiler may decide, decided at random: by seed, by kernel, and with room for further decisions."""

import numpy as np

from rung.backends.machine import MACHINES
from rung.dialects.upstream import make_context
from rung.judges.fuzzing import Node, Program, choices
from rung.judges.fuzzing.choices import Choices
from rung.judges.fuzzing.program import joined
from rung.passes.runner import PassRunner
from rung.pipeline import PIPELINE


def scheduled(program, seed):
    """The schedules of all kernels after the default ones are written, as text."""
    module, ctx, runner, machine = program.module(), make_context(), PassRunner(crash_dir=None), MACHINES["cpu"]
    for step in PIPELINE:
        Choices(seed).before(step, module, machine)
        runner.run(ctx, module, [Choices(seed).pass_of(step, machine)])
        if step.name == "linalg-choose-schedule":
            return [str(op.attributes["schedule"]) for op in module.ops if "schedule" in op.attributes]


def sums(*shape):
    """A kernel with a reduction, which leaves much to decide."""
    x = Node("input", "f32", shape, (), {"data": np.ones(shape, np.float32)})
    return Program((x, Node("reduce", "f32", shape[:-1], (0,), {"kind": "sum", "axes": [len(shape) - 1]})), (1,))


def test_even_seeds_decide_as_users_get_it_and_odd_ones_at_random():
    program = sums(12, 40)
    usual = scheduled(program, 0)
    assert usual and usual == scheduled(program, 2)
    assert any(scheduled(program, seed) != usual for seed in range(1, 20, 2))
    assert scheduled(program, 7) == scheduled(program, 7)


def test_kernels_keep_their_schedules_when_programs_are_joined():
    one, other = sums(12, 40), sums(3, 5, 7)
    seed = 3
    alone = scheduled(one, seed)
    assert set(alone) <= set(scheduled(joined([other, one]), seed))


def test_a_further_decision_is_one_entry_and_leaves_the_others(monkeypatch):
    program, before = sums(12, 40), scheduled(sums(12, 40), 7)
    drawn = []

    def note(draw, module, machine):
        drawn.append(int(draw("kernel").integers(1000)))

    monkeypatch.setitem(choices.WRITTEN, "linalg-tile-to-forall", note)
    module, step = program.module(), next(step for step in PIPELINE if step.name == "linalg-tile-to-forall")
    for seed in (7, 7, 9, 8):
        Choices(seed).before(step, module, MACHINES["cpu"])
    assert len(drawn) == 3 and drawn[0] == drawn[1] != drawn[2], "an even seed decides as users get it"
    assert scheduled(program, 7) == before


def test_options_of_passes_vary_with_the_seed():
    step = next(step for step in PIPELINE if step.name == "nd-mark-kernels")
    found = {repr(Choices(seed).pass_of(step, MACHINES["cpu"])) for seed in range(1, 40, 2)}
    assert len(found) > 5
    assert np.all([repr(Choices(seed).pass_of(step, MACHINES["cpu"])) == repr(step.make(MACHINES["cpu"])) for seed in (0, 2)])
