"""What `--check` may be: passes of rung-opt and judges, asked in this process, or a command. No text is ever evaluated.

    -p PASSES                     one of these passes fails, or leaves what does not verify
    judge:run [-p PASSES]         a pass changes the answer that the evaluator gives
    judge:upstream [-p PASSES]    mlir-opt refuses the module or what a pass makes of it, or mlir-runner computes something else
    judge:target NAME             the compiled program differs from the evaluator, or does not compile
    judge:rung [NAME]             the module breaks the contract of its rung
    judge:total [-p PASSES]       the module, or what the passes make of it, is not proved total (or just: total)
    anything else                 a command, given the file as {} or last; bad is what it fails on (exit status other than 0)

Without -p the passes are those of the ladder, from the rung that the module is on, for --machine (default cpu).
"""

from __future__ import annotations

import argparse
import re
import shlex
import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.utils.exceptions import VerifyException

from rung.backends.machine import MACHINES
from rung.dialects.contracts import RUNGS, check_rung
from rung.dialects.upstream import register_dialects
from rung.files import UsageError
from rung.judges.run import RunJudge, UpstreamJudge
from rung.judges.total import verify_total
from rung.judges.upstream import ToolAbsent, upstream_judge
from rung.opt_help import close_names
from rung.passes.runner import PassFailure, PassJudge, PassRunner, describe
from rung.pipeline import rung_of, steps_between
from rung.plugins import everything

from .answers import PlainJudge, changed, differs_on
from .commands import CommandCheck

Ask = Callable[[ModuleOp], str | None]
AskText = Callable[[ModuleOp, str], str | None]


class TimeUp(BaseException):
    """A check has used up its time. Not an Exception, so that no pass runner takes it for a failure of a pass."""


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        raise UsageError(f"--check: {message}")


@dataclass
class Checker:
    """A check, ready to ask. `rerun`: how a user asks it of a file."""

    ask: AskText
    rerun: Callable[[str], str]
    timeout: float = 300.0
    match: re.Pattern[str] | None = None
    """What a complaint has to say to be one."""
    command: CommandCheck | None = None
    unmatched: str | None = None
    """The last complaint that did not match."""

    def __call__(self, module: ModuleOp, text: str) -> str | None:
        """What is wrong with the module, which is spelled so, or None. Once asked, it may take ten times as long at most."""
        started = time.monotonic()
        try:
            with _alarm(self.timeout):
                complaint = self.ask(module, text)
        except TimeUp:
            complaint = f"no answer in {self.timeout:.0f} s"
        self.timeout = min(self.timeout, max(10.0, 10 * (time.monotonic() - started)))
        if complaint is None or self.match is None:
            return complaint
        said = complaint if self.command is None else f"{complaint}\n{self.command.output}"
        if self.match.search(said) is not None:
            return complaint
        self.unmatched = complaint
        return None

    def why_not(self) -> str:
        """What to add where a module does not fail: it may fail in words that do not match."""
        return "" if self.unmatched is None else f" with --match ({self.unmatched.splitlines()[0][:200]})"


def make_check(
    text: str, *, file_name: str = "candidate.mlir", timeout: float = 300.0, match: re.Pattern[str] | None = None
) -> Checker:
    """The check that a text on the command line means. Raises UsageError that says what is wrong with it."""
    checker = _make(text, file_name, timeout)
    checker.match = match
    return checker


def _make(text: str, file_name: str, timeout: float) -> Checker:
    words = _words(text)
    name = words[0] if words else ""
    name = "judge:total" if name == "total" else name
    if name in ("-p", "--passes"):
        return _built_in("passes", words, text, timeout)
    if name.startswith("judge:"):
        return _built_in(name.removeprefix("judge:"), words[1:], text, timeout)
    command = CommandCheck(text, file_name)

    def ask(module: ModuleOp, spelled: str) -> str | None:
        return command.of_text(spelled, checker.timeout)

    checker = Checker(ask, command.rerun, timeout, command=command)
    return checker


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an odd quote: a command's own matter
        return text.split()


def _built_in(name: str, words: Sequence[str], text: str, timeout: float) -> Checker:
    if name not in JUDGES:
        known = ", ".join(f"judge:{each}" for each in JUDGES)
        raise UsageError(f"--check: no judge {name!r}, expected one of {known}, -p PASSES or a command")
    parser = _Options(prog="--check", add_help=False)
    parser.add_argument("-p", "--passes")
    parser.add_argument("--machine", choices=tuple(MACHINES), default="cpu")
    parser.add_argument("--verify-rung", choices=tuple(RUNGS))
    parser.add_argument("--upstream", action="store_true")
    parser.add_argument("what", nargs="*")
    options = parser.parse_args(list(words))
    ask = JUDGES[name](Passes(options), options.what)
    return Checker(lambda module, spelled: ask(module), lambda path: _rerun(name, path, options, text), timeout)


def _rerun(name: str, path: str, options: argparse.Namespace, text: str) -> str:
    if name == "passes" and options.passes:
        extra = f" --verify-rung {options.verify_rung}" if options.verify_rung else ""
        return f"rung-opt {path} -p {shlex.quote(options.passes)}{extra}{' --upstream' if options.upstream else ''}"
    return f"rung reduce {path} --check {shlex.quote(text)}"


