"""The evaluator as a target: runs the gpu rung itself, on NumPy arrays. What the others are compared with."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from ..launch_plan import LaunchPlan, plan_of
from ..machine import CPU, Machine
from ..target import Buffer, check_arguments
from .evaluate import evaluate


@dataclass(eq=False)
class HostArray:
    """A buffer that is a NumPy array."""

    array: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    def numpy(self) -> NDArray[Any]:
        view = self.array.view()
        view.flags.writeable = False
        return view


@dataclass(frozen=True)
class ReferenceExecutable:
    """A module and the evaluator."""

    plan: LaunchPlan
    module: ModuleOp

    @property
    def source(self) -> str:
        return str(self.module)

    def run(self, inputs: Sequence[Buffer], outs: Sequence[Buffer] | None = None) -> list[Buffer]:
        check_arguments(self.plan, inputs, outs)
        results = evaluate(self.module, self.plan.function, [buffer.numpy() for buffer in inputs])
        if outs is None:
            return [HostArray(np.asarray(result)) for result in results]
        for buffer, result in zip(outs, results):
            assert isinstance(buffer, HostArray)
            buffer.array[...] = np.asarray(result).view(buffer.dtype)
        return list(outs)

    def finish(self) -> None:
        """Nothing is ever queued."""

    def profile(self, inputs: Sequence[Buffer], rounds: int = 10) -> list[tuple[str, float]]:
        times: list[float] = []
        for _ in range(rounds):
            start = time.perf_counter()
            self.run(inputs)
            times.append(time.perf_counter() - start)
        return [(self.plan.function, statistics.median(times))]


class ReferenceTarget:
    """No device, no compiler, no cache."""

    name = "reference"

    @property
    def machine(self) -> Machine:
        return CPU

    def available(self) -> str | None:
        return None

    def spell(self, module: ModuleOp) -> str:
        return str(module)

    def fingerprint(self) -> str:
        return "reference"

    def build(self, module: ModuleOp, key: str | None = None) -> ReferenceExecutable:
        return ReferenceExecutable(plan_of(module), module)

    def load(self, key: str) -> ReferenceExecutable | None:
        return None

    def from_numpy(self, array: NDArray[Any]) -> HostArray:
        return HostArray(array)

    def empty(self, shape: Sequence[int], dtype: Any) -> HostArray:
        return HostArray(np.empty(tuple(shape), dtype))


REFERENCE = ReferenceTarget()
"""The target."""
