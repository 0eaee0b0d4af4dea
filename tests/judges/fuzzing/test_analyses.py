"""The proof and the cost as judges of random programs: they agree with what is right, and feel what is wrong."""

from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects import memref
from xdsl.dialects.builtin import IntegerAttr
from xdsl.dialects.scf import ForOp

from rung.judges.cost import CostError
from rung.judges.fuzzing import Node, Program, analyses, ladder
from rung.judges.fuzzing.analyses import counted_as_measured, proved_total
from rung.judges.fuzzing.case import Case
from rung.judges.fuzzing.choices import Choices
from rung.pipeline import PIPELINE, Step

MEASURED, NOT_MEASURED = Choices(4), Choices(6)


def sums(choices=MEASURED):
    x = Node("input", "f32", (5, 7), (), {"data": np.ones((5, 7), np.float32)})
    return Case.of(Program((x, Node("reduce", "f32", (5,), (0,), {"kind": "sum", "axes": [1]})), (1,)), choices)


def only(monkeypatch, judge):
    monkeypatch.setattr(ladder, "AFTER_PASSES", [judge])


@pytest.mark.parametrize("machine", ["cpu", "nvidia"])
def test_both_are_content_with_a_sum(machine):
    assert {proved_total, counted_as_measured} <= set(ladder.AFTER_PASSES)
    assert ladder.judge_passes(sums(), machine) is None


def faulty(monkeypatch, change):
    """A pipeline whose last pass on the loops rung leaves a fault."""
    at = next(number for number, step in enumerate(PIPELINE) if step.name == "arith-emulate-floats")
    right = PIPELINE[at]

    class Wrong(Step):
        def make(self, machine):
            inner = right.make(machine)

            class Then(type(inner)):
                def apply(self, ctx, op):
                    super().apply(ctx, op)
                    for each in list(op.walk()):
                        change(each)

            return Then(**vars(inner))

    monkeypatch.setattr(ladder, "PIPELINE", (*PIPELINE[:at], Wrong(right.name, right.rung, "a fault")))


def test_a_loop_that_runs_too_far_is_not_proved(monkeypatch):
    only(monkeypatch, proved_total)

    def change(op):
        if isinstance(op, ForOp):
            op.ub.owner.properties["value"] = IntegerAttr(9, op.ub.type)

    faulty(monkeypatch, change)
    found = ladder.judge_passes(sums(), "cpu")
    assert found.where == "arith-emulate-floats on cpu" and found.what.startswith("not proved total: memref.load")


def test_a_store_left_out_is_not_proved(monkeypatch):
    only(monkeypatch, proved_total)

    def change(op):
        if isinstance(op, memref.StoreOp):
            op.detach()
            op.erase()

    faulty(monkeypatch, change)
    assert "not proved total" in ladder.judge_passes(sums(), "cpu").what


def test_a_cost_that_is_off_by_one_is_felt_on_a_sample_only(monkeypatch):
    only(monkeypatch, counted_as_measured)
    right = analyses.cost

    def one_more(module):
        return {name: replace(each, work={key: n + 1 for key, n in each.work.items()}) for name, each in right(module).items()}

    monkeypatch.setattr(analyses, "cost", one_more)
    assert "counted, " in ladder.judge_passes(sums(), "cpu").what
    assert ladder.judge_passes(sums(NOT_MEASURED), "cpu") is None
    monkeypatch.setattr(analyses, "cost", lambda module: {n: replace(each, exact=False) for n, each in one_more(module).items()})
    assert ladder.judge_passes(sums(), "cpu") is None, "an upper bound may be above"


def test_an_op_without_a_cost_is_a_complaint(monkeypatch):
    only(monkeypatch, counted_as_measured)

    def unknown(module):
        raise CostError(module, "no idea")

    monkeypatch.setattr(analyses, "cost", unknown)
    assert ladder.judge_passes(sums(), "cpu").what.startswith("cost: ")
