"""From a module to something that runs: down the ladder, spelled, built; or all of it found in the kernel cache.

program = rung.compile.compile_module(module, "opencl")
(y,) = program.run([HostBuffer(x)])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, MemRefType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from rung.backends import target as targets
from rung.backends.kernel_cache import key as cache_key
from rung.dialects.nd.base import element_of
from rung.dialects.nd.dtype import to_numpy
from rung.passes.runner import PassFailure, PassRunner

if TYPE_CHECKING:
    from rung.frontend.runtime import Buffer


@dataclass(eq=False)
class TargetBuffer:
    """One tensor in the memory of a target. `element` is what the program calls its elements: memory knows no unsigned."""

    target: str
    element: Attribute
    held: targets.Buffer

    @property
    def shape(self) -> tuple[int, ...]:
        return self.held.shape

    @property
    def dtype(self) -> Attribute:
        return self.element

    def numpy(self) -> NDArray[Any]:
        """The elements as a new array of the host: the caller's to write to."""
        return np.array(self.view())

    def view(self) -> NDArray[Any]:
        """The elements, read-only, and without a copy where the host can see them."""
        return self.held.numpy().view(to_numpy(self.element))


@dataclass(eq=False)
class Program:
    """A compiled function: `run` takes a buffer for each parameter and gives one for each result."""

    target: targets.Target
    executable: targets.Executable
    results: tuple[Attribute, ...]
    """The element type of each result, as the program was written."""
    pass_seconds: tuple[tuple[str, float], ...] = ()
    """Time of each pass and of the checks, in order; nothing if the program came from the cache."""

    @property
    def source(self) -> str:
        """The text that was compiled for the target."""
        return self.executable.source

    @property
    def from_cache(self) -> bool:
        return not self.pass_seconds

    def upload(self, buffer: Buffer) -> targets.Buffer:
        """The buffer in this target's memory; what was uploaded stays beside a HostBuffer."""
        if isinstance(buffer, TargetBuffer) and buffer.target == self.target.name:
            return buffer.held
        copies = cast("dict[str, object]", getattr(buffer, "copies", {}))
        if self.target.name not in copies:
            array = cast("NDArray[Any] | None", getattr(buffer, "array", None))
            copies[self.target.name] = self.target.from_numpy(buffer.numpy() if array is None else array)
        return cast("targets.Buffer", copies[self.target.name])

    def run(self, inputs: Sequence[Buffer]) -> list[Buffer]:
        """Queue the program. Raises ValueError naming a parameter whose buffer does not fit."""
        outs = self.executable.run([self.upload(buffer) for buffer in inputs])
        return [TargetBuffer(self.target.name, element, out) for element, out in zip(self.results, outs)]


def compile_nd(module: ModuleOp, target: str) -> Program:
    """The program of `@main`, as Tensor asks for it."""
    return compile_module(module, target)


def compile_module(
    module: ModuleOp,
    target: str = "opencl",
    *,
    function: str | None = None,
    cache: bool = True,
    runner: PassRunner | None = None,
    ctx: Context | None = None,
    total: bool = True,
    schedule: ModuleOp | None = None,
) -> Program:
    """Compile a module on the nd or the linalg rung; the module itself stays as it is.

    function  the public function to compile; not needed if there is only one
    cache     look for the program in the kernel cache, and keep it there
    total     prove that every access is in bounds, outputs are written once and nothing races before the program is built, and
              refuse it otherwise; a program that is found in the cache was proved when it was built

    schedule  a transform script for the kernels, in place of the default schedules

    Raises ValueError for an unknown target or function, PassFailure, BackendError, BuildError, DeviceError.
    """
    found = targets.target(target)
    chosen, only = _only(module, function)
    results = _result_elements(chosen)
    # what was built without the proof is kept apart, so that whoever wants the proof is not given it
    road = (*(() if total else ("not proved total",)), *(() if schedule is None else ("schedule", str(schedule))))
    key = cache_key(str(only), found.name, str(found.machine), found.fingerprint(), *road) if cache else None
    if key is not None and (kept := found.load(key)) is not None:
        return Program(found, kept, results)
    from rung.pipeline import lower

    runner = runner or PassRunner(crash_dir=None)
    if ctx is None:
        from rung.dialects.upstream import make_context

        ctx = make_context()
    lowered = lower(ctx, only.clone(), found.machine, runner=runner, schedule=schedule)
    proving = _prove(lowered, found.machine.workgroup_bytes) if total else ()
    executable = found.build(lowered, key)
    return Program(found, executable, results, (*runner.timings, ("checks", runner.checking_seconds), *proving))


def _prove(lowered: ModuleOp, workgroup_bytes: int) -> tuple[tuple[str, float]]:
    """What the proof took. Raises PassFailure with a run of the program for which it fails."""
    from rung.passes.rung_verify_total import RungVerifyTotalPass, require_total

    try:
        return (("total", require_total(lowered, workgroup_bytes).seconds),)
    except VerifyException as problem:
        raise PassFailure(RungVerifyTotalPass.name, f"{problem} (compile with total=False to build it all the same)") from None


def spell(module: ModuleOp, target: str) -> str:
    """The source text of a module on the gpu rung. Needs no device."""
    return targets.target(target).spell(module)


def _only(module: ModuleOp, function: str | None) -> tuple[FuncOp, ModuleOp]:
    """The function to compile, and the module without other public functions."""
    public = [op for op in module.ops if isinstance(op, FuncOp) and not op.is_declaration and not _is_private(op)]
    chosen = [op for op in public if function is None or op.sym_name.data == function]
    if len(chosen) != 1:
        names = ", ".join(f"@{op.sym_name.data}" for op in public) or "none"
        raise ValueError(f"public functions are {names}, expected {'one' if function is None else '@' + function}")
    if len(public) == 1:
        return chosen[0], module
    clone = module.clone()
    for op in list(clone.ops):
        if isinstance(op, FuncOp) and not _is_private(op) and op.sym_name.data != chosen[0].sym_name.data:
            op.detach()
            op.erase()
    return chosen[0], clone


def _result_elements(function: FuncOp) -> tuple[Attribute, ...]:
    """The element type of each result; below linalg these are the trailing `outs` parameters."""
    kind, outs = function.function_type, outs_of(function)
    if not outs:
        return tuple(element_of(type_) for type_ in kind.outputs)
    return tuple(cast("MemRefType[Attribute]", type_).element_type for type_ in kind.inputs.data[-outs:])


def outs_of(function: FuncOp) -> int:
    """How many trailing parameters of a function are results: its attribute `outs`, 0 above the loops rung."""
    outs = function.attributes.get("outs")
    return outs.value.data if isinstance(outs, IntegerAttr) else 0


def _is_private(op: FuncOp) -> bool:
    return op.sym_visibility is not None and op.sym_visibility.data == "private"
