"""Cut a failing module, on any rung, to a minimal one that fails in the same way.

    rung reduce FILE --check '-p nd-simplify'              a pass fails, as `rung-opt FILE -p nd-simplify` would show
    rung reduce FILE --check 'judge:run -p nd-simplify'    a pass changes the answer that the evaluator gives
    rung reduce FILE --check 'judge:run --machine nvidia'  the first pass of the ladder that does so, on that machine's schedules
    rung reduce FILE --check 'judge:upstream'              mlir-opt refuses it; with -p PASSES also what these make of it
    rung reduce FILE --check 'judge:target opencl'         the compiled program differs from the evaluator
    rung reduce FILE --check 'judge:rung gpu'              it breaks the contract of the rung
    rung reduce FILE --check 'judge:total'                 a kernel is not proved total
    rung reduce FILE --check 'mlir-opt-22 {} -o /dev/null' a command fails; the file is {}, or comes last

A module is bad as long as the check FAILS: for a command, as long as its exit status is not 0 (creduce and mlir-reduce want the
reverse: put `!` before the command). It has to go on failing in the same way: with the same exit status, and the same first error
line but for numbers, names, types and places; or, with --match, with that text in its output. A command runs without a shell
unless it holds | & ; < > $ ` ( ) * ? ~ or begins with ! or NAME=; it is stopped after --timeout seconds.

Functions, launches, results, ops, loops, branches, arguments, attributes go; extents, constants, element types become simple.
Every candidate verifies, and keeps its rung's contract where the file does. OUT always holds the best so far: Ctrl-C loses
nothing.
Exit status: 0 when the module is minimal or time is up, 2 where the file is no module or does not fail.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rung.judges.reduce import Progress

SUMMARY = "cut a failing module to a minimal one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="MLIR text on any rung; - reads standard input")
    parser.add_argument(
        "--check", required=True, metavar="CHECK", help="what must go on failing: -p PASSES, judge:NAME, or a command"
    )
    parser.add_argument("-o", "--out", metavar="OUT", help="where the best so far is kept (default: NAME.reduced.mlir, here)")
    parser.add_argument("--seconds", type=float, metavar="N", help="stop after N seconds (default: when nothing helps any more)")
    parser.add_argument("--match", metavar="REGEX", help="what the check has to say, instead of the same first error line")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="N", help="seconds for one check at most (default: 300)")
    parser.add_argument(
        "--test",
        metavar="FOLDER",
        help="write the result there as a test too, named after the symptom (tests/corpus: nd programs)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    from xdsl.context import Context

    from rung.dialects.upstream import register_dialects
    from rung.files import UsageError, read_module
    from rung.judges.reduce import DoesNotFail, Reducer
    from rung.judges.reduce.checks import make_check
    from rung.judges.reduce.testfile import replace_file, write_test
    from rung.plugins import everything

    for name in ("seconds", "timeout"):
        if (value := getattr(args, name)) is not None and not value > 0:
            raise UsageError(f"--{name} is {value:g}, expected more than 0")
    ctx = Context()
    register_dialects(ctx, everything().all_dialects)
    module = read_module(args.file, ctx)
    stem = "stdin" if args.file == "-" else Path(args.file).stem
    out = Path(args.out or f"{stem}.reduced.mlir")
    if args.file != "-" and out.exists() and out.samefile(args.file):
        raise UsageError(f"-o {out} is the file to reduce, expected another")
    check = make_check(args.check, file_name=f"{stem}.mlir", timeout=args.timeout, match=_pattern(args.match))
    show = _Show(args.quiet)
    try:
        reducer = Reducer(module, check, seconds=args.seconds, keep=lambda text: replace_file(out, text), progress=show, ctx=ctx)
    except DoesNotFail:
        raise UsageError(f"{args.file} does not fail the check {args.check!r}{check.why_not()}, expected it to") from None
    if args.match is not None:
        reducer.same = lambda first, now: True  # what does not match is no complaint
    before = reducer.ops
    show.line(f"{args.file}: {before} ops; fails: {reducer.first.splitlines()[0][:200]}\nthe best so far is in {out}")
    reducer.run()
    show.done()
    how = "time is up" if reducer.timed_out else "nothing smaller fails in the same way"
    show.line(f"{before} -> {reducer.ops} ops after {reducer.checks} checks in {show.seconds():.1f} s: {how}; in {out}")
    show.line(f"it fails: {reducer.complaint.splitlines()[0][:200]}\nsee it:   {check.rerun(str(out))}")
    if args.test is not None:
        path = write_test(Path(args.test), reducer.text, reducer.complaint, check.rerun("{}"))
        show.line(f"as a test: {path}")
    print(reducer.text, end="")
    return 0


def _pattern(text: str | None) -> re.Pattern[str] | None:
    from rung.files import UsageError

    try:
        return None if text is None else re.compile(text, re.MULTILINE)
    except re.error as problem:
        raise UsageError(f"--match {text}: {problem}") from None


class _Show:
    """Progress on stderr: one line that changes on a terminal, else a line for what was found, at most one a second."""

    def __init__(self, quiet: bool):
        self.quiet, self.terminal = quiet, sys.stderr.isatty()
        self.started = self.last = time.monotonic()
        self.shown = False

    def __call__(self, now: Progress) -> None:
        wait = 0.1 if self.terminal else 1.0
        if self.quiet or time.monotonic() - self.last < wait or not (self.terminal or now.improved):
            return
        self.last = time.monotonic()
        text = f"{now.seconds:6.1f} s  {now.ops:5} ops left  {now.checks:5} checks  {now.trying}"
        print(f"\r{text:<78}" if self.terminal else text, end="" if self.terminal else "\n", file=sys.stderr, flush=True)
        self.shown = self.terminal

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def done(self) -> None:
        if self.shown:
            print(f"\r{'':<78}\r", end="", file=sys.stderr)

    def line(self, text: str) -> None:
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)
