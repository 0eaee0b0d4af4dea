"""Vector reads and writes: whole registers where neighbours in the vector are neighbours in memory, else lane by lane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.dialects import vector
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap

from .elements import shape_of
from .expression import Expr
from .lanes import assemble, lane_of
from .linear import Linear
from .memory import View, element, loaded, read_chunk, stored, write_chunk
from .parts import Parts

if TYPE_CHECKING:
    from .printer import KernelPrinter

Along = list[int | None]
"""For each dimension of a vector, the memref dimension that it runs along; None for a broadcast."""


def _along(p: KernelPrinter, op: Operation, map_: AffineMap) -> Along:
    found: Along = []
    for result in map_.results:
        if isinstance(result, AffineDimExpr):
            found.append(result.position)
        elif isinstance(result, AffineConstantExpr) and result.value == 0:
            found.append(None)
        else:
            raise p.error(op, f"with map {map_}")
    return found


def _check_transfer(p: KernelPrinter, op: vector.TransferReadOp | vector.TransferWriteOp, along: Along) -> None:
    p.expect(op.mask is None, op, "with a mask")
    flags = [flag.value.data != 0 for flag in op.in_bounds.data]
    p.expect(all(flag or axis is None for flag, axis in zip(flags, along)), op, "that may leave its memory (in_bounds is false)")


def _offsets(along: Along, position: tuple[int, ...], rank: int) -> list[int]:
    """What an element's position in the vector adds to each index of the memref."""
    offsets = [0] * rank
    for axis, at in zip(along, position):
        if axis is not None:
            offsets[axis] += at
    return offsets


def _shifted(indices: list[Linear], offsets: list[int]) -> list[Linear]:
    return [position + Linear.of(offset) for position, offset in zip(indices, offsets)]


def _read(p: KernelPrinter, op: Operation, view: View, indices: list[Linear], along: Along, type_: Attribute) -> None:
    (result,) = op.results
    if result.first_use is None:
        return
    grid, rank = p.grid(type_), len(indices)
    shape = shape_of(type_) or ()
    last = along[-1] if along else None
    whole = last is not None and view.step(last) == 1
    made: dict[tuple[int, ...], Expr] = {}
    if shape and last is not None and not whole:
        # neighbours in the vector are apart in memory: read them one by one

        def lane(position: tuple[int, ...]) -> Expr:
            return loaded(p, element(p, view, _shifted(indices, _offsets(along, position, rank))))

        p.bind(result, Parts(grid, assemble(p, type_, lane)))
        return
    exprs: list[Expr] = []
    for leading, offset, width in grid.cells():
        position = (*leading, offset) if shape else ()
        offsets = _offsets(along, position, rank)
        key = (*offsets, width)
        if last is None:
            key = (*offsets, 1)
        if key not in made:
            made[key] = loaded(p, read_chunk(p, view, _shifted(indices, offsets), width if last is not None else 1))
        exprs.append(made[key])
    p.bind(result, Parts(grid, tuple(exprs)))


def _write(p: KernelPrinter, value: SSAValue, view: View, indices: list[Linear], along: Along) -> None:
    grid, parts, rank = p.grid(value.type), p.get(value), len(indices)
    shape = shape_of(value.type) or ()
    exprs = [parts.exprs[number if len(parts.exprs) > 1 else 0] for number in range(grid.count)]
    if len(exprs) > 1 and any(view.base in expr.reads for expr in exprs):
        # a later part must not read what an earlier one has written
        named = p.declare(Parts(grid, tuple(exprs)), p.hint(value))
        exprs = list(named.exprs)
    p.flush(frozenset((view.base,)))
    whole = not shape or (along[-1] is not None and view.step(along[-1]) == 1)
    for (leading, offset, width), expr in zip(grid.cells(), exprs):
        if whole:
            position = (*leading, offset) if shape else ()
            write_chunk(p, view, _shifted(indices, _offsets(along, position, rank)), width, stored(p, expr, view.code, width))
            continue
        expr = p.atom(expr)
        for number in range(width):
            target = element(p, view, _shifted(indices, _offsets(along, (*leading, offset + number), rank)))
            p.line(f"{target.text} = {stored(p, lane_of(p, expr, number), view.code, 1)};")


def _transfer_read(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, vector.TransferReadOp)
    along = _along(p, op, op.permutation_map.data)
    _check_transfer(p, op, along)
    _read(p, op, p.views[op.source], [p.index(v) for v in op.indices], along, op.result.type)


def _transfer_write(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, vector.TransferWriteOp)
    along = _along(p, op, op.permutation_map.data)
    _check_transfer(p, op, along)
    _write(p, op.vector, p.views[op.source], [p.index(v) for v in op.indices], along)


def _trailing(rank: int, vector_rank: int) -> Along:
    return list(range(rank - vector_rank, rank))


def _load(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, vector.LoadOp)
    indices = [p.index(v) for v in op.indices]
    along = _trailing(len(indices), len(shape_of(op.result.type) or ()))
    _read(p, op, p.views[op.base], indices, along, op.result.type)


def _store(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, vector.StoreOp)
    indices = [p.index(v) for v in op.indices]
    _write(p, op.vector, p.views[op.base], indices, _trailing(len(indices), len(shape_of(op.vector.type) or ())))


TRANSFERS: dict[str, Callable[[KernelPrinter, Operation], None]] = {
    "vector.transfer_read": _transfer_read,
    "vector.transfer_write": _transfer_write,
    "vector.load": _load,
    "vector.store": _store,
}
"""op name -> statement rule"""
