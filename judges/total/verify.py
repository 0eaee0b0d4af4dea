"""`verify_total`: the whole judge on one module."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from xdsl.dialects.builtin import ModuleOp

from .barriers import check_barriers, check_workgroup
from .bounds import check_bounds
from .divisions import check_divisions
from .initialised import check_own_memory
from .linear import ISL_LOCK, TooManyAlternatives
from .model import Function, Model
from .races import check_races
from .reading import read_module
from .report import Finding, Report
from .written import check_written


def verify_total(module: ModuleOp, *, workgroup_bytes: int | None = None) -> Report:
    """Prove a module on the loops, vector or gpu rung total, or say why not.

    What is proved   no function calls itself and every loop ends; every access is within its memref; every element of an output
                     (`outs`) is written, and once (see `written`); nothing is read before it is written (see `initialised`); no
                     two parallel runs touch one element, one of them writing, without a barrier between (see `races`); every
                     thread of a block comes to the same barriers; workgroup memory takes at most `workgroup_bytes`; no index is
                     divided by 0
    Unknown numbers  what is read from memory may be anything that its type holds: an index from it needs a guard that keeps it
                     in bounds, and is then counted as `data_dependent`
    Findings         each with a run of the program for which it fails; `replay` shows them to the evaluator. After the first ten
                     of a function the others are left out
    """
    start = time.perf_counter()
    model = read_module(module)
    report = Report()
    report.findings += _recursion(model)
    recursive = bool(report.findings)
    with ISL_LOCK:
        for function in model.functions.values():
            report.functions += 1
            report.findings += _take(_of_function(model, function, report, workgroup_bytes, recursive), function)
    report.seconds = time.perf_counter() - start
    return report


MAX_FINDINGS = 10
"""Of one function: one mistake in a map makes many."""


def _take(findings: Iterator[Finding], function: Function) -> list[Finding]:
    found: list[Finding] = []
    try:
        for finding in findings:
            found.append(finding)
            if len(found) >= MAX_FINDINGS:
                break
    except TooManyAlternatives:
        found.append(Finding("not followed", function.name, function.op, "has a condition with too many alternatives"))
    except Exception as problem:
        if not type(problem).__module__.startswith("islpy"):  # not imported here: most proofs do without
            raise
        found.append(Finding("not followed", function.name, function.op, f"is too hard to prove: {problem}"))
    return found


def _of_function(
    model: Model, function: Function, report: Report, workgroup_bytes: int | None, recursive: bool
) -> Iterator[Finding]:
    for problem in function.problems:
        yield Finding("not followed", function.name, problem.op, f"is not proved: {problem.reason}")
    checks: list[Callable[[], Iterable[Finding]]] = [
        lambda: _launches(model, function),
        lambda: check_bounds(function, report),
        lambda: check_divisions(function),
        lambda: check_races(function, report),
        lambda: check_barriers(function),
        lambda: check_own_memory(function),
        lambda: check_workgroup(function, workgroup_bytes),
    ]
    for check in checks:
        yield from check()
    if function.outs and not recursive and not function.problems:
        yield from check_written(model, function, report)


def _launches(model: Model, function: Function) -> Iterator[Finding]:
    """A finding for each launch of other sizes than those that its kernel is proved for, or of a kernel that is not there."""
    for call in function.calls:
        callee = model.functions.get(call.callee)
        if callee is None:
            yield Finding("launch", function.name, call.op, f"runs @{call.callee}, which has no body in the module")
        elif call.grid and callee.grid is not None and (call.grid, call.block) != (callee.grid, callee.block):
            sizes, known = f"{call.grid} blocks of {call.block} threads", f"{callee.grid} of {callee.block}"
            yield Finding("launch", function.name, call.op, f"launches {sizes}, expected what @{call.callee} knows: {known}")


def _recursion(model: Model) -> list[Finding]:
    """A finding for each call that closes a cycle of calls."""
    found: list[Finding] = []
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        for call in model.functions[name].calls:
            if call.callee in path or call.callee == name:
                cycle = (
                    " -> ".join(f"@{each}" for each in (*path[path.index(call.callee) :], name, call.callee))
                    if (call.callee in path)
                    else f"@{name} -> @{name}"
                )
                found.append(Finding("recursion", name, call.op, f"calls {cycle}, expected no recursion"))
            elif call.callee in model.functions and call.callee not in done:
                visit(call.callee, (*path, name))
        done.add(name)

    for name in model.functions:
        if name not in done:
            visit(name, ())
    return found
