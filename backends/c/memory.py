"""Memory ops: where an element lies, and how one is read or written.

A memref is a base pointer or array plus, for each dimension of that base, an index; views (subview, cast, reshapes of contiguous
memory) only change those sums and print nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from .comparisons import choose
from .elements import bytes_of, is_mask
from .expression import Expr, index, index_atom, retyped
from .indexing import checked
from .linear import UNKNOWN, Linear, add_up
from .parts import Grid, Parts
from .precedence import UNARY

if TYPE_CHECKING:
    from .printer import KernelPrinter

STORES = {"memref.store": 1, "vector.store": 1, "vector.transfer_write": 1, "vector.maskedstore": 0, "memref.copy": 1}
"""Ops that write memory: the position of the memref among their operands."""

VIEWS = ("memref.subview", "memref.cast", "memref.collapse_shape", "memref.expand_shape", "memref.reinterpret_cast")


@dataclass(frozen=True, slots=True)
class View:
    """A memref value: a base, and which of the base's elements it shows."""

    base: str
    """The C name of the pointer or array."""
    qualifier: str
    """The memory it points to, as a pointer cast needs it: "const __global "."""
    code: str
    strides: tuple[int, ...]
    """Of the base, in elements."""
    origin: tuple[Linear, ...]
    """Index into each dimension of the base of this view's first element."""
    dims: tuple[tuple[int, int], ...]
    """For each dimension of the view: the dimension of the base it runs along, and the step."""

    def at(self, indices: Sequence[Linear]) -> tuple[Linear, ...]:
        """The base's indices of an element of the view."""
        found = list(self.origin)
        for (axis, step), position in zip(self.dims, indices):
            found[axis] += position * step
        return tuple(found)

    def step(self, dim: int) -> int:
        """Elements of memory between neighbours along a dimension of the view."""
        axis, step = self.dims[dim]
        return self.strides[axis] * step


def flat(p: KernelPrinter, view: View, indices: Sequence[Linear]) -> Linear:
    """The linearised subscript as one sum, for its range and divisor."""
    total = Linear()
    for stride, position in zip(view.strides, view.at(indices)):
        total += position * stride
    return checked(p, total)


def subscript(p: KernelPrinter, view: View, indices: Sequence[Linear]) -> tuple[str, int]:
    """The linearised subscript as text and precedence, dimension by dimension: (i + 1) * 512 + k."""
    flat(p, view, indices)
    pieces: list[tuple[str, int, int]] = []
    constant = 0
    for stride, position in zip(view.strides, view.at(indices)):
        if not position.terms:
            constant += position.constant * stride
        else:
            pieces.append((*position.spell(), stride))
    return add_up(pieces, constant)


def element(p: KernelPrinter, view: View, indices: Sequence[Linear]) -> Expr:
    """`x[i * 512 + k]`"""
    text, _ = subscript(p, view, indices)
    position = flat(p, view, indices)
    return Expr(f"{view.base}[{text}]", view.code, 1, reads=frozenset((view.base,)) | position.reads, mutable=position.mutable)


def read_chunk(p: KernelPrinter, view: View, indices: Sequence[Linear], lanes: int) -> Expr:
    """Neighbouring elements as one vector: a dereference, which CPUs and GPUs load whole, where a library call might not."""
    if lanes == 1:
        return element(p, view, indices)
    (form, _), position = _access(p, view, indices, lanes), flat(p, view, indices)
    text = form.format(**_places(p, view, indices, lanes))
    return Expr(text, view.code, lanes, UNARY, frozenset((view.base,)) | position.reads, position.mutable)


def write_chunk(p: KernelPrinter, view: View, indices: Sequence[Linear], lanes: int, value: str) -> None:
    """Store a vector to neighbouring elements."""
    if lanes == 1:
        p.line(f"{element(p, view, indices).text} = {value};")
        return
    _, form = _access(p, view, indices, lanes)
    p.line(form.format(**_places(p, view, indices, lanes), value=value) + ";")


