"""The runner of passes: order, checks, timings, dumps, and the file that a failing pass leaves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects import arith, func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i32, i64
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import PassFailedException, VerifyException

from rung.dialects.upstream import make_context, parse
from rung.parsing import parse_bytes
from rung.passes.nd_simplify import NdSimplifyPass
from rung.passes.runner import PassFailure, PassRunner, describe

TEXT = "func.func @f(%a: i32) -> i32 {\n  %b = arith.addi %a, %a : i32\n  return %b : i32\n}"


def body(module: ModuleOp):
    return next(op for op in module.walk() if isinstance(op, func.FuncOp)).body.block


@dataclass(frozen=True)
class AddConstantPass(ModulePass):
    name = "add-constant"
    value: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        block = body(op)
        block.insert_op_before(arith.ConstantOp(IntegerAttr(self.value, i32)), block.first_op)


@dataclass(frozen=True)
class RaisePass(ModulePass):
    name = "raise"
    what: str = "no such luck"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        block = body(op)
        block.insert_op_before(arith.ConstantOp(IntegerAttr(99, i32)), block.first_op)  # half done when it fails
        raise {"value": ValueError, "recursion": RecursionError, "verify": VerifyException}.get(self.what, KeyError)(self.what)


@dataclass(frozen=True)
class BreakDominancePass(ModulePass):
    name = "break-dominance"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        block = body(op)
        add = next(op for op in block.ops if isinstance(op, arith.AddiOp))
        late = arith.ConstantOp(IntegerAttr(7, i32))
        late.result.name_hint = "late"
        block.insert_op_after(late, add)
        add.operands[1] = late.result


@dataclass(frozen=True)
class BreakTypesPass(ModulePass):
    name = "break-types"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        constant = arith.ConstantOp(IntegerAttr(7, i32), arith.IntegerType(64))
        body(op).insert_op_before(constant, body(op).first_op)


def failure(runner, *passes, rungs=None) -> PassFailure:
    with pytest.raises(PassFailure) as failed:
        runner.run(make_context(), parse(TEXT), passes, rungs)
    return failed.value


def test_passes_run_in_order_are_timed_and_dumped(tmp_path):
    seen = []
    module = parse(TEXT)
    runner = PassRunner(dump=lambda name, m: seen.append((name, len(body(m).ops))), crash_dir=tmp_path)
    runner.run(make_context(), module, [AddConstantPass(3), AddConstantPass(4)])
    assert [name for name, _ in runner.timings] == ["add-constant", "add-constant"]
    assert all(seconds > 0 for _, seconds in runner.timings)
    assert seen == [("add-constant", 3), ("add-constant", 4)]
    assert [op.value.value.data for op in body(module).ops if isinstance(op, arith.ConstantOp)] == [4, 3]
    assert runner.checking_seconds > 0
    assert list(tmp_path.iterdir()) == []


def test_pass_that_raises_is_named_and_leaves_its_input(tmp_path):
    failed = failure(PassRunner(crash_dir=tmp_path), AddConstantPass(5), RaisePass("value"))
    assert failed.pass_name == "raise"
    assert failed.reason == "ValueError: value"
    assert failed.reproducer_path == tmp_path / "rung-failed-raise.mlir"
    assert "pass raise: ValueError: value" in str(failed)
    assert str(failed.reproducer_path) in str(failed)
    lines = failed.reproducer_path.read_text().splitlines()
    assert lines[0] == "// RUN: rung-opt %s -p 'raise{what=\"value\"}'"
    assert lines[1] == "// ValueError: value"
    left = parse("\n".join(lines))
    # the input of the failing pass: what the pass before it did, nothing of its own half-done work
    assert [op.value.value.data for op in body(left).ops if isinstance(op, arith.ConstantOp)] == [5]


def test_input_of_a_pass_that_fails_in_a_later_call_is_remade(tmp_path):
    runner, module = PassRunner(crash_dir=tmp_path), parse(TEXT)
    runner.run(make_context(), module, [AddConstantPass(1)])
    runner.run(make_context(), module, [AddConstantPass(2)])
    with pytest.raises(PassFailure) as failed:
        runner.run(make_context(), module, [RaisePass()])
    left = parse(failed.value.reproducer_path.read_text())
    assert [op.value.value.data for op in body(left).ops if isinstance(op, arith.ConstantOp)] == [2, 1]


def test_pass_that_does_otherwise_when_run_again_leaves_the_whole_road(tmp_path):
    runs = []

    @dataclass(frozen=True)
    class OncePass(ModulePass):
        name = "once"

        def apply(self, ctx: Context, op: ModuleOp) -> None:
            runs.append(1)
            if len(runs) > 1:
                raise RuntimeError("only once")

    failed = failure(PassRunner(crash_dir=tmp_path), OncePass(), RaisePass("value"))
    assert failed.reproducer_path.read_text().startswith("// RUN: rung-opt %s -p 'once,raise{what=\"value\"}'\n")


def test_module_that_a_check_refuses_is_a_failure_of_the_pass_that_left_it(tmp_path):
    failed = failure(PassRunner(crash_dir=tmp_path), AddConstantPass(), BreakDominancePass())
    assert failed.pass_name == "break-dominance"
    assert failed.reason.startswith("arith.addi %b in @f: operand 1 %late is the result of arith.constant %late in @f")
    assert failure(PassRunner(crash_dir=tmp_path), BreakTypesPass()).reason.startswith("arith.constant in @f: ")


def test_broken_contract_is_reproduced_with_its_rung(tmp_path):
    failed = failure(PassRunner(crash_dir=tmp_path), AddConstantPass(), rungs={"add-constant": "nd"})
    assert failed.reason.startswith("rung nd: arith.constant in @f: it has no place on this rung")
    assert failed.reproducer_path.read_text().startswith("// RUN: rung-opt %s -p 'add-constant' --verify-rung nd\n")


def test_contract_is_asked_after_the_pass_that_claims_it_only(tmp_path):
    PassRunner(crash_dir=tmp_path).run(make_context(), parse(TEXT), [AddConstantPass()], {"another": "nd"})


def test_checks_can_be_switched_off():
    PassRunner(check=False).run(make_context(), parse(TEXT), [BreakDominancePass()], {"break-dominance": "nd"})


def test_further_judge_is_asked_after_each_pass(tmp_path):
    asked = []

    def judge(module: ModuleOp) -> None:
        asked.append(len(body(module).ops))
        if len(asked) == 2:
            raise VerifyException("upstream refuses: something")

    failed = failure(PassRunner(upstream=judge, crash_dir=tmp_path), AddConstantPass(), AddConstantPass(), AddConstantPass())
    assert asked == [3, 4]
    assert failed.reason == "upstream refuses: something"


def test_recursion_too_deep_is_told_in_words(tmp_path):
    assert (
        failure(PassRunner(crash_dir=tmp_path), RaisePass("recursion")).reason
        == "the module is nested too deeply for Python's stack"
    )


def test_no_reproducer_is_written_where_none_is_wanted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert failure(PassRunner(crash_dir=None), RaisePass()).reproducer_path is None
    assert list(tmp_path.iterdir()) == []


def test_reproducer_goes_to_the_temporary_folder_where_the_asked_one_cannot_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    other = tmp_path / "tmp"
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(other))
    assert failure(PassRunner(crash_dir=blocked), RaisePass()).reproducer_path == other / "rung-failed-raise.mlir"
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(blocked))
    assert failure(PassRunner(crash_dir=blocked), RaisePass()).reproducer_path is None


def test_default_crash_dir_is_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failure(PassRunner(), RaisePass())
    assert Path("rung-failed-raise.mlir").exists()


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (VerifyException("found 1, expected 2"), "found 1, expected 2"),
        (KeyError("x"), "KeyError: 'x'"),
        (AssertionError(), "AssertionError"),
        (VerifyException(""), "VerifyException"),
        (
            PassFailedException('loc("f.mlir":2:3): cf.br in @f: no'),
            "f.mlir:2:3: cf.br in @f: no",
        ),
    ],
)
def test_exceptions_are_told_with_their_kind_unless_they_are_verdicts(problem, told):
    assert describe(problem) == told


def test_refused_op_that_the_user_wrote_is_told_with_its_place(tmp_path):
    text = b"func.func @f(%x: tensor<4xf32>) {\n  %y = arith.negf %x : tensor<4xf32>\n  return\n}"
    module = parse_bytes(text, "f.mlir", make_context())
    with pytest.raises(PassFailure) as failed:
        PassRunner(crash_dir=None).run(make_context(), module, [NdSimplifyPass()], {"nd-simplify": "nd"})
    assert failed.value.reason.startswith("f.mlir:2:3: rung nd: arith.negf %y in @f: ")


# What is checked again


def checks_of(monkeypatch: pytest.MonkeyPatch, module: ModuleOp, passes: list[ModulePass], rungs: dict[str, str]) -> int:
    """How often the module was checked while these passes ran."""
    asked: list[ModuleOp] = []
    monkeypatch.setattr("rung.passes.runner.check_module", lambda module, rung, workgroup_bytes=None: asked.append(module))
    PassRunner(crash_dir=None).run(make_context(), module, passes, rungs)
    return len(asked)


@dataclass(frozen=True)
class NothingPass(ModulePass):
    name = "nothing"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pass


@dataclass(frozen=True)
class ChangePass(ModulePass):
    """One change of the smallest kind that the check must not miss."""

    name = "change"
    what: str

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        first, last = list(body(op).ops)
        match self.what:
            case "operand":
                first.operands[0] = first.results[0]
            case "attribute":
                op.attributes["new"] = IntegerAttr(1, i32)
            case "name of an attribute":
                first.attributes["other"] = first.attributes.pop("mine")
            case "order":
                first.detach()
                body(op).insert_op_after(first, last)
            case "type":
                Rewriter.replace_value_with_new_type(first.results[0], i64)
            case "argument":
                Rewriter.replace_value_with_new_type(body(op).args[0], i64)
            case _:
                last.detach()


def test_a_module_that_a_pass_left_alone_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks_of(monkeypatch, parse(TEXT), [AddConstantPass(), NothingPass(), NothingPass(), AddConstantPass()], {}) == 2


def test_it_is_where_another_rung_is_claimed_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks_of(monkeypatch, parse(TEXT), [AddConstantPass(), NothingPass()], {"nothing": "loops"}) == 2


@pytest.mark.parametrize("what", ["operand", "attribute", "name of an attribute", "order", "type", "argument", "an op less"])
def test_any_change_is_checked(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = parse(TEXT.replace(" : i32\n  return", " {mine = 1 : i8} : i32\n  return"))
    assert checks_of(monkeypatch, module, [NothingPass(), ChangePass(what)], {}) == 2
