"""Show a program at every rung, from what to compute down to the source text of its kernels.

    rung ladder softmax.mlir                            every kernel at every rung
    rung ladder softmax.mlir --sizes                    only a table of how large each is
    rung ladder softmax.mlir --kernel 0 --rung vector   one kernel at one rung: text that rung-opt and mlir-opt read
    rung ladder softmax.mlir --rung source --target cuda

A kernel is named or numbered from 0, in the order of `--sizes`. Printing needs no device.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rung.ladder import Rung

SUMMARY = "show a program at every rung"
RUNGS = ("nd", "linalg", "loops", "vector", "gpu", "source")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="MLIR text; - reads standard input")
    parser.add_argument("--kernel", metavar="N|NAME", help="only this kernel")
    parser.add_argument("--rung", action="append", choices=RUNGS, help="only this rung; may be given again")
    parser.add_argument("--sizes", action="store_true", help="only the table of sizes")
    parser.add_argument("--target", default="opencl", metavar="T", help="whose source text: opencl (default), cuda, ...")
    parser.add_argument(
        "--machine", choices=("cpu", "opencl-gpu", "nvidia"), help="whose default schedules (default: the target's)"
    )


def run(args: argparse.Namespace) -> int:
    from rung.backends.machine import MACHINES
    from rung.backends.target import target
    from rung.blame import telling_where
    from rung.files import UsageError, read_module
    from rung.ladder import SAYS, climb_down
    from rung.pipeline import rung_of

    module = read_module(args.file)
    wanted: list[str] = args.rung or list(RUNGS)
    start = rung_of(module)
    if not (wanted := [name for name in wanted if RUNGS.index(name) >= RUNGS.index(start)]):
        raise UsageError(f"{args.file} is on the {start} rung, which is below {args.rung[0]}")
    stop = RUNGS[-1] if args.sizes else max(wanted, key=RUNGS.index)
    machine = MACHINES[args.machine] if args.machine else None
    try:
        into = target(args.target)
    except ValueError as problem:
        raise UsageError(f"--target: {problem}") from None
    with telling_where(module):
        rungs = climb_down(module, into, machine, stop_at=stop)
    kernels = list(dict.fromkeys(name for rung in rungs for name in rung.kernels))
    chosen = None if args.kernel is None else choose(args.kernel, kernels)
    if args.sizes:
        print(table(rungs, kernels if chosen is None else [chosen]))
        return 0
    for rung in rungs:
        if rung.name not in wanted:
            continue
        text, ops = rung.text, rung.ops
        if chosen is not None:
            piece = rung.kernels.get(chosen)
            text, ops = (piece.text + "\n", piece.ops) if piece else (f"// @{chosen} has no text of its own here\n", 0)
        unit = "lines of code" if rung.name == "source" else "ops in kernels"
        whose = f"kernel @{chosen}" if chosen is not None else f"{len(rung.kernels)} kernels"
        print(f"// ==== {rung.name}: {SAYS[rung.name]}. {whose}, {ops} {unit}, {len(text.splitlines())} lines")
        print(text)
    return 0


def choose(wanted: str, kernels: list[str]) -> str:
    """The kernel that `--kernel` means. Raises UsageError that lists those there are."""
    from rung.files import UsageError

    if wanted.isdigit() and int(wanted) < len(kernels):
        return kernels[int(wanted)]
    if wanted.removeprefix("@") in kernels:
        return wanted.removeprefix("@")
    listed = ", ".join(f"{number} @{name}" for number, name in enumerate(kernels)) or "none"
    raise UsageError(f"no kernel {wanted}; found {listed}")


def table(rungs: list[Rung], kernels: list[str], measured: dict[str, float] | None = None) -> str:
    """Ops of each kernel at each rung, lines of code of its source, and where it was run its time in ms."""
    width = max([len(name) for name in kernels] + [6])
    rows = [f"{'kernel':<{width + 3}}" + "".join(f"{rung.name:>8}" for rung in rungs) + (f"{'ms':>10}" if measured else "")]
    for number, name in enumerate(kernels):
        sizes = "".join(f"{rung.kernels[name].ops if name in rung.kernels else '-':>8}" for rung in rungs)
        rows.append(f"{number:<3}{name:<{width}}{sizes}" + (f"{measured.get(name, 0.0):10.3f}" if measured else ""))
    rows.append(
        "ops of each kernel at each rung; under source lines of code" + ("; median time of its launches" if measured else "")
    )
    return "\n".join(rows)
