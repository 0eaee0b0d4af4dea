"""Random programs before the judges, and the machinery that makes, judges and cuts them."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import FloatAttr, ModuleOp
from xdsl.passes import ModulePass

from rung.backends.reference import evaluate
from rung.dialects.nd import BINARY, REDUCE, UNARY, BinaryOp, ConstOp
from rung.dialects.nd.dtype import NUMPY
from rung.judges.fuzzing import IllConditioned, Node, Program, Sizes, generate, shadow
from rung.judges.fuzzing import judges as judges_module
from rung.judges.fuzzing.bounds import Shadow
from rung.judges.fuzzing.hunt import SMALL, Failure, hunt, smallest, write_test
from rung.judges.fuzzing.judges import Found, judge_passes, judge_target, wrong
from rung.judges.fuzzing.program import joined
from rung.judges.fuzzing.shadow import difference
from rung.pipeline import PIPELINE, Step

CHUNK = 50
PER_TARGET = 100
MANY = int(os.environ.get("RUNG_FUZZ_PROGRAMS", "500"))


@pytest.mark.parametrize("first", range(0, MANY, CHUNK))
def test_every_pass_keeps_the_numbers_of_random_programs(first):
    """Schedules of a CPU and of a GPU in turn, threads in shuffled order, every rung's contract."""
    tally = hunt(range(first, first + CHUNK), sizes=SMALL)
    assert tally.programs == CHUNK
    assert not tally.failures, "\n".join(map(str, tally.failures))