class Passes:
    """The passes that a check runs: those it names, else the ladder's."""

    def __init__(self, options: argparse.Namespace):
        universe = everything()
        self.ctx = Context()
        register_dialects(self.ctx, universe.all_dialects)
        self.machine, self.rung, self.upstream = MACHINES[options.machine], options.verify_rung, options.upstream
        self.named: list[ModulePass] | None = None
        if options.passes is not None:
            try:
                self.named = list(PassPipeline.parse_spec(universe.all_passes, options.passes).passes)
            except Exception as problem:
                hints = close_names(options.passes, universe.all_passes)
                raise UsageError(f"--check: -p {options.passes}: {str(problem).strip()}{hints}") from None

    def of(self, module: ModuleOp) -> list[tuple[ModulePass, str | None]]:
        """Each pass, with the rung whose contract holds after it."""
        if self.named is None:
            return [(step.make(self.machine), step.rung) for step in steps_between(rung_of(module), "gpu")]
        return [(each, self.rung if each is self.named[-1] else None) for each in self.named]

    def run(self, module: ModuleOp, judges: Sequence[PassJudge] = ()) -> None:
        """Change the module by the passes, before these judges. Raises PassFailure."""
        runner = PassRunner(crash_dir=None, upstream=upstream_judge() if self.upstream else None, judges=judges)
        for pass_, rung in self.of(module):
            runner.run(self.ctx, module, [pass_], {pass_.name: rung} if rung is not None else None)


def _passes(passes: Passes, what: Sequence[str]) -> Ask:
    _takes(what, 0, "passes")
    return lambda module: _failure(lambda: passes.run(module))


def _failure(run: Callable[[], None]) -> str | None:
    """What a judge of `rung.judges.run` says of a pass, or why a pass fails otherwise."""
    try:
        run()
    except PassFailure as problem:
        if problem.pass_name is None:
            return problem.reason
        if problem.reason.startswith("run: "):
            return changed(problem.pass_name, problem.reason)
        return f"pass {problem.pass_name}: {problem.reason}"
    return None


def _run(passes: Passes, what: Sequence[str]) -> Ask:
    _takes(what, 0, "judge:run")
    judges: list[Callable[[], PassJudge]] = [PlainJudge, RunJudge]

    def ask(module: ModuleOp) -> str | None:
        nonlocal judges
        for judge in judges:
            copy = module if judge is judges[-1] else module.clone()
            if (complaint := _failure(lambda copy=copy, judge=judge: passes.run(copy, [judge()]))) is not None:
                judges = [judge]  # the one that complains first is asked from then on
                return complaint
        return None

    return ask


def _upstream(passes: Passes, what: Sequence[str]) -> Ask:
    _takes(what, 0, "judge:upstream")
    reads = upstream_judge()
    refused = False

    def ask(module: ModuleOp) -> str | None:
        nonlocal refused
        try:
            reads(module)
            if refused:  # once this is the complaint, what mlir-runner computes is another one
                return None
            try:
                judge = UpstreamJudge()
            except ToolAbsent:  # without mlir-runner it is read, not run
                return _failure(lambda: passes.run(module)) if passes.named else None
            judge.begin(module)
        except VerifyException as problem:
            refused = refused or "refuses" in str(problem)
            return describe(problem)
        return _failure(lambda: passes.run(module, [judge])) if passes.named else None

    return ask


def _total(passes: Passes, what: Sequence[str]) -> Ask:
    _takes(what, 0, "judge:total")
    first: str | None = None

    def ask(module: ModuleOp) -> str | None:
        nonlocal first
        if passes.named and (failed := _failure(lambda: passes.run(module))) is not None:
            return failed
        findings = verify_total(module).findings
        if not findings:
            return None
        first = first or findings[0].kind
        found = next((finding for finding in findings if finding.kind == first), findings[0])
        return f"is not total ({found.kind}): {found}"

    return ask


def _target(passes: Passes, what: Sequence[str]) -> Ask:
    from rung.backends.target import target_names

    _takes(what, 1, "judge:target")
    if what[0] not in target_names():
        raise UsageError(f"--check: no target {what[0]!r}, expected one of {', '.join(target_names())}")

    def ask(module: ModuleOp) -> str | None:
        found: list[str | None] = []
        failed = _failure(lambda: found.append(differs_on(module, what[0])))
        return failed or found[0]

    return ask


def _rung(passes: Passes, what: Sequence[str]) -> Ask:
    if len(what) > 1 or not set(what) <= set(RUNGS):
        raise UsageError(f"--check: judge:rung is given {' '.join(what)}, expected one of {', '.join(RUNGS)}, or nothing")

    def ask(module: ModuleOp) -> str | None:
        try:
            check_rung(module, what[0] if what else rung_of(module))
        except VerifyException as problem:
            return describe(problem)
        return None

    return ask


def _takes(what: Sequence[str], number: int, name: str) -> None:
    if len(what) != number:
        raise UsageError(f"--check: {name} is given {len(what)} words ({' '.join(what)}), expected {number}")


JUDGES: dict[str, Callable[[Passes, Sequence[str]], Ask]] = {
    "passes": _passes,
    "run": _run,
    "upstream": _upstream,
    "target": _target,
    "rung": _rung,
    "total": _total,
}
"""Name of each judge: what makes its check of the passes and the words it is given."""


@contextmanager
def _alarm(seconds: float) -> Generator[None]:
    """Raise TimeUp in the block when it takes too long; only Python code can be stopped so, and only on the main thread."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
