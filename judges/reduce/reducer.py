"""The smallest module that fails in the same way: delta debugging over a table of reductions.

Zeller and Hildebrandt's ddmin, a chunk of edits at a time, halved until one is left; the table again and again until no line
of it helps. Every candidate is a clone that verifies and is smaller than the best so far before the check is asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from io import StringIO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from rung.dialects.contracts import check_rung
from rung.dialects.upstream import make_context
from rung.judges.structure import verify_structure
from rung.pipeline import rung_of

from .edits import Declined, dead_code, name_constants
from .measure import Size, size_of
from .symptom import symptom
from .table import REDUCTIONS, Reduction

Check = Callable[[ModuleOp], str | None]
"""What is wrong with a module, in words, or None. It is given a copy of its own, which it may change."""


class DoesNotFail(ValueError):
    """There is nothing to reduce: the check finds nothing wrong with the module."""


@dataclass
class Progress:
    """How far a reduction has come. `improved`: the best module has just become smaller."""

    ops: int
    checks: int
    candidates: int
    seconds: float
    trying: str
    improved: bool = False


@dataclass
class Reducer:
    """One reduction, step by step. `best`, its `text` and its `complaint` hold at any time.

    check     what must go on failing: is given a module that it may change, and its text
    same      do two complaints have one symptom? By default: the same words, without numbers, names and types
    seconds   when to stop; None: when nothing helps any more
    keep      called with the text of each new best module, the first one included
    progress  called before each candidate and after each improvement
    Raises DoesNotFail where the check finds nothing wrong with the module.
    """

    module: ModuleOp
    check: Callable[[ModuleOp, str], str | None]
    same: Callable[[str, str], bool] = lambda first, now: symptom(first) == symptom(now)
    seconds: float | None = None
    table: Sequence[Reduction] = REDUCTIONS
    keep: Callable[[str], None] = lambda text: None
    progress: Callable[[Progress], None] = lambda progress: None
    ctx: Context = field(default_factory=make_context)
    clock: Callable[[], float] = time.monotonic

    checks: int = 0
    candidates: int = 0
    timed_out: bool = False
    faults: dict[str, Exception] = field(default_factory=dict[str, Exception])
    """What went wrong inside a reduction, by its name: a mistake of ours that costs a candidate, not the result."""

    def __post_init__(self) -> None:
        self.started = self.clock()
        self.best = self.module.clone()
        for op in self.best.walk():
            op.location = UnknownLoc()  # where it was in the file that it came from says nothing of the file it goes to
        self.generic = not self._comes_back(self.best, _spell(self.best, False))
        self.text = _spell(self.best, self.generic)
        self.size: Size = size_of(self.best, self.text)
        self.version = 0
        self.seen = {_digest(self.text)}
        self.rung = _kept_rung(self.best)
        self.checks += 1
        complaint = self.check(self.best.clone(), self.text)
        if complaint is None:
            raise DoesNotFail("the check finds nothing wrong with the module, expected it to fail")
        self.first = self.complaint = complaint
        self.keep(self.text)

    @property
    def ops(self) -> int:
        """Ops of the best module, the module itself not counted."""
        return self.size[0] - 1

    def run(self) -> ModuleOp:
        """Reduce until nothing helps or time is up; the best module."""
        tried: dict[int, int] = {}
        before = -1
        while before != self.version and not self.timed_out:
            before = self.version
            for number, reduction in enumerate(self.table):
                if tried.get(number) == self.version:
                    continue
                self._sweep(reduction)
                if self.timed_out:
                    break
                tried[number] = self.version
        return self.best

    def _sweep(self, reduction: Reduction) -> None:
        """All of one reduction's edits, in chunks that become smaller."""
        n = len(reduction.edits(self.best))
        chunk = n if reduction.together else 1
        while chunk >= 1 and n:
            at = 0
            while at < n:
                if self.seconds is not None and self.clock() - self.started > self.seconds:
                    self.timed_out = True
                    return
                if self._chosen(reduction, range(at, min(at + chunk, n))):
                    n = len(reduction.edits(self.best))  # those after the chunk have moved up to its place
                else:
                    at += chunk
            chunk = min(chunk, n) // 2

    def _chosen(self, reduction: Reduction, chosen: range) -> bool:
        """Do these edits help? A single one is also tried without erasing what it leaves dead: that may be what fails."""
        with dead_code(kept=False) as dead:
            if self._attempt(reduction, chosen):
                return True
        if not dead.met or len(chosen) > 1:
            return False
        with dead_code(kept=True):
            return self._attempt(reduction, chosen)

    def _attempt(self, reduction: Reduction, chosen: range) -> bool:
        """Make the chosen edits on a copy; keep it where it verifies, is smaller and fails in the same way."""
        self.candidates += 1
        self._report(reduction.says, False)
        candidate = self.best.clone()
        if not self._edited(candidate, reduction, chosen):
            return False
        text = _spell(candidate, self.generic)
        digest = _digest(text)
        if digest in self.seen:
            return False
        self.seen.add(digest)
        size = size_of(candidate, text)
        if size >= self.size:
            return False
        self.checks += 1
        complaint = self.check(candidate.clone(), text)
        if complaint is None or not self.same(self.first, complaint):
            return False
        if not self._comes_back(candidate, text):
            self.seen.discard(digest)  # another module may be what this text says
            return False
        self.best, self.text, self.size, self.complaint = candidate, text, size, complaint
        self.version += 1
        self.keep(text)
        self._report(reduction.says, True)
        return True

    def _edited(self, candidate: ModuleOp, reduction: Reduction, chosen: range) -> bool:
        """Have the edits been made, and is what they made a module?"""
        try:
            edits = reduction.edits(candidate)
            done = 0
            for at in chosen:
                try:
                    edits[at]()
                    done += 1
                except Declined:
                    continue
            if not done:
                return False
            name_constants(candidate)
            verify_structure(candidate)
            if self.rung is not None:
                check_rung(candidate, self.rung)
        except VerifyException:
            return False
        except Exception as problem:
            self.faults.setdefault(reduction.says, problem)
            return False
        return True

    def _comes_back(self, module: ModuleOp, text: str) -> bool:
        """Is the text the module? Not all that xDSL prints is read as what it was."""
        try:
            read = Parser(self.ctx, text).parse_module()
        except Exception:  # whatever a parser of xDSL raises
            return False
        return module.is_structurally_equivalent(read)

    def _report(self, trying: str, improved: bool) -> None:
        seconds = self.clock() - self.started
        self.progress(Progress(self.ops, self.checks, self.candidates, seconds, trying, improved))


