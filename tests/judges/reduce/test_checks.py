"""What `--check` may be: what it means, what it runs, what it says of a module, and what is refused."""

from __future__ import annotations

import os
import time

import pytest
from corpus import program
from xdsl.context import Context
from xdsl.dialects import arith, memref, vector
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.linalg.ops import GenericOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from rung.backends.machine import MACHINES
from rung.dialects.nd import BinaryOp
from rung.dialects.upstream import gpu, make_context, parse
from rung.files import UsageError
from rung.judges.reduce import Reducer, checks
from rung.judges.reduce.checks import make_check
from rung.judges.reduce.commands import CommandCheck, command_line, needs_shell, telling_line
from rung.passes.runner import PassRunner
from rung.pipeline import lower
from rung.plugins import everything


class SubToAdd(ModulePass):
    """A miscompile on nd: differences become sums."""

    name = "bad-nd"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in list(op.walk()):
            if isinstance(each, BinaryOp) and each.kind.data == "sub":
                new = BinaryOp("add", each.lhs, each.rhs)
                each.parent_block().insert_op_before(new, each)
                each.res.replace_all_uses_with(new.res)
                each.detach()
                each.erase()


class RefusesMaxima(ModulePass):
    """Fails on linalg where an op takes a maximum along a reduction."""

    name = "bad-linalg"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in op.walk():
            kinds = [kind.data.value for kind in each.iterator_types] if isinstance(each, GenericOp) else []
            if "reduction" in kinds and any(isinstance(inner, arith.MaximumfOp) for inner in each.walk()):
                raise PassFailedException(f"{len(kinds)} loops around a maximum")


class LoadsTheFirst(ModulePass):
    """A miscompile on loops: whatever is loaded inside of a loop, the first index is 0."""

    name = "bad-loops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in op.walk():
            if isinstance(each, memref.LoadOp) and each.indices:
                zero = arith.ConstantOp.from_int_and_width(0, each.indices[0].type)
                each.parent_block().insert_op_before(zero, each)
                each.operands[1] = zero.result


class LosesWrites(ModulePass):
    """A miscompile on vector: what is written from a vector of more than one row is not written."""

    name = "bad-vector"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in list(op.walk()):
            if isinstance(each, vector.TransferWriteOp) and each.vector.type.get_shape()[0] > 1:
                each.detach()
                each.erase()


class SwapsArguments(ModulePass):
    """A miscompile on gpu: launches get their first two arguments the wrong way round."""

    name = "bad-gpu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in op.walk():
            if isinstance(each, gpu.LaunchFuncOp) and len(each.kernel_operands) > 1:
                first, second = each.kernel_operands[:2]
                at = len(each.operands) - len(each.kernel_operands)
                if first.type == second.type:
                    each.operands[at], each.operands[at + 1] = second, first


@pytest.fixture(autouse=True)
def faults(monkeypatch):
    """The passes above, as a plug-in would add them."""
    universe = everything()
    for each in (SubToAdd, RefusesMaxima, LoadsTheFirst, LosesWrites, SwapsArguments):
        universe.all_passes[each.name] = lambda each=each: each
    monkeypatch.setattr(checks, "everything", lambda: universe)


def on_rung(name: str, rung: str, machine: str = "cpu") -> ModuleOp:
    module = program(name).module()
    if rung == "nd":
        return module
    return lower(make_context(), module, MACHINES[machine], stop_at=rung, runner=PassRunner(crash_dir=None))


def names(module: ModuleOp) -> list[str]:
    frame = ("builtin.module", "func.", "gpu.module", "gpu.func", "gpu.return", "arith.constant", "linalg.yield")
    return [op.name for op in module.walk() if not op.name.startswith(frame)]


# Seeded faults on every rung


def test_a_wrong_rule_on_nd_is_cut_to_the_op_it_is_about():
    reducer = Reducer(on_rung("variance_and_mean", "nd"), make_check("judge:run -p bad-nd"))
    assert "pass bad-nd" in reducer.complaint
    assert names(reducer.run()) == ["nd.binary"] and '"sub"' in reducer.text


def test_a_failing_pass_on_linalg_is_cut_to_one_structured_op():
    reducer = Reducer(on_rung("softmax_of_matmul", "linalg"), make_check("-p bad-linalg"))
    assert reducer.complaint == "pass bad-linalg: 2 loops around a maximum"
    assert names(reducer.run()) == ["linalg.generic", "arith.maximumf"]


