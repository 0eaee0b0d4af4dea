"""Random programs for property tests: `@given(programs())`."""

import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from xdsl.dialects.builtin import FloatAttr, ModuleOp, StringAttr
from xdsl.passes import ModulePass

from rung.dialects.nd import BinaryOp, ConstOp
from rung.judges.fuzzing import Node, Program, Sizes, check_pass, shadow
from rung.judges.fuzzing.generate import grown
from rung.judges.fuzzing.strategy import programs
from rung.lowering.nd_to_linalg import NdToLinalgPass
from rung.passes.nd_mark_kernels import NdMarkKernelsPass
from rung.passes.nd_outline_kernels import NdOutlineKernelsPass
from rung.passes.nd_simplify import NdSimplifyPass

ONCE = settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@ONCE
@given(programs())
def test_simplification_keeps_the_numbers(program):
    check_pass(program, NdSimplifyPass())


@ONCE
@given(programs(ops=3))
def test_several_passes_end_on_another_rung(program):
    check_pass(program, NdMarkKernelsPass(), NdOutlineKernelsPass(), NdToLinalgPass(), rung="linalg")


class AddsForSub(ModulePass):
    """A miscompile: differences become sums."""

    name = "nd-add-for-sub"

    def apply(self, ctx, op: ModuleOp) -> None:
        for each in op.walk():
            if isinstance(each, BinaryOp) and each.kind.data == "sub":
                each.attributes["kind"] = StringAttr("add")


def test_a_seeded_miscompile_shrinks_to_one_op():
    seen = []

    @settings(ONCE, max_examples=2000, phases=(Phase.generate, Phase.shrink))
    @given(programs(ops=3, elements=50))
    def property_(program):
        try:
            check_pass(program, AddsForSub())
        except AssertionError:
            seen.append(program)
            raise

    with pytest.raises(AssertionError, match=r"after nd-add-for-sub: result 0 .* wrong"):
        property_()
    smallest = seen[-1]
    assert [node.about["kind"] for node in smallest.nodes if node.op != "input"] == ["sub"]
    assert smallest.nodes[-1].size <= 8 and 'nd.binary "sub"' in repr(smallest)


class Simplest:
    """Always 0, no, the first: what shrinking tends to."""

    def below(self, limit):
        return 0

    def chance(self, probability):
        return False

    def more(self, done, most):
        return done < 1

    def keeps(self):
        return True

    def numbers(self):
        return np.random.default_rng(0)

    def group(self, body):
        body()


def test_the_smallest_choices_make_a_program_of_one_op():
    program = grown(Simplest(), Sizes())
    assert [(node.op, node.element, node.shape) for node in program.nodes] == [("input", "f32", ()), ("unary", "f32", ())]
    shadow(program)


def test_a_pass_that_breaks_the_types_is_refused():
    class Widens(ModulePass):
        name = "nd-widen-constants"

        def apply(self, ctx, op: ModuleOp) -> None:
            for each in op.walk():
                if isinstance(each, ConstOp):
                    each.attributes["value"] = FloatAttr(1.0, 64)

    program = Program((Node("const", "f32", (2,), (), {"value": 1.0}),), (0,))
    check_pass(program, NdSimplifyPass())
    with pytest.raises(Exception, match="expected f32"):
        check_pass(program, Widens())


def test_without_hypothesis_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis.strategies", None)
    with pytest.raises(ImportError, match="pip install hypothesis"):
        programs()