def _access(p: KernelPrinter, view: View, indices: Sequence[Linear], lanes: int) -> tuple[str, str]:
    language, code = p.language, _in_memory(view.code)
    fits = lanes * bytes_of(code) <= 16
    if language.aligned_access is not None and fits and flat(p, view, indices).multiple % lanes == 0:
        return language.aligned_access
    if language.access_helper is not None:
        p.need(language.access_helper, code, lanes)
    return language.access


def _places(p: KernelPrinter, view: View, indices: Sequence[Linear], lanes: int) -> dict[str, str]:
    text, _ = subscript(p, view, indices)
    address = view.base if text == "0" else f"({view.base} + {text})"
    return {"qualifier": view.qualifier, "type": p.type(_in_memory(view.code), lanes), "address": address}


def _in_memory(code: str) -> str:
    return {"i1": "u8", "index": "i64", "f16": "u16", "bf16": "u16"}.get(code, code)


def loaded(p: KernelPrinter, memory: Expr) -> Expr:
    """What was read, as a value: bytes of bools become lanes of a comparison."""
    if memory.code == "i1" and memory.lanes > 1:
        bytes_ = retyped(memory, "u8")
        zero = p.widen(p.literal(0, "u8"), memory.lanes)
        return Expr(f"{bytes_.text} != {zero.text}", "m8", memory.lanes, 10, memory.reads, memory.mutable)
    if memory.code == "index":
        p.need_wide_index()
        return index_atom(memory, *UNKNOWN)
    return memory


def stored(p: KernelPrinter, value: Expr, code: str, lanes: int) -> str:
    """The text of a value on its way to memory of `code`, as a vector of `lanes` where that is more than one."""
    if code == "i1" and lanes > 1:
        if value.lanes == 1:
            return p.widen(retyped(value, "u8"), lanes).text
        one, zero = (p.widen(p.literal(number, "u8"), lanes) for number in (1, 0))
        return choose(p, p.coerce(value, "m8"), one, zero).text
    if code == "index":
        return value.text
    value = p.widen(value, lanes)
    return p.coerce(value, code).text if lanes > 1 and not is_mask(value.code) else value.text


def root(value: SSAValue) -> SSAValue:
    """The memref that a view is a view of."""
    while isinstance(value.owner, Operation) and value.owner.name in VIEWS:
        value = value.owner.operands[0]
    return value


def written_memories(p: KernelPrinter, op: Operation) -> frozenset[str]:
    """The C names of the memories that an op, or one nested in it, may write."""
    written: set[str] = set()
    for inner in op.walk():
        if inner.name in STORES and (found := root(inner.operands[STORES[inner.name]])) in p.views:
            written.add(p.views[found].base)
        elif inner.name == "gpu.barrier":
            written.update(view.base for view in p.views.values())
    return frozenset(written)


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def base_view(p: KernelPrinter, name: str, qualifier: str, type_: Attribute) -> View:
    """The view of a whole argument or array. Its layout must have static strides and offset."""
    assert isa(type_, MemRefType)
    shape = type_.get_shape()
    strides, offset = type_.get_strides(), type_.get_offset()
    if DYNAMIC_INDEX in shape or strides is None or None in strides or offset is None:
        raise p.error(None, f"{type_}, expected a static shape, strides and offset,")
    steps = tuple(stride for stride in strides if stride is not None)
    origin = [Linear()] * len(shape)
    if offset:
        # an offset belongs to no dimension: it gets one of its own, of stride 1
        return View(name, qualifier, p.code(type_), (*steps, 1), (*origin, Linear.of(offset)), _straight(len(shape)))
    return View(name, qualifier, p.code(type_), steps, tuple(origin), _straight(len(shape)))


def _straight(rank: int) -> tuple[tuple[int, int], ...]:
    return tuple((axis, 1) for axis in range(rank))


def _load(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, memref.LoadOp)
    if op.res.first_use is None:
        return
    expr = loaded(p, element(p, p.views[op.memref], [p.index(v) for v in op.indices]))
    p.bind(op.res, Parts(Grid.of(None, 1), (expr,)))


def _store(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, memref.StoreOp)
    view = p.views[op.memref]
    value = p.get(op.value).scalar
    target = element(p, view, [p.index(v) for v in op.indices])
    p.flush(frozenset((view.base,)))
    p.line(f"{target.text} = {stored(p, value, view.code, 1)};")


