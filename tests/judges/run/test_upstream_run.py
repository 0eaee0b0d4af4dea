"""`--judge upstream`: mlir-runner computes what the evaluator computes, bit for bit of what goes in and out; and it can disagree."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import ml_dtypes
import numpy as np
import pytest
from corpus import program, programs
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import rung.opt
from rung.backends.machine import CPU
from rung.backends.reference.evaluate import RULES
from rung.dialects.upstream import make_context, parse
from rung.judges.run import UpstreamJudge
from rung.judges.run.freedom import STRICT
from rung.judges.run.independent import NotRun, execute, find_mlir_runner
from rung.judges.upstream import ToolAbsent
from rung.passes.nd_simplify import NdSimplifyPass
from rung.passes.runner import PassFailure, PassRunner
from rung.pipeline import PIPELINE, lower

NAMES = [each.name for each in programs()]
RUNGS = ("linalg", "loops", "vector")
TENSORS = "nd-to-linalg"


@pytest.fixture(autouse=True)
def tools(mlir_opt):
    """Skips where mlir-opt-22 is absent; mlir-runner-22 comes in the same package."""


@cache
def rungs(name: str) -> dict[str, ModuleOp]:
    """A program on nd, on linalg with tensors and with memory, on loops and on vector."""
    found = {"nd": program(name).module()}
    module, ctx = program(name).module(), make_context()
    for step in PIPELINE:
        step.make(CPU).apply(ctx, module)
        if step.name in (TENSORS, "linalg-bufferize", "loops-forward-stores", "loops-to-vector"):
            found[step.name if step.name == TENSORS else step.rung] = module.clone()
    return found


def judged(module: ModuleOp, seed: int = 0) -> UpstreamJudge:
    judge = UpstreamJudge(seed)
    judge.begin(module)
    return judge


ROADS = [(name, ("nd", TENSORS, *RUNGS)[at % 5]) for at, name in enumerate(NAMES)]


@pytest.mark.parametrize(("name", "rung"), ROADS[::6])
def test_upstream_computes_the_same(name, rung, verdict):
    judge = judged(rungs(name)[rung])
    assert judge.notes == [] and judge.judged >= 1
    verdict(f"rung {rung}", "mlir-runner")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_upstream_computes_the_same_on_every_rung(name):
    for module in rungs(name).values():
        assert judged(module).judged >= 1


IDENTITY = "func.func @f(%x: memref<{n}x{e}>, %o: memref<{n}x{e}>) attributes {{outs = 1 : i64}} {{\n  memref.copy %x, %o : memref<{n}x{e}> to memref<{n}x{e}>\n  return\n}}"


@pytest.mark.parametrize(
    ("element", "data"),
    [
        ("f32", np.uint32([0x7FC12345, 0xFF812345, 0x80000000, 1, 0x807FFFFF, 0x7F800000]).view(np.float32)),
        ("f64", np.uint64([0x7FF8000000012345, 1 << 63, 1]).view(np.float64)),
        ("bf16", np.uint16([0x7FC1, 0x8000, 1]).view(ml_dtypes.bfloat16)),
        ("f16", np.uint16([0x7E01, 0x8000, 1]).view(np.float16)),
        ("i1", np.array([True, False, True])),
        ("i8", np.array([-128, 127, 0], np.int8)),
        ("i64", np.array([-(1 << 63), -1], np.int64)),
    ],
)
def test_every_bit_goes_in_and_comes_out(element, data):
    rounds = [[data], [data[::-1].copy()]]
    found = execute(parse(IDENTITY.format(n=len(data), e=element)), "f", rounds)
    assert [each[0].tobytes() for each in found] == [each[0].tobytes() for each in rounds]


def test_scalars_results_and_memory_in_place_are_ordered_as_the_evaluator_orders_them():
    text = "func.func @f(%m: memref<2xi32>, %n: index, %t: tensor<3xf32>, %c: i1) -> (i32, tensor<3xf32>, i1) {\n  %v = arith.constant 7 : i32\n  memref.store %v, %m[%n] : memref<2xi32>\n  return %v, %t, %c : i32, tensor<3xf32>, i1\n}"
    data = [np.array([1, 2], np.int32), np.asarray(1), np.array([1, 2, 3], np.float32), np.asarray(True)]
    (found,) = execute(parse(text), "f", [data])
    assert [each.tolist() for each in found] == [7, [1.0, 2.0, 3.0], True, [1, 7]]


def test_function_called_like_one_of_libm_or_libc_is_not_taken_for_it():
    text = "func.func private @exp2(%x: f64) -> f64 {\n  %r = math.exp2 %x : f64\n  return %r : f64\n}\nfunc.func @pwrite64(%x: f64) -> f64 {\n  %r = func.call @exp2(%x) : (f64) -> f64\n  return %r : f64\n}"
    assert execute(parse(text), "pwrite64", [[np.asarray(3.0)]])[0][0] == 8.0


# it can disagree


@dataclass(frozen=True)
class NothingPass(ModulePass):
    name = "does-nothing"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pass


SUB = 'func.func @main(%x: tensor<9xf32>, %y: tensor<9xf32>) -> tensor<9xf32> {\n  %r = nd.binary "sub" %x, %y : tensor<9xf32> -> tensor<9xf32>\n  return %r : tensor<9xf32>\n}'


def test_evaluator_that_reads_an_op_wrongly_is_found_after_the_pass_that_made_the_op(monkeypatch):
    monkeypatch.setitem(STRICT, "arith.subf", RULES["arith.addf"])
    steps = [step.make(CPU) for step in PIPELINE if step.rung in ("nd", "linalg")]
    with pytest.raises(
        PassFailure, match=r"upstream: @main result 0 at .*: mlir-runner found .*, the evaluator .*; input plain, seed 0"
    ) as failed:
        PassRunner(judges=[UpstreamJudge()], crash_dir=None).run(make_context(), parse(SUB), steps)
    assert failed.value.pass_name == "nd-to-linalg"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("arith.maximumf", "arith.maxnumf"),
        ("arith.divsi", "arith.floordivsi"),
        ("arith.shrsi", "arith.shrui"),
        ("arith.minsi", "arith.minui"),
    ],
)
def test_two_readings_of_one_op_that_differ_on_special_values_only_are_told_apart(right, wrong, monkeypatch):
    element = "f32" if right.endswith("f") else "i32"
    lines = f"  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  %n = arith.constant 40 : index\n  %k = arith.constant {'1.0' if element == 'f32' else '3'} : {element}\n  scf.for %i = %c0 to %n step %c1 {{\n    %a = memref.load %x[%i] : memref<40x{element}>\n    %r = {right} %a, %k : {element}\n    memref.store %r, %o[%i] : memref<40x{element}>\n  }}\n  return\n"
    module = parse(
        f"func.func @f(%x: memref<40x{element}>, %o: memref<40x{element}>) attributes {{outs = 1 : i64}} {{\n{lines}}}"
    )
    assert judged(module).judged == 4
    monkeypatch.setitem(STRICT, right, RULES[wrong])
    with pytest.raises(Exception, match="mlir-runner found"):
        judged(module)


def test_text_that_upstream_refuses_is_refused_before_it_is_run():
    module = parse(
        "func.func @f(%m: memref<8x8xf32>) {\n  %s = memref.subview %m[0, 0] [4, 4] [1, 1] : memref<8x8xf32> to memref<4x4xf32>\n  return\n}"
    )
    with pytest.raises(Exception, match="upstream refuses"):
        judged(module)


# what it cannot


def test_gpu_rung_is_read_and_said_not_to_be_run():
    module = lower(make_context(), program("softmax_rows").module(), CPU)
    judge = judged(module)
    assert judge.judged == 0
    assert judge.notes == ["judge upstream: at first @main is read, not run: upstream has no path that runs a grid on a CPU"]


def test_dynamic_shape_is_said_not_to_be_run():
    with pytest.raises(NotRun, match="has extents that are not known"):
        execute(parse("func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {\n  return %x : tensor<?xf32>\n}"), "f", [[]])


def test_program_too_large_is_said_not_to_be_run():
    judge = UpstreamJudge(0, 10.0)
    judge.begin(rungs("softmax_rows")["loops"])
    assert judge.judged == 0 and "(--judge-limit)" in judge.notes[0]


def test_absent_runner_is_named_with_its_package(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RUNG_MLIR_RUNNER", "no-such-runner")
    assert find_mlir_runner() is None
    with pytest.raises(ToolAbsent, match=r"mlir-runner-22 is absent, expected it on the path \(Debian package mlir-22-tools\)"):
        UpstreamJudge()
    (tmp_path / "in.mlir").write_text(SUB)
    assert rung.opt.main([str(tmp_path / "in.mlir"), "--judge", "upstream"]) == 1
    assert "mlir-runner-22 is absent" in capsys.readouterr().err


def test_both_judges_are_asked_in_one_run_and_a_reproducer_asks_both(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.mlir").write_text(SUB)
    assert rung.opt.main(["in.mlir", "-p", "nd-simplify,nd-mark-kernels", "--judge", "run", "--judge", "upstream"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[2].partition(":")[0] for line in said] == [" judge run", " judge upstream"]
    judges = [rung.judges.run.RunJudge(3, 1e5), UpstreamJudge(3, 1e5)]
    assert (
        " ".join(judge.flags for judge in judges)
        == "--judge run --judge-seed 3 --judge-limit 100000 --judge upstream --judge-seed 3 --judge-limit 100000"
    )


def test_program_that_stays_as_it_is_is_run_once():
    judge = UpstreamJudge()
    PassRunner(judges=[judge], crash_dir=None).run(make_context(), parse(SUB), [NothingPass(), NdSimplifyPass()])
    assert judge.judged == 4
