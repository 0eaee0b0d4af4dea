"""The host side of a program as data: which kernels run over which buffers, in which order.

`plan_of` reads it off the host function of a module on the gpu rung; `opencl` and `cuda` carry it out alike; the kernel cache
keeps it as JSON, so that a warm process needs no IR at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from math import prod
from typing import Any, Literal, cast

import ml_dtypes
import numpy as np
from xdsl.dialects import arith, func, memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, IndexType, IntegerAttr, MemRefType, ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from rung.dialects.upstream import gpu

from .c.elements import bytes_of, code_of
from .errors import BackendError

ALIGNMENT_BYTES = 256
"""Of every buffer in the arena: a cache line, a GPU's memory transaction, and OpenCL's sub-buffer alignment (128 on PoCL)."""

_DTYPES = {
    **{"i1": "bool", "f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64", "index": "int64"},
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"u{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}


@dataclass(frozen=True)
class Param:
    """An argument of the program. The trailing ones are its results."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """NumPy's name. Integers are signless in the IR and called signed here."""
    out: bool

    @cached_property
    def numpy_dtype(self) -> np.dtype[Any]:
        return np.dtype(ml_dtypes.bfloat16 if self.dtype == "bfloat16" else self.dtype)

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.numpy_dtype.itemsize


@dataclass(frozen=True)
class Slot:
    """A buffer that a kernel works on: a parameter, or a piece of the arena."""

    kind: Literal["param", "arena"]
    at: int
    """Which parameter, or at which byte of the arena."""
    nbytes: int


@dataclass(frozen=True)
class Launch:
    """Run a kernel on a grid of blocks."""

    kernel: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    args: tuple[Slot, ...]


@dataclass(frozen=True)
class Copy:
    """Copy a buffer whole."""

    source: Slot
    target: Slot


@dataclass(frozen=True)
class LaunchPlan:
    """Everything the host does, in order."""

    function: str
    params: tuple[Param, ...]
    arena_bytes: int
    steps: tuple[Launch | Copy, ...]

    @cached_property
    def inputs(self) -> tuple[Param, ...]:
        return tuple(param for param in self.params if not param.out)

    @cached_property
    def outs(self) -> tuple[Param, ...]:
        return tuple(param for param in self.params if param.out)

    @property
    def launches(self) -> tuple[Launch, ...]:
        return tuple(step for step in self.steps if isinstance(step, Launch))

    def to_json(self) -> dict[str, Any]:
        """As dictionaries, lists, strings and numbers."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> LaunchPlan:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError for anything else."""
        params = tuple(Param(p["name"], tuple(p["shape"]), p["dtype"], p["out"]) for p in data["params"])
        steps = tuple(_step(step) for step in data["steps"])
        return LaunchPlan(data["function"], params, int(data["arena_bytes"]), steps)


def _slot(data: Mapping[str, Any]) -> Slot:
    return Slot(data["kind"], int(data["at"]), int(data["nbytes"]))


def _step(data: Mapping[str, Any]) -> Launch | Copy:
    if "source" in data:
        return Copy(_slot(data["source"]), _slot(data["target"]))
    grid, block = (cast("tuple[int, int, int]", tuple(map(int, data[key]))) for key in ("grid", "block"))
    return Launch(data["kernel"], grid, block, tuple(map(_slot, data["args"])))


def plan_of(module: ModuleOp, function: str | None = None) -> LaunchPlan:
    """The plan of a host function (the only public one where no name is given) of a module on the gpu rung.

    Raises BackendError where the function does anything but allocate, view, launch, copy and return, or a size is not constant.
    """
    return _Planner(_entry(module, function)).plan()


def _entry(module: ModuleOp, function: str | None) -> func.FuncOp:
    public = [
        op
        for op in module.ops
        if isinstance(op, func.FuncOp)
        and (op.sym_visibility is None or op.sym_visibility.data != "private")
        and not op.is_declaration
    ]
    found = [op for op in public if op.sym_name.data == function] if function is not None else public
    if len(found) != 1:
        names = ", ".join(f"@{op.sym_name.data}" for op in public) or "none"
        raise BackendError(f"public functions of the module are {names}, expected {'@' + function if function else 'one'}")
    return found[0]


class _Planner:
    def __init__(self, host: func.FuncOp):
        self.host = host
        self.slots: dict[SSAValue, Slot] = {}
        self.arena_bytes = 0
        self.steps: list[Launch | Copy] = []

    def plan(self) -> LaunchPlan:
        host = self.host
        outs = host.attributes.get("outs")
        count = outs.value.data if isinstance(outs, IntegerAttr) else 0
        arguments = host.body.block.args
        params = tuple(
            Param(value.name_hint or f"arg{number}", *_layout(value.type), number >= len(arguments) - count)
            for number, value in enumerate(arguments)
        )
        for number, (value, param) in enumerate(zip(arguments, params)):
            self.slots[value] = Slot("param", number, param.nbytes)
        for op in host.body.block.ops:
            self.step(op)
        return LaunchPlan(host.sym_name.data, params, self.arena_bytes, tuple(self.steps))

    def step(self, op: Operation) -> None:
        match op:
            case arith.ConstantOp() | func.ReturnOp() | memref.DeallocOp():
                pass
            case memref.AllocOp():
                at = -(-self.arena_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
                self.slots[op.memref] = Slot("arena", at, _nbytes(op.memref.type))
                self.arena_bytes = at + _nbytes(op.memref.type)
            case memref.ViewOp():
                source = self.slots[op.source]
                self.slots[op.result] = Slot(source.kind, source.at + self.number(op.byte_shift), _nbytes(op.result.type))
            case memref.CopyOp():
                self.steps.append(Copy(self.slots[op.source], self.slots[op.destination]))
            case _ if op.name in ("memref.cast", "memref.collapse_shape", "memref.expand_shape", "memref.reinterpret_cast"):
                self.slots[op.results[0]] = self.slots[op.operands[0]]
            case gpu.LaunchFuncOp():
                self.launch(op)
            case _:
                raise BackendError(
                    f"{op.name} in host function @{self.host.sym_name.data}, expected buffers, copies and launches"
                )

    def launch(self, op: gpu.LaunchFuncOp) -> None:
        grid = (self.number(op.grid_x), self.number(op.grid_y), self.number(op.grid_z))
        block = (self.number(op.block_x), self.number(op.block_y), self.number(op.block_z))
        args = tuple(self.slots[value] for value in op.kernel_operands)
        if all(grid):
            self.steps.append(Launch(op.kernel.string_value().rpartition(".")[2], grid, block, args))

    def number(self, value: SSAValue) -> int:
        owner = value.owner
        if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr) and isinstance(value.type, IndexType):
            return owner.value.value.data
        raise BackendError(f"a size in host function @{self.host.sym_name.data} is not a constant")


def _layout(type_: Attribute) -> tuple[tuple[int, ...], str]:
    if not isa(type_, MemRefType) or DYNAMIC_INDEX in type_.get_shape():
        raise BackendError(f"host function argument is {type_}, expected a memref of static shape")
    return tuple(type_.get_shape()), _DTYPES[code_of(type_)]


def _nbytes(type_: Attribute) -> int:
    assert isa(type_, MemRefType)
    return prod(type_.get_shape()) * bytes_of(code_of(type_)) if code_of(type_) != "i1" else prod(type_.get_shape())
