"""OpenCL C on whatever device there is: PoCL from pip on a bare machine, a GPU where one has a driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from ..c.kernels import spell_module
from ..kernel_cache import KernelCache
from ..launch_plan import LaunchPlan, plan_of
from ..machine import CPU, OPENCL_GPU, Machine
from .language import OPENCL as LANGUAGE
from .program import OpenclExecutable, build_options, compile_source, load_binary
from .runtime import DeviceBuffer, find_device, runtime


class OpenclTarget:
    """Spelled by `backends.c`, built and launched through pyopencl."""

    name = "opencl"

    @property
    def machine(self) -> Machine:
        device, _ = find_device()
        if device is None:
            return CPU
        import pyopencl as cl

        return CPU if device.type & cl.device_type.CPU else OPENCL_GPU

    def available(self) -> str | None:
        return find_device()[1]

    def spell(self, module: ModuleOp) -> str:
        return spell_module(module, LANGUAGE, __package__ or "rung.backends.opencl")

    def fingerprint(self) -> str:
        device = runtime().device
        about = (device.platform.name, device.platform.version, device.name, device.version, device.driver_version)
        return "\n".join(["opencl", *about, runtime().cpu_name, *build_options(runtime())])

    def build(self, module: ModuleOp, key: str | None = None) -> OpenclExecutable:
        plan, source = plan_of(module), self.spell(module)
        found = runtime()
        executable = OpenclExecutable(found, plan, source, compile_source(found, source))
        if key is not None:
            executable.keep_in(KernelCache(), key)
        return executable

    def load(self, key: str) -> OpenclExecutable | None:
        cache = KernelCache()
        entry = cache.get(key)
        if entry is None:
            return None
        found = runtime()
        program = load_binary(found, entry.binary)
        try:
            if program is not None:
                return OpenclExecutable(found, LaunchPlan.from_json(entry.plan), entry.source, program)
        except (KeyError, TypeError, ValueError, found.cl.Error):
            pass
        # whole, but of a driver that was replaced behind its version number
        cache.forget(key)
        return None

    def from_numpy(self, array: NDArray[Any]) -> DeviceBuffer:
        return runtime().from_numpy(array)

    def empty(self, shape: Sequence[int], dtype: Any) -> DeviceBuffer:
        return runtime().empty(shape, dtype)


OPENCL = OpenclTarget()
"""The target."""
