"""rung's kernels beside NumPy, and beside PyTorch, JAX and tinygrad where they are installed.

    python -m benchmarks.kernels                      every workload, every peer that is installed
    python -m benchmarks.kernels mm512 softmax        these workloads
    python -m benchmarks.kernels --peers numpy        these peers
    python -m benchmarks.kernels --seconds 5          more rounds

All sides run interleaved in one process and their results are compared before anything is timed. rung runs on both of its
targets that are CPUs, `opencl` (PoCL) and `cpu` (llvmlite); a peer's factor is that of the faster. Two modes are reported apart.
In `fresh` a peer allocates its result on every call, as its users write it. In `preallocated` it writes where it wrote before.
rung takes its result from a pool of buffers in both, as it does for its users; its inputs lie on the device, as the peers' do.

A median far above its own minimum was measured on a disturbed machine and is marked `~`: repeat it before believing it.
`--record` also keeps the table in benchmarks/results/ as JSON, with the machine and all versions.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from .ours import OURS, device_name, rung_side
from .peers import PEERS, Side, installed
from .timing import interleave, ratio, spread
from .workloads import WORKLOADS, Array, Workload

RESULTS = Path(__file__).parent / "results"
MODES = ("fresh", "preallocated")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.kernels", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("workload", nargs="*", help=f"some of: {', '.join(WORKLOADS)}")
    parser.add_argument("--peers", nargs="*", default=None, choices=sorted(PEERS), help="default: those installed")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for one side of one workload (default 2)")
    parser.add_argument("--record", action="store_true", help="keep the table in benchmarks/results/ as JSON")
    args = parser.parse_args()
    if unknown := [name for name in args.workload if name not in WORKLOADS]:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    peers: list[str] = args.peers if args.peers is not None else installed()
    chosen = [WORKLOADS[name] for name in args.workload or WORKLOADS]
    record: dict[str, Any] = {"machine": machine(), "peers": peers, "seconds": args.seconds, "rows": []}
    for line in header(record["machine"], peers):
        print(line)
    for index, work in enumerate(chosen, 1):
        progress(f"[{index}/{len(chosen)}] {work.name}: {work.says}")
        row = measure(work, peers, args.seconds)
        progress("")
        record["rows"].append(row)
        for line in lines(row):
            print(line, flush=True)
    if args.record:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"kernels-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
        path.write_text(json.dumps(record, indent=1) + "\n")
        print(f"\nwritten to {os.path.relpath(path)}")
    return 0


def progress(text: str) -> None:
    """One line on a terminal's stderr, overwritten by the next; nothing where stderr is a file."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(work: Workload, peers: list[str], seconds: float) -> dict[str, Any]:
    """Check every side against NumPy, then time both modes; a peer that fails is named with its reason."""
    arrays = work.arrays()
    expected = work.numpy(*arrays)
    row: dict[str, Any] = {"workload": work.name, "says": work.says, "unit": work.unit, "work": work.work, "failed": {}}
    sides: dict[str, Side] = {}
    makers: dict[str, Callable[[Workload, list[Array]], Side]] = {
        **{name: partial(rung_side, target_name=name) for name in OURS},
        **{peer: PEERS[peer] for peer in peers},
    }
    for name, make in makers.items():
        try:
            side = make(work, arrays)
            run = side.preallocated or side.fresh
            assert run is not None
            run()
            check(side.result(run()), expected, work.tolerance)
            sides[name] = side
        except Exception as problem:
            row["failed"][name] = (
                f"{type(problem).__name__}: {str(problem).strip().splitlines()[0] if str(problem).strip() else ''}"
            )
    for mode in MODES:
        runs: dict[str, Callable[[], Any]] = {}
        for name, side in sides.items():
            run = side.fresh if mode == "fresh" else side.preallocated
            if run is not None:
                runs[name] = run
        if runs:
            taken = interleave(runs, seconds=seconds)
            best = min((name for name in OURS if name in taken), key=lambda name: np.median(taken[name]), default=None)
            row[mode] = {
                name: asdict(spread(times))
                | {"rate": work.work / float(np.median(times)), "noisy": spread(times).noisy}
                | ({"rung_is_faster_by": ratio(taken[best], times)} if best is not None and name not in OURS else {})
                for name, times in taken.items()
            }
    return row


def check(found: Array, expected: Array, tolerance: float) -> None:
    """Raise where a result is not NumPy's, in shape or beyond `tolerance` of the largest magnitude."""
    if found.shape != expected.shape:
        raise AssertionError(f"result shape is {found.shape}, expected {expected.shape}")
    error = float(np.max(np.abs(found - expected))) / max(1.0, float(np.max(np.abs(expected))))
    if not error <= tolerance:
        raise AssertionError(f"relative error is {error:.2e}, expected at most {tolerance:.0e}")


def machine() -> dict[str, Any]:
    """What a reader needs to judge the numbers: date, processor, versions."""

    def of(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    ours = ("rung", "xdsl", "numpy", "pyopencl", "pocl-binary-distribution", "llvmlite")
    packages = (*ours, "torch", "jax", "tinygrad")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": processor(),
        "cores": os.cpu_count(),
        "device": device_name(),
        "python": platform.python_version(),
        "versions": {name: found for name in packages if (found := of(name))},
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    widest = next((flag for flag in ("avx512f", "avx2", "avx", "sse2") if flag in flags), "")
    return f"{facts.get('model name', platform.processor())}, family {facts.get('cpu family', '?')}, {widest}"


def header(facts: dict[str, Any], peers: list[str]) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return [
        f"{facts['date']}; {facts['processor']}, {facts['cores']} cores; {facts['device']}",
        versions,
        "median ms (quartiles) rate; xN: how many times faster rung is, the median of interleaved ratios",
        "",
    ]


def lines(row: dict[str, Any]) -> list[str]:
    out = [f"{row['workload']:<8} {row['says']}"]
    for mode in MODES:
        for name, one in row.get(mode, {}).items():
            rate = f"{one['rate']:.4g} {row['unit']}"
            factor = f"x{one['rung_is_faster_by']:.2f}" if "rung_is_faster_by" in one else ""
            noisy = "~" if one["noisy"] else " "
            times = f"{one['median_ms']:9.3f} ({one['low_ms']:.3f} .. {one['high_ms']:.3f})"
            out.append(f"  {mode:<12} {name:<9}{noisy}{times:<34} {rate:<12} {factor}")
    out.extend(f"  {name}: {reason}" for name, reason in row["failed"].items())
    return out


if __name__ == "__main__":
    sys.exit(main())