def test_a_wrong_answer_on_loops_is_cut_to_a_load_and_a_store():
    reducer = Reducer(on_rung("matmul_17x33x65", "loops"), make_check("judge:run -p bad-loops"))
    left = names(reducer.run())
    assert set(left) <= {"memref.load", "memref.store"} and len(left) <= 3, reducer.text


def test_a_wrong_answer_on_vector_is_cut_to_a_write():
    reducer = Reducer(on_rung("matmul_65x128x33", "vector"), make_check("judge:run -p bad-vector"))
    left = names(reducer.run())
    assert left.count("vector.transfer_write") == 1 and len(left) <= 4, reducer.text


def test_a_wrong_answer_on_gpu_is_cut_to_one_launch():
    reducer = Reducer(on_rung("binary_f32", "gpu", "nvidia"), make_check("judge:run -p bad-gpu"))
    left = names(reducer.run())
    assert left.count("gpu.launch_func") == 1 and len(left) <= 5, reducer.text


def test_upstream_is_asked_what_a_pass_made(mlir_opt):
    """A module that xDSL takes and upstream does not: the branches of scf.if give one value, its result is another type's."""
    text = """
"builtin.module"() ({
  "func.func"() <{function_type = (i1, f32, f32) -> f32, sym_name = "main"}> ({
  ^bb0(%c: i1, %x: f32, %y: f32):
    %s = "arith.addf"(%x, %y) : (f32, f32) -> f32
    %r = "scf.if"(%c) ({
      "scf.yield"(%s) : (f32) -> ()
    }, {
    }) : (i1) -> f32
    %t = "arith.mulf"(%r, %s) : (f32, f32) -> f32
    "func.return"(%t) : (f32) -> ()
  }) : () -> ()
}) : () -> ()"""
    check = make_check("judge:upstream")
    reducer = Reducer(parse(text), check)
    assert reducer.complaint.startswith("upstream refuses: ")
    reducer.run()
    assert names(reducer.best) in (["scf.if"], ["scf.if", "scf.yield"])
    assert make_check("judge:upstream")(on_rung("softmax_rows", "nd"), "") is None


def test_the_contract_of_a_rung_is_a_judge():
    mixed = on_rung("softmax_rows", "linalg")
    check = make_check("judge:rung vector")
    assert check(mixed.clone(), "").startswith("rung vector: ")
    assert make_check("judge:rung")(mixed, "") is None


def test_an_access_out_of_bounds_is_cut_to_it():
    module = parse("""
func.func @main(%x: memref<8xf32>, %o: memref<8xf32>) attributes {outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.forall (%i) in (8) {
    %j = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)
    %v = memref.load %x[%j] : memref<8xf32>
    %w = math.exp2 %v : f32
    memref.store %w, %o[%i] : memref<8xf32>
  }
  return
}""")
    reducer = Reducer(module, make_check("total"))
    assert reducer.complaint.startswith("is not total (bounds): memref.load %v in @main")
    assert names(reducer.run()) == ["memref.load"], reducer.text
    assert make_check("judge:total")(on_rung("softmax_rows", "gpu"), "") is None


def test_a_target_that_agrees_is_no_failure(pocl):
    assert make_check("judge:target opencl")(on_rung("dot_product", "nd"), "") is None


def test_the_whole_ladder_runs_where_no_pass_is_named():
    assert make_check("judge:run --machine nvidia")(on_rung("dot_product", "nd"), "") is None
    assert make_check("judge:passes")(on_rung("dot_product", "nd"), "") is None


def test_a_program_that_cannot_be_run_is_no_wrong_answer():
    module = parse("""
func.func @main(%o: memref<8xf32>) attributes {outs = 1 : i64} {
  %c8 = arith.constant 8 : index
  %v = arith.constant 1.0 : f32
  memref.store %v, %o[%c8] : memref<8xf32>
  return
}""")
    assert make_check("judge:run -p bad-loops")(module, "") is None


# Refusals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "--check is empty, expected a command"),
        ("no-such-program-here {}", "there is no program 'no-such-program-here'"),
        ("judge:guess", "no judge 'guess', expected one of judge:"),
        ("-p nd-simplfy", "did you mean nd-simplify"),
        ("-p", "expected one argument"),
        ("judge:run -p", "expected one argument"),
        ("judge:run extra words", "is given 2 words (extra words), expected 0"),
        ("judge:run --machine toaster", "invalid choice: 'toaster'"),
        ("judge:target", "is given 0 words (), expected 1"),
        ("judge:target metal", "no target 'metal', expected one of opencl"),
        ("judge:rung cellar", "is given cellar, expected one of nd"),
        ("true 'unfinished", "no closing quotation"),
    ],
)
def test_a_check_that_means_nothing_is_refused(text, said):
    with pytest.raises(UsageError) as refused:
        make_check(text)
    assert said in str(refused.value)


