"""The seam between Tensor and the compiler: buffers, programs, and the target that runs them.

Tensor asks for a module to be compiled for a target and hands over buffers; what happens below is not its business.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute

from rung.dialects.nd import dtype as nd


class Buffer(Protocol):
    """The elements of one tensor, in row-major order, wherever they are."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Attribute:
        """The `nd` element type."""
        ...

    def numpy(self) -> npt.NDArray[Any]:
        """The elements as a new array of the host: the caller's to write to."""
        ...


class Program(Protocol):
    """A compiled `@main`."""

    def run(self, inputs: Sequence[Buffer]) -> Sequence[Buffer]:
        """A buffer for each result. Takes buffers of any kind, and may keep what it uploads beside a HostBuffer."""
        ...


@dataclass(eq=False)
class HostBuffer:
    """A NumPy array that nobody writes to."""

    array: npt.NDArray[Any]
    """C-contiguous, in the machine's byte order. Targets read it here, where `numpy()` would copy."""
    copies: dict[str, object] = field(default_factory=dict[str, object])
    """What targets uploaded, by target: an input that is used again is not uploaded again."""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> Attribute:
        return nd.from_numpy(self.array.dtype)

    def numpy(self) -> npt.NDArray[Any]:
        return self.array.copy()


@dataclass(frozen=True)
class ReferenceProgram:
    """Runs the `nd` text by the NumPy evaluator: slow, and what every other target is compared with."""

    module: ModuleOp

    def run(self, inputs: Sequence[Buffer]) -> Sequence[Buffer]:
        from rung.backends.reference.evaluate import evaluate

        arrays = [buffer.array if isinstance(buffer, HostBuffer) else buffer.numpy() for buffer in inputs]
        return [HostBuffer(np.asarray(array, order="C")) for array in evaluate(self.module, "main", arrays)]


def compile_nd(module: ModuleOp, target: str) -> Program:
    """The program of `@main` for a target."""
    if target == "reference":
        return ReferenceProgram(module)
    from rung.compile import compile_nd

    return compile_nd(module, target)


_programs: OrderedDict[Hashable, Program] = OrderedDict()
_PROGRAMS_KEPT = 1024
"""An expression with a new constant each time is a new program each time; so the oldest go."""


def program(key: Hashable, make: Callable[[], ModuleOp], target: str) -> Program:
    """The program remembered under a key that is equal for equal modules, or a newly compiled one."""
    key = (target, key)
    found = _programs.get(key)
    if found is None:
        found = _programs[key] = compile_nd(make(), target)
        if len(_programs) > _PROGRAMS_KEPT:
            _programs.popitem(last=False)
    else:
        _programs.move_to_end(key)
    return found


_using: ContextVar[str | None] = ContextVar("rung_target", default=None)
_target: str | None = None


def get_target() -> str:
    """Where Tensors are computed: `using`, else `set_target`, else the variable RUNG_TARGET, else OpenCL."""
    return _using.get() or _target or os.environ.get("RUNG_TARGET") or "opencl"


def set_target(name: str) -> None:
    """Compute on this target from now on."""
    global _target
    _target = name


@contextmanager
def using(target: str) -> Generator[None]:
    """Compute on `target` inside the block: `with rung.using("reference"): print(x.numpy())`. It is realising that counts."""
    token = _using.set(target)
    try:
        yield
    finally:
        _using.reset(token)
