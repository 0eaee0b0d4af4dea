"""The OpenCL device of this process: one context, one in-order queue, and the memory that kernels work on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache, partial
from importlib import import_module
from math import prod
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any
from weakref import finalize, ref

import numpy as np
from numpy.typing import NDArray

from ..errors import DeviceError, missing_device
from ..pool import Pool, size_class
from .pickles import import_without_pickles
from .pocl import name_unknown_cpu, pin_workers

if TYPE_CHECKING:
    import pyopencl as cl

HOST_ALIGNMENT_BYTES = 128
"""Of memory that we allocate for a CPU device: OpenCL's for the widest vector, and two cache lines."""

_QUEUED_OBJECTS, _QUEUED_BYTES = 4096, 1 << 28
"""What queued launches may hold on to, beyond which the queue is waited for: results that nobody wants must not pile up."""


class Block:
    """A piece of device memory, and the host memory behind it where a CPU is the device."""

    __slots__ = ("host", "memory", "nbytes")

    def __init__(self, memory: cl.Buffer, host: NDArray[np.uint8] | None, nbytes: int):
        self.memory, self.host, self.nbytes = memory, host, nbytes


class DeviceBuffer:
    """An array on the device. Its memory goes back to the pool with it, or with the last array made from it."""

    __slots__ = ("__weakref__", "block", "dtype", "runtime", "shape")

    def __init__(self, runtime: Runtime, block: Block, shape: tuple[int, ...], dtype: np.dtype[Any]):
        self.runtime, self.block, self.shape, self.dtype = runtime, block, shape, dtype

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """As bytes, so that an array made from it keeps this object alive, whatever its dtype."""
        assert self.block.host is not None
        return {"shape": (self.nbytes,), "typestr": "|u1", "data": (self.block.host.ctypes.data, True), "version": 3}

    def numpy(self) -> NDArray[Any]:
        self.runtime.finish()
        if self.nbytes == 0:
            return np.empty(self.shape, self.dtype)
        if self.block.host is not None:
            return np.asarray(self).view(self.dtype).reshape(self.shape)
        found = np.empty(self.shape, self.dtype)
        self.runtime.copy_to_host(found, self.block)
        return found

    def __repr__(self) -> str:
        return f"DeviceBuffer({self.dtype}{list(self.shape)} on {self.runtime.device.name})"


