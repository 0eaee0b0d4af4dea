"""Rules of `linalg`: a structured op is evaluated for its whole iteration space at once, as arrays.

Each operand is read through its map as an array with one axis a loop, of extent 1 along loops it does not use; the body then runs
once on such arrays. A reduction whose body is a plain combine (acc + x, max(acc, x), ..) is NumPy's reduce; any other body runs
once for each point of the reduction loops, in order. Large spaces are cut along a parallel loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IntegerAttr
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap

from .access import Access, Span
from .combine import KIND_OF, merge, reduce
from .interpreter import MASK, Frame, Rule, Scope, Step
from .memref import read, write
from .slices import numbers
from .values import Array, Memref, is_shaped, shape_of, word

POINTS = 1 << 21
"""Iterations evaluated at once: larger spaces would need arrays of gigabytes (a matmul of 512 has 1.3e8 points)."""

Combine = tuple[str, SSAValue, Operation]
"""The kind, the value that is combined into the accumulator, the op that combines."""


def _combine(acc: SSAValue, result: SSAValue) -> Combine | None:
    """How `result` is `acc` combined with a value that does not depend on it; None where it is something else."""
    op, uses = result.owner, list(acc.uses)
    if not isinstance(op, Operation) or len(uses) != 1 or uses[0].operation is not op or len(list(result.uses)) != 1:
        return None
    kind = KIND_OF.get(op.name)
    return None if kind is None else (kind, op.operands[1 - uses[0].index], op)


@dataclass(frozen=True)
class Piece:
    """A box of iterations, its indices as arrays, and where it lies in each operand. It depends on the shapes alone."""

    box: list[Span]
    grid: list[Array]
    indices: list[Any]


class Structured:
    """A structured op, compiled. `maps` has one map an operand, `iterators` one word a loop; `gather` makes the reductions."""

    def __init__(self, scope: Scope, op: Operation, maps: Sequence[AffineMap], iterators: Sequence[str]):
        self.scope, self.op = scope, op
        self.rank = len(iterators)
        self.reduced = tuple(i for i, word in enumerate(iterators) if word != "parallel")
        self.operands, self.results = scope.slots(op.operands), scope.slots(op.results)
        self.access = [Access(map_) if is_shaped(value.type) else None for map_, value in zip(maps, op.operands)]
        block = op.regions[0].block
        assert block.last_op is not None
        yields = block.last_op.operands
        self.n_inputs = len(op.operands) - len(yields)
        self.used = [bool(arg.uses) for arg in block.args]
        found = [_combine(acc, value) for acc, value in zip(block.args[self.n_inputs :], yields)]
        self.combines = [combine for combine in found if combine is not None] if self.reduced else []
        self.fast = not self.reduced or len(self.combines) == len(found)
        self.dims = [scope.fresh() for _ in iterators]
        held = scope.wide, scope.dims, scope.skipped
        scope.wide, scope.dims = True, self.dims
        scope.skipped = {combine[2] for combine in self.combines} if self.fast else set()
        self.body = scope.region(op.regions[0])
        scope.wide, scope.dims, scope.skipped = held
        self._pieces: dict[tuple[tuple[int, ...], ...], Iterable[Piece]] = {}
        self.partners = scope.slots(combine[1] for combine in self.combines)
        self.gather = gather

    def __call__(self, frame: Frame) -> None:
        values = [frame[slot] for slot in self.operands]
        for k in range(self.n_inputs, len(values)):
            if not isinstance(values[k], Memref):
                values[k] = np.array(values[k])
        outer, frame[MASK] = frame[MASK], None
        shapes = tuple(_array(value).shape if access else () for value, access in zip(values, self.access))
        pieces = self._pieces.get(shapes)
        if pieces is None:
            pieces = map(partial(self.piece, shapes), boxes := self.boxes(self.extents(shapes)))
            if len(boxes) <= 16:
                pieces = self._pieces[shapes] = list(pieces)
        for piece in pieces:
            self.evaluate(frame, values, piece)
        frame[MASK] = outer
        for slot, out in zip(self.results, values[self.n_inputs :]):
            frame[slot] = out

    def extents(self, shapes: Sequence[tuple[int, ...]]) -> list[int]:
        """The extent of each loop, from the operands it indexes alone. Raises where two disagree or none does."""
        extents: dict[int, int] = {}
        for position, (access, shape) in enumerate(zip(self.access, shapes)):
            for axis, loop in access.plain if access else ():
                found = shape[axis]
                if extents.setdefault(loop, found) != found:
                    raise self.scope.error(
                        self.op,
                        f"axis {axis} of operand {position} is {found}, expected {extents[loop]}, the extent of loop {loop}",
                    )
        for loop in range(self.rank):
            if loop not in extents:
                raise self.scope.error(self.op, f"no operand gives the extent of loop {loop}")
        return [extents[loop] for loop in range(self.rank)]

    def boxes(self, extents: list[int]) -> list[list[Span]]:
        """The pieces to evaluate: parallel loops whole or cut, reduction loops whole where that is fast, else point by point."""
        if 0 in extents:
            return []
        spans: list[list[Span]] = [[(0, extent)] for extent in extents]
        points = 1 if not self.fast else prod(extents[loop] for loop in self.reduced)
        parallel = [loop for loop in range(self.rank) if loop not in self.reduced]
        points *= prod(extents[loop] for loop in parallel)
        cut = next((loop for loop in parallel if extents[loop] > 1), None)
        if points > POINTS and cut is not None:
            step = max(1, POINTS * extents[cut] // points)
            spans[cut] = [(start, min(start + step, extents[cut])) for start in range(0, extents[cut], step)]
        if not self.fast:
            for loop in self.reduced:
                spans[loop] = [(i, i + 1) for i in range(extents[loop])]
        order = (*parallel, *self.reduced)
        return [[box[order.index(loop)] for loop in range(self.rank)] for box in product(*(spans[loop] for loop in order))]

    def piece(self, shapes: Sequence[tuple[int, ...]], box: list[Span]) -> Piece:
        """Raises EvaluationError where an operand is accessed outside of its shape."""
        grid = [
            np.arange(start, stop).reshape([-1 if axis == loop else 1 for axis in range(self.rank)])
            for loop, (start, stop) in enumerate(box)
        ]
        indices = [access.index(shape, box, grid) if access else () for access, shape in zip(self.access, shapes)]
        for position, (index, access, shape) in enumerate(zip(indices, self.access, shapes)):
            if index is None and access is not None:
                raise self.scope.error(self.op, f"operand {position} is accessed by {access.map} outside of its shape {shape}")
        return Piece(box, grid, indices)

    def evaluate(self, frame: Frame, values: Sequence[Any], piece: Piece) -> None:
        scope, op, body, box = self.scope, self.op, self.body, piece.box
        for slot, index in zip(self.dims, piece.grid):
            frame[slot] = index
        for position, (slot, value, access, index) in enumerate(zip(body.args, values, self.access, piece.indices)):
            if access is None:
                frame[slot] = value
            elif self.used[position]:
                frame[slot] = access.spread(read(scope, value, index) if isinstance(value, Memref) else value[index])
        body.run(frame)
        if self.reduced and self.fast:
            accs = body.args[self.n_inputs :]
            found = [
                self.reduce(combine, frame[acc], frame[slot], box)
                for combine, acc, slot in zip(self.combines, accs, self.partners)
            ]
        else:
            found = [frame[slot] for slot in body.yields]
            if len(found) > 1:  # the first out may be memory that another result still looks into
                found = [np.array(value) for value in found]
        for position, result in enumerate(found, self.n_inputs):
            out, access, index = values[position], self.access[position], piece.indices[position]
            assert access is not None
            value = access.gathered(np.asarray(result), box)
            if isinstance(out, Memref):
                write(scope, op, out, index, value)
            else:
                out[index] = value

    def reduce(self, combine: Combine, acc: Any, value: Any, box: list[Span]) -> Any:
        value = np.asarray(value)
        shape = [1] * (self.rank - value.ndim) + list(value.shape)
        for loop in self.reduced:
            shape[loop] = box[loop][1] - box[loop][0]
        return self.gather(combine[2], acc, np.broadcast_to(value, shape), self.reduced)


def gather(op: Operation, acc: Any, value: Array, axes: tuple[int, ...]) -> Any:
    """What the combining `op` makes of `acc` and all of `value` along the axes, in NumPy's order; the axes are kept."""
    kind = KIND_OF[op.name]
    return merge(kind, acc, reduce(kind, value, axes, keepdims=True))


