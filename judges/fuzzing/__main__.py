"""`python -m rung.judges.fuzzing --seconds 60 --seed 0 --target opencl`: random programs, judged; status 1 if one fails."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path

from .builder import Sizes
from .generate import generate
from .hunt import Tally, hunt, smallest, write_test
from .judges import MACHINE_NAMES


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m rung.judges.fuzzing", description="Hunt miscompiles with random nd programs."
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on (60)")
    parser.add_argument("--seed", type=int, default=0, help="the first program; the next are counted from it (0)")
    parser.add_argument(
        "--target", default="reference", help="reference (the evaluator after each pass; the default), opencl, ..."
    )
    parser.add_argument("--machine", choices=MACHINE_NAMES, action="append", help="whose schedules (all); for reference")
    parser.add_argument("--ops", type=int, default=Sizes.ops, help=f"draws of an op or idiom at most ({Sizes.ops})")
    parser.add_argument("--elements", type=int, default=Sizes.elements, help=f"elements of a value at most ({Sizes.elements})")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), help="folder for minimal failing programs (fuzz-found)")
    parser.add_argument("--show", action="store_true", help="print the program of --seed and stop")
    chosen = parser.parse_args(arguments)
    sizes = Sizes(chosen.ops, chosen.elements, 10 * chosen.elements)
    if chosen.show:
        print(generate(chosen.seed, sizes).module())
        return 0
    started = time.monotonic()
    told = 0

    def on_batch(tally: Tally) -> bool:
        nonlocal told
        gone = time.monotonic() - started
        for failure in tally.failures[told:]:
            print(f"\r{failure}", file=sys.stderr)
        told = len(tally.failures)
        rate = tally.programs / gone
        line = f"{gone:5.0f} s of {chosen.seconds:.0f}: {tally.programs} programs ({rate:.1f}/s), {told} failures"
        print(f"\r{line}", end="", file=sys.stderr, flush=True)
        return gone > chosen.seconds

    machines = tuple(chosen.machine or MACHINE_NAMES)
    seeds = itertools.count(chosen.seed)
    tally = hunt(seeds, chosen.target, sizes, machines=lambda seed: machines, upstream=True, on_batch=on_batch)
    print(file=sys.stderr)
    for failure in tally.failures:
        try:
            program, found = smallest(failure, chosen.target)
        except ValueError as problem:
            print(f"{problem}: {failure.found}")
            continue
        path = write_test(chosen.keep, program, found, failure.seed)
        print(f"{failure}\n  smallest: {found}\n  kept in {path}\n{program.module()!s}")
    print(
        f"fuzz: {tally.programs} programs ({tally.ops} ops) from seed {chosen.seed} on {chosen.target}, "
        f"{len(tally.failures)} failures, {time.monotonic() - started:.0f} s"
    )
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
