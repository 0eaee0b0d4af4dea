"""Vector ops that move values between vectors: rows and lanes extracted, inserted, repeated and reordered."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING

from xdsl.dialects import vector
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.ir import Operation

from .elements import shape_of
from .expression import Expr
from .expressions import ELEMENTWISE
from .lanes import Elements, assemble, build, lane_of
from .linear import Linear
from .parts import Grid, Parts
from .reductions import reduction
from .transfers import TRANSFERS

if TYPE_CHECKING:
    from .printer import KernelPrinter


def _rearranged(p: KernelPrinter, op: Operation, source: Callable[[tuple[int, ...]], Expr]) -> None:
    (result,) = op.results
    if result.first_use is None:
        return
    p.bind(result, Parts(p.grid(result.type), assemble(p, result.type, source)))


def _static_position(p: KernelPrinter, op: vector.ExtractOp | vector.InsertOp) -> tuple[int, ...]:
    """Constant positions, also those that came as operands."""
    operands = iter(op.dynamic_position)
    position: list[int] = []
    for at in op.static_position.get_values():
        found = p.index(next(operands)) if at == DYNAMIC_INDEX else Linear.of(at)
        p.expect(not found.terms, op, "at a position that is not constant")
        position.append(found.constant)
    return tuple(position)


def _extract(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, vector.ExtractOp)
    position = _static_position(p, op)
    source = p.grid(op.vector.type)
    if shape_of(op.result.type) is None:
        elements = Elements(p, op.vector)
        p.bind(op.result, Parts(Grid.of(None, 1), (elements(position),)))
        return
    parts = p.get(op.vector)
    grid = p.grid(op.result.type)
    if len(position) == len(source.leading) + 1:
        raise p.error(op, f"to {op.result.type}")
    # whole rows: the parts from the first one on
    first, _ = source.find((*position, *(0 for _ in range(len(source.leading) + 1 - len(position)))))
    p.bind(op.result, Parts(grid, parts.exprs[first : first + grid.count] if len(parts.exprs) > 1 else parts.exprs * grid.count))


def _insert(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, vector.InsertOp)
    position = _static_position(p, op)
    grid = p.grid(op.result.type)
    inserted, dest = p.get(op.source), p.get(op.dest)
    exprs = [dest.exprs[number if len(dest.exprs) > 1 else 0] for number in range(grid.count)]
    if shape_of(op.source.type) is not None:
        count = p.grid(op.source.type).count
        first, _ = grid.find((*position, *(0 for _ in range(len(grid.leading) + 1 - len(position)))))
        exprs[first : first + count] = [inserted.exprs[n if len(inserted.exprs) > 1 else 0] for n in range(count)]
    else:
        part, at = grid.find(position)
        width = list(grid.cells())[part][2]
        old = p.atom(exprs[part], p.hint(op.dest))
        exprs[part] = (
            inserted.scalar
            if width == 1
            else build(p, [inserted.scalar if number == at else lane_of(p, old, number) for number in range(width)])
        )
    p.bind(op.result, Parts(grid, tuple(exprs)))


def _broadcast(p: KernelPrinter, op: Operation) -> None:
    """Leading dimensions are repeated, and so are those of extent 1."""
    assert isinstance(op, vector.BroadcastOp)
    shape, source_shape = shape_of(op.vector.type) or (), shape_of(op.source.type) or ()
    grid = p.grid(op.vector.type)
    if not source_shape or all(extent == 1 for extent in source_shape):
        expr = p.get(op.source).exprs[0]
        p.bind(op.vector, Parts(grid, (p.atom(expr, p.hint(op.source)),) * grid.count))
        return
    if source_shape[-1:] != shape[-1:]:
        elements = Elements(p, op.source)

        def lane(position: tuple[int, ...]) -> Expr:
            trailing = position[len(shape) - len(source_shape) :]
            return elements(tuple(0 if extent == 1 else at for extent, at in zip(source_shape, trailing)))

        _rearranged(p, op, lane)
        return
    parts, source = p.get(op.source), p.grid(op.source.type)
    exprs: list[Expr] = []
    for leading, offset, _ in grid.cells():
        trailing = (*leading, offset)[len(shape) - len(source_shape) :]
        part, _ = source.find(tuple(0 if extent == 1 else at for extent, at in zip(source_shape, trailing)))
        exprs.append(parts.exprs[part if len(parts.exprs) > 1 else 0])
    p.bind(op.vector, Parts(grid, tuple(exprs)))


def _fma(p: KernelPrinter, op: Operation) -> None:
    """As math.fma, part by part."""
    (result,) = op.results
    code, grid = p.code(result.type), p.grid(result.type)
    found = p.language.math.get(("math.fma", code))
    p.expect(found is not None, op, f"on {code}")
    assert found is not None
    operands = [p.get(v) for v in op.operands]
    exprs = tuple(
        p.call(found, code, [parts.exprs[n if len(parts.exprs) > 1 else 0] for parts in operands]) for n in range(grid.count)
    )
    p.bind(result, Parts(grid, exprs))


def _bitcast(p: KernelPrinter, op: Operation) -> None:
    (source,), (result,) = op.operands, op.results
    p.expect(shape_of(source.type) == shape_of(result.type), op, f"from {source.type} to {result.type}")
    rule, code = ELEMENTWISE["arith.bitcast"], p.code(result.type)
    parts = p.get(source)
    p.bind(result, Parts(p.grid(result.type), tuple(rule(p, op, code, [expr]) for expr in parts.exprs)))


def _shuffle(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, vector.ShuffleOp)
    first, second = Elements(p, op.v1), Elements(p, op.v2)
    count = (shape_of(op.v1.type) or (1,))[0]
    mask = op.mask.get_values()

    def lane(position: tuple[int, ...]) -> Expr:
        row = max(0, mask[position[0]])
        side, row = (first, row) if row < count else (second, row - count)
        return side((row, *position[1:]))

    _rearranged(p, op, lane)


def _shape_cast(p: KernelPrinter, op: Operation) -> None:
    (source,), (result,) = op.operands, op.results
    elements, shape, target = Elements(p, source), shape_of(source.type) or (), shape_of(result.type) or ()
    order = list(product(*(range(extent) for extent in shape)))

    def lane(position: tuple[int, ...]) -> Expr:
        number = 0
        for extent, at in zip(target, position):
            number = number * extent + at
        return elements(order[number])

    _rearranged(p, op, lane)


def _transpose(p: KernelPrinter, op: Operation) -> None:
    (source,) = op.operands
    elements = Elements(p, source)
    permutation = getattr(op, "permutation").get_values()  # noqa: B009

    def lane(position: tuple[int, ...]) -> Expr:
        origin = [0] * len(permutation)
        for axis, at in zip(permutation, position):
            origin[axis] = at
        return elements(tuple(origin))

    _rearranged(p, op, lane)


VECTORS: dict[str, Callable[[KernelPrinter, Operation], None]] = {
    **TRANSFERS,
    "vector.broadcast": _broadcast,
    "vector.splat": _broadcast,
    "vector.extract": _extract,
    "vector.insert": _insert,
    "vector.reduction": reduction,
    "vector.fma": _fma,
    "vector.bitcast": _bitcast,
    "vector.shuffle": _shuffle,
    "vector.shape_cast": _shape_cast,
    "vector.transpose": _transpose,
}
"""op name -> statement rule"""