@pytest.mark.parametrize("first", range(100_000, 100_000 + PER_TARGET, CHUNK // 2))
def test_opencl_computes_random_programs(first, pocl):
    tally = hunt(range(first, first + CHUNK // 2), "opencl", Sizes(ops=3, elements=200, points=1500))
    assert not tally.failures, "\n".join(map(str, tally.failures))


def test_upstream_accepts_every_rung_of_random_programs(mlir_opt):
    tally = hunt(range(200_000, 200_040), sizes=SMALL, upstream=True)
    assert not tally.failures, "\n".join(map(str, tally.failures))


# What the generator makes


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.integers(0, 2**63).map(generate))
def test_the_evaluator_agrees_with_the_shadow(program):
    module = program.module()
    module.verify()
    assert wrong(program, shadow(program), evaluate(module, "main", program.inputs)) is None


def test_a_seed_is_one_program():
    assert str(generate(7).module()) == str(generate(7).module()) != str(generate(8).module())
    for one, other in zip(generate(7).inputs, generate(7).inputs):
        np.testing.assert_array_equal(one, other)


def test_all_of_nd_occurs():
    nodes = [node for seed in range(400) for node in generate(seed).nodes]
    assert {node.element for node in nodes} == {str(element) for element in NUMPY}
    assert {len(node.shape) for node in nodes} == {0, 1, 2, 3, 4, 5}
    assert any(0 in node.shape for node in nodes) and any(node.realize for node in nodes)
    kinds = {(node.op, node.about.get("kind")) for node in nodes}
    for op, table in (("unary", UNARY), ("binary", BINARY), ("reduce", REDUCE)):
        assert {kind for found, kind in kinds if found == op} == set(table)
    ops = "const iota cast bitcast select reshape permute expand pad shrink flip".split()
    assert {op for op, _ in kinds} >= set(ops)


def test_joined_programs_keep_their_results():
    programs = [generate(seed, SMALL) for seed in range(5)]
    whole = joined(programs)
    assert wrong(whole, shadow(whole), evaluate(whole.module(), "main", whole.inputs)) is None
    assert len(whole.outputs) == sum(len(program.outputs) for program in programs)


# What the shadow is sure of


def constant(value, element="f32"):
    return Node("const", element, (1,), (), {"value": value})


def of(op, *nodes, element="f32", **about):
    return Program((*nodes, Node(op, element, (1,), tuple(range(len(nodes))), about)), (len(nodes),))


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(of("binary", constant(1.0), constant(0.0), kind="div"), id="division by zero"),
        pytest.param(of("binary", constant(3e38), constant(3e38), kind="add"), id="overflow"),
        pytest.param(of("unary", constant(-1.0), kind="sqrt"), id="root of a negative number"),
        pytest.param(of("cast", constant(300.0), element="i8"), id="cast of what does not fit"),
        pytest.param(of("bitcast", constant(0.0), element="i32"), id="bits of a zero, whose sign is nobody's"),
    ],
)
def test_what_targets_may_do_differently_is_refused(program):
    with pytest.raises(IllConditioned):
        shadow(program)


def test_a_comparison_of_rounded_neighbours_is_refused():
    third = Node("unary", "f32", (1,), (0,), {"kind": "recip"})
    compare = Node("binary", "i1", (1,), (1, 1), {"kind": "cmpeq"})
    with pytest.raises(IllConditioned, match="neighbours"):
        shadow(Program((constant(3.0), third, compare), (2,)))


def test_whole_numbers_are_exact_and_thirds_are_bounded():
    exact, bounded = (shadow(of("binary", constant(2.0), constant(c), kind=k))[-1] for c, k in ((3.0, "mul"), (3.0, "div")))
    assert exact.error is None and exact.data == 6
    assert bounded.error is not None and 0 < bounded.error[0] < 1e-6


def test_differences_name_place_and_bound():
    want = Shadow(np.array([1.0, 2.0], np.longdouble), np.array([0.0, 0.25], np.longdouble))
    assert difference(np.array([1, 2.2], np.float32), want, "f32") is None
    assert (
        difference(np.array([1, 2.5], np.float32), want, "f32") == "1 of 2 elements are wrong; at [1] 2.5, expected 2.0 +- 0.25"
    )
    assert difference(np.array([1, 2], np.int32), want, "f32") == "is int32(2,), expected float32(2,)"


# Seeded faults are found, and cut to their smallest


class FoldsSubToAdd(ModulePass):
    """A miscompile: differences become sums."""

    name = "nd-simplify"

    def apply(self, ctx, op: ModuleOp) -> None:
        for each in list(op.walk()):
            if isinstance(each, BinaryOp) and each.kind.data == "sub":
                new = BinaryOp("add", each.lhs, each.rhs)
                each.parent_block().insert_op_before(new, each)
                each.res.replace_all_uses_with(new.res)
                each.detach()
                each.erase()


class LeavesAWrongType(ModulePass):
    name = "nd-simplify"

    def apply(self, ctx, op: ModuleOp) -> None:
        for each in op.walk():
            if isinstance(each, ConstOp) and isinstance(each.value, FloatAttr):
                each.attributes["value"] = FloatAttr(1.0, 64)


def with_first_pass(monkeypatch, pass_):
    class Wrong(Step):
        def make(self, machine):
            return pass_()

    monkeypatch.setattr(judges_module, "PIPELINE", (Wrong("nd-simplify", "nd", "a seeded fault"), *PIPELINE[1:]))


def first_failure(monkeypatch, pass_):
    with_first_pass(monkeypatch, pass_)
    seed = 0
    while (found := judge_passes(generate(seed, SMALL), "cpu")) is None:
        seed += 1
    return Failure(seed, SMALL, found)


def test_a_miscompile_is_found_and_cut_to_one_op(monkeypatch, tmp_path):
    failure = first_failure(monkeypatch, FoldsSubToAdd)
    assert failure.found.where == "nd-simplify on cpu" and "wrong" in failure.found.what
    program, found = smallest(failure)
    assert [node.about["kind"] for node in program.nodes if node.op != "input"] == ["sub"]
    path = write_test(tmp_path, program, found, failure.seed)
    text = path.read_text()
    assert text.startswith("// nd-simplify on cpu") or "wrong" in text.splitlines()[0]
    assert 'nd.binary "sub"' in text and text.splitlines()[1].startswith("func.func @main(")


def test_a_module_that_does_not_verify_is_found_and_cut(monkeypatch):
    failure = first_failure(monkeypatch, LeavesAWrongType)
    assert failure.found.what.startswith("refused: ")
    program, _ = smallest(failure)
    assert any(node.op == "const" for node in program.nodes) and program.n_ops <= 2


def test_a_batch_that_fails_to_build_names_its_program(monkeypatch):
    def build(program, target, choices):
        if any(node.about.get("kind") == "sin" for node in program.nodes):
            raise RuntimeError("no sines today")
        return evaluate(program.module(), "main", program.inputs), ""

    monkeypatch.setattr(judges_module, "_run", build)
    x = Node("input", "f32", (2,), (), {"data": np.ones(2, np.float32)})
    kinds = ["neg", "abs", "sin", "neg"]
    programs = [Program((x, Node("unary", "f32", (2,), (0,), {"kind": kind})), (1,)) for kind in kinds]
    assert judge_target(programs, "any") == [None, None, Found("any", "RuntimeError: no sines today"), None]
