"""Run passes with the checks between them: what fails names itself and leaves a file that reruns just that.

The pipeline (`rung/pipeline.py`), `rung-opt` and the tools all run their passes through `PassRunner`.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Protocol

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException, VerifyException

from rung.blame import located
from rung.dialects.contract_rules import Refusal
from rung.files import place, replacing
from rung.judges.structure import check_module, parts_of, same_parts

Judge = Callable[[ModuleOp], None]
"""A second opinion on a module: returns, or raises VerifyException with the reason."""


class PassJudge(Protocol):
    """A judge of what a pass did: it sees the module before the first pass and after each (`rung.judges.run`)."""

    flags: str
    """How rung-opt is asked for it, so that a reproducer asks too: `--judge run --judge-seed 3`."""

    def begin(self, module: ModuleOp) -> None:
        """See the module before any pass."""
        ...

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        """See what a pass left. Raises VerifyException saying what it broke."""
        ...


_ONE_AT_A_TIME = RLock()
"""xDSL's ImplicitBuilder, by which named linalg ops make their bodies, exchanges a method of Operation while it is at work: two
threads at once would insert each other's ops, and leave the exchanged method behind for good."""


class PassFailure(Exception):
    """A pass raised, or left a module that a check refuses.

    pass_name   the pass, or None where the module was refused before any pass ran
    reason      what was found and expected, with op and function
    reproducer  a file whose first line reruns just this pass; None where none could be written
    """

    def __init__(self, pass_name: str | None, reason: str, reproducer_path: Path | None = None):
        self.pass_name = pass_name
        self.reason = reason
        self.reproducer_path = reproducer_path
        who = "the input" if pass_name is None else f"pass {pass_name}"
        rerun = "" if reproducer_path is None else f"\n  rerun it: {reproducer_path} (its first line says how)"
        super().__init__(f"{who}: {reason}{rerun}")


