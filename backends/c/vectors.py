"""Vector ops: reads and writes of whole parts, broadcasts, reductions, and moves of single lanes."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING

from xdsl.dialects import vector
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.dialects.utils.fast_math import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap

from .elements import FLOATS, is_mask, shape_of
from .expression import LONGEST_EXPRESSION, Expr
from .expressions import ELEMENTWISE
from .linear import Linear
from .memory import View, element, loaded, read_chunk, stored, write_chunk
from .parts import Grid, Parts
from .precedence import EQUALITY

if TYPE_CHECKING:
    from .printer import KernelPrinter


# Reads and writes. `along[d]` is the memref dimension that vector dimension d runs along, None for a broadcast.


def _along(p: KernelPrinter, op: Operation, map_: AffineMap) -> list[int | None]:
    found: list[int | None] = []
    for result in map_.results:
        if isinstance(result, AffineDimExpr):
            found.append(result.position)
        elif isinstance(result, AffineConstantExpr) and result.value == 0:
            found.append(None)
        else:
            raise p.error(op, f"with map {map_}")
    return found


def _check_transfer(p: KernelPrinter, op: vector.TransferReadOp | vector.TransferWriteOp, along: list[int | None]) -> None:
    p.expect(op.mask is None, op, "with a mask")
    flags = [flag.value.data != 0 for flag in op.in_bounds.data]
    p.expect(all(flag or axis is None for flag, axis in zip(flags, along)), op, "that may leave its memory (in_bounds is false)")


def _offsets(along: list[int | None], position: tuple[int, ...], rank: int) -> list[int]:
    """What an element's position in the vector adds to each index of the memref."""
    offsets = [0] * rank
    for axis, at in zip(along, position):
        if axis is not None:
            offsets[axis] += at
    return offsets


def _shifted(indices: list[Linear], offsets: list[int]) -> list[Linear]:
    return [position + Linear.of(offset) for position, offset in zip(indices, offsets)]


def _read(p: KernelPrinter, op: Operation, view: View, indices: list[Linear], along: list[int | None], type_: Attribute) -> None:
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


def _write(p: KernelPrinter, value: SSAValue, view: View, indices: list[Linear], along: list[int | None]) -> None:
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


def _trailing(rank: int, vector_rank: int) -> list[int | None]:
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


# Lanes


def lane_of(p: KernelPrinter, expr: Expr, lane: int) -> Expr:
    """One lane of a part, which must be a variable if it has several."""
    if expr.lanes == 1:
        return expr
    text = expr.at_least(16) + p.language.lane.format(number=lane, digit=f"{lane:x}")
    if is_mask(expr.code):
        return Expr(f"{text} != 0", "i1", 1, EQUALITY, expr.reads, expr.mutable)
    return Expr(text, expr.code, reads=expr.reads, mutable=expr.mutable)


