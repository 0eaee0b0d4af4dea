"""One pass before the judges, as a plain assertion for property tests."""

from __future__ import annotations

from xdsl.passes import ModulePass

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context
from rung.judges.structure import check_module

from .case import wrong
from .program import Program
from .shadow import shadow


def check_pass(program: Program, *passes: ModulePass, rung: str | None = "nd") -> None:
    """Run passes over a program and see that it still verifies, keeps the contract of `rung`, and computes the same.

    rung   where the passes leave the program: `nd`, `linalg`, ..; None checks no contract
    Raises AssertionError naming what is wrong; what a pass raises goes through.
    """
    module, ctx = program.module(), make_context()
    for each in passes:
        each.apply(ctx, module)
        check_module(module, rung if each is passes[-1] else None)
    problem = wrong(program, shadow(program), evaluate(module, "main", program.inputs))
    assert problem is None, f"after {', '.join(each.name for each in passes)}: {problem}\n{module}"
