"""The NVIDIA GPU of this process, through cupy, which is imported when the first program is built."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DeviceError, missing_device
from ..kernel_cache import Entry, KernelCache
from ..launch_plan import Copy, Launch, LaunchPlan, Slot
from ..target import Buffer, check_arguments


def problem() -> str | None:
    """Why there is no GPU to run on; None where there is one."""
    try:
        cupy: Any = import_module("cupy")
        count = cupy.cuda.runtime.getDeviceCount()
    except ImportError:
        return "cupy is not installed"
    except Exception as error:
        return f"no GPU ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    return None if count else "no GPU"


@cache
def cupy() -> Any:
    """The module, once it is known that it finds a GPU. Raises DeviceError."""
    reason = problem()
    if reason is not None:
        raise missing_device("cuda", reason)
    return import_module("cupy")


def arch() -> str:
    """The architecture of the current GPU: sm_90."""
    return f"sm_{cupy().cuda.Device().compute_capability}"


def about() -> list[str]:
    """Device and driver, for the key of a cached program."""
    runtime = cupy().cuda.runtime
    properties = runtime.getDeviceProperties(cupy().cuda.Device().id)
    return [str(properties["name"]), arch(), str(runtime.driverGetVersion())]


class CudaBuffer:
    """An array on the GPU. cupy's pool reuses its memory."""

    __slots__ = ("bytes", "dtype", "shape")

    def __init__(self, bytes_: Any, shape: tuple[int, ...], dtype: np.dtype[Any]):
        self.bytes, self.shape, self.dtype = bytes_, shape, dtype

    def numpy(self) -> NDArray[Any]:
        size = prod(self.shape) * self.dtype.itemsize
        return np.asarray(self.bytes.get()[:size]).view(self.dtype).reshape(self.shape)


def empty(shape: Sequence[int], dtype: Any) -> CudaBuffer:
    shape, dtype = tuple(shape), np.dtype(dtype)
    return CudaBuffer(cupy().empty(max(1, prod(shape) * dtype.itemsize), np.uint8), shape, dtype)


def from_numpy(array: NDArray[Any]) -> CudaBuffer:
    buffer = empty(array.shape, array.dtype)
    if array.nbytes:
        buffer.bytes.set(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return buffer


class CudaExecutable:
    """A program on the GPU, on cupy's current stream."""

    def __init__(self, plan: LaunchPlan, source: str, cubin: bytes):
        module = cupy().cuda.function.Module()
        module.load(cubin)
        self.plan, self.source, self.cubin = plan, source, cubin
        self._functions = {launch.kernel: module.get_function(launch.kernel) for launch in plan.launches}
        self._arena = cupy().empty(plan.arena_bytes, np.uint8) if plan.arena_bytes else None

    def keep_in(self, cache: KernelCache, key: str) -> None:
        cache.put(key, Entry(self.plan.to_json(), self.source, self.cubin))

    def run(self, inputs: Sequence[Buffer], outs: Sequence[Buffer] | None = None) -> list[Buffer]:
        check_arguments(self.plan, inputs, outs)
        results: list[Buffer] = list(outs) if outs is not None else [empty(p.shape, p.numpy_dtype) for p in self.plan.outs]
        memories = [self._memory(buffer) for buffer in (*inputs, *results)]
        for step in self.plan.steps:
            self._enqueue(step, memories)
        return results

    @staticmethod
    def _memory(buffer: Buffer) -> Any:
        if not isinstance(buffer, CudaBuffer):
            raise TypeError(f"found a {type(buffer).__name__}, expected a buffer of the cuda target: use its from_numpy or empty")
        return buffer.bytes

    def _at(self, slot: Slot, memories: Sequence[Any]) -> Any:
        if slot.kind == "param":
            return memories[slot.at]
        assert self._arena is not None
        return self._arena[slot.at : slot.at + max(1, slot.nbytes)]

    def _enqueue(self, step: Launch | Copy, memories: Sequence[Any]) -> None:
        if isinstance(step, Copy):
            self._at(step.target, memories)[: step.target.nbytes] = self._at(step.source, memories)[: step.target.nbytes]
            return
        try:
            self._functions[step.kernel](step.grid, step.block, tuple(self._at(slot, memories) for slot in step.args))
        except cupy().cuda.driver.CUDADriverError as error:
            raise DeviceError(f"cuda: the GPU refuses to launch {step.kernel}: {error}") from error

    def finish(self) -> None:
        cupy().cuda.get_current_stream().synchronize()

    def profile(self, inputs: Sequence[Buffer], rounds: int = 10) -> list[tuple[str, float]]:
        memories = [self._memory(buffer) for buffer in (*inputs, *self.run(inputs))]
        self.finish()
        found: list[tuple[str, float]] = []
        for step in self.plan.steps:
            times: list[float] = []
            for _ in range(rounds):
                start, stop = (cupy().cuda.Event() for _ in range(2))
                start.record()
                self._enqueue(step, memories)
                stop.record()
                stop.synchronize()
                times.append(cupy().cuda.get_elapsed_time(start, stop) / 1e3)
            found.append((step.kernel if isinstance(step, Launch) else "copy", statistics.median(times)))
        return found
