"""Damage programs by the thousand, run each, keep those that do what they may not, cut down to little."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .mutations import damage
from .seeds import Seed, below
from .server import Outcome, run_case
from .verdict import FILE, PRINTED, is_long, judge


@dataclass(frozen=True)
class Case:
    """One damaged program: `number` and the seed of the hunt make it again."""

    number: int
    seed: Seed
    mutations: tuple[str, ...]
    data: bytes
    opencl: bool

    def first(self) -> list[list[str]]:
        """What every damaged program is given to."""
        return [["rung-opt", FILE], ["rung", "run", FILE, "--target", "reference", "--random", "0"]]

    def further(self) -> list[list[str]]:
        """What only one that rung-opt accepts is given to. The rung is that of the undamaged one, spliced or not."""
        down = (  # both go all the way down, one stopping at each fault with a file that reruns it, one at the source
            ["rung-opt", FILE, "-p", below(self.seed.rung), "--crash-dir", "crash"],
            ["rung", "ladder", FILE, "--target", "opencl"],
        )
        found = [["rung-opt", FILE, "--verify-rung", self.seed.rung], down[self.number % 2], ["rung-opt", PRINTED]]
        if self.opencl:
            found.append(["rung", "run", FILE, "--target", "opencl", "--random", "0"])
        return found


@dataclass(frozen=True)
class Finding:
    """A case with a fault. `data` is what is left of it after `shrink`."""

    case: Case
    argv: tuple[str, ...]
    fault: str
    data: bytes
    detail: str


@dataclass
class Tally:
    """What came of a hunt."""

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    mutations: Counter[str] = field(default_factory=Counter[str])
    rungs: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    findings: list[Finding] = field(default_factory=list[Finding])
    slowest: float = 0.0
    peak_mb: int = 0


def cases(seeds: Sequence[Seed], seed: int, opencl: float) -> Iterator[Case]:
    """Endlessly many damaged programs. `opencl` is the share that is run on OpenCL too, where it gets that far."""
    for number in range(1 << 62):
        rng = Random(f"{seed} {number}")
        one, donor = rng.choice(seeds), rng.choice(seeds)
        data, names = damage(rng, one.text, donor.text)
        yield Case(number, one, tuple(names), data, rng.random() < opencl)


def run(case: Case) -> list[tuple[Outcome, str | None]]:
    """Each command line of a case with what is wrong about it."""
    found = _tried(case, case.first())
    accepted = found[0][0]
    if accepted.status == 0:
        for outcome, fault in _tried(case, case.further(), {PRINTED: accepted.out.encode()}):
            if PRINTED in outcome.argv and fault is None:
                fault = _printed_again(accepted, outcome)
            found.append((outcome, fault))
    return found


def _tried(case: Case, commands: list[list[str]], more: dict[str, bytes] | None = None) -> list[tuple[Outcome, str | None]]:
    """One child after the other, until every command line has had its turn: one that ends its child takes no other with it."""
    found: list[tuple[Outcome, str | None]] = []
    while len(found) < len(commands):
        outcomes = run_case({FILE: case.data, **(more or {})}, commands[len(found) :])
        found.extend((outcome, judge(outcome, case.data)) for outcome in outcomes)
    return found


def _printed_again(first: Outcome, second: Outcome) -> str | None:
    """What is wrong about reading what rung-opt printed, and printing it again."""
    if second.status != 0:
        return f"own text refused: {second.err.strip().partition(': error: ')[2][:100]}"
    return None if second.out == first.out else "own text is printed otherwise"


def hunt(
    found: Iterator[Case], count: int, *, known: frozenset[str] = frozenset(), on_case: Callable[[Tally], None] | None = None
) -> Tally:
    """Run `count` cases. Of each fault the first case is kept, shrunk; faults in `known` are counted only."""
    tally = Tally()
    for case, _ in zip(found, range(count)):
        tally.cases += 1
        tally.rungs[case.seed.rung] += 1
        tally.mutations.update(set(case.mutations))
        for outcome, fault in run(case):
            command = (
                " ".join((*outcome.argv[:2], *outcome.argv[4:5])) if outcome.argv[0] == "rung" else "rung-opt" + _of(outcome.argv)
            )
            status = (
                "faulty" if fault is not None else "long" if is_long(outcome) else "diagnosed" if outcome.status else "accepted"
            )
            tally.outcomes[f"{command}: {status}"] += 1
            tally.slowest = max(tally.slowest, outcome.seconds)
            tally.peak_mb = max(tally.peak_mb, outcome.peak_mb)
            if fault is None:
                continue
            tally.faults[fault] += 1
            if tally.faults[fault] == 1 and fault not in known:
                tally.findings.append(Finding(case, outcome.argv, fault, case.data, outcome.crash or outcome.err))
        if on_case is not None:
            on_case(tally)
    return tally


def _of(argv: Sequence[str]) -> str:
    if PRINTED in argv:
        return " of its own text"
    return next((f" {flag}" for flag in ("--verify-rung", "-p") if flag in argv), "")


def shrink(finding: Finding, seconds: float = 60) -> Finding:
    """Fewer lines, then fewer pieces of the lines, with the same fault."""
    until = time.monotonic() + seconds

    def faulty(data: bytes) -> bool:
        case = Case(0, finding.case.seed, (), data, False)
        found = run(case) if PRINTED in finding.argv else _tried(case, [list(finding.argv)])
        return any(fault == finding.fault for _, fault in found)

    data = finding.data
    for cut in (b"\n", b" "):
        size = max(1, len(data.split(cut)) // 2)
        while size and time.monotonic() < until:
            pieces, start, smaller = data.split(cut), 0, False
            while start < len(pieces) and time.monotonic() < until:
                candidate = pieces[:start] + pieces[start + size :]
                if faulty(cut.join(candidate)):
                    pieces, smaller = candidate, True
                else:
                    start += size
            data = cut.join(pieces)
            size = size // 2 if not smaller or size > 1 else size
    return Finding(finding.case, finding.argv, finding.fault, data, finding.detail)


def write(finding: Finding, folder: Path) -> Path:
    """Keep a finding: the text, and beside it what to run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{finding.case.number:05}.mlir"
    path.write_bytes(finding.data)
    case = finding.case
    about = f"{finding.fault}\n{' '.join(finding.argv)}\n{case.seed.name}: {', '.join(case.mutations)}\n\n{finding.detail}\n"
    path.with_suffix(".txt").write_text(about, encoding="utf-8")
    return path
