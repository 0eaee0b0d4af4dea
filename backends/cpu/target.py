"""This processor, without a driver and without a toolchain: LLVM from pip compiles a kernel in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from ..errors import BuildError, missing_device
from ..kernel_cache import Entry, KernelCache
from ..launch_plan import LaunchPlan, plan_of
from ..machine import CPU, CPU512, Machine
from . import engine, memory_pool
from .kernels import spell_module
from .program import CpuExecutable


class CpuTarget:
    """Spelled as LLVM IR, compiled by llvmlite, run by a few threads."""

    name = "cpu"

    @property
    def machine(self) -> Machine:
        return CPU512 if engine.problem() is None and engine.vector_bits() >= 512 else CPU

    def available(self) -> str | None:
        return engine.problem()

    def spell(self, module: ModuleOp) -> str:
        return spell_module(module, plan_of(module), self.machine.vector_bits)

    def fingerprint(self) -> str:
        self._expect_llvm()
        return "\n".join(["cpu", engine.version(), engine.processor(), str(engine.vector_bits())])

    def build(self, module: ModuleOp, key: str | None = None) -> CpuExecutable:
        self._expect_llvm()
        plan = plan_of(module)
        source = spell_module(module, plan, self.machine.vector_bits)
        image = engine.compile_text(source)
        if key is not None:
            KernelCache().put(key, Entry(plan.to_json(), source, image))
        return CpuExecutable(plan, source, image)

    def load(self, key: str) -> CpuExecutable | None:
        cache = KernelCache()
        entry = cache.get(key)
        if entry is None:
            return None
        try:
            return CpuExecutable(LaunchPlan.from_json(entry.plan), entry.source, entry.binary)
        except (KeyError, TypeError, ValueError, BuildError):
            cache.forget(key)
            return None

    def from_numpy(self, array: NDArray[Any]) -> memory_pool.HostBuffer:
        return memory_pool.wrap(array)

    def empty(self, shape: Sequence[int], dtype: Any) -> memory_pool.HostBuffer:
        return memory_pool.empty(shape, dtype)

    def _expect_llvm(self) -> None:
        if (problem := engine.problem()) is not None:
            raise missing_device("cpu", problem)


TARGET = CpuTarget()
"""The target."""
