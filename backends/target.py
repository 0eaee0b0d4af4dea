"""Where programs can run. A target is a record here, a launcher in its own folder, and nothing else.

Targets are loaded when first asked for, and import their driver when first used, so printing needs no device. A package outside
adds one by an entry point in the group `rung.targets`: `name = "package.module:TARGET"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from .launch_plan import LaunchPlan
from .machine import Machine


class Buffer(Protocol):
    """An array in the memory of a target."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    def numpy(self) -> NDArray[Any]:
        """The contents, once all work queued before is done. Read-only; without a copy where the host can see the memory."""
        ...


class Executable(Protocol):
    """A compiled program."""

    @property
    def plan(self) -> LaunchPlan: ...
    @property
    def source(self) -> str:
        """The text that was compiled, or the IR where there is none."""
        ...

    def run(self, inputs: Sequence[Buffer], outs: Sequence[Buffer] | None = None) -> list[Buffer]:
        """Queue the program; its results, in `outs` if they are given. Does not wait for it.

        Raises ValueError where shapes or dtypes are not those of `plan`.
        """
        ...

    def finish(self) -> None:
        """Wait for everything queued."""
        ...

    def profile(self, inputs: Sequence[Buffer], rounds: int = 10) -> list[tuple[str, float]]:
        """(kernel, median seconds) of each launch, run one by one."""
        ...


class Target(Protocol):
    """A way from the gpu rung to numbers."""

    @property
    def name(self) -> str: ...
    @property
    def machine(self) -> Machine:
        """What schedules and checks may know of the device. Asks no device if there is none."""
        ...

    def available(self) -> str | None:
        """Why nothing can run on this target here; None where it can."""
        ...

    def spell(self, module: ModuleOp) -> str:
        """The source of all kernels of a module on the gpu rung. Needs no device. Raises BackendError."""
        ...

    def fingerprint(self) -> str:
        """Device, driver and compiler versions: part of a cached program's key."""
        ...

    def build(self, module: ModuleOp, key: str | None = None) -> Executable:
        """Compile a module on the gpu rung; with a key the result is kept in the kernel cache, once it has run.

        Raises BackendError, BuildError or DeviceError.
        """
        ...

    def load(self, key: str) -> Executable | None:
        """The program kept under this key, if there is one that this device takes."""
        ...

    def from_numpy(self, array: NDArray[Any]) -> Buffer:
        """The elements of an array. May share its memory: nobody is to write to the array as long as the buffer is used."""
        ...

    def empty(self, shape: Sequence[int], dtype: Any) -> Buffer:
        """A buffer whose contents are not defined."""
        ...


TARGETS = {
    "opencl": "rung.backends.opencl.target:OPENCL",
    "cuda": "rung.backends.cuda.target:CUDA",
    "cuda-cpu": "rung.backends.cuda.shim.target:CUDA_ON_CPU",
    "cpu": "rung.backends.cpu.target:TARGET",
    "reference": "rung.backends.reference.target:REFERENCE",
}
"""Name of each target: where it is."""

ENTRY_POINT_GROUP = "rung.targets"


def target_names() -> list[str]:
    """Ours, then those of other packages."""
    return [*TARGETS, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP) if point.name not in TARGETS)]


@cache
def target(name: str) -> Target:
    """The target of that name. Raises ValueError where there is none."""
    if name in TARGETS:
        module, _, attribute = TARGETS[name].partition(":")
        return cast(Target, getattr(import_module(module), attribute))
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return cast(Target, point.load())
    raise ValueError(f"no target {name!r}, expected one of {', '.join(target_names())}")


def check_arguments(plan: LaunchPlan, inputs: Sequence[Buffer], outs: Sequence[Buffer] | None) -> None:
    """Raise ValueError, naming parameter and both types, where the buffers are not what the plan expects."""
    for what, params, buffers in (("input", plan.inputs, inputs), ("result", plan.outs, outs)):
        if buffers is None:
            continue
        if len(buffers) != len(params):
            raise ValueError(f"@{plan.function} has {len(params)} {what}s, found {len(buffers)}")
        for param, buffer in zip(params, buffers):
            if param.shape != buffer.shape or not _same_bits(param.numpy_dtype, buffer.dtype):
                raise ValueError(
                    f"{what} {param.name} of @{plan.function} is {buffer.dtype}{list(buffer.shape)}, "
                    f"expected {param.dtype}{list(param.shape)}"
                )


def _same_bits(expected: np.dtype[Any], found: np.dtype[Any]) -> bool:
    """Integers are signless in the IR, so uint8 does for int8."""
    return (
        expected is found
        or expected == found
        or (expected.kind == "i" and found.kind == "u" and expected.itemsize == found.itemsize)
    )
