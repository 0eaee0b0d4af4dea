"""Rules of `vector`: values that are small arrays. The accesses to memory are in `transfer.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, IntegerAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from .access import Access
from .arith import unary_step
from .casts import bitcast
from .combine import merge, reduce
from .interpreter import Frame, Rule, Scope, Step
from .math_ import fma
from .slices import Mixed, checked_index, mixed, numbers
from .tensor import RULES as TENSOR
from .values import Array, dtype_of, is_vector, shape_of, word


def _broadcast(scope: Scope, op: Operation) -> Step:
    shape = shape_of(op.results[0].type)
    return unary_step(scope, op, lambda a: np.broadcast_to(a, shape))


def _fma(scope: Scope, op: Operation) -> Step:
    (a, b, c), r = scope.slots(op.operands), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        frame[r] = fma(frame[a], frame[b], frame[c])

    return step


def _kind(op: Operation) -> str:
    return word(op.properties["kind"])


def _reduction(scope: Scope, op: Operation) -> Step:
    kind, (v, *acc), r = _kind(op), scope.slots(op.operands), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        total = reduce(kind, frame[v], (0,))[()]
        frame[r] = merge(kind, frame[acc[0]], total) if acc else total

    return step


def _multi_reduction(scope: Scope, op: Operation) -> Step:
    kind, (v, acc), r = _kind(op), scope.slots(op.operands), scope.slot(op.results[0])
    axes = numbers(op.properties["reduction_dims"])

    def step(frame: Frame) -> None:
        frame[r] = merge(kind, frame[acc], reduce(kind, frame[v], axes)[()]) if axes else merge(kind, frame[acc], frame[v])

    return step


def _contract(scope: Scope, op: Operation) -> Step:
    maps, iterators, kind = op.properties["indexing_maps"], op.properties["iterator_types"], _kind(op)
    assert isa(maps, ArrayAttr[AffineMapAttr]) and isa(iterators, ArrayAttr[Attribute])
    access = [Access(attr.data) for attr in maps]
    reduced = tuple(loop for loop, attr in enumerate(iterators) if word(attr) != "parallel")
    (a, b, acc), r = scope.slots(op.operands), scope.slot(op.results[0])

    def step(frame: Frame) -> None:
        product: Any = access[0].spread(frame[a]) * access[1].spread(frame[b])
        total = reduce(kind, product, reduced, keepdims=True) if reduced else product
        value = access[2].gathered(total, [(0, extent) for extent in total.shape])
        frame[r] = merge(kind, frame[acc], value.reshape(np.shape(frame[acc])))

    return step


def _outerproduct(scope: Scope, op: Operation) -> Step:
    kind, (a, b, *acc), r = _kind(op), scope.slots(op.operands), scope.slot(op.results[0])
    spread = is_vector(op.operands[1].type)

    def step(frame: Frame) -> None:
        product = frame[a][:, None] * frame[b] if spread else frame[a] * frame[b]
        frame[r] = merge(kind, frame[acc[0]], product) if acc else product

    return step


def _position(scope: Scope, op: Operation, dynamic: Sequence[SSAValue]) -> Mixed:
    return mixed(scope, numbers(op.properties["static_position"]), dynamic)


def _extract(scope: Scope, op: Operation) -> Step:
    v, r = scope.slot(op.operands[0]), scope.slot(op.results[0])
    position, is_index = _position(scope, op, op.operands[1:]), op.results[0].type.name == "index"

    def step(frame: Frame) -> None:
        value, at = frame[v], position(frame)
        element = value[checked_index(scope, op, at, value.shape[: len(at)])]
        frame[r] = int(element) if is_index else element

    return step


def _insert(scope: Scope, op: Operation) -> Step:
    source, dest, r = scope.slot(op.operands[0]), scope.slot(op.operands[1]), scope.slot(op.results[0])
    position = _position(scope, op, op.operands[2:])

    def step(frame: Frame) -> None:
        value, at = np.array(frame[dest]), position(frame)
        value[checked_index(scope, op, at, value.shape[: len(at)])] = frame[source]
        frame[r] = value

    return step


def _shuffle(scope: Scope, op: Operation) -> Step:
    """A mask entry of -1 is poison; it takes the first element here."""
    (a, b), r, mask = scope.slots(op.operands), scope.slot(op.results[0]), [max(0, i) for i in numbers(op.properties["mask"])]

    def step(frame: Frame) -> None:
        frame[r] = np.concatenate([np.atleast_1d(frame[a]), np.atleast_1d(frame[b])])[mask]

    return step


def _transpose(scope: Scope, op: Operation) -> Step:
    permutation = numbers(op.properties["permutation"])
    return unary_step(scope, op, lambda a: np.transpose(a, permutation))


def _shape_cast(scope: Scope, op: Operation) -> Step:
    shape = shape_of(op.results[0].type)
    return unary_step(scope, op, lambda a: np.reshape(a, shape))


def _bitcast(scope: Scope, op: Operation) -> Step:
    dtype = dtype_of(op.results[0].type)
    return unary_step(scope, op, lambda a: bitcast(a, dtype))


def _step(scope: Scope, op: Operation) -> None:
    scope.constant(op.results[0], np.arange(shape_of(op.results[0].type)[0]))


def _to_elements(scope: Scope, op: Operation) -> Step:
    v, results, is_index = scope.slot(op.operands[0]), scope.slots(op.results), op.results[0].type.name == "index"

    def step(frame: Frame) -> None:
        flat: Array = np.reshape(frame[v], -1)
        for slot, element in zip(results, flat):
            frame[slot] = int(element) if is_index else element

    return step


def _create_mask(scope: Scope, op: Operation) -> Step:
    sizes, r, shape = scope.slots(op.operands), scope.slot(op.results[0]), shape_of(op.results[0].type)
    grid = np.indices(shape)

    def step(frame: Frame) -> None:
        frame[r] = np.all([index < frame[slot] for index, slot in zip(grid, sizes)], axis=0)

    return step


def _list(op: Operation, name: str) -> list[int]:
    entries = op.properties[name]
    assert isa(entries, ArrayAttr[IntegerAttr])
    return [entry.value.data for entry in entries]


def _extract_strided(scope: Scope, op: Operation) -> Step:
    window = tuple(slice(o, o + n * s, s) for o, n, s in zip(_list(op, "offsets"), _list(op, "sizes"), _list(op, "strides")))
    return unary_step(scope, op, lambda a: a[window])


def _insert_strided(scope: Scope, op: Operation) -> Step:
    (source, dest), r = scope.slots(op.operands), scope.slot(op.results[0])
    shape = shape_of(op.operands[0].type)
    offsets, strides = _list(op, "offsets"), _list(op, "strides")
    leading, trailing = offsets[: len(offsets) - len(shape)], offsets[len(offsets) - len(shape) :]
    window = (*leading, *(slice(o, o + n * s, s) for o, n, s in zip(trailing, shape, strides)))

    def step(frame: Frame) -> None:
        value = np.array(frame[dest])
        value[window] = frame[source]
        frame[r] = value

    return step


def _print(scope: Scope, op: Operation) -> None:
    return None


RULES: dict[str, Rule] = {
    "vector.broadcast": _broadcast, "vector.splat": _broadcast, "vector.fma": _fma, "vector.reduction": _reduction,
    "vector.multi_reduction": _multi_reduction, "vector.contract": _contract, "vector.outerproduct": _outerproduct,
    "vector.extract": _extract, "vector.insert": _insert, "vector.shuffle": _shuffle, "vector.transpose": _transpose,
    "vector.shape_cast": _shape_cast, "vector.bitcast": _bitcast, "vector.step": _step, "vector.to_elements": _to_elements,
    "vector.from_elements": TENSOR["tensor.from_elements"], "vector.create_mask": _create_mask,
    "vector.extract_strided_slice": _extract_strided, "vector.insert_strided_slice": _insert_strided, "vector.print": _print,
}  # fmt: skip
