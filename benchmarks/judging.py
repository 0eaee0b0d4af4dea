"""What the judges cost beside the compilation they judge: the proof and the count of each kernel, and the checks after each pass.

    python -m benchmarks.judging                 chain, softmax, mm512
    python -m benchmarks.judging conv attn       these workloads of the table

One process a workload, several compilations of the whole program in it, medians. `nd to source` is all passes, the checks between
them and spelling; `checks` is the share of these checks, which run after every pass (goal: at most 30 %). `proof` and `cost` are
rung-verify-total and the exact count, on the gpu rung, each reading the IR for itself; `judged` is their time beside nd to source
(goal: at most 100 %). The first compilation of a process is apart: what the checks have learnt helps the next.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np

from .kernels import header, machine, progress
from .workloads import WORKLOADS

DEFAULT = ("chain", "softmax", "mm512")
PARTS = ("passes", "checks", "spell", "proof", "cost")


def child(name: str, rounds: int) -> list[dict[str, float]]:
    """Seconds of each part, a compilation after another in this process."""
    from rung.backends.target import target
    from rung.dialects.upstream import make_context
    from rung.judges.cost import cost
    from rung.judges.total.verify import verify_total
    from rung.passes.runner import PassRunner
    from rung.pipeline import lower

    from .ours import program_of

    where = target("opencl")
    work = WORKLOADS[name]
    module = program_of(work, work.arrays())
    found: list[dict[str, float]] = []
    for _ in range(rounds):
        runner = PassRunner(crash_dir=None)
        lowered = lower(make_context(), module.clone(), where.machine, runner=runner)
        times = [time.perf_counter()]
        where.spell(lowered)
        times.append(time.perf_counter())
        verify_total(lowered)
        times.append(time.perf_counter())
        kernels = len(cost(lowered))
        times.append(time.perf_counter())
        spelled, proof, counted = (b - a for a, b in pairwise(times))
        passes, checks = sum(seconds for _, seconds in runner.timings), runner.checking_seconds
        parts = {"passes": passes, "checks": checks, "spell": spelled, "proof": proof, "cost": counted}
        found.append({**parts, "kernels": kernels})
    return found


def in_process(name: str, rounds: int) -> list[dict[str, float]]:
    command = [sys.executable, "-m", "benchmarks.judging", "--child", name, "--rounds", str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def line(name: str, kind: str, found: list[dict[str, float]]) -> str:
    """One row of the table, in ms."""
    part = {key: 1e3 * float(np.median([one[key] for one in found])) for key in PARTS}
    source = part["passes"] + part["checks"] + part["spell"]
    judged = part["proof"] + part["cost"]
    return (
        f"{name:<10}{kind:7}{int(found[0]['kernels']):>8}{source:14.1f}{100 * part['checks'] / source:9.0f} %"
        f"{part['proof']:10.1f}{part['cost']:10.1f}{100 * judged / source:9.0f} %"
    )


def main() -> int:
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judging", description=__doc__, formatter_class=raw)
    parser.add_argument("workload", nargs="*", help=f"some of: {', '.join(WORKLOADS)}")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="compilations in each process (default 9)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(child(args.child, args.rounds)))
        return 0
    if unknown := [name for name in args.workload if name not in WORKLOADS]:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    if args.rounds < 2:
        parser.error(f"--rounds is {args.rounds}, expected at least 2")
    print("\n".join(header(machine(), ["ms", f"{args.rounds} compilations a workload; first, then median of the others"])[:2]))
    print(f"{'ms':<10}{'':7}{'kernels':>8}{'nd to source':>14}{'checks':>11}{'proof':>10}{'cost':>10}{'judged':>11}")
    for name in args.workload or DEFAULT:
        progress(name)
        found = in_process(name, args.rounds)
        progress("")
        print(line(name, "first", found[:1]))
        print(line(name, "later", found[1:]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
