"""A hunt written down: when, with which versions, which seeds, what was judged by whom, what it was made of, what failed."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rung.judges.upstream import find_mlir_opt

from .builder import Sizes
from .coverage import Coverage
from .hunt import Tally

PACKAGES = ("rung", "xdsl", "numpy", "ml-dtypes", "islpy", "pyopencl", "pocl-binary-distribution", "nvidia-cuda-nvrtc")


def versions() -> dict[str, str]:
    """Of everything that judges: Python, packages, mlir-opt; those that are absent are left out."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if (tool := find_mlir_opt()) is not None:
        said = subprocess.run([tool, "--version"], capture_output=True, text=True, timeout=60).stdout
        found["mlir-opt"] = next((line.split()[-1] for line in said.splitlines() if "version" in line), "unknown")
    return found


def tree() -> str:
    """The commit that ran, as a seed is a program by the generator of that commit only; the version where there is none."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return version("rung")


def entry(target: str, first_seed: int, sizes: Sizes, tally: Tally, seconds: float) -> dict[str, Any]:
    """One target's part of a run."""
    return {
        "target": target,
        "tree": tree(),
        "first_seed": first_seed,
        "sizes": asdict(sizes),
        "programs": tally.programs,
        "ops": tally.ops,
        "seconds": round(seconds, 1),
        "failures": [{"seed": f.seed, "where": f.found.where, "what": f.found.what[:400]} for f in tally.failures],
    }


def write(path: Path, runs: list[dict[str, Any]], coverage: Coverage) -> None:
    """Add runs to a record, which is made where there is none: totals and coverage grow. Notes that a person wrote in it stay.

    Raises ValueError for a file that holds something else.
    """
    record: dict[str, Any] = {"found": [], "runs": []}
    if path.exists():
        record = json.loads(path.read_text(encoding="utf-8"))
        if not {"runs", "coverage"} <= set(record):
            raise ValueError(f"{path} is no record of rung fuzz, expected `runs` and `coverage` in it")
        coverage += Coverage.from_json(record["coverage"])
    record["runs"] += [{"date": datetime.now(UTC).isoformat(timespec="seconds"), **run} for run in runs]
    targets = sorted({run["target"] for run in record["runs"]})
    record["totals"] = {
        target: {
            "programs": sum(run["programs"] for run in record["runs"] if run["target"] == target),
            "ops": sum(run["ops"] for run in record["runs"] if run["target"] == target),
            "failures": sum(len(run["failures"]) for run in record["runs"] if run["target"] == target),
        }
        for target in targets
    }
    ordered = {
        "versions": versions(),
        **{key: record[key] for key in ("totals", "found", "runs")},
        "coverage": coverage.as_json(),
    }
    path.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
