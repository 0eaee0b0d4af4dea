"""Seeded faults are found, named, and cut to their smallest."""

import numpy as np
from xdsl.dialects.builtin import FloatAttr, ModuleOp
from xdsl.passes import ModulePass

from rung.backends.reference import evaluate
from rung.dialects.nd import BinaryOp, ConstOp
from rung.dialects.upstream import parse
from rung.judges.fuzzing import Node, Program, generate, ladder, machines
from rung.judges.fuzzing.case import Case, Found
from rung.judges.fuzzing.hunt import SMALL, Failure, hunt, smallest, write_test
from rung.judges.fuzzing.ladder import judge_passes
from rung.judges.fuzzing.machines import judge_target
from rung.pipeline import PIPELINE, Step


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

    monkeypatch.setattr(ladder, "PIPELINE", (Wrong("nd-simplify", "nd", "a seeded fault"), *PIPELINE[1:]))


def first_failure(monkeypatch, pass_):
    with_first_pass(monkeypatch, pass_)
    seed = 0
    while (found := judge_passes(Case.of(generate(seed, SMALL)), "cpu")) is None:
        seed += 1
    return Failure(seed, SMALL, "reference", found)


def test_a_miscompile_is_found_and_cut_to_one_op(monkeypatch, tmp_path):
    failure = first_failure(monkeypatch, FoldsSubToAdd)
    assert failure.found.where == "nd-simplify on cpu" and "wrong" in failure.found.what
    program, found = smallest(failure)
    assert [node.about["kind"] for node in program.nodes if node.op != "input"] == ["sub"]
    path = write_test(tmp_path, program, found, failure)
    first, how, *rest = path.read_text().splitlines()
    assert first.startswith("// nd-simplify on cpu: result 0 ") and path.name.startswith("nd_simplify_on_cpu_result")
    assert how.startswith(f"// rung fuzz --target reference --seed {failure.seed} --count 1 --ops 6")
    assert all(line.startswith("// data ") for line in rest[: len(program.inputs)])
    assert rest[len(program.inputs)].startswith("func.func @main(") and 'nd.binary "sub"' in "\n".join(rest)
    parse(path.read_text()).verify()


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

    monkeypatch.setattr(machines, "_run", build)
    x = Node("input", "f32", (2,), (), {"data": np.ones(2, np.float32)})
    kinds = ["neg", "abs", "sin", "neg"]
    programs = [Program((x, Node("unary", "f32", (2,), (0,), {"kind": kind})), (1,)) for kind in kinds]
    assert judge_target([Case.of(program) for program in programs], "any") == [
        None,
        None,
        Found("any", "RuntimeError: no sines today"),
        None,
    ]


def test_a_judge_of_modules_is_one_function_in_a_list(monkeypatch):
    """Asked after each pass, told the rung and where it ends; its complaint names the pass."""
    rungs = []

    def no_exponentials_below_loops(stop):
        if stop.ends_rung:
            rungs.append(stop.rung)
        if stop.rung == "vector" and any(op.name == "math.exp2" for op in stop.module.walk()):
            return "an exponential"

    monkeypatch.setattr(ladder, "AFTER_PASSES", [*ladder.AFTER_PASSES, no_exponentials_below_loops])
    x = Node("input", "f32", (2,), (), {"data": np.ones(2, np.float32)})
    case = Case.of(Program((x, Node("unary", "f32", (2,), (0,), {"kind": "exp2"})), (1,)))
    assert ladder.judge_ladder([case], upstream=False) == [Found("loops-to-vector on cpu", "an exponential")]
    assert rungs == ["nd", "linalg", "loops", "vector"]


def test_a_text_that_upstream_refuses_names_its_program(mlir_opt):
    good, bad = "func.func @f() { return }", "func.func @f() -> i32 { return }"
    assert [(at, "return" in said) for at, said in ladder.culprits([good, bad, good, good])] == [(1, True)]


def test_a_hunt_ends_when_it_is_told_to():
    tally = hunt(range(1000), sizes=SMALL, judge=lambda cases: [None] * len(cases), on_batch=lambda tally: tally.programs >= 40)
    assert tally.programs == 40 and tally.failures == [] and sum(tally.coverage.results.values()) == 40


def test_a_seed_is_lowered_in_the_same_way_wherever_a_hunt_begins():
    found = {}
    for first in (0, 13, 27):
        cases = []
        hunt(range(first, 60), "opencl", SMALL, judge=lambda batch, cases=cases: cases.extend(batch) or [None] * len(batch))
        found[first] = [case.choices for case in cases]
        assert len(cases) == 60 - first
    assert found[0][13:] == found[13] and found[0][27:] == found[27] and len(set(found[0])) == 3
