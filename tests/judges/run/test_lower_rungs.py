"""Faults on the rungs below linalg: a bound, a guard, an index, a flag. The judge names the pass that brought each in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import pytest
from corpus import program
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from rung.backends.machine import MACHINES
from rung.dialects.upstream import make_context, parse
from rung.judges.run import judge_passes
from rung.passes.runner import PassFailure
from rung.pipeline import lower


@dataclass(frozen=True)
class Substitutes(ModulePass):
    """Prints the module, replaces one text by another in one place, and reads it again."""

    name = "substitutes"
    old: str = ""
    new: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        text = str(op)
        assert re.search(self.old, text), f"{self.old} is not in\n{text}"
        other = parse(re.sub(self.old, self.new, text, count=1))
        for old in list(op.body.block.ops):
            old.detach()
            old.erase()
        for new in list(other.body.block.ops):
            new.detach()
            op.body.block.add_op(new)


@cache
def lowered(name: str, machine: str, rung: str) -> ModuleOp:
    return lower(make_context(), program(name).module(), MACHINES[machine], stop_at=rung)


MATMUL, PADS, SOFTMAX = ("matmul_bias_relu", "cpu", "loops"), ("pads_nested", "cpu", "loops"), ("softmax_rows", "cpu", "vector")
GRID = ("matmul_bias_relu", "nvidia", "gpu")

FAULTS = {
    "last term of a sum lost": (MATMUL, "constant 8 : index", "constant 7 : index"),
    "last row never written": (MATMUL, "constant 19 : index", "constant 18 : index"),
    "accumulator starts at one": (MATMUL, r"iter_args\(%acc = %zero\)", "iter_args(%acc = %one)"),
    "bias read by the wrong index": (MATMUL, r"%bias\[%i1\]", "%bias[%i0]"),
    "maximum made maxnum, which drops a NaN": (MATMUL, "arith.maximumf", "arith.maxnumf"),
    "addition fused with multiplication": (
        MATMUL,
        r"%products = arith.mulf %a_1, %b_1 : f32\n\s*(%\d+) = arith.addf %acc, %products fastmath<reassoc> : f32",
        r"%products = arith.mulf %b_1, %b_1 : f32\n\1 = math.fma %a_1, %b_1, %acc : f32",
    ),
    "guard of the inner pad too wide": (PADS, r"slt, %at_i1, %c4", "sle, %at_i1, %c4"),
    "guard of the outer pad dropped": (PADS, r"scf.if %inside ->", "scf.if %2 ->"),
    "shifted by one too few": (PADS, r"d0 \+ -3", "d0 + -2"),
    "rest of a row lost from its sum": (SOFTMAX, r"%sum = scf.for %i1_1 = %c8", "%sum = scf.for %i1_1 = %c10"),
    "sum of lanes made a maximum": (SOFTMAX, r"vector.reduction <add>", "vector.reduction <maximumf>"),
    "rest begins one too late": (SOFTMAX, r"scf.for %i1_2 = %c8 to", "scf.for %i1_2 = %c10 to"),
    "read of lanes shifted": (SOFTMAX, r"(%x_5 = .*)%c0\]", r"\1%c1]"),
    "block of threads not whole": (GRID, r"threads in \(%c16,", "threads in (%c2,"),
    "guard of the last block dropped": (GRID, "scf.if %inside_2", "scf.if %inside"),
    "thread ids exchanged": (GRID, r"(?s)gpu.thread_id x(.*)gpu.thread_id y", r"gpu.thread_id y\1gpu.thread_id x"),
}  # fmt: skip


@pytest.mark.parametrize(
    "fault", [name for name in FAULTS if name not in ("thread ids exchanged", "addition fused with multiplication")]
)
def test_fault_on_a_lower_rung_is_named(fault):
    where, old, new = FAULTS[fault]
    module = lowered(*where)
    if "%one" in new:
        module = parse(str(module).replace("    %c0 =", "    %one = arith.constant 1.0 : f32\n    %c0 =", 1))
    with pytest.raises(PassFailure, match=r"run: @main (result 0 at|no longer runs: )") as failed:
        judge_passes(module, [Substitutes(old, new)])
    assert failed.value.pass_name == "substitutes"


def test_exchange_of_thread_ids_that_changes_nothing_raises_no_alarm():
    where, old, new = FAULTS["thread ids exchanged"]
    assert judge_passes(lowered(*where), [Substitutes(old, new)]).judged == 5


def test_fused_multiplication_needs_to_be_declared():
    where, old, new = FAULTS["addition fused with multiplication"]
    strict = parse(str(lowered(*where)).replace(" fastmath<reassoc>", ""))
    old = old.replace(" fastmath<reassoc>", "")
    with pytest.raises(PassFailure, match=r'numerics = \("contracts",\)'):
        judge_passes(strict, [Substitutes(old, new)])

    class Contracts(Substitutes):
        numerics = ("contracts",)

    judge_passes(strict, [Contracts(old, new)])