class Runtime:
    """A device with its context and queue."""

    def __init__(self, device: cl.Device):
        import pyopencl as cl

        # what pyopencl imports for its first kernel: 10 ms that belong to the start, not to whichever program comes first
        import_module("pyopencl.invoker")
        self.cl = cl
        self.device = device
        self.cpu_name = name_unknown_cpu(device) or ""
        """What PoCL compiles for, where that had to be told."""
        self.context = cl.Context([device])
        self.queue = cl.CommandQueue(self.context)
        self.on_cpu = bool(device.type & cl.device_type.CPU)
        self._in_flight: list[object] = []
        self._in_flight_bytes = 0
        self._pool: Pool[Block] = Pool()
        self.forked = False
        """Whether this is the child of the process that opened the device: the driver's threads are not here."""
        self.lock = RLock()
        """Held from `queued` until the work is queued, so that `finish` in another thread lets go of nothing too early."""
        os.register_at_fork(after_in_child=partial(_note_fork, ref(self)))

    # Work

    def queued(self, used: Sequence[object]) -> None:
        """Hold on to what queued work uses: OpenCL kernels do not keep their arguments alive. Call it with `lock` held."""
        self._check_process()
        if len(self._in_flight) > _QUEUED_OBJECTS or self._in_flight_bytes > _QUEUED_BYTES:
            self.finish()
        self._in_flight.extend(used)
        self._in_flight_bytes += sum(item.nbytes for item in used if isinstance(item, DeviceBuffer))

    def finish(self) -> None:
        """Wait for everything queued."""
        with self.lock:
            if self._in_flight:
                self._check_process()
                self.queue.finish()
                self._in_flight.clear()
                self._in_flight_bytes = 0

    def _check_process(self) -> None:
        if self.forked:
            raise DeviceError(
                f"opencl: {self.device.name} was opened before this process was forked, and its driver does not survive that; "
                f"fork before the first kernel, or start processes by multiprocessing's spawn"
            )

    # Memory

    def empty(self, shape: Sequence[int], dtype: Any) -> DeviceBuffer:
        shape, dtype = tuple(shape), np.dtype(dtype)
        block = self._take(prod(shape) * dtype.itemsize)
        buffer = DeviceBuffer(self, block, shape, dtype)
        finalize(buffer, self._pool.give_back, block, block.nbytes).atexit = False
        return buffer

    def from_numpy(self, array: NDArray[Any]) -> DeviceBuffer:
        """On a CPU the array's own memory, if it is contiguous and aligned; else a copy."""
        cl = self.cl
        if not self.on_cpu or not array.flags.c_contiguous or array.ctypes.data % 16 or array.nbytes == 0:
            buffer = self.empty(array.shape, array.dtype)
            if array.nbytes:
                self._fill(buffer, np.ascontiguousarray(array))
            return buffer
        host = array.reshape(-1).view(np.uint8)
        # nothing writes through this buffer: kernels only read their inputs
        flags = cl.mem_flags.USE_HOST_PTR | (cl.mem_flags.READ_WRITE if array.flags.writeable else cl.mem_flags.READ_ONLY)
        return DeviceBuffer(
            self, Block(cl.Buffer(self.context, flags, hostbuf=host), host, array.nbytes), array.shape, array.dtype
        )

    def _fill(self, buffer: DeviceBuffer, array: NDArray[Any]) -> None:
        data = array.reshape(-1).view(np.uint8)
        if buffer.block.host is not None:
            buffer.block.host[: data.nbytes] = data
        else:
            self.cl.enqueue_copy(self.queue, buffer.block.memory, data, is_blocking=True)

    def copy_to_host(self, array: NDArray[Any], block: Block) -> None:
        self.cl.enqueue_copy(self.queue, array.reshape(-1).view(np.uint8), block.memory, is_blocking=True)

    def allocate(self, nbytes: int) -> Block:
        """New device memory. Raises DeviceError where there is not enough."""
        cl, size = self.cl, max(nbytes, 1)
        try:
            if not self.on_cpu:
                return Block(cl.Buffer(self.context, cl.mem_flags.READ_WRITE, size=size), None, size)
            raw = np.empty(size + HOST_ALIGNMENT_BYTES, np.uint8)
            start = -raw.ctypes.data % HOST_ALIGNMENT_BYTES
            host = raw[start : start + size]
            return Block(cl.Buffer(self.context, cl.mem_flags.READ_WRITE | cl.mem_flags.USE_HOST_PTR, hostbuf=host), host, size)
        except (cl.Error, MemoryError) as problem:
            raise DeviceError(f"opencl: no {size} bytes on {self.device.name}: {problem}") from problem

    def _take(self, nbytes: int) -> Block:
        size = size_class(nbytes)
        block = self._pool.take(size)
        return block if block is not None else self.allocate(size)


def find_device() -> tuple[Any, str | None]:
    """The device to use, or None and why there is none. RUNG_OPENCL_DEVICE picks it by a part of its name or platform."""
    pin_workers()
    import_without_pickles()
    try:
        import pyopencl as cl

        devices = [device for platform in cl.get_platforms() for device in platform.get_devices()]
    except ImportError:
        return None, "pyopencl is not installed"
    except Exception as problem:
        return None, f"no OpenCL platform ({str(problem).splitlines()[0]})"
    wanted = os.environ.get("RUNG_OPENCL_DEVICE", "")
    for device in devices:
        if wanted.lower() in f"{device.platform.name} {device.name}".lower():
            return device, None
    names = ", ".join(f"{device.platform.name}: {device.name}" for device in devices) or "none"
    return None, f"no OpenCL device like RUNG_OPENCL_DEVICE={wanted}; found {names}" if wanted else "no OpenCL device"


def _note_fork(opened: ref[Runtime]) -> None:
    if (runtime := opened()) is not None:
        runtime.forked, runtime.lock = True, RLock()


_opening = Lock()


def runtime() -> Runtime:
    """The device of this process. Raises DeviceError where there is none."""
    with _opening:  # two threads that are first must not open it twice: buffers of one context are none of another
        return _opened()


@cache
def _opened() -> Runtime:
    device, problem = find_device()
    if problem is not None:
        raise missing_device("opencl", problem)
    return Runtime(device)
