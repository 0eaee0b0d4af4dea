"""Peak memory of the elementwise chain over 16M elements, beside what it must hold: its input and its output.

    python -m benchmarks.memory

The peak of resident memory is read from the operating system (Linux only), after the same chain ran on few elements: imports, the
driver and its compiler are then there already, and what the chain adds is counted. `numpy()` gives an array that is the caller's
to write to, so it holds the result once more.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

ELEMENTS = 16 << 20
MEBI = 1 << 20
WAYS = ("realize", "numpy")


def status(field: str) -> int:
    """A line of /proc/self/status in bytes: VmRSS is resident now, VmHWM the most since `forget_peak`."""
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(f"{field}:"))


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def added(way: str, elements: int) -> int:
    """Bytes at the peak beyond what the process held before there was even an input."""
    from rung import Tensor

    from .ours import chain

    before = status("VmRSS")
    forget_peak()
    x = np.random.default_rng(0).standard_normal(elements, dtype=np.float32)
    result = chain(Tensor.from_numpy(x))
    taken = result.numpy() if way == "numpy" else result.realize()
    peak = status("VmHWM")
    del taken, result, x
    return peak - before


def main() -> int:
    if len(sys.argv) > 1:
        added(sys.argv[1], ELEMENTS // 1024)
        print(added(sys.argv[1], ELEMENTS))
        return 0
    needed = 2 * 4 * ELEMENTS
    print(f"chain over 16M elements: input and output are {needed / MEBI:.0f} MiB (goal: a peak of at most 1.20 of that)")
    for way in WAYS:  # each in a process of its own, so that neither finds the other's buffers
        done = subprocess.run([sys.executable, "-m", "benchmarks.memory", way], capture_output=True, text=True, check=True)
        peak = int(done.stdout)
        print(f"  {way + '()':<10} {peak / MEBI:4.0f} MiB, {peak / needed:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
