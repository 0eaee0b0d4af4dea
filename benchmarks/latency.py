"""Where the time goes between a tensor expression and its first result.

    python -m benchmarks.latency                 chain, softmax, mm512
    python -m benchmarks.latency conv attn       these workloads of the table
    python -m benchmarks.latency --passes        and the time of each pass

Each line is the median over processes of its own. `nd to source` is our part: passes, checks between them, and spelling.
`driver` builds the source or loads the saved binary. `first run` is what the first run takes longer than later ones: machine
code, memory. `cold` is all of that with empty caches. `warm` is the same program in another process, found in rung's kernel
cache: nothing is lowered or built, and the driver's own cache is empty there too. Imports, device and context are up in every
process before its clock starts; `load` says what they cost.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

from .kernels import header, machine, progress
from .workloads import WORKLOADS

DEFAULT = ("chain", "softmax", "mm512")
GOALS = {"elementwise": 150, "matmul": 500, "warm": 20}
PARTS = ("expression", "nd to source", "driver", "first run", "all")


def child(name: str) -> dict[str, Any]:
    """Everything once, timed, in a process whose caches the caller has chosen."""
    start = time.perf_counter()
    from rung.backends.target import target
    from rung.compile import compile_module
    from rung.frontend.runtime import HostBuffer
    from rung.passes.runner import PassRunner

    from .ours import program_of

    where: Any = target("opencl")
    where.fingerprint()
    loaded = time.perf_counter()
    work = WORKLOADS[name]
    arrays = work.arrays()
    begin = time.perf_counter()
    module = program_of(work, arrays)
    expressed = time.perf_counter()
    runner = PassRunner(crash_dir=None)
    spelled = 0.0
    spell = where.spell

    def timed_spell(module: Any) -> str:
        nonlocal spelled
        started = time.perf_counter()
        text = spell(module)
        spelled = time.perf_counter() - started
        return text

    where.spell = timed_spell
    program = compile_module(module, "opencl", runner=runner)
    compiled = time.perf_counter()
    inputs = [HostBuffer(array) for array in arrays]
    first = clock(program, inputs)
    later = float(np.median([clock(program, inputs) for _ in range(5)]))
    passes = sum(seconds for _, seconds in runner.timings)
    total = dict(program.pass_seconds).get("total", 0.0)
    ours = passes + runner.checking_seconds + total + spelled
    return {
        "load": loaded - start,
        "expression": expressed - begin,
        "nd to source": ours,
        "driver": compiled - expressed - ours,
        "first run": first - later,
        "all": compiled - begin + first - later,
        "from cache": program.from_cache,
        "passes": [*runner.timings, ("checks", runner.checking_seconds), ("total", total), ("spell", spelled)],
        "ops": sum(1 for _ in module.walk()),
    }


def clock(program: Any, inputs: list[Any]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    program.run(inputs)
    program.executable.finish()
    return time.perf_counter() - start


def in_process(name: str, cache: str, driver_cache: str) -> dict[str, Any]:
    settings = {**os.environ, "RUNG_CACHE_DIR": cache, "POCL_CACHE_DIR": driver_cache, "PYOPENCL_NO_CACHE": "1"}
    command = [sys.executable, "-m", "benchmarks.latency", "--child", name]
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(name: str, processes: int) -> dict[str, list[dict[str, Any]]]:
    """Cold and warm runs of one workload, in pairs."""
    runs: dict[str, list[dict[str, Any]]] = {"cold": [], "warm": []}
    for number in range(processes):
        progress(f"{name}: {number + 1} of {processes}")
        with tempfile.TemporaryDirectory() as folder:
            for kind in runs:
                runs[kind].append(in_process(name, f"{folder}/rung", f"{folder}/driver-{kind}"))
    progress("")
    return runs


def median(runs: list[dict[str, Any]], part: str) -> float:
    return 1e3 * float(np.median([run[part] for run in runs]))


def main() -> int:
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__, formatter_class=raw)
    parser.add_argument("workload", nargs="*", help=f"some of: {', '.join(WORKLOADS)}")
    parser.add_argument("--processes", type=int, default=5, metavar="N", help="pairs of processes, cold and warm (default 5)")
    parser.add_argument("--passes", action="store_true", help="the time of each pass, too")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(child(args.child)))
        return 0
    if unknown := [name for name in args.workload if name not in WORKLOADS]:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    print("\n".join(header(machine(), ["ms", f"median of {args.processes} processes"])[:2]))
    print(f"goals in ms: nd to source {GOALS['elementwise']} for chain, {GOALS['matmul']} for mm512; warm {GOALS['warm']}\n")
    print(f"{'ms':<10}{'':6}" + "".join(f"{part:>14}" for part in (*PARTS, "(load)")))
    for name in args.workload or DEFAULT:
        runs = measure(name, args.processes)
        for kind, found in runs.items():
            expected = kind == "warm"
            odd = "" if all(run["from cache"] == expected for run in found) else "  not as cached as it should be"
            print(f"{name:<10}{kind:6}" + "".join(f"{median(found, part):14.1f}" for part in (*PARTS, "load")) + odd, flush=True)
        if args.passes:
            for index, (step, _) in enumerate(runs["cold"][0]["passes"]):
                print(f"{'':16}{1e3 * float(np.median([run['passes'][index][1] for run in runs['cold']])):10.2f}  {step}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
