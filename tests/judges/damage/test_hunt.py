"""Hundreds of damaged programs of every rung, always the same ones, before rung-opt, rung run and rung ladder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROGRAMS = "softmax_two_rows,matmul_bias_relu,binary_i8,sum_to_scalar,reshape_of_permute,zero_size_pad"


def test_damaged_programs_are_accepted_or_told_where_they_are_damaged(
    repository: Path, tmp_path: Path, verdict: Callable[..., None]
) -> None:
    """In a process of its own: it forks, and the children may not inherit a driver."""
    command = [sys.executable, "-m", "rung.judges.damage", "--count", "220", "--seed", "0", "--opencl", "0"]
    command += ["--corpus", str(repository / "tests" / "corpus"), "--programs", PROGRAMS, "--longest", "6000"]
    command += ["--keep", str(tmp_path / "found"), "--record", str(tmp_path / "record.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    found = "\n".join(path.read_text(errors="replace") for path in sorted((tmp_path / "found").glob("*")))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-2000:]}\n{found}"
    record = json.loads((tmp_path / "record.json").read_text())
    assert set(record["by rung"]) == {"nd", "linalg", "loops", "vector", "gpu"}
    assert record["by outcome"]["rung-opt: accepted"] > 20
    assert record["by outcome"]["rung-opt: diagnosed"] > 100
    for rung in record["by rung"]:
        verdict(f"rung {rung}", "damage", 220 // 5)
