"""`cuda-cpu`: the CUDA target's own text and machine record, run by this processor under several orders of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from ...kernel_cache import Entry, KernelCache
from ...launch_plan import Copy, LaunchPlan, plan_of
from ...machine import Machine
from ...reference.target import HostArray
from ...target import Buffer, check_arguments
from ..target import CUDA
from . import compile
from .compile import Program
from .runs import How, KernelFault, run

USUAL = (How("forward"), How("reversed", copies="late"), How("interleaved", 1, "random"))
"""How each program is run. Their results must be the same to the bit."""


class CudaOnCpuExecutable:
    """A program that g++ compiled. `run` returns when it is done."""

    def __init__(self, plan: LaunchPlan, program: Program, number: int = 0, hows: Sequence[How] = USUAL):
        self.plan, self.compiled, self.number, self.hows = plan, program, number, tuple(hows)

    @property
    def source(self) -> str:
        return self.compiled.sources[self.number]

    def run(self, inputs: Sequence[Buffer], outs: Sequence[Buffer] | None = None) -> list[Buffer]:
        """Raises KernelFault, also where an order of threads changes the results."""
        check_arguments(self.plan, inputs, outs)
        arrays = [buffer.numpy() for buffer in inputs]
        results = self.run_as(self.hows[0], arrays)
        for how in self.hows[1:]:
            for number, (expected, found) in enumerate(zip(results, self.run_as(how, arrays))):
                if expected.tobytes() != found.tobytes():
                    raise KernelFault(
                        f"cuda-cpu: result {number} of @{self.plan.function} in {how} differs from that in {self.hows[0]}"
                    )
        if outs is None:
            return [HostArray(result) for result in results]
        for buffer, result in zip(outs, results):
            if not isinstance(buffer, HostArray):
                raise TypeError(
                    f"found a {type(buffer).__name__}, expected a buffer of the cuda-cpu target: use its from_numpy or empty"
                )
            buffer.array[...] = result.view(buffer.dtype)
        return list(outs)

    def run_as(self, how: How, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """The results of one run."""
        return run(self.compiled, self.number, self.plan, inputs, how).outs

    def finish(self) -> None:
        """Nothing is ever queued."""

    def profile(self, inputs: Sequence[Buffer], rounds: int = 10) -> list[tuple[str, float]]:
        """The shim's own time, races not looked for: nothing that a GPU would know of."""
        arrays, how = [buffer.numpy() for buffer in inputs], How(races=False)
        times = [run(self.compiled, self.number, self.plan, arrays, how).seconds for _ in range(rounds)]
        names = ["copy" if isinstance(step, Copy) else step.kernel for step in self.plan.steps]
        return [(name, float(np.median(column))) for name, column in zip(names, zip(*times))]


@dataclass(frozen=True)
class CudaOnCpu:
    """The CUDA target without its GPU, for tests."""

    hows: tuple[How, ...] = USUAL
    name: str = "cuda-cpu"

    @property
    def machine(self) -> Machine:
        return CUDA.machine

    def available(self) -> str | None:
        return compile.available()

    def spell(self, module: ModuleOp) -> str:
        return CUDA.spell(module)

    def fingerprint(self) -> str:
        return f"cuda-cpu\n{compile.version()}\n{compile.shim_fingerprint()}"

    def build(self, module: ModuleOp, key: str | None = None) -> CudaOnCpuExecutable:
        plan, source = plan_of(module), self.spell(module)
        program = compile.build(source)
        if key is not None:
            KernelCache().put(key, Entry(plan.to_json(), source, program.path.read_bytes()))
        return CudaOnCpuExecutable(plan, program, 0, self.hows)

    def build_all(self, modules: Sequence[ModuleOp], function: str | None = None) -> list[CudaOnCpuExecutable]:
        """Several programs by one call of the compiler, which takes little longer than for one; of each, that function."""
        program = compile.build(*map(self.spell, modules))
        plans = [plan_of(module, function) for module in modules]
        return [CudaOnCpuExecutable(plan, program, number, self.hows) for number, plan in enumerate(plans)]

    def load(self, key: str) -> CudaOnCpuExecutable | None:
        cache = KernelCache()
        if (entry := cache.get(key)) is None:
            return None
        try:
            plan = LaunchPlan.from_json(entry.plan)
        except (KeyError, TypeError, ValueError):
            cache.forget(key)
            return None
        return CudaOnCpuExecutable(plan, Program.of(entry.binary, [entry.source]), 0, self.hows)

    def from_numpy(self, array: NDArray[Any]) -> HostArray:
        return HostArray(array)

    def empty(self, shape: Sequence[int], dtype: Any) -> HostArray:
        return HostArray(np.empty(tuple(shape), dtype))


CUDA_ON_CPU = CudaOnCpu()
"""The target."""
