"""The counting evaluator: what a program costs, by running it. It is the judge of the static count (`analysis.py`).

An op's arithmetic is counted each time the evaluator runs it. Memory is measured where it is touched: the elements that an access
names, clipped to the memref and the mask, and which bytes of the allocation these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr

from rung.backends.reference import evaluate
from rung.backends.reference.affine import affine_map
from rung.backends.reference.values import Array, Memref, shape_of

from .operations import COPIES, READS, WRITES, Tally, add, arithmetic, level

Lookup = Callable[[SSAValue], Any]


@dataclass
class Measured:
    """What all launches of one kernel took together."""

    launches: int = 0
    work: Tally = field(default_factory=Tally)
    distinct: dict[str, int] = field(default_factory=lambda: {"read": 0, "written": 0})
    """Bytes of global memory that a launch touched at least once, summed over launches."""


def measure(module: ModuleOp, function: str, args: Sequence[Any], **options: Any) -> dict[str, Measured]:
    """Run `@function` on `args` and count what each kernel it calls did. Options and errors are those of `evaluate`."""
    counter = _Counter()
    evaluate(module, function, args, observer=counter, **options)
    return counter.done()


class _Counter:
    """The observer. A kernel is a gpu.func, or a func.func that is called."""

    def __init__(self) -> None:
        self.executions: dict[int, list[Any]] = {}
        """By op: the op, how often it ran, and its accesses."""
        self.found: dict[str, Measured] = {}
        self.flags: dict[tuple[str, str, int], tuple[Any, Array]] = {}
        """Of the launch that runs: by kernel, direction and allocation, the allocation and a flag for each of its bytes."""
        self.views: dict[tuple[str, str, int], tuple[Memref, Array]] = {}
        """The same flags in the geometry of a memref."""

    def __call__(self, op: Operation, value: Lookup) -> None:
        entry = self.executions.get(id(op))
        if entry is None:
            entry = self.executions[id(op)] = [op, 0, list(_accesses(op))]
        entry[1] += 1
        if entry[2]:
            for access in entry[2]:
                held: Memref = value(access.memref)
                self.touch(access, held, access.index(value, held.array))
        elif op.name in ("gpu.launch_func", "func.call"):
            self.settle()
            self.of(_callee(op)).launches += 1

    def of(self, kernel: str) -> Measured:
        return self.found.setdefault(kernel, Measured())

    def touch(self, access: _Access, held: Memref, index: Any) -> None:
        """Count the elements at the index, and flag their bytes."""
        access.bytes += int(np.size(held.array[index])) * held.array.itemsize
        if access.level != "global":
            return
        key = (access.kernel, access.direction, id(held))
        view = self.views.get(key)
        if view is None:
            view = self.views[key] = (held, self.flags_of(access, held))
        view[1][index] = ~np.zeros((), view[1].dtype)

    def flags_of(self, access: _Access, held: Memref) -> Array:
        base = held.root.array
        key = (access.kernel, access.direction, id(held.root))
        if key not in self.flags:
            self.flags[key] = (held.root, np.zeros(base.nbytes, np.uint8))
        offset = _address(held.array) - _address(base) if held.array.size else 0
        return np.ndarray(held.array.shape, f"u{held.array.itemsize}", self.flags[key][1], offset, held.array.strides)

    def settle(self) -> None:
        """The launch is over: add up the bytes it touched."""
        for (kernel, direction, _), (_, flags) in self.flags.items():
            self.of(kernel).distinct[direction] += int(np.count_nonzero(flags))
        self.flags.clear()
        self.views.clear()

    def done(self) -> dict[str, Measured]:
        self.settle()
        for op, count, accesses in self.executions.values():
            if part := arithmetic(op):
                add(self.of(kernel_of(op)).work, part, count)
            for access in accesses:
                add(self.of(access.kernel).work, {(access.direction, access.level): access.bytes})
        return self.found


class _Access:
    """What an op does to one memref."""

    def __init__(self, op: Operation, direction: str, memref: SSAValue, indices: Sequence[SSAValue], whole: bool = False):
        self.op, self.direction, self.memref, self.indices, self.whole = op, direction, memref, indices, whole
        self.kernel, self.level, self.bytes = kernel_of(op), level(memref), 0
        self.scalar = op.name in ("memref.load", "memref.store", "memref.atomic_rmw")

    def index(self, value: Lookup, base: Array) -> Any:
        """An index of the array behind the memref that names each element the access touches once."""
        if self.whole:
            return ...
        starts = [value(operand) for operand in self.indices[: base.ndim]]
        return tuple(starts) if self.scalar else _window(self.op, value, base, starts, self.indices[base.ndim :])


def _accesses(op: Operation) -> Iterator[_Access]:
    name = op.name
    if name in COPIES:
        target, source = op.operands[-2:] if name != "memref.copy" else reversed(op.operands[-2:])
        if name != "gpu.memset":
            yield _Access(op, "read", source, (), whole=True)
        yield _Access(op, "written", target, (), whole=True)
        return
    first = 0 if name in READS and name != "memref.atomic_rmw" else 1
    if name in READS:
        yield _Access(op, "read", op.operands[first], op.operands[first + 1 :])
    if name in WRITES:
        yield _Access(op, "written", op.operands[first], op.operands[first + 1 :])


def _callee(op: Operation) -> str:
    symbol: Any = op.properties["callee" if op.name == "func.call" else "kernel"]
    return symbol.string_value().rpartition(".")[2]


def kernel_of(op: Operation) -> str:
    """The name of the function around an op."""
    at: Operation | None = op
    while at is not None and not isinstance(at, FuncOp) and at.name != "gpu.func":
        at = at.parent_op()
    assert at is not None
    name: Any = at.properties.get("sym_name", at.attributes.get("sym_name"))
    return name.data


def _address(array: Array) -> int:
    return array.__array_interface__["data"][0]


def _window(op: Operation, value: Lookup, base: Array, starts: list[int], rest: Sequence[SSAValue]) -> tuple[Any, ...]:
    """`rest`: the operands after the indices, of a read its padding and of both a mask."""
    reading = op.name in READS
    shape = shape_of((op.results[0] if reading else op.operands[0]).type)
    if op.name in ("vector.maskedload", "vector.maskedstore", "vector.gather", "vector.scatter"):
        return _by_lane(op, value, starts, shape[0], rest)
    axes: list[int | None] = list(range(base.ndim - len(shape), base.ndim))
    if op.name.startswith("vector.transfer"):
        axes = [expr.position if isinstance(expr, AffineDimExpr) else None for expr in affine_map(op, "permutation_map").results]
    window: list[Any] = [slice(start, start + 1) for start in starts]
    for axis, extent in zip(axes, shape):
        if axis is not None:
            low = max(starts[axis], 0)
            window[axis] = slice(low, max(min(starts[axis] + extent, base.shape[axis]), low))
    if not op.name.startswith("vector.transfer") or len(rest) == (1 if reading else 0):
        return tuple(window)
    # the mask has a dim for each dim of the vector that is not broadcast, in the order of the axes of the base
    mask: Array = value(rest[-1])
    grid = cast(list[Array], np.indices(mask.shape))
    at = [np.full(mask.shape, start) for start in starts]
    for dim, axis in enumerate(sorted(axis for axis in axes if axis is not None)):
        at[axis] = at[axis] + grid[dim]
    inside = mask & np.all([(0 <= i) & (i < extent) for i, extent in zip(at, base.shape)], axis=0)
    return tuple(i[inside] for i in at)


def _by_lane(op: Operation, value: Lookup, starts: list[int], count: int, rest: Sequence[SSAValue]) -> tuple[Any, ...]:
    """maskedload, maskedstore: `rest` begins with the mask. gather, scatter: with the lanes' offsets, then the mask."""
    picks = op.name in ("vector.gather", "vector.scatter")
    mask: Array = value(rest[1 if picks else 0])
    along = starts[-1] + (value(rest[0]).astype(np.int64) if picks else np.arange(count))
    return tuple(np.broadcast_to(i, mask.shape)[mask] for i in (*starts[:-1], along))
