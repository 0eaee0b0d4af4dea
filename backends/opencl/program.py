"""A compiled OpenCL program: all kernels of a module in one, because PoCL charges a third of a second for each program."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ..errors import BuildError, DeviceError
from ..kernel_cache import Entry, KernelCache
from ..launch_plan import Copy, Launch, LaunchPlan, Slot
from ..sources import keep_source
from ..target import Buffer, check_arguments
from .pickles import no_pickles
from .runtime import DeviceBuffer, Runtime

if TYPE_CHECKING:
    import pyopencl as cl


def build_options(runtime: Runtime) -> list[str]:
    """Floats as IEEE-754 has them, where the device can."""
    rounded = runtime.device.single_fp_config & runtime.cl.device_fp_config.CORRECTLY_ROUNDED_DIVIDE_SQRT
    return ["-cl-std=CL1.2", *(["-cl-fp32-correctly-rounded-divide-sqrt"] if rounded else [])]


def compile_source(runtime: Runtime, source: str) -> cl.Program:
    """Build a source. Raises BuildError with the log, and keeps the source in a file."""
    cl = runtime.cl
    program = cl.Program(runtime.context, source)
    with warnings.catch_warnings(), no_pickles(cl):
        warnings.simplefilter("ignore", cl.CompilerWarning)
        try:
            return program.build(build_options(runtime))
        except cl.RuntimeError as problem:
            kept = keep_source(source, "cl")
            log = str(problem).strip()
            raise BuildError(f"opencl: {runtime.device.name} refuses a source of ours, kept in {kept}\n{log}") from problem


def load_binary(runtime: Runtime, binary: bytes) -> cl.Program | None:
    """The program of a saved binary; None where the driver no longer takes it."""
    cl = runtime.cl
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cl.CompilerWarning)
            return cl.Program(runtime.context, [runtime.device], [binary]).build()
    except cl.Error:
        return None


@dataclass(eq=False)
class _Prepared:
    """A launch with its kernel object. Arguments in the arena are set once; of the others, the last ones are remembered."""

    launch: Launch
    kernel: cl.Kernel
    size: tuple[int, ...]
    params: list[tuple[int, int]]
    """(kernel argument, program parameter)"""
    last: dict[int, object] = field(default_factory=dict[int, object])


class OpenclExecutable:
    """A program on a device. `run` queues it and returns at once."""

    def __init__(self, runtime: Runtime, plan: LaunchPlan, source: str, program: cl.Program):
        self.runtime, self.plan, self.source, self.program = runtime, plan, source, program
        self._arena = runtime.allocate(plan.arena_bytes) if plan.arena_bytes else None
        self._pieces: dict[Slot, Any] = {}
        self._steps = [self._prepare(step) if isinstance(step, Launch) else step for step in plan.steps]
        self._keep: tuple[KernelCache, str] | None = None

    def keep_in(self, cache: KernelCache, key: str) -> None:
        """Write the program to the cache after its first run: only then does PoCL's binary hold the machine code."""
        self._keep = cache, key

    def _prepare(self, launch: Launch) -> _Prepared:
        with no_pickles(self.runtime.cl):
            kernel = self.runtime.cl.Kernel(self.program, launch.kernel)
        params: list[tuple[int, int]] = []
        for number, slot in enumerate(launch.args):
            if slot.kind == "param":
                params.append((number, slot.at))
            else:
                kernel.set_arg(number, self._piece(slot))
        size = tuple(blocks * threads for blocks, threads in zip(launch.grid, launch.block))
        return _Prepared(launch, kernel, size, params)

    def _piece(self, slot: Slot) -> Any:
        """The part of the arena that a slot is."""
        assert self._arena is not None
        if slot not in self._pieces:
            self._pieces[slot] = self._arena.memory.get_sub_region(slot.at, max(1, slot.nbytes))
        return self._pieces[slot]

    def run(self, inputs: Sequence[Buffer], outs: Sequence[Buffer] | None = None) -> list[Buffer]:
        check_arguments(self.plan, inputs, outs)
        runtime = self.runtime
        results: list[Buffer] = (
            list(outs) if outs is not None else [runtime.empty(p.shape, p.numpy_dtype) for p in self.plan.outs]
        )
        buffers = [*inputs, *results]
        memories = [self._memory(buffer) for buffer in buffers]
        with runtime.lock:
            runtime.queued([self, *buffers])  # the arena and the kernels are ours: a caller may drop us before the work is done
            for step in self._steps:
                self._enqueue(step, memories)
            if self._keep is not None:
                self._save(*self._keep)
        return results

    @staticmethod
    def _memory(buffer: Buffer) -> Any:
        if not isinstance(buffer, DeviceBuffer):
            raise TypeError(
                f"found a {type(buffer).__name__}, expected a buffer of the opencl target: use its from_numpy or empty"
            )
        return buffer.block.memory

    def _enqueue(self, step: _Prepared | Copy, memories: Sequence[Any]) -> None:
        cl, queue = self.runtime.cl, self.runtime.queue
        if isinstance(step, Copy):
            if step.target.nbytes:
                source, target = (memories[s.at] if s.kind == "param" else self._piece(s) for s in (step.source, step.target))
                cl.enqueue_copy(queue, target, source, byte_count=step.target.nbytes)
            return
        for number, param in step.params:
            memory = memories[param]
            if step.last.get(number) is not memory:
                step.kernel.set_arg(number, memory)
                step.last[number] = memory
        try:
            cl.enqueue_nd_range_kernel(queue, step.kernel, step.size, step.launch.block)
        except cl.Error as problem:
            raise DeviceError(
                f"opencl: {self.runtime.device.name} refuses to launch {step.launch.kernel}: {problem}"
            ) from problem

    def _save(self, cache: KernelCache, key: str) -> None:
        self._keep = None
        self.runtime.finish()
        (binary,) = cast("list[bytes]", self.program.get_info(self.runtime.cl.program_info.BINARIES))
        cache.put(key, Entry(self.plan.to_json(), self.source, binary))

    def finish(self) -> None:
        self.runtime.finish()

    def profile(self, inputs: Sequence[Buffer], rounds: int = 10) -> list[tuple[str, float]]:
        buffers = [*inputs, *self.run(inputs)]
        memories = [self._memory(buffer) for buffer in buffers]
        self.finish()
        found: list[tuple[str, float]] = []
        for step in self._steps:
            times: list[float] = []
            for _ in range(rounds):
                start = time.perf_counter()
                self._enqueue(step, memories)
                self.runtime.queue.finish()
                times.append(time.perf_counter() - start)
            found.append((step.launch.kernel if isinstance(step, _Prepared) else "copy", statistics.median(times)))
        return found