def reduce_module(
    module: ModuleOp,
    check: Check,
    *,
    seconds: float | None = None,
    same: Callable[[str, str], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
    keep: Callable[[str], None] | None = None,
    table: Sequence[Reduction] = REDUCTIONS,
    ctx: Context | None = None,
) -> ModuleOp:
    """A minimal module that still fails `check` with the symptom of `module`, which stays as it is.

    check     gets a copy it may change; answers what is wrong, in words, or None
    seconds   when to stop; None: when nothing helps any more
    same      do two complaints have one symptom? (default: equal words, numbers and names aside)
    progress, keep   called with the state of things, and with the text of each new best module

    Raises DoesNotFail where the check finds nothing wrong to begin with.
    """
    reducer = Reducer(module, lambda candidate, text: check(candidate), seconds=seconds, table=table)
    reducer.same = same or reducer.same
    reducer.progress = progress or reducer.progress
    reducer.keep = keep or reducer.keep
    reducer.ctx = ctx or reducer.ctx
    return reducer.run()


def _kept_rung(module: ModuleOp) -> str | None:
    """The rung whose contract the module keeps, and so must every candidate; None where it keeps none."""
    rung = rung_of(module)
    try:
        check_rung(module, rung)
    except VerifyException:
        return None
    return rung


def _spell(module: ModuleOp, generic: bool) -> str:
    out = StringIO()
    Printer(stream=out, print_generic_format=generic).print_op(module)
    return out.getvalue() + "\n"


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
