"""Vector ops that move values between lanes and rows: repeated, taken out, put in, reordered, reduced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from xdsl.dialects import vector
from xdsl.dialects.builtin import DYNAMIC_INDEX
from xdsl.dialects.utils.fast_math import FastMathFlag
from xdsl.ir import Attribute, Operation, SSAValue

from ..c.elements import FLOATS, shape_of
from .arith import ARITH
from .emitter import Emitter
from .types import Type, extents_of, part_of, rows_of


def transposed(e: Emitter, rows: Sequence[str], type_: Type) -> list[str]:
    """The columns of a square of `type_` rows, a power of two each way: log2 rounds of interleaving row i with row i + n/2."""
    n = len(rows)
    low = ", ".join(f"i32 {i // 2 + (i % 2) * n}" for i in range(n))
    high = ", ".join(f"i32 {i // 2 + n // 2 + (i % 2) * n}" for i in range(n))
    found = list(rows)
    for _ in range(n.bit_length() - 1):
        found = [
            e.set(f"shufflevector {type_} {found[i]}, {type_} {found[i + n // 2]}, <{n} x i32> <{mask}>")
            for i in range(n // 2)
            for mask in (low, high)
        ]
    return found


class _Lanes:
    """Single elements of a vector value, each taken out once."""

    def __init__(self, e: Emitter, value: SSAValue):
        self.e, self.type, self.shape = e, part_of(value.type), extents_of(value.type)
        self.rows, self.made = e.rows(value), dict[tuple[int, ...], str]()

    def __call__(self, position: Sequence[int]) -> str:
        key = tuple(position)
        if key not in self.made:
            row = 0
            for extent, at in zip(self.shape[:-1], key):
                row = row * extent + at
            self.made[key] = self.e.lane(self.rows[row], self.type, key[-1] if key else 0)
        return self.made[key]


def _assembled(e: Emitter, type_: Attribute, lane: Callable[[tuple[int, ...]], str]) -> list[str]:
    shape, part = extents_of(type_), part_of(type_)
    if not shape:
        return [e.vector([lane(())], part)]
    return [
        e.vector([lane((*leading, number)) for number in range(shape[-1])], part) for leading in product(*map(range, shape[:-1]))
    ]


def _broadcast(e: Emitter, op: Operation) -> None:
    """Leading dims are repeated, and so are those of extent 1."""
    assert isinstance(op, vector.BroadcastOp)
    part, source = part_of(op.vector.type), shape_of(op.source.type)
    shape = extents_of(op.vector.type)
    if source is None:
        e.bind(op.vector, [e.splat(e.scalar(op.source), part)])
        return
    if prod(source) == 1:
        e.bind(op.vector, [e.splat(e.lane(e.get(op.source)[0], part_of(op.source.type), 0), part)])
        return
    rows, missing = e.rows(op.source), len(shape) - len(source)
    spread, made = source[-1] != shape[-1], dict[int, str]()
    parts: list[str] = []
    for leading in product(*map(range, shape[:-1])):
        row = 0
        for extent, at in zip(source[:-1], leading[missing:]):
            row = row * extent + (at if extent > 1 else 0)
        if row not in made:
            made[row] = e.splat(e.lane(rows[row], part_of(op.source.type), 0), part) if spread else rows[row]
        parts.append(made[row])
    e.bind(op.vector, parts)


def _position(e: Emitter, op: vector.ExtractOp | vector.InsertOp) -> list[str]:
    dynamic = iter(op.dynamic_position)
    return [e.scalar(next(dynamic)) if at == DYNAMIC_INDEX else str(at) for at in op.static_position.get_values()]


def _row(e: Emitter, op: Operation, shape: Sequence[int], position: Sequence[str]) -> int:
    """The first row that a position, without its lane, names."""
    row = 0
    for number, extent in enumerate(shape[:-1]):
        at = position[number] if number < len(position) else "0"
        e.expect(at.isdigit(), op, "at a row that is not constant")
        row = row * extent + int(at)
    return row


def _extract(e: Emitter, op: Operation) -> None:
    assert isinstance(op, vector.ExtractOp)
    shape, position, rows = extents_of(op.vector.type), _position(e, op), e.rows(op.vector)
    first = _row(e, op, shape, position)
    if shape_of(op.result.type) is None:
        lane = position[-1] if position else "0"
        e.bind(op.result, [e.set(f"extractelement {part_of(op.vector.type)} {rows[first]}, i64 {lane}")])
    else:
        e.bind(op.result, rows[first : first + rows_of(op.result.type)])


def _insert(e: Emitter, op: Operation) -> None:
    assert isinstance(op, vector.InsertOp)
    shape, position, rows = extents_of(op.dest.type), _position(e, op), e.rows(op.dest)
    first, part = _row(e, op, shape, position), part_of(op.dest.type)
    if shape_of(op.source.type) is None:
        lane = position[-1] if position else "0"
        rows[first] = e.set(f"insertelement {part} {rows[first]}, {Type(part.code)} {e.scalar(op.source)}, i64 {lane}")
    else:
        given = e.rows(op.source)
        rows[first : first + len(given)] = given
    e.bind(op.result, rows)


def _shuffle(e: Emitter, op: Operation) -> None:
    assert isinstance(op, vector.ShuffleOp)
    first, second = _Lanes(e, op.v1), _Lanes(e, op.v2)
    count, mask = (extents_of(op.v1.type) or (1,))[0], op.mask.get_values()

    def lane(position: tuple[int, ...]) -> str:
        row = max(0, mask[position[0]])
        return first((row, *position[1:])) if row < count else second((row - count, *position[1:]))

    e.bind(op.result, _assembled(e, op.result.type, lane))


def _shape_cast(e: Emitter, op: Operation) -> None:
    (source,), (result,) = op.operands, op.results
    elements, shape, target = _Lanes(e, source), extents_of(source.type), extents_of(result.type)
    order = list(product(*map(range, shape)))

    def lane(position: tuple[int, ...]) -> str:
        number = 0
        for extent, at in zip(target, position):
            number = number * extent + at
        return elements(order[number])

    e.bind(result, _assembled(e, result.type, lane))


def _transpose(e: Emitter, op: Operation) -> None:
    (source,), (result,) = op.operands, op.results
    permutation, shape = getattr(op, "permutation").get_values(), extents_of(source.type)  # noqa: B009
    if tuple(permutation) == (1, 0) and shape[0] == shape[1] > 1 and shape[0] & (shape[0] - 1) == 0:
        e.bind(result, transposed(e, e.rows(source), part_of(source.type)))
        return
    elements = _Lanes(e, source)

    def lane(position: tuple[int, ...]) -> str:
        origin = [0] * len(permutation)
        for axis, at in zip(permutation, position):
            origin[axis] = at
        return elements(origin)

    e.bind(result, _assembled(e, result.type, lane))


_TREES = {
    **{"add": "add", "mul": "mul", "and": "and", "or": "or", "xor": "xor"},
    **{f"{name}{sign}i": f"{sign}{name}" for name in ("min", "max") for sign in "su"},
}
_COMBINE = {"minimumf": "arith.minimumf", "maximumf": "arith.maximumf", "minnumf": "arith.minnumf", "maxnumf": "arith.maxnumf"}


def _reduction(e: Emitter, op: Operation) -> None:
    """By halves; a float sum or product that may not be reordered goes lane by lane, as LLVM does without `reassoc`."""
    assert isinstance(op, vector.ReductionOp)
    (part,), type_, kind = e.get(op.vector)[:1], part_of(op.vector.type), op.kind.data.value
    scalar, hint = Type(type_.code), op.dest.name_hint or "t"
    start = e.scalar(op.acc) if op.acc is not None else None
    if kind in _COMBINE:
        e.bind(op.dest, [_halved(e, op, part, type_, start, _COMBINE[kind])])
    elif type_.code in FLOATS:
        e.expect(kind in ("add", "mul"), op, f"<{kind}> on {type_.code}")
        flags = "contract reassoc" if FastMathFlag.REASSOC in op.fastmath.data else "contract"
        neutral = e.literal(-0.0 if kind == "add" else 1.0, scalar)
        args = [(scalar, start or neutral), (type_, part)]
        e.bind(op.dest, [e.call(f"llvm.vector.reduce.f{kind}.{type_.suffix}", scalar, args, hint, flags)])
    else:
        found = e.call(f"llvm.vector.reduce.{_TREES[kind]}.{type_.suffix}", scalar, [(type_, part)], hint)
        if start is not None:
            combine = f"arith.{kind if kind[-2:] in ('si', 'ui') else f'{kind}i'}"
            found = ARITH[combine](e, op, scalar, [start, found])
        e.bind(op.dest, [found])


def _halved(e: Emitter, op: Operation, part: str, type_: Type, start: str | None, combine: str) -> str:
    """LLVM's own reduction has another meaning for NaN, or costs more: the two halves are combined until one lane is left."""
    rule, lanes = ARITH[combine], type_.lanes
    while lanes > 1 and lanes % 2 == 0:
        half, source = Type(type_.code, lanes // 2), Type(type_.code, lanes)
        masks = (", ".join(f"i32 {i + first}" for i in range(lanes // 2)) for first in (0, lanes // 2))
        low, high = (e.set(f"shufflevector {source} {part}, {source} poison, <{lanes // 2} x i32> <{mask}>") for mask in masks)
        part, lanes = rule(e, op, half, [low, high]), lanes // 2
    found = [e.lane(part, Type(type_.code, lanes), number) for number in range(lanes)]
    result = start if start is not None else found.pop(0)
    for each in found:
        result = rule(e, op, Type(type_.code), [result, each])
    return result


def _bitcast(e: Emitter, op: Operation) -> None:
    (source,), (result,) = op.operands, op.results
    e.expect(shape_of(source.type) == shape_of(result.type), op, f"from {source.type} to {result.type}")
    e.bind(result, [e.set(f"bitcast {part_of(source.type)} {part} to {part_of(result.type)}") for part in e.get(source)])


SHUFFLES: dict[str, Callable[[Emitter, Operation], None]] = {
    "vector.broadcast": _broadcast,
    "vector.splat": _broadcast,
    "vector.extract": _extract,
    "vector.insert": _insert,
    "vector.reduction": _reduction,
    "vector.bitcast": _bitcast,
    "vector.shuffle": _shuffle,
    "vector.shape_cast": _shape_cast,
    "vector.transpose": _transpose,
}
"""op name -> rule"""
