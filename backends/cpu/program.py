"""A compiled program: one call into machine code runs all its launches."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..launch_plan import Launch, LaunchPlan
from ..target import Buffer, check_arguments
from .engine import LOCK, load
from .memory import ALIGNMENT_BYTES
from .memory_pool import HostBuffer, aligned, empty


def _aligned(buffer: Buffer) -> Buffer:
    """The buffer, or one of ours in its place where kernels may not write to it because of its address."""
    if isinstance(buffer, HostBuffer) and buffer.address % ALIGNMENT_BYTES:
        return empty(buffer.shape, buffer.dtype)
    return buffer


class CpuExecutable:
    """Runs at once: what `run` returns is computed."""

    def __init__(self, plan: LaunchPlan, source: str, image: bytes):
        self.plan, self.source, self.image = plan, source, image
        names = ["rung_main", *(f"step{number}" for number in range(len(plan.steps)))]
        self._functions = load(image, names)
        self._main = self._functions["rung_main"]
        self._arena = aligned(plan.arena_bytes) if plan.arena_bytes else None
        count = len(plan.params)
        self._memory = (ctypes.c_void_p * (count + 1))()
        self._memory[count] = self._arena.ctypes.data if self._arena is not None else None

    def _point(self, buffers: Sequence[Buffer]) -> None:
        for number, buffer in enumerate(buffers):
            if not isinstance(buffer, HostBuffer):
                raise TypeError(
                    f"found a {type(buffer).__name__}, expected a buffer of the cpu target: use its from_numpy or empty"
                )
            self._memory[number] = buffer.address

    def run(self, inputs: Sequence[Buffer], outs: Sequence[Buffer] | None = None) -> list[Buffer]:
        check_arguments(self.plan, inputs, outs)
        results: list[Buffer] = [empty(p.shape, p.numpy_dtype) for p in self.plan.outs] if outs is None else list(outs)
        written = [_aligned(buffer) for buffer in results]
        with LOCK:
            self._point([*inputs, *written])
            self._main(self._memory)
        for buffer, there in zip(results, written):
            if there is not buffer:
                assert isinstance(buffer, HostBuffer)
                buffer.memory.reshape(-1).view(np.uint8)[: buffer.nbytes] = there.numpy().reshape(-1).view(np.uint8)
        return results

    def finish(self) -> None:
        """Nothing is ever queued."""

    def profile(self, inputs: Sequence[Buffer], rounds: int = 10) -> list[tuple[str, float]]:
        results = self.run(inputs)
        found: list[tuple[str, float]] = []
        with LOCK:
            self._point([*inputs, *results])
            for number, step in enumerate(self.plan.steps):
                found.append((step.kernel if isinstance(step, Launch) else "copy", self._median(number, rounds)))
        return found

    def _median(self, number: int, rounds: int) -> float:
        function: Any = self._functions[f"step{number}"]
        times: list[float] = []
        for _ in range(rounds):
            start = time.perf_counter()
            function(self._memory)
            times.append(time.perf_counter() - start)
        return statistics.median(times)
