"""From nd to machine code on the target `cpu`, cold, for every workload; and what a call of a small program costs.

python -m benchmarks.cold
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from rung import Tensor
from rung.backends.cpu import engine
from rung.compile import compile_module
from rung.frontend.runtime import HostBuffer
from rung.ladder import module_of

from .ours import program_of
from .workloads import WORKLOADS

ROUNDS = 5


def main() -> int:
    engine.pool()  # the threads are compiled once in a process
    print(f"{'ms, median':<10}{'all':>8}{'ours':>8}{'LLVM':>8}{'first':>8}")
    for name, work in WORKLOADS.items():
        module = program_of(work, work.arrays())
        taken = [_compile(module) for _ in range(ROUNDS)]
        whole, ours = (statistics.median(column) for column in zip(*taken))
        print(f"{name:<10}{whole:8.1f}{ours:8.1f}{whole - ours:8.1f}{taken[0][0]:8.1f}", flush=True)
    for launches, microseconds in (_call(1), _call(5)):
        print(f"a call of {launches} kernels on 64x64: {microseconds:.1f} us")
    return 0


def _compile(module: ModuleOp) -> tuple[float, float]:
    """All of a compilation, and our part of it: passes, checks and proof."""
    start = time.perf_counter()
    program = compile_module(module, "cpu", cache=False)
    return (time.perf_counter() - start) * 1e3, sum(seconds for _, seconds in program.pass_seconds) * 1e3


def _call(kernels: int) -> tuple[int, float]:
    x = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    a = Tensor.from_numpy(x)
    y = a + 1
    for _ in range(kernels - 1):
        y = y @ a
    program = compile_module(module_of(y), "cpu", cache=False)
    inputs, times = [HostBuffer(x)], list[float]()
    for _ in range(2000):
        start = time.perf_counter()
        program.run(inputs)
        times.append(time.perf_counter() - start)
    return len(program.executable.plan.launches), statistics.median(times) * 1e6


if __name__ == "__main__":
    sys.exit(main())