@dataclass
class PassRunner:
    """Runs passes in order, each followed by its checks; `timings` and `dump` see every one of them.

    check          verify ops, dominance and claimed contracts after each pass
    upstream       a further judge, such as mlir-opt, asked after each pass
    judges         compare what each pass left with what it was given
    workgroup_bytes  what the contract of gpu holds workgroup memory to; None: any amount
    dump           called with each pass's name and the module it left
    crash_dir      where reproducers go; None: none is written
    """

    check: bool = True
    upstream: Judge | None = None
    judges: Sequence[PassJudge] = ()
    workgroup_bytes: int | None = None
    dump: Callable[[str, ModuleOp], None] | None = None
    crash_dir: Path | None = field(default_factory=Path)
    timings: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    checking_seconds: float = 0.0
    """Time in checks, all passes together; not part of `timings`."""

    _judged: tuple[list[object], str | None] | None = None
    """What the module was made of when it was last checked, and the rung that it was held to."""
    _module: ModuleOp | None = None
    _start: ModuleOp | None = None
    _done: list[ModulePass] = field(default_factory=list[ModulePass])

    def run(
        self,
        ctx: Context,
        module: ModuleOp,
        passes: Sequence[ModulePass],
        rung_after: Mapping[str, str] | None = None,
    ) -> None:
        """Change `module` by each of `passes`; `rung_after` names the contract that holds after the pass of that name.

        Raises PassFailure. Calls on the same module continue each other, and nothing else may change it between them.
        """
        if self._module is not module:
            # One clone for the whole road. A failing pass's input is made again from it by replay, which costs nothing where
            # nothing fails; a copy before each pass would cost as much as a cheap pass.
            self._module, self._start, self._done, self._judged = module, module.clone(), [], None
            for judge in self.judges:
                judge.begin(module)
        with _ONE_AT_A_TIME:
            self._run(ctx, module, passes, rung_after)

    def _run(self, ctx: Context, module: ModuleOp, passes: Sequence[ModulePass], rung_after: Mapping[str, str] | None) -> None:
        for pass_ in passes:
            rung = None if rung_after is None else rung_after.get(pass_.name)
            started = time.perf_counter()
            try:
                pass_.apply(ctx, module)
            except RecursionError as problem:
                reason = self._reason(problem, "the module is nested too deeply for Python's stack")
                raise self._failure(ctx, pass_, reason, rung) from None
            except Exception as problem:
                raise self._failure(ctx, pass_, self._reason(problem), rung) from problem
            finished = time.perf_counter()
            self.timings.append((pass_.name, finished - started))
            if self.dump is not None:
                self.dump(pass_.name, module)
            try:
                self.judge(module, rung)
                self._compare(pass_, module)
            except VerifyException as problem:
                raise self._failure(ctx, pass_, self._reason(problem), rung) from None
            self._done.append(pass_)

    def judge(self, module: ModuleOp, rung: str | None = None) -> None:
        """Ask the judges about a module between passes. Raises VerifyException."""
        started = time.perf_counter()
        if self.check:
            made_of = parts_of(module)
            if self._judged is None or self._judged[1] != rung or not same_parts(self._judged[0], made_of):
                check_module(module, rung, workgroup_bytes=self.workgroup_bytes)
            self._judged = made_of, rung
        if self.upstream is not None:
            self.upstream(module)
        self.checking_seconds += time.perf_counter() - started

    def _reason(self, problem: BaseException, text: str | None = None) -> str:
        """What a user is told of the problem, with a place in the module that the passes began with, where it had places."""
        assert self._start is not None
        return located(problem, self._start, describe(problem) if text is None else text)

    def _compare(self, pass_: ModulePass, module: ModuleOp) -> None:
        started = time.perf_counter()
        for judge in self.judges:
            judge.after(pass_, module)
        self.checking_seconds += time.perf_counter() - started

    def _failure(self, ctx: Context, pass_: ModulePass, reason: str, rung: str | None) -> PassFailure:
        path = None
        if self.crash_dir is not None:
            passes, module = self._replay(ctx, pass_)
            claim = "" if rung is None else f" --verify-rung {rung}"
            claim += "".join(f" {judge.flags}" for judge in self.judges)
            spec = ",".join(str(one.spec()) for one in passes)
            text = f"// RUN: rung-opt %s -p '{spec}'{claim}\n// {_one_line(reason)}\n{module!s}\n"
            path = _write(self.crash_dir, f"rung-failed-{pass_.name}.mlir", text)
        return PassFailure(pass_.name, reason, path)

    def _replay(self, ctx: Context, failing: ModulePass) -> tuple[list[ModulePass], ModuleOp]:
        """The failing pass and the module that it was given; or all passes and the module they started from."""
        assert self._start is not None
        module = self._start.clone()
        try:
            for pass_ in self._done:
                pass_.apply(ctx, module)
        except Exception:  # a pass that does otherwise on the same input: its road from the start is all there is to give
            return [*self._done, failing], self._start
        return [failing], module


_XDSL_LOCATION = re.compile(r'loc\("([^"]*)":(\d+):(\d+)\)')
"""How xDSL prints a place; everywhere else it is file:line:column, which editors jump to."""


def describe(problem: BaseException) -> str:
    """What a user is told of an exception: its message, with its kind where that says more than `refused`."""
    text = _XDSL_LOCATION.sub(r"\1:\2:\3", str(problem).strip())
    if isinstance(problem, Refusal):
        return f"{place(problem.op)}: {text}" if isinstance(problem.op.location, FileLineColLoc) else text
    if isinstance(problem, VerifyException | PassFailedException) and text:
        return text
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]


def _write(folder: Path, name: str, text: str) -> Path | None:
    """Write a reproducer into `folder`, or, where that cannot be written, into the system's folder for temporary files."""
    for into in (folder, Path(tempfile.gettempdir())):
        path = into / name
        try:
            into.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                file.write(text.encode("utf-8"))
        except OSError:
            continue
        return path
    return None
