"""CUDA C++: spelled by `backends.c`, compiled by NVRTC, launched through cupy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from ..c.kernels import spell_module
from ..errors import BuildError
from ..kernel_cache import KernelCache
from ..launch_plan import LaunchPlan, plan_of
from ..machine import NVIDIA, Machine
from . import nvrtc, runtime
from .language import CUDA as LANGUAGE


class CudaTarget:
    """A GPU of NVIDIA's, sm_80 and later."""

    name = "cuda"

    @property
    def machine(self) -> Machine:
        return NVIDIA

    def available(self) -> str | None:
        return runtime.problem() or nvrtc.available()

    def spell(self, module: ModuleOp) -> str:
        return spell_module(module, LANGUAGE, __package__ or "rung.backends.cuda")

    def fingerprint(self) -> str:
        return "\n".join(["cuda", *runtime.about(), nvrtc.version()])

    def build(self, module: ModuleOp, key: str | None = None) -> runtime.CudaExecutable:
        plan, source = plan_of(module), self.spell(module)
        cubin = nvrtc.compile_cubin(source, runtime.arch())
        executable = runtime.CudaExecutable(plan, source, cubin.code)
        if key is not None:
            executable.keep_in(KernelCache(), key)
        return executable

    def load(self, key: str) -> runtime.CudaExecutable | None:
        cache = KernelCache()
        entry = cache.get(key)
        if entry is None:
            return None
        try:
            return runtime.CudaExecutable(LaunchPlan.from_json(entry.plan), entry.source, entry.binary)
        except (KeyError, TypeError, ValueError, BuildError, runtime.cupy().cuda.driver.CUDADriverError):
            # whole, but of a driver that was replaced behind its version number
            cache.forget(key)
            return None

    def from_numpy(self, array: NDArray[Any]) -> runtime.CudaBuffer:
        return runtime.from_numpy(array)

    def empty(self, shape: Sequence[int], dtype: Any) -> runtime.CudaBuffer:
        return runtime.empty(shape, dtype)


CUDA = CudaTarget()
"""The target."""
