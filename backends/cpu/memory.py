"""Where an element lies, and how rows of them are read and written.

A memref is a pointer and, for each dim, a stride in elements; views (subview, cast, reshapes of contiguous memory) move the
pointer and print nothing else. Bools are bytes in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import gcd, prod

from xdsl.dialects import memref, vector
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap
from xdsl.utils.hints import isa

from ..c.elements import bytes_of, code_of
from ..c.memory import contiguous_strides
from .emitter import Emitter
from .shuffles import transposed
from .types import WORDS, Type, extents_of, part_of

ALIGNMENT_BYTES = 64
"""Of all memory that kernels write: a cache line, and the widest vector. (What they read may be the caller's.)"""

STACK_BYTES = 4 << 20
"""Of one buffer that a thread has to itself; threads have 8 MiB on Linux."""

Along = list[int | None]
"""For each dim of a vector, the memref dim that it runs along; None for a broadcast."""


@dataclass(frozen=True, slots=True)
class View:
    """A memref: a pointer to its first element, and the strides of its dims in elements."""

    pointer: str
    code: str
    strides: tuple[int, ...]
    alignment: int = 1
    """Bytes that the pointer is known to be a multiple of."""
    streamed: bool = False
    """Written once, too large for a cache, and not read here: stores go past the caches."""

    @property
    def word(self) -> str:
        """The type of an element in memory."""
        return "i8" if self.code == "i1" else WORDS[self.code]

    def of(self, lanes: int) -> str:
        """The type of so many neighbours in memory."""
        return f"<{lanes} x {self.word}>" if lanes else self.word


def view_of(e: Emitter, pointer: str, type_: Attribute, op: Operation, alignment: int = 1, *, streamed: bool = False) -> View:
    """The view of a whole argument or buffer. Its layout must be static."""
    assert isa(type_, MemRefType)
    strides, offset = type_.get_strides(), type_.get_offset()
    if DYNAMIC_INDEX in type_.get_shape() or strides is None or None in strides or offset is None:
        raise e.error(op, f"{type_}, expected a static shape, strides and offset,")
    code = code_of(type_)
    if offset:
        pointer = e.set(f"getelementptr inbounds {'i8' if code == 'i1' else WORDS[code]}, ptr {pointer}, i64 {offset}")
    steps = tuple(stride for stride in strides if stride is not None)
    return View(pointer, code, steps, bytes_of(code) if offset else alignment, streamed)


@dataclass(frozen=True, slots=True)
class Address:
    """Of an element, and the bytes that it is known to be a multiple of."""

    pointer: str
    alignment: int

    def __str__(self) -> str:
        return f"ptr {self.pointer}, align {self.alignment}"


def pointer_to(e: Emitter, view: View, indices: Sequence[str], extra: int = 0) -> Address:
    """The address of an element, `extra` elements further."""
    offset, size = str(extra), bytes_of(view.code)
    for index, stride in zip(indices, view.strides):
        offset = e.add(offset, e.mul(index, stride))
    alignment = max(gcd(view.alignment, e.multiple(offset) * size), size)
    if offset == "0":
        return Address(view.pointer, alignment)
    return Address(e.set(f"getelementptr inbounds {view.word}, ptr {view.pointer}, i64 {offset}", "p"), alignment)


def read(e: Emitter, view: View, address: Address, lanes: int, hint: str) -> str:
    """Neighbours from memory, as a value: bytes of bools become bits."""
    found = e.set(f"load {view.of(lanes)}, {address}", hint)
    return e.set(f"trunc {view.of(lanes)} {found} to {Type('i1', lanes)}") if view.code == "i1" else found


def write(e: Emitter, view: View, address: Address, part: str, lanes: int) -> None:
    if view.code == "i1":
        part = e.set(f"zext {Type('i1', lanes)} {part} to {view.of(lanes)}")
    size = lanes * bytes_of(view.code)
    past = view.streamed and size >= 16 and address.alignment % min(size, ALIGNMENT_BYTES) == 0
    e.do(f"store {view.of(lanes)} {part}, {address}{', !nontemporal !1' if past else ''}")


def _indices(e: Emitter, values: Sequence[SSAValue]) -> list[str]:
    return [e.scalar(value) for value in values]


def _load(e: Emitter, op: Operation) -> None:
    assert isinstance(op, memref.LoadOp)
    view = e.views[op.memref]
    e.bind(op.res, [read(e, view, pointer_to(e, view, _indices(e, op.indices)), 0, e.hint(op.res))])


def _store(e: Emitter, op: Operation) -> None:
    assert isinstance(op, memref.StoreOp)
    view = e.views[op.memref]
    write(e, view, pointer_to(e, view, _indices(e, op.indices)), e.scalar(op.value), 0)


def _alloca(e: Emitter, op: Operation) -> None:
    (result,) = op.results
    assert isa(result.type, MemRefType)
    name = f"%{e.fresh(result.name_hint or 'buffer')}"
    word = "i8" if code_of(result.type) == "i1" else WORDS[code_of(result.type)]
    size = prod(result.type.get_shape()) * bytes_of(code_of(result.type))
    e.expect(size <= STACK_BYTES, op, f"of {size} bytes, more than the {STACK_BYTES} that a thread's stack is trusted with")
    e.entry.append(f"  {name} = alloca [{max(1, prod(result.type.get_shape()))} x {word}], align {ALIGNMENT_BYTES}")
    e.views[result] = view_of(e, name, result.type, op, ALIGNMENT_BYTES)


def _subview(e: Emitter, op: Operation) -> None:
    assert isinstance(op, memref.SubviewOp)
    view, dynamic = e.views[op.source], iter(op.offsets)
    offsets = [e.scalar(next(dynamic)) if offset == DYNAMIC_INDEX else str(offset) for offset in op.static_offsets.get_values()]
    strides = op.result.type.get_strides()
    e.expect(strides is not None and None not in strides, op, f"to {op.result.type}, whose strides are not static")
    assert strides is not None
    steps = tuple(stride for stride in strides if stride is not None)
    first = pointer_to(e, view, offsets)
    e.views[op.result] = View(first.pointer, view.code, steps, first.alignment, view.streamed)


def _reshape(e: Emitter, op: Operation) -> None:
    """collapse_shape, expand_shape and cast of contiguous memory: the same elements under other indices."""
    source, (result,) = op.operands[0], op.results
    assert isa(source.type, MemRefType) and isa(result.type, MemRefType)
    view = e.views[source]
    if result.type.get_shape() == source.type.get_shape():
        e.views[result] = view
        return
    whole = view.strides == contiguous_strides(source.type.get_shape())
    e.expect(whole, op, f"of {source.type}, which is not contiguous")
    e.views[result] = replace(view, strides=contiguous_strides(result.type.get_shape()))


# Vectors


def _along(e: Emitter, op: Operation, map_: AffineMap) -> Along:
    found: Along = []
    for result in map_.results:
        if isinstance(result, AffineDimExpr):
            found.append(result.position)
        elif isinstance(result, AffineConstantExpr) and result.value == 0:
            found.append(None)
        else:
            raise e.error(op, f"with map {map_}")
    return found


def _check(e: Emitter, op: vector.TransferReadOp | vector.TransferWriteOp, along: Along) -> None:
    e.expect(op.mask is None, op, "with a mask")
    flags = [flag.value.data != 0 for flag in op.in_bounds.data]
    e.expect(all(flag or axis is None for flag, axis in zip(flags, along)), op, "that may leave its memory (in_bounds is false)")


def _step(view: View, axis: int | None) -> int:
    return 0 if axis is None else view.strides[axis]


def _read_vector(e: Emitter, op: Operation, view: View, indices: list[str], along: Along) -> None:
    (result,) = op.results
    shape, type_, hint = extents_of(result.type), part_of(result.type), op.results[0].name_hint or "t"
    steps, made = [_step(view, axis) for axis in along], dict[int, str]()
    if _is_square(shape, steps):
        # columns of memory: whole rows are read, and transposed in registers
        rows = [read(e, view, pointer_to(e, view, indices, lane * steps[1]), shape[0], hint) for lane in range(shape[1])]
        e.bind(result, transposed(e, rows, type_))
        return
    for leading in product(*map(range, shape[:-1])):
        offset = sum(at * step for at, step in zip(leading, steps))
        if offset in made:
            continue
        if not shape or steps[-1] == 1:
            made[offset] = read(e, view, pointer_to(e, view, indices, offset), type_.lanes, hint)
        elif steps[-1] == 0:
            one = read(e, view, pointer_to(e, view, indices, offset), 0, hint)
            made[offset] = e.splat(one, type_)
        else:
            made[offset] = e.vector(
                [read(e, view, pointer_to(e, view, indices, offset + n * steps[-1]), 0, hint) for n in range(shape[-1])], type_
            )
    order = [sum(at * step for at, step in zip(leading, steps)) for leading in product(*map(range, shape[:-1]))]
    parts = [made[offset] for offset in order]
    e.bind(result, parts[:1] if len(set(parts)) == 1 else parts)


def _is_square(shape: Sequence[int], steps: Sequence[int]) -> bool:
    """A square whose columns are contiguous in memory."""
    return len(shape) == 2 and shape[0] == shape[1] > 1 and steps[0] == 1 and steps[1] > 1 and shape[0] & (shape[0] - 1) == 0


def _write_vector(e: Emitter, value: SSAValue, view: View, indices: list[str], along: Along) -> None:
    shape, type_, parts = extents_of(value.type), part_of(value.type), e.rows(value)
    steps = [_step(view, axis) for axis in along]
    if _is_square(shape, steps):
        for lane, column in enumerate(transposed(e, parts, type_)):
            write(e, view, pointer_to(e, view, indices, lane * steps[1]), column, shape[0])
        return
    for leading, part in zip(product(*map(range, shape[:-1])), parts):
        offset = sum(at * step for at, step in zip(leading, steps))
        if not shape or steps[-1] == 1:
            write(e, view, pointer_to(e, view, indices, offset), part, type_.lanes)
            continue
        for number in range(shape[-1]):
            write(e, view, pointer_to(e, view, indices, offset + number * steps[-1]), e.lane(part, type_, number), 0)


def _transfer_read(e: Emitter, op: Operation) -> None:
    assert isinstance(op, vector.TransferReadOp)
    along = _along(e, op, op.permutation_map.data)
    _check(e, op, along)
    _read_vector(e, op, e.views[op.source], _indices(e, op.indices), along)


def _transfer_write(e: Emitter, op: Operation) -> None:
    assert isinstance(op, vector.TransferWriteOp)
    along = _along(e, op, op.permutation_map.data)
    _check(e, op, along)
    _write_vector(e, op.vector, e.views[op.source], _indices(e, op.indices), along)


def _trailing(rank: int, type_: Attribute) -> Along:
    return list(range(rank - len(extents_of(type_)), rank))


def _vector_load(e: Emitter, op: Operation) -> None:
    assert isinstance(op, vector.LoadOp)
    _read_vector(e, op, e.views[op.base], _indices(e, op.indices), _trailing(len(op.indices), op.result.type))


def _vector_store(e: Emitter, op: Operation) -> None:
    assert isinstance(op, vector.StoreOp)
    _write_vector(e, op.vector, e.views[op.base], _indices(e, op.indices), _trailing(len(op.indices), op.vector.type))


MEMORY: dict[str, Callable[[Emitter, Operation], None]] = {
    "memref.load": _load,
    "memref.store": _store,
    "memref.alloca": _alloca,
    "memref.subview": _subview,
    "memref.cast": _reshape,
    "memref.collapse_shape": _reshape,
    "memref.expand_shape": _reshape,
    "vector.transfer_read": _transfer_read,
    "vector.transfer_write": _transfer_write,
    "vector.load": _vector_load,
    "vector.store": _vector_store,
}
"""op name -> rule"""