# Commands


@pytest.mark.parametrize(
    "command", ["a | b", "a && b", "a > f", "! a", "X=1 a", "a $HOME", "a *.mlir", "a; b", "cd x", 'a "$X"', "a `b`"]
)
def test_what_only_a_shell_understands_gets_one(command):
    assert needs_shell(command)
    assert command_line(command, "/a b")[1] == "-c" and command_line(command, "/a b")[2].endswith(" '/a b'")


@pytest.mark.parametrize("command", ["cat {}", "cat -n", "cat 'a|b' {}", 'cat "a;b" {}', "cat --x={} y"])
def test_a_plain_command_gets_none(command):
    assert not needs_shell(command)
    line = command_line(command, "/a b")
    assert line[0] == "cat" and any("/a b" in word for word in line)


def test_a_file_name_that_a_shell_would_take_apart_is_one_word():
    check = CommandCheck("! grep -q x {}", "a $(touch pwned); b.mlir")
    assert check.of_text("y", 10) is None
    assert not os.path.exists("pwned")


def test_exit_status_and_the_telling_line_are_the_complaint():
    check = CommandCheck("echo first; echo 'x.mlir:3:4: error: bad thing' >&2; exit 3 #")
    assert check.of_text("", 10) == "exit status 3: x.mlir:3:4: error: bad thing"
    assert CommandCheck("true").of_text("", 10) is None
    assert CommandCheck("kill -SEGV $$ #").of_text("", 10).startswith("killed by SIGSEGV: ")


def test_a_program_missing_behind_a_shell_is_refused():
    with pytest.raises(UsageError, match="no-such-program-here"):
        CommandCheck("no-such-program-here {} | cat; exit 127 #").of_text("", 10)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("a\nb\n", "a"),
        ("note: x\nf:1:2: error: y\nerror: z\n", "f:1:2: error: y"),
        ("Traceback (most recent call last):\n  File 1\n    error = 3\nValueError: no\n", "ValueError: no"),
        ("", ""),
    ],
)
def test_the_line_that_says_most(output, line):
    assert telling_line(output) == line


def test_a_command_that_takes_too_long_is_ended_with_what_it_started(tmp_path):
    left = tmp_path / "left"
    check = CommandCheck(f"(sleep 2; touch {left}) & sleep 60 #")
    started = time.monotonic()
    assert check.of_text("", 0.5) == "no answer in 0 s"
    assert time.monotonic() - started < 2
    time.sleep(2)
    assert not left.exists()


def test_a_background_process_that_holds_the_output_does_not_hold_us():
    started = time.monotonic()
    assert CommandCheck("sleep 30 & exit 1 #").of_text("", 20) == "exit status 1: "
    assert time.monotonic() - started < 10


def test_a_pass_that_hangs_is_no_answer():
    class Hangs(ModulePass):
        name = "hangs"

        def apply(self, ctx: Context, op: ModuleOp) -> None:
            while True:
                try:
                    sum(range(1000))
                except Exception:  # a pass may catch all it likes
                    continue

    universe = checks.everything()
    universe.all_passes["hangs"] = lambda: Hangs
    original, checks.everything = checks.everything, lambda: universe
    try:
        check = make_check("-p hangs", timeout=0.2)
    finally:
        checks.everything = original
    assert check(on_rung("dot_product", "nd"), "") == "no answer in 0 s"


def test_a_command_check_reduces_with_the_same_exit_status_and_words(tmp_path):
    script = tmp_path / "check.sh"
    script.write_text(
        "reduces=$(grep -c nd.reduce $1)\n"
        "if grep -q exp2 $1; then\n"
        "  echo error: both $reduces; test $reduces -gt 0 && exit 3; exit 4\n"
        "fi\n"
        "test $reduces -gt 0 && { echo error: one $reduces; exit 3; }; exit 0\n"
    )
    reducer = Reducer(on_rung("attention_causal", "nd"), make_check(f"bash {script}"))
    assert reducer.complaint.startswith("exit status 3: error: both ")
    assert sorted(names(reducer.run())) == ["nd.reduce", "nd.unary"]