def halves(p: KernelPrinter, expr: Expr) -> tuple[Expr, Expr]:
    """The lower and the upper lanes of a variable."""
    if expr.lanes == 2:
        return lane_of(p, expr, 0), lane_of(p, expr, 1)
    texts = (form.format(vector=expr.text) for form in p.language.halves)
    low, high = (Expr(text, expr.code, expr.lanes // 2, reads=expr.reads, mutable=expr.mutable) for text in texts)
    return low, high


def assemble(p: KernelPrinter, type_: Attribute, lane: Callable[[tuple[int, ...]], Expr]) -> tuple[Expr, ...]:
    """The parts of a vector from its elements, `lane(position)` each."""
    exprs: list[Expr] = []
    shape = shape_of(type_)
    for leading, offset, width in p.grid(type_).cells():
        lanes = [lane((*leading, offset + number) if shape else ()) for number in range(width)]
        exprs.append(lanes[0] if all(one is lanes[0] for one in lanes) else build(p, lanes))
    return tuple(exprs)


def build(p: KernelPrinter, lanes: list[Expr]) -> Expr:
    """A register from single elements."""
    if lanes[0].code == "i1":
        code = "m32"
        bits = [p.as_mask(lane, code, 0) for lane in lanes]
    else:
        code = lanes[0].code
        bits = [p.coerce(lane, code) for lane in lanes]
    reads = frozenset[str]().union(*(lane.reads for lane in lanes))
    mutable = frozenset[str]().union(*(lane.mutable for lane in lanes))
    text = p.language.build.format(type=p.type(code, len(lanes)), lanes=", ".join(bit.text for bit in bits))
    return Expr(text, code, len(lanes), 15, reads, mutable)


class Elements:
    """The elements of a vector value by position."""

    def __init__(self, p: KernelPrinter, value: SSAValue):
        self.p = p
        parts = p.get(value)
        if any(expr.lanes > 1 and not expr.atomic for expr in parts.exprs):
            parts = p.declare(parts, p.hint(value))
        self.parts = parts
        self._made: dict[tuple[int, int], Expr] = {}

    def __call__(self, position: tuple[int, ...]) -> Expr:
        part, lane = self.parts.grid.find(position)
        expr = self.parts.exprs[part if len(self.parts.exprs) > 1 else 0]
        return self._made.setdefault((id(expr), lane if expr.lanes > 1 else 0), lane_of(self.p, expr, lane))


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


COMBINE = {
    "add": ("arith.addf", "arith.addi"),
    "mul": ("arith.mulf", "arith.muli"),
    "and": ("", "arith.andi"),
    "or": ("", "arith.ori"),
    "xor": ("", "arith.xori"),
    "minimumf": ("arith.minimumf", ""),
    "maximumf": ("arith.maximumf", ""),
    "minnumf": ("arith.minnumf", ""),
    "maxnumf": ("arith.maxnumf", ""),
    "minsi": ("", "arith.minsi"),
    "maxsi": ("", "arith.maxsi"),
    "minui": ("", "arith.minui"),
    "maxui": ("", "arith.maxui"),
}
"""Kind of a vector.reduction -> the op that combines floats, and integers."""


def _reduction(p: KernelPrinter, op: Operation) -> None:
    """Halve until one is left. A float sum or product that may not be reordered goes lane by lane instead."""
    assert isinstance(op, vector.ReductionOp)
    code = p.code(op.dest.type)
    kind = op.kind.data.value
    name = COMBINE[kind][code not in FLOATS]
    reorder = code not in FLOATS or kind not in ("add", "mul") or FastMathFlag.REASSOC in op.fastmath.data
    combine = _combiner(p, op, name, code)
    start = [p.get(op.acc).scalar] if op.acc is not None else []
    source = p.get(op.vector)
    grid = p.grid(op.vector.type)
    if not reorder:
        named = p.declare(source, p.hint(op.vector)) if any(not e.atomic for e in source.exprs) else source
        found = [lane_of(p, e, n) for e, (_, _, width) in zip(named.exprs, grid.cells()) for n in range(width)]
        p.bind(op.dest, Parts(Grid.of(None, 1), (reduce(combine, [*start, *found]),)))
        return
    by_width: dict[int, list[Expr]] = {}
    for expr, (_, _, width) in zip(source.exprs, grid.cells()):
        by_width.setdefault(width, []).append(p.widen(expr, width) if expr.lanes == 1 and width > 1 else expr)
    hint = p.hint(op.vector)
    scalars: list[Expr] = start
    for width, exprs in by_width.items():
        whole = _tree(p, hint, combine, exprs)
        while width > 1:
            whole = p.atom(whole, hint)
            half = width // 2
            low, high = halves(p, whole)
            whole, width = combine(low, high), half
        scalars.append(whole)
    p.bind(op.dest, Parts(Grid.of(None, 1), (_tree(p, hint, combine, scalars),)))


def _combiner(p: KernelPrinter, op: Operation, name: str, code: str) -> Callable[[Expr, Expr], Expr]:
    p.expect(bool(name), op, f"on {code}")
    rule = ELEMENTWISE[name]
    return lambda lhs, rhs: rule(p, op, code, [lhs, rhs])


def _tree(p: KernelPrinter, hint: str, combine: Callable[[Expr, Expr], Expr], exprs: list[Expr]) -> Expr:
    while len(exprs) > 1:
        if any(len(expr.text) > LONGEST_EXPRESSION // 2 for expr in exprs):
            exprs = [p.atom(expr, hint) for expr in exprs]
        exprs = [combine(*exprs[i : i + 2]) if i + 1 < len(exprs) else exprs[i] for i in range(0, len(exprs), 2)]
    return exprs[0]


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
    "vector.transfer_read": _transfer_read,
    "vector.transfer_write": _transfer_write,
    "vector.load": _load,
    "vector.store": _store,
    "vector.broadcast": _broadcast,
    "vector.splat": _broadcast,
    "vector.extract": _extract,
    "vector.insert": _insert,
    "vector.reduction": _reduction,
    "vector.fma": _fma,
    "vector.bitcast": _bitcast,
    "vector.shuffle": _shuffle,
    "vector.shape_cast": _shape_cast,
    "vector.transpose": _transpose,
}
"""op name -> statement rule"""