def _array(value: Any) -> Array:
    return value.array if isinstance(value, Memref) else value


def _structured(scope: Scope, op: Operation) -> Step:
    assert isinstance(op, LinalgStructuredOperation)
    maps = [attr.data for attr in op.get_indexing_maps().data]
    return Structured(scope, op, maps, [word(attr) for attr in op.get_iterator_types()])


def _projection(rank: int, dropped: Sequence[int]) -> AffineMap:
    return AffineMap(rank, 0, tuple(AffineExpr.dimension(loop) for loop in range(rank) if loop not in dropped))


def _reduce(scope: Scope, op: Operation) -> Step:
    dropped, rank = numbers(op.properties["dimensions"]), len(shape_of(op.operands[0].type))
    half = len(op.operands) // 2
    maps = [AffineMap.identity(rank)] * half + [_projection(rank, dropped)] * half
    return Structured(scope, op, maps, ["reduction" if loop in dropped else "parallel" for loop in range(rank)])


def _broadcast(scope: Scope, op: Operation) -> Step:
    added, rank = numbers(op.properties["dimensions"]), len(shape_of(op.operands[1].type))
    return Structured(scope, op, [_projection(rank, added), AffineMap.identity(rank)], ["parallel"] * rank)


def _index(scope: Scope, op: Operation) -> Step:
    dim, r = op.properties["dim"], scope.slot(op.results[0])
    assert isinstance(dim, IntegerAttr)
    source = scope.dims[dim.value.data]

    def step(frame: Frame) -> None:
        frame[r] = frame[source]

    return step


_NAMED = (
    "generic fill copy add sub mul div max min exp log sqrt select transpose matmul quantized_matmul pooling_nchw_max "
    "conv_2d_nchw_fchw conv_2d_ngchw_fgchw conv_2d_ngchw_gfchw conv_2d_nhwc_fhwc conv_2d_nhwc_hwcf conv_2d_nhwgc_gfhwc"
).split()
"""Ops that bring their maps, iterators and body with them."""

RULES: dict[str, Rule] = {
    **{f"linalg.{name}": _structured for name in _NAMED},
    "linalg.reduce": _reduce,
    "linalg.broadcast": _broadcast,
    "linalg.index": _index,
}