def _alloca(p: KernelPrinter, op: Operation) -> None:
    """An array of the thread's own."""
    (result,) = op.results
    assert isa(result.type, MemRefType)
    declare_array(p, result, p.hint(result) if result.name_hint else "buffer", "", "")


def declare_array(p: KernelPrinter, value: SSAValue, hint: str, declared: str, qualifier: str) -> None:
    """`float b[64];`, aligned for vectors."""
    assert isa(value.type, MemRefType)
    name = p.names.fresh(hint)
    view = base_view(p, name, qualifier, value.type)
    elements = max(1, prod(value.type.get_shape()))
    type_ = p.language.memory_type(view.code)
    # a short array too: two lanes of it are one access
    alignment = p.language.array_alignment.format(bytes=32) if elements > 1 else ""
    p.line(f"{declared}{type_}{alignment} {name}[{elements}];")
    p.views[value] = view


def _subview(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, memref.SubviewOp)
    view = p.views[op.source]
    offsets = [
        p.index(v) if isinstance(v, SSAValue) else Linear.of(v) for v in _mixed(op.static_offsets.get_values(), op.offsets)
    ]
    steps = op.static_strides.get_values()
    p.expect(DYNAMIC_INDEX not in steps, op, "with strides that are not static")
    shape, sizes = op.result.type.get_shape(), op.static_sizes.get_values()
    kept = _kept_dims(tuple(sizes), tuple(shape))
    p.expect(kept is not None, op, f"from sizes {list(sizes)} to {op.result.type}")
    assert kept is not None
    dims = tuple((view.dims[dim][0], view.dims[dim][1] * steps[dim]) for dim in kept)
    p.views[op.result] = View(view.base, view.qualifier, view.code, view.strides, view.at(offsets), dims)


def _mixed(static: Sequence[int], dynamic: Sequence[SSAValue]) -> list[SSAValue | int]:
    rest = iter(dynamic)
    return [next(rest) if value == DYNAMIC_INDEX else value for value in static]


def _kept_dims(sizes: tuple[int, ...], shape: tuple[int, ...]) -> list[int] | None:
    """Which dimensions of `sizes` a rank-reducing subview keeps: all but some of extent 1."""
    kept: list[int] = []
    for dim, size in enumerate(sizes):
        if len(kept) < len(shape) and size == shape[len(kept)] and (size != 1 or len(sizes) - dim == len(shape) - len(kept)):
            kept.append(dim)
        elif size != 1:
            return None
    return kept if len(kept) == len(shape) else None


def _reshape(p: KernelPrinter, op: Operation) -> None:
    """collapse_shape, expand_shape and cast of contiguous memory: the same elements under other indices."""
    source, (result,) = op.operands[0], op.results
    view = p.views[source]
    assert isa(source.type, MemRefType) and isa(result.type, MemRefType)
    if result.type.get_shape() == source.type.get_shape():
        p.views[result] = view
        return
    shape = source.type.get_shape()
    whole = tuple(view.step(dim) for dim in range(len(shape))) == contiguous_strides(shape)
    p.expect(whole, op, f"of {source.type}, which is not contiguous")
    origin = flat(p, view, [Linear()] * len(shape))
    strides = contiguous_strides(result.type.get_shape())
    zeros = (Linear(),) * len(strides)
    p.views[result] = View(view.base, view.qualifier, view.code, (*strides, 1), (*zeros, origin), _straight(len(strides)))


def _dim(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, memref.DimOp) and isa(op.source.type, MemRefType)
    which = p.index(op.index)
    p.expect(not which.terms, op, "of a dimension that is not constant")
    p.bind(op.result, Parts(Grid.of(None, 1), (index(Linear.of(op.source.type.get_shape()[which.constant])),)))


MEMORY: dict[str, Callable[[KernelPrinter, Operation], None]] = {
    "memref.load": _load,
    "memref.store": _store,
    "memref.alloca": _alloca,
    "memref.subview": _subview,
    "memref.cast": _reshape,
    "memref.collapse_shape": _reshape,
    "memref.expand_shape": _reshape,
    "memref.dim": _dim,
}
"""op name -> statement rule"""
