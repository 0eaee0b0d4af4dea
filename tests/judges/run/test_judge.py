"""`--judge run`: passes that are wrong in one small way, each named among passes that are right, with element, input and reproducer."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.universe import Universe

import rung.opt
from rung.backends.machine import CPU
from rung.dialects.nd import BinaryOp
from rung.dialects.upstream import parse
from rung.judges.run import judge_passes
from rung.passes.nd_mark_kernels import NdMarkKernelsPass
from rung.passes.nd_simplify import NdSimplifyPass
from rung.passes.runner import PassFailure
from rung.pipeline import PIPELINE


@dataclass(frozen=True)
class Becomes(ModulePass):
    """Puts another program in the place of the one it is given."""

    text: str = ""
    name = "becomes-another"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        other = parse(self.text)
        for old in list(op.body.block.ops):
            old.detach()
            old.erase()
        for new in list(other.body.block.ops):
            new.detach()
            op.body.block.add_op(new)


@dataclass(frozen=True)
class SwapSubPass(ModulePass):
    """x - y -> y - x"""

    name = "my-swap-sub"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in op.walk():
            if isinstance(each, BinaryOp) and each.kind.data == "sub":
                each.operands = [each.rhs, each.lhs]


def program(element: str, *lines: str, result: str = "", shape: str = "40") -> str:
    """`@main` of %x, %y and %c (bools), all of one shape, returning %r."""
    t = f"tensor<{shape}x{element}>"
    body = "\n".join(f"  {line.replace('T', t).replace('B', f'tensor<{shape}xi1>')}" for line in lines)
    r = result or t
    return f"func.func @main(%x: {t}, %y: {t}, %c: tensor<{shape}xi1>) -> {r} {{\n{body}\n  return %r : {r}\n}}\n"


def binary(kind: str, a: str, b: str, out: str = "r") -> str:
    return f'%{out} = nd.binary "{kind}" %{a}, %{b} : T -> T'


def const(value: str, name: str = "k") -> str:
    return f"%{name} = nd.const {value} -> T"


FAULTS = {
    "operands of sub swapped": ("f32", [binary("sub", "x", "y")], [binary("sub", "y", "x")], "plain"),
    "guard dropped": ("f32", ["%r = nd.select %c, %x, %y : B, T"], [const("0.0 : f32"), binary("add", "x", "k")], "plain"),
    "x * 0 is 0, but of a NaN or infinity": ("f32", [const("0.0 : f32", "z"), '%a = nd.unary "abs" %x : T', binary("mul", "a", "z")], [const("0.0 : f32", "r")], "sprinkled"),
    "0 - x is -x, but of 0": ("f32", [const("0.0 : f32", "z"), binary("sub", "z", "x")], ['%r = nd.unary "neg" %x : T'], "sprinkled"),
    "x + 0 is x, but of -0": ("f64", [const("0.0 : f64", "z"), binary("add", "x", "z")], [const("-0.0 : f64", "z"), binary("add", "x", "z")], "sprinkled"),
    "max as a comparison loses a NaN": ("f32", [binary("max", "x", "y")], ['%l = nd.binary "cmplt" %x, %y : T -> B', "%r = nd.select %l, %y, %x : B, T"], "sprinkled"),
    "comparison by subtraction overflows": ("i32", [binary("max", "x", "y")], [binary("sub", "x", "y", "d"), const("0 : i32"), '%l = nd.binary "cmplt" %d, %k : T -> B', "%r = nd.select %l, %y, %x : B, T"], "sprinkled"),
    "sign by negation, wrong for the smallest": ("i8", [const("-1 : i8"), binary("max", "x", "k")], [const("1 : i8"), '%n = nd.unary "neg" %x : T', binary("min", "n", "k", "m"), '%r = nd.unary "neg" %m : T'], "dense"),
    "half of an integer by a shift, wrong below 0": ("i32", [const("2 : i32"), binary("idiv", "x", "k")], [const("1 : i32"), binary("shr", "x", "k")], "plain"),
    "division without its rule for 0": ("i32", [binary("idiv", "x", "y")], [const("1 : i32"), binary("max", "y", "k", "m"), const("-1 : i32", "j"), binary("min", "y", "j", "n"), const("0 : i32", "z"), '%l = nd.binary "cmplt" %y, %z : T -> B', "%d = nd.select %l, %n, %m : B, T", binary("idiv", "x", "d")], "plain"),
    "shift taken modulo the width": ("i32", [binary("shl", "x", "y")], [const("31 : i32"), binary("and", "y", "k", "a"), binary("shl", "x", "a")], "plain"),
    "unsigned shift made signed": ("i16", [const("1 : i16"), binary("shr", "x", "k")], [const("1 : i16"), "%u = nd.bitcast %x : T -> tensor<40xui16>", "%l = nd.bitcast %k : T -> tensor<40xui16>", '%s = nd.binary "shr" %u, %l : tensor<40xui16> -> tensor<40xui16>', "%r = nd.bitcast %s : tensor<40xui16> -> T"], "plain"),
    "last element lost": ("f32", [binary("mul", "x", "y")], [binary("mul", "x", "y", "m"), "%s = nd.shrink %m start [0] stop [39] step [1] : T -> tensor<39xf32>", "%r = nd.pad %s low [0] high [1] value 0.0 : f32 : tensor<39xf32> -> T"], "plain"),
    "sum reassociated unasked": ("f32", [binary("add", "x", "y", "a"), const("0.1 : f32"), binary("add", "a", "k")], [const("0.1 : f32"), binary("add", "y", "k", "a"), binary("add", "x", "a")], "plain"),
    "multiplied by the reciprocal": ("f32", [binary("div", "x", "y")], ['%i = nd.unary "recip" %y : T', binary("mul", "x", "i")], "plain"),
    "subnormals flushed": ("f32", [const("1.0 : f32"), binary("mul", "x", "k")], ['%a = nd.unary "abs" %x : T', const("0x00800000 : f32", "t"), const("0.0 : f32", "z"), '%s = nd.binary "cmplt" %a, %t : T -> B', binary("mul", "x", "z", "m"), "%r = nd.select %s, %m, %x : B, T"], "sprinkled"),
    "computed in a wider type": ("f16", [binary("add", "x", "y", "a"), binary("mul", "a", "y")], ["%p = nd.cast %x : T -> tensor<40xf32>", "%q = nd.cast %y : T -> tensor<40xf32>", '%a = nd.binary "add" %p, %q : tensor<40xf32> -> tensor<40xf32>', '%b = nd.binary "mul" %a, %q : tensor<40xf32> -> tensor<40xf32>', "%r = nd.cast %b : tensor<40xf32> -> T"], "plain"),
    "integers through a float": ("i64", [binary("add", "x", "y")], ["%p = nd.cast %x : T -> tensor<40xf64>", "%q = nd.cast %y : T -> tensor<40xf64>", '%a = nd.binary "add" %p, %q : tensor<40xf64> -> tensor<40xf64>', "%r = nd.cast %a : tensor<40xf64> -> T"], "sprinkled"),
    "and for or, of bools": ("i1", [binary("or", "x", "y")], [binary("and", "x", "y")], "plain"),
    "overflow to infinity too early": ("f32", [const("0.5 : f32"), binary("mul", "x", "k", "m"), const("2.0 : f32", "l"), binary("mul", "m", "l")], [const("2.0 : f32", "l"), binary("mul", "x", "l", "m"), const("0.5 : f32"), binary("mul", "m", "k")], "sprinkled"),
}  # fmt: skip
"""What a pass made of a program, and on which kind of input that first shows."""


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_named_among_right_passes(fault):
    element, right, wrong, kind = FAULTS[fault]
    passes = [NdMarkKernelsPass(), Becomes(program(element, *wrong)), NdMarkKernelsPass()]
    with pytest.raises(PassFailure) as failed:
        judge_passes(parse(program(element, *right)), passes)
    assert failed.value.pass_name == "becomes-another"
    assert failed.value.reason.startswith("run: @main result 0 at [")
    assert f"input {kind}, seed 0" in failed.value.reason


RIGHT = {
    "x - 0 is x": ("f32", [const("0.0 : f32", "z"), binary("sub", "x", "z")], ["%r = nd.reshape %x : T -> T"]),
    "operands of max swapped, which has no sign of zero": ("f32", [binary("max", "x", "y")], [binary("max", "y", "x")]),
    "product swapped": ("bf16", [binary("mul", "x", "y")], [binary("mul", "y", "x")]),
    "a cast that does not fit may give anything": ("f32", ["%i = nd.cast %x : T -> tensor<40xi8>", "%r = nd.cast %i : tensor<40xi8> -> T"], ["%w = nd.cast %x : T -> tensor<40xi64>", "%i = nd.cast %w : tensor<40xi64> -> tensor<40xi8>", "%r = nd.cast %i : tensor<40xi8> -> T"]),
    "x + x is 2 x": ("f16", [binary("add", "x", "x")], [const("2.0 : f16"), binary("mul", "x", "k")]),
}  # fmt: skip


@pytest.mark.parametrize("change", RIGHT)
def test_right_change_raises_no_alarm(change):
    element, before, after = RIGHT[change]
    verdict = judge_passes(parse(program(element, *before)), [Becomes(program(element, *after))])
    assert verdict.judged == 5 and verdict.notes == ()


def test_message_says_element_values_arguments_and_input():
    with pytest.raises(PassFailure) as failed:
        judge_passes(parse(program("i32", binary("sub", "x", "y"))), [SwapSubPass()], seed=3)
    assert failed.value.pass_name == "my-swap-sub"
    parts = failed.value.reason.partition(" of 40 elements differ), where argument 0 is ")
    assert parts[0].startswith("run: @main result 0 at [0]: found ")
    assert parts[2].endswith("; input plain, seed 3")


# declarations


@dataclass(frozen=True)
class Reassociates(Becomes):
    name = "reassociates"
    numerics: ClassVar[tuple[str, ...]] = ("reassociates",)


@dataclass(frozen=True)
class Misspelt(Becomes):
    name = "misspelt"
    numerics: ClassVar[tuple[str, ...]] = ("reorders",)


SUM = program("f32", binary("add", "x", "y", "a"), const("0.1 : f32"), binary("add", "a", "k"))
SUM_OTHERWISE = program("f32", const("0.1 : f32"), binary("add", "y", "k", "a"), binary("add", "x", "a"))


def test_pass_that_says_it_reassociates_may():
    judge_passes(parse(SUM), [Reassociates(SUM_OTHERWISE)])


def test_what_one_pass_declares_the_next_does_not_get():
    with pytest.raises(PassFailure) as failed:
        judge_passes(parse(SUM), [Reassociates(SUM_OTHERWISE), Becomes(SUM)])
    assert failed.value.pass_name == "becomes-another"


def test_pass_that_declares_one_freedom_does_not_get_another():
    wrong = program("f32", binary("sub", "x", "y", "a"), const("0.1 : f32"), binary("add", "a", "k"))
    with pytest.raises(PassFailure, match="found"):
        judge_passes(parse(SUM), [Reassociates(wrong)])


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("sum reassociated unasked", "reassociates"),
        ("multiplied by the reciprocal", "reciprocals"),
        ("subnormals flushed", "flushes"),
    ],
)
def test_undeclared_freedom_is_answered_with_how_to_declare_it(fault, word):
    element, right, wrong, _ = FAULTS[fault]
    with pytest.raises(PassFailure, match=rf'say so in its class, numerics = \("{word}",\)'):
        judge_passes(parse(program(element, *right)), [Becomes(program(element, *wrong))])


def test_plain_fault_gets_no_such_advice():
    with pytest.raises(PassFailure) as failed:
        judge_passes(parse(program("f32", binary("sub", "x", "y"))), [SwapSubPass()])
    assert "numerics" not in str(failed.value)


def test_unknown_declaration_is_refused_with_the_words_there_are():
    with pytest.raises(
        PassFailure, match="numerics is reorders, expected words of contracts, reassociates, reciprocals, approximates, flushes"
    ):
        judge_passes(parse(SUM), [Misspelt(SUM_OTHERWISE)])


# what is judged, and what is said not to be


def test_every_public_function_is_judged():
    text = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  return %x : tensor<4xf32>\n}\n"
    other = 'func.func @g(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = nd.unary "KIND" %x : tensor<4xf32>\n  return %y : tensor<4xf32>\n}'
    with pytest.raises(PassFailure, match="run: @g result 0"):
        judge_passes(parse(text + other.replace("KIND", "neg")), [Becomes(text + other.replace("KIND", "abs"))])


def test_private_kernel_alone_is_judged():
    text = 'func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = nd.unary "KIND" %x : tensor<4xf32>\n  return %y : tensor<4xf32>\n}'
    with pytest.raises(PassFailure, match="run: @k result 0"):
        judge_passes(parse(text.replace("KIND", "neg")), [Becomes(text.replace("KIND", "abs"))])


def test_function_that_is_gone_is_told():
    text = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  return %x : tensor<4xf32>\n}\n"
    with pytest.raises(PassFailure, match="run: @f is gone"):
        judge_passes(parse(text), [Becomes(text.replace("@f", "@g"))])


def test_result_of_another_shape_is_told():
    text = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  return %x : tensor<4xf32>\n}\n"
    other = "func.func @f(%x: tensor<4xf32>) -> tensor<2x2xf32> {\n  %y = nd.reshape %x : tensor<4xf32> -> tensor<2x2xf32>\n  return %y : tensor<2x2xf32>\n}"
    with pytest.raises(PassFailure, match=r"result 0 is float32\(2, 2\), expected float32\(4,\)"):
        judge_passes(parse(text), [Becomes(other)])


def test_module_without_functions_is_noted():
    assert judge_passes(parse("func.func private @f(tensor<4xf32>)"), [NdSimplifyPass()]).notes == (
        "judge run: there is no function with a body to run",
    )


SAME = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  return %x : tensor<4xf32>\n}"
TWO_BLOCKS = SAME.replace("  return", "  cf.br ^then\n^then:\n  return")


def test_what_the_evaluator_cannot_run_is_noted_not_blamed():
    (note,) = judge_passes(parse(SAME), [Becomes(TWO_BLOCKS)]).notes
    assert note.startswith("judge run: @f is not judged after becomes-another: reference: func.func in @f has 2 blocks")
    (note,) = judge_passes(parse(TWO_BLOCKS), [Becomes(SAME)]).notes
    assert note.startswith("judge run: @f cannot be run: reference: func.func in @f has 2 blocks")


def test_fault_behind_passes_that_could_not_be_judged_names_those_too():
    wrong = SAME.replace("  return %x", '  %y = nd.unary "neg" %x : tensor<4xf32>\n  return %y')
    with pytest.raises(PassFailure, match="since becomes-another, which nobody could judge"):
        judge_passes(parse(SAME), [Becomes(TWO_BLOCKS), Becomes(wrong)])


LARGE = 'func.func @main(%x: tensor<3000x40000xf32>) -> tensor<3000x40000xf32> {\n  %y = nd.unary "KIND" %x : tensor<3000x40000xf32>\n  return %y : tensor<3000x40000xf32>\n}'


def test_program_too_large_is_refused_before_it_is_run():
    verdict = judge_passes(parse(LARGE.replace("KIND", "neg")), [Becomes(LARGE.replace("KIND", "abs"))], limit=1e6)
    assert verdict.judged == 0
    assert verdict.notes == ("judge run: @main takes about 2.4e+06 steps, the limit is 1.0e+06 (--judge-limit)",)


def test_program_that_is_dear_gets_fewer_kinds_of_input_and_that_is_noted():
    verdict = judge_passes(parse(program("f32", binary("add", "x", "y"))), [NdMarkKernelsPass()], limit=5)
    assert verdict.notes == ("judge run: @main takes about 2.8e+00 steps, so its inputs are plain only (--judge-limit)",)


def test_rungs_too_dear_to_run_are_noted_once():
    text = (Path(__file__).parents[2] / "corpus" / "column_sums.mlir").read_text()
    verdict = judge_passes(parse(text), [step.make(CPU) for step in PIPELINE], limit=300)
    (note,) = (note for note in verdict.notes if "is not judged" in note)
    assert (
        note
        == "judge run: @main is not judged after linalg-to-loops: it takes about 5.3e+02 steps, the limit is 3.0e+02 (--judge-limit)"
    )
    assert verdict.judged > 10


def test_division_by_zero_in_arith_is_the_programs_own_fault():
    text = "func.func @f(%x: memref<6xi32>, %y: memref<6xi32>, %o: memref<6xi32>) attributes {outs = 1 : i64} {\n  %c0 = arith.constant 0 : index\n  %c6 = arith.constant 6 : index\n  %c1 = arith.constant 1 : index\n  scf.for %i = %c0 to %c6 step %c1 {\n    %a = memref.load %x[%i] : memref<6xi32>\n    %b = memref.load %y[%i] : memref<6xi32>\n    %q = arith.divsi %a, %b : i32\n    memref.store %q, %o[%i] : memref<6xi32>\n  }\n  return\n}"
    verdict = judge_passes(parse(text), [Becomes(text.replace("%a, %b : i32", "%a, %b {marked} : i32"))])
    assert verdict.judged >= 1
    assert verdict.notes[0].startswith("judge run: @f has no meaning for the inputs ") and "division by zero" in verdict.notes[0]
    with pytest.raises(PassFailure, match="result 0 at"):
        judge_passes(parse(text), [Becomes(text.replace("%a, %b : i32", "%b, %a : i32"))])


def test_memory_that_is_written_in_place_is_compared():
    text = "func.func @f(%x: memref<6xf32>) {\n  %c0 = arith.constant 0 : index\n  %a = memref.load %x[%c0] : memref<6xf32>\n  %b = arith.negf %a : f32\n  memref.store %b, %x[%c0] : memref<6xf32>\n  return\n}"
    with pytest.raises(PassFailure, match=r"result 0 at \[0\]"):
        judge_passes(parse(text), [Becomes(text.replace("negf %a", "addf %a, %a"))])


def test_new_access_out_of_bounds_is_blamed_on_the_pass():
    text = "func.func @f(%x: memref<6xf32>, %o: memref<1xf32>) attributes {outs = 1 : i64} {\n  %c0 = arith.constant 0 : index\n  %c5 = arith.constant 5 : index\n  %a = memref.load %x[%c5] : memref<6xf32>\n  memref.store %a, %o[%c0] : memref<1xf32>\n  return\n}"
    with pytest.raises(PassFailure, match=r"run: @f no longer runs: .*memref.load.*; input plain, seed 0"):
        judge_passes(parse(text), [Becomes(text.replace("constant 5", "constant 6"))])


# the command


@pytest.fixture
def opt(tmp_path, monkeypatch, capsys):
    """rung-opt in an empty folder, with the pass above as a plug-in."""
    monkeypatch.chdir(tmp_path)
    universe = rung.opt.everything()
    more = Universe(
        all_dialects=universe.all_dialects,
        all_passes={**universe.all_passes, "my-swap-sub": lambda: SwapSubPass},
        all_targets=universe.all_targets,
    )
    monkeypatch.setattr(rung.opt, "everything", lambda: more)

    def run(*args: str) -> tuple[int, str]:
        status = rung.opt.main(list(args))
        return status, capsys.readouterr().err

    return run


def test_reproducer_reruns_just_the_culprit_and_fails_the_same_way(opt):
    Path("in.mlir").write_text(program("f32", binary("sub", "x", "y")))
    status, err = opt(
        "in.mlir", "-p", "nd-simplify,nd-mark-kernels,my-swap-sub,nd-outline-kernels", "--judge", "run", "--judge-seed", "7"
    )
    assert status == 1
    reason = err.splitlines()[0].partition("run: ")[2]
    assert err.startswith("rung-opt: pass my-swap-sub: ") and reason.startswith("@main result 0 at [")
    first = Path("rung-failed-my-swap-sub.mlir").read_text().splitlines()[0]
    assert first == "// RUN: rung-opt %s -p 'my-swap-sub' --judge run --judge-seed 7"
    status, err = opt("rung-failed-my-swap-sub.mlir", "-p", "my-swap-sub", "--judge", "run", "--judge-seed", "7")
    assert (status, err.splitlines()[0].partition("run: ")[2]) == (1, reason)


def test_right_passes_are_reported_in_one_line(opt):
    Path("in.mlir").write_text(program("f32", binary("sub", "x", "y")))
    assert opt("in.mlir", "-p", "nd-mark-kernels,nd-outline-kernels", "--judge", "run", "-o", "out.mlir") == (
        0,
        "rung-opt: judge run: @main compared 10 times, seed 0\n",
    )


def test_same_seed_gives_the_same_words(opt):
    Path("in.mlir").write_text(program("f32", binary("sub", "x", "y")))
    said = [opt("in.mlir", "-p", "my-swap-sub", "--judge", "run", "--judge-seed", seed)[1] for seed in ("1", "1", "2")]
    assert said[0] == said[1] != said[2]
