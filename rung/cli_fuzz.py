"""Hunt miscompiles: random nd programs, each before every judge of a target, what fails cut to its smallest.

    rung fuzz --seconds 60                        down the ladder, the evaluator and mlir-opt after each pass
    rung fuzz --target opencl --count 1000        compiled and run, 20 programs in one build
    rung fuzz --target all --seed 7000 --record fuzz.json
    rung fuzz --seed 7012 --show                  one program's text
    rung fuzz --coverage --count 2000             what programs are made of; nothing is judged

A program comes from its seed alone, and is compared with its direct meaning in NumPy, as closely as rounding allows. A target is
`reference` (all rungs, for a CPU's and a GPU's schedules), `nvrtc` (the CUDA text compiles), a compiled target, or `all` that
this machine has. Half of the programs are lowered with random schedules and cuts between kernels. Minimal failing programs are
kept in --keep as files for tests/corpus. Exit code 1 if a program fails, 2 for what cannot be judged.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rung.judges.fuzzing.builder import Sizes
    from rung.judges.fuzzing.coverage import Coverage
    from rung.judges.fuzzing.hunt import Failure, Tally

SUMMARY = "hunt miscompiles with random programs"
REDUCE_SECONDS = 60.0
"""To cut one failing program down; and at most REDUCED of them are, the others only named."""
REDUCED = 5
ENOUGH = 20
"""Failures after which a target's hunt ends: more of them say no more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, metavar="N", help="how long to go on, all targets together (60)")
    parser.add_argument("--count", type=int, metavar="N", help="so many programs for each target, instead of seconds")
    parser.add_argument("--seed", type=int, default=0, help="the first program; the next are counted from it (0)")
    parser.add_argument(
        "--target", default="reference", metavar="T,..", help="reference, nvrtc, opencl, ... or all of this machine (reference)"
    )
    parser.add_argument("--ops", type=int, default=14, metavar="N", help="draws of an op or idiom at most (14)")
    parser.add_argument("--elements", type=int, default=600, metavar="N", help="elements of a value at most (600)")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), metavar="FOLDER", help="for minimal failing programs")
    parser.add_argument(
        "--record", type=Path, metavar="FILE.json", help="write down what was judged; adds to a record that is there"
    )
    parser.add_argument("--coverage", action="store_true", help="print ops by element types, and what was missing; judge nothing")
    parser.add_argument("--show", action="store_true", help="print the program of --seed and stop")


def run(args: argparse.Namespace) -> int:
    from rung.files import UsageError
    from rung.judges.fuzzing import Sizes, generate
    from rung.judges.fuzzing.coverage import Coverage

    for name in ("count", "ops", "elements"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise UsageError(f"--{name} is {getattr(args, name)}, expected at least 1")
    if args.seed < 0:
        raise UsageError(f"--seed is {args.seed}, expected at least 0")
    if args.seconds is not None and (args.count is not None or not args.seconds > 0):
        raise UsageError(f"--seconds is {args.seconds:g}, expected more than 0, and no --count beside it")
    sizes = Sizes(args.ops, args.elements, 10 * args.elements)
    if args.show:
        print(generate(args.seed, sizes).module())
        return 0
    coverage = Coverage()
    if args.coverage:
        coverage.add(generate(seed, sizes) for seed in range(args.seed, args.seed + (args.count or 2000)))
        show_coverage(coverage)
        return 0
    if args.record is not None and not args.record.parent.is_dir():
        raise UsageError(f"--record: {args.record.parent} is no folder")
    return hunt_all(args, targets(args.target), sizes, coverage)


def targets(words: str) -> list[str]:
    """The judges asked for. Raises UsageError for one that is none, or is not here."""
    from rung.files import UsageError
    from rung.judges.fuzzing import judges

    if words == "all":
        return judges.here()
    found = words.split(",")
    for name in found:
        if name not in judges.names():
            raise UsageError(f"--target: no target {name!r}, expected all or some of {', '.join(judges.names())}")
        if (problem := judges.why_absent(name)) is not None:
            raise UsageError(f"--target: {name} is not on this machine: {problem}")
    return found


def hunt_all(args: argparse.Namespace, names: list[str], sizes: Sizes, coverage: Coverage) -> int:
    from rung.files import UsageError
    from rung.judges.fuzzing import record
    from rung.judges.fuzzing.hunt import hunt

    seconds = None if args.count is not None else (args.seconds or 60.0) / len(names)
    runs: list[dict[str, Any]] = []
    failed = 0
    print(f"judges: {', '.join(names)}", file=sys.stderr)
    for name in names:
        seeds = range(args.seed, args.seed + (args.count or sys.maxsize - args.seed))
        progress = Progress(name, seconds, args.count)
        tally = hunt(seeds, name, sizes, on_batch=progress)
        took = time.monotonic() - progress.started
        progress.end()
        if sum(tally.coverage.results.values()) > sum(coverage.results.values()):
            coverage = tally.coverage  # all targets begin with the same seeds: count each program once
        runs.append(record.entry(name, args.seed, sizes, tally, took))
        report(tally.failures, args.keep)
        failed += len(tally.failures)
        print(
            f"{name}: {tally.programs} programs ({tally.ops} ops) from seed {args.seed} in {took:.0f} s, "
            f"{len(tally.failures) or 'no'} {'failure' if len(tally.failures) == 1 else 'failures'}"
        )
    if args.record is not None:
        try:
            record.write(args.record, runs, coverage)
        except ValueError as problem:
            raise UsageError(f"--record: {problem}") from problem
    return 1 if failed else 0


class Progress:
    """One line on stderr, written over where a person watches; elsewhere a line every ten seconds."""

    def __init__(self, name: str, seconds: float | None, count: int | None):
        self.name, self.seconds, self.count, self.told = name, seconds, count, 0
        self.started = time.monotonic()
        self.shown = sys.stderr.isatty()
        self.last = self.started

    def __call__(self, tally: Tally) -> bool:
        gone = time.monotonic() - self.started
        for failure in tally.failures[self.told :]:
            self.end()
            print(failure, file=sys.stderr)
        self.told = len(tally.failures)
        if self.shown or time.monotonic() - self.last > 10:
            self.last = time.monotonic()
            part = gone / self.seconds if self.seconds is not None else tally.programs / (self.count or 1)
            bar = f"{'#' * int(20 * min(part, 1)):.<20}"
            line = f"{self.name} [{bar}] {gone:.0f} s, {tally.programs} programs ({tally.programs / gone:.1f}/s)"
            over, end = ("\r\x1b[K", "") if self.shown else ("", "\n")
            print(f"{over}{line}, {self.told} failures", end=end, file=sys.stderr, flush=True)
        return (self.seconds is not None and gone > self.seconds) or self.told >= ENOUGH

    def end(self) -> None:
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def report(failures: list[Failure], keep: Path) -> None:
    """Print each failure, the first few with their smallest program, which is kept in a file."""
    from rung.judges.fuzzing.hunt import smallest, write_test

    for failure in failures[:REDUCED]:
        try:
            program, found = smallest(failure, seconds=REDUCE_SECONDS)
        except ValueError as problem:
            print(f"{failure}\n  not cut down: {problem}")
            continue
        path = write_test(keep, program, found, failure)
        print(f"{failure}\n  smallest: {found}\n  kept in {path}\n{program.module()}")
    for failure in failures[REDUCED:]:
        print(failure)


def show_coverage(coverage: Coverage) -> None:
    print(coverage.table())
    missing = coverage.missing()
    print(f"missing              {', '.join(f'{op} {element}' for op, element in missing) or 'nothing that nd allows'}")
