"""Count what each kernel of a program costs, without running it: operations, bytes, and the time this machine needs at least.

    rung cost softmax.mlir                   a table of every kernel, as the OpenCL target lowers it
    rung cost matmul.mlir --rung loops       counted on another rung
    rung cost --measure                      measure this machine's peaks, once; the table then has the roofline time
    rung cost softmax.mlir --run             and run it: the measured time, and how much of the roofline it reaches
    rung cost softmax.mlir --json            exact numbers for a script

One line is one launch. `read B` and `written B` are the bytes of every access to global memory; `compulsory B` counts each byte
once, which is what has to move however the kernel is scheduled: flop/B and the roofline are by that. `calls` are exp2, log2, sin
and the like. A number with <= is an upper bound: a guard or an index of the kernel depends on data. What counts as what is said
in judges/cost/operations.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from rung.backends.target import Target
    from rung.judges.cost import Cost
    from rung.judges.cost.roofline import Roofline

SUMMARY = "count what each kernel costs, and the time it takes at least"
RUNGS = ("loops", "vector", "gpu")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="MLIR text; - reads standard input. Not needed with --measure")
    parser.add_argument("--target", default="opencl", metavar="T", help="whose schedules and roofline: opencl (default), ...")
    parser.add_argument(
        "--machine", choices=("cpu", "opencl-gpu", "nvidia"), help="whose default schedules (default: the target's)"
    )
    parser.add_argument("--rung", choices=RUNGS, default="gpu", help="the rung to count on (default: gpu)")
    parser.add_argument("--measure", action="store_true", help="measure the peaks of this machine first, and keep them")
    parser.add_argument("--run", dest="timed", action="store_true", help="run the program on random numbers and time each kernel")
    parser.add_argument("--json", action="store_true", help="the counts as JSON, by kernel")


def run(args: argparse.Namespace) -> int:
    from rung.backends.target import target
    from rung.files import UsageError

    if args.file is None and not args.measure:
        raise UsageError("no file given; expected FILE, or --measure alone")
    if args.timed and (args.rung != "gpu" or args.machine):
        raise UsageError("--run times the gpu rung as the target schedules it; leave out --rung and --machine")
    try:
        where = target(args.target)
    except ValueError as problem:
        raise UsageError(f"--target: {problem}") from None
    peaks = measured(where) if args.measure else known(where)
    if args.file is None:
        assert peaks is not None
        print(json.dumps(vars(peaks), indent=2) if args.json else described(peaks))
        return 0
    module, costs = counted(args.file, where, args.machine, args.rung)
    times = timed(module, where) if args.timed else {}
    if args.json:
        print(json.dumps({name: as_json(found, peaks, times.get(name)) for name, found in costs.items()}, indent=2))
    else:
        print(table(costs, peaks, times))
        if peaks is None:
            print(f"no roofline: the peaks of this machine are not measured; `rung cost --measure --target {where.name}` does")
        else:
            print(described(peaks))
    return 0


def counted(path: str, where: Target, machine: str | None, rung: str) -> tuple[ModuleOp, dict[str, Cost]]:
    """The program on the rung that is asked for, and the cost of its kernels. Raises UsageError, located."""
    from rung.backends.machine import MACHINES
    from rung.dialects.upstream import make_context
    from rung.files import UsageError, place, read_module
    from rung.judges.cost import CostError, cost
    from rung.passes.runner import PassRunner
    from rung.pipeline import LADDER, lower, rung_of

    module = read_module(path)
    start = rung_of(module)
    if LADDER.index(start) > LADDER.index(rung):
        raise UsageError(f"{path} is on the {start} rung, which is below {rung}")
    runner = PassRunner(crash_dir=None)
    module = lower(make_context(), module, MACHINES[machine] if machine else where.machine, stop_at=rung, runner=runner)
    try:
        return module, cost(module)
    except CostError as problem:
        raise UsageError(f"{place(problem.op)}: {problem}") from None


def known(where: Target) -> Roofline | None:
    """The peaks, if this target can run here and they have been measured."""
    from rung.judges.cost.roofline import load

    return load(where) if where.available() is None else None


def measured(where: Target) -> Roofline:
    """Measure and keep the peaks, showing what is being done. Raises UsageError where the target cannot run here."""
    from rung.demo import Progress
    from rung.files import UsageError
    from rung.judges.cost.roofline import measure, save

    if (problem := where.available()) is not None:
        raise UsageError(f"--measure: target {where.name} cannot run here: {problem}. Next: rung doctor")
    if where.name == "reference":
        raise UsageError("--measure: the reference evaluator is no machine; expected a compiled target")
    progress = Progress()
    found = measure(where, progress)
    progress.done()
    try:
        print(f"kept in {save(found, where)}", file=sys.stderr)
    except OSError as problem:
        print(f"not kept: {problem.filename or 'the cache folder'}: {problem.strerror}", file=sys.stderr)
    return found


def timed(module: ModuleOp, where: Target) -> dict[str, float]:
    """Seconds of one launch of each kernel, the median of ten, on random inputs."""
    from rung.cli_run import arguments
    from rung.files import UsageError, entry

    if (problem := where.available()) is not None:
        raise UsageError(f"--run: target {where.name} cannot run here: {problem}. Next: rung doctor")
    start = time.perf_counter()
    executable = where.build(module)
    print(f"compiled in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    inputs = [where.from_numpy(array) for array in arguments(entry(module), [], 0)]
    found: dict[str, list[float]] = {}
    for name, seconds in executable.profile(inputs):
        found.setdefault(name, []).append(seconds)
    return {name: sum(each) / len(each) for name, each in found.items()}


def described(peaks: Roofline) -> str:
    flops = ", ".join(f"{value / 1e9:.0f} Gflop/s {name}" for name, value in peaks.flops_per_second.items())
    busy = "; the machine was busy, measure again when it is not" if peaks.disturbed else ""
    rates = f"{flops}, {peaks.bytes_per_second / 1e9:.1f} GB/s"
    return f"roofline of {peaks.device} by {peaks.target}, measured {peaks.measured}: {rates}{busy}"


def as_json(found: Cost, peaks: Roofline | None, seconds: float | None) -> dict[str, Any]:
    """All that is known of a kernel, in numbers."""
    result: dict[str, Any] = {
        "launches": found.launches,
        "flops": found.flops_by_type,
        "calls": found.calls,
        "integer": found.integer,
        "moves": found.moves,
        "index": found.index,
        "read_bytes": found.read,
        "written_bytes": found.written,
        "compulsory_read_bytes": found.distinct_read,
        "compulsory_written_bytes": found.distinct_written,
        "flops_per_byte": found.intensity,
        "exact": found.exact,
        "compulsory_exact": found.distinct_exact,
        "notes": list(found.notes),
    }
    if peaks is not None:
        least, binding = peaks.seconds(found)
        result |= {"roofline_ms": 1e3 * least, "bound_by": binding}
    if seconds is not None:
        result["measured_ms"] = 1e3 * seconds
    return result


def table(costs: dict[str, Cost], peaks: Roofline | None, times: dict[str, float]) -> str:
    """One line a kernel; columns in which every kernel has 0 are left out, save the main ones."""
    columns: dict[str, list[str]] = {"kernel": [], "launches": []}
    optional = ("calls", "integer", "moves", "index", "workgroup", "private")
    for name, found in costs.items():
        bound, distinct = ("" if found.exact else "<="), ("" if found.distinct_exact else "<=")
        local = {level: found.read[level] + found.written[level] for level in ("workgroup", "private")}
        row = {
            "kernel": name,
            "launches": str(found.launches),
            "flops": bound + short(found.flops),
            "calls": bound + short(sum(found.calls.values())),
            "integer": bound + short(found.integer),
            "moves": bound + short(found.moves),
            "index": bound + short(found.index),
            "read B": bound + short(found.read["global"]),
            "written B": bound + short(found.written["global"]),
            "workgroup": bound + short(local["workgroup"]),
            "private": bound + short(local["private"]),
            "compulsory B": distinct + short(found.compulsory),
            "flop/B": "-" if found.intensity is None else f"{found.intensity:.3g}",
        }
        if peaks is not None:
            least, binding = peaks.seconds(found)
            row |= {"roofline ms": f"{1e3 * least:.3g}", "by": binding}
        if times:
            seconds = times.get(name)
            row["ms"] = "-" if seconds is None else f"{1e3 * seconds:.3g}"
            if peaks is not None:
                row["reached"] = f"{100 * peaks.seconds(found)[0] / seconds:.0f} %" if seconds else "-"
        for title, text in row.items():
            columns.setdefault(title, []).append(text)
    columns = {
        title: cells
        for title, cells in columns.items()
        if title not in optional or any(cell.removeprefix("<=") != "0" for cell in cells)
    }
    if all(cell == "1" for cell in columns["launches"]):
        del columns["launches"]
    widths = {title: max(len(title), *map(len, cells)) if cells else len(title) for title, cells in columns.items()}
    lines = ["  ".join(title.ljust(w) if title == "kernel" else title.rjust(w) for title, w in widths.items())]
    for row_cells in zip(*columns.values()):
        cells = zip(widths.items(), row_cells)
        lines.append("  ".join(cell.ljust(w) if title == "kernel" else cell.rjust(w) for (title, w), cell in cells))
    return "\n".join(lines)


def short(number: int) -> str:
    """Up to four digits, then in thousands (k), millions (M), ... with four digits."""
    if number < 10_000:
        return str(number)
    power = min((len(str(number)) - 1) // 3, 5)
    return f"{number / 1000**power:.4g}{' kMGTP'[power]}"
