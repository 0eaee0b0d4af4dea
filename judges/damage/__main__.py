"""`python -m rung.judges.damage --count 500 --seed 0`: damaged programs before every command; status 1 if one answers badly."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path

from .arrays import hunt_arrays
from .hunt import Tally, cases, hunt, shrink, write
from .kills import kill_fills, kill_outputs, kill_programs
from .seeds import seeds
from .server import warm
from .verdict import table


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m rung.judges.damage", description="Damage programs and see what the commands say."
    )
    parser.add_argument("--count", type=int, default=500, help="how many programs (500)")
    parser.add_argument("--seed", type=int, default=0, help="of the damage (0)")
    parser.add_argument("--first", type=int, default=0, help="number of the first program (0)")
    parser.add_argument(
        "--corpus", type=Path, default=Path("tests/corpus"), help="folder of the programs to damage (tests/corpus)"
    )
    parser.add_argument("--programs", default="", help="names of some of them, by commas (all)")
    parser.add_argument("--longest", type=int, default=30_000, help="characters of a text to damage (30,000)")
    parser.add_argument("--opencl", type=float, default=0.02, help="share of them that is run on OpenCL too (0.02)")
    parser.add_argument(
        "--kills", type=int, default=0, help="of processes that fill the kernel cache, and other kills beside (0)"
    )
    parser.add_argument("--keep", type=Path, default=Path("damage-found"), help="folder for what is found (damage-found)")
    parser.add_argument("--record", type=Path, help="write counts as JSON into this file")
    chosen = parser.parse_args(arguments)
    names = tuple(name for name in chosen.programs.split(",") if name)
    warm()
    found = list(seeds(chosen.corpus, names=names, longest=chosen.longest))
    print(f"damage: {len(found)} texts of {chosen.corpus}", file=sys.stderr)
    started = time.monotonic()

    told = 0

    def on_case(tally: Tally) -> None:
        nonlocal told
        for finding in tally.findings[told:]:
            print(f"\r{finding.fault}\n  kept in {write(finding, chosen.keep)}", file=sys.stderr, flush=True)
        told = len(tally.findings)
        if tally.cases % 10 == 0:
            gone = time.monotonic() - started
            line = f"{tally.cases} of {chosen.count} ({tally.cases / gone:.1f}/s), {len(tally.faults)} faults"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)

    kills = _kills(chosen.kills, chosen.seed) if chosen.kills else {}
    damaged = (case for case in cases(found, chosen.seed, chosen.opencl) if case.number >= chosen.first)
    tally = hunt(damaged, chosen.count, on_case=on_case)
    print(file=sys.stderr)
    for finding in tally.findings:
        print(f"{finding.fault}\n  cut down in {write(shrink(finding), chosen.keep)}", flush=True)
    seconds = time.monotonic() - started
    print(table(tally.outcomes))
    print(f"faults\n{table(tally.faults)}")
    print(f"damage: {tally.cases} programs from seed {chosen.seed}, {len(tally.faults)} kinds of fault, {seconds:.0f} s")
    if chosen.record is not None:
        record = {
            "date": date.today().isoformat(),
            "seed": chosen.seed,
            "programs": tally.cases,
            "by rung": dict(tally.rungs),
            "by outcome": dict(tally.outcomes),
            "by mutation": dict(tally.mutations),
            "faults": dict(tally.faults),
            **({"kills": kills} if kills else {}),
            "slowest command, s": round(tally.slowest, 2),
            "peak resident memory, MB": tally.peak_mb,
            "seconds": round(seconds),
        }
        chosen.record.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 1 if tally.faults else 0


def _kills(count: int, seed: int) -> dict[str, dict[str, int]]:
    """What came of killing things; raises AssertionError where something was left that may not be."""
    found: dict[str, dict[str, int]] = {}
    for name, kill, times in (
        ("fills of the kernel cache", kill_fills, count),
        ("compiling programs for OpenCL", kill_programs, count // 25),
        ("writing over a file", kill_outputs, count // 5),
    ):
        found[name] = dict(kill(times, seed))
        print(f"{times} kills, {name}\n{table(found[name])}", flush=True)
    found["damaged arrays"] = dict(hunt_arrays(2 * count, seed))
    print(f"damaged arrays\n{table(found['damaged arrays'])}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
