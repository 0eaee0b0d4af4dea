"""Which reductions may be computed inside the kernel that uses them: the rule of kernel formation, said once.

A kernel loops over the axes of its root, the value it materialises. A reduction may stay inside if the kernel needs it at one
element for each point of some of those loops and at nothing else: these loops are the kernel's *spine*, one *row* a point. Then a
row is finished (softmax: its maximum, then its sum) before the rest of the row uses it, and nothing is computed twice.

`KernelWalk` follows each value from its users back to its operands and keeps, for each of its uses, which loop runs along which
of its axes. It sees through elementwise ops, permute, expand, and what a reshape, pad, shrink or flip leaves alone; an axis
that one of these changes is lost, and a reduction behind it is refused. Marking (`nd-mark-kernels`) and outlining share this
module, so a decision edited by hand is judged by the rule that made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue

from rung.dialects.nd import ExpandOp, FlipOp, PadOp, PermuteOp, ReduceOp, ReshapeOp, ShrinkOp
from rung.dialects.nd.base import shape_of

REALIZE = "realize"
"""The unit attribute that says: this value is materialised, as the result of a kernel of its own."""

FIXED = -1
"""The loop of an axis of extent 1: none, the index is 0."""
MIXED = -2
"""The loop of an axis that a pad, flip, shrink or reshape has changed: unknown, perhaps several."""
REDUCED = 1000
"""Loop REDUCED + a is the one a reduction runs over axis a of its source."""


class Use(NamedTuple):
    """One way in which a kernel needs a value: the loop along each axis, inside the loop nest of `nest`.

    root  the op whose result the kernel materialises; its loops are numbered by its result's axes
    nest  the root, or the fused reduction whose loops run here
    path  the movement ops that made an axis MIXED, so that different windows on one value count as different uses
    """

    root: Operation
    nest: Operation
    axes: tuple[int, ...]
    path: tuple[object, ...] = ()

    @property
    def points(self) -> int:
        """How often the loop nest evaluates what it holds."""
        reduction = reduction_of(self.nest)
        return prod(shape_of(reduction.src if reduction is not None else self.nest.results[0]))

    def rows(self) -> frozenset[int]:
        return frozenset(axis for axis in self.axes if axis != FIXED)


def reduction_of(op: Operation) -> ReduceOp | None:
    """`op` if it is a reduction over at least one axis."""
    return op if isinstance(op, ReduceOp) and len(op.axes) else None


def result_roots(block: Block) -> set[Operation]:
    """The ops whose results a function returns: they are materialised without being marked."""
    last = block.last_op
    if not isinstance(last, func.ReturnOp):
        return set()
    return {value.owner for value in last.operands if isinstance(value.owner, Operation)}


class KernelWalk:
    """Uses of each value, found by visiting a function's ops from the last to the first.

    For each op call exactly one of `begin_kernel` (it is a root) and, if it is a reduction that stays inside, `fuse`; then
    `enter`.
    """

    def __init__(self) -> None:
        self.uses: dict[SSAValue, dict[Use, None]] = {}
        self.spines: dict[Operation, frozenset[int]] = {}
        self.fused: dict[Operation, list[ReduceOp]] = {}

    def uses_of(self, op: Operation) -> Iterable[Use]:
        return self.uses.get(op.results[0], ())

    def begin_kernel(self, op: Operation) -> None:
        axes = tuple(FIXED if extent == 1 else axis for axis, extent in enumerate(shape_of(op.results[0])))
        self.uses[op.results[0]] = {Use(op, op, axes): None}

    def refusal(self, reduction: ReduceOp) -> str | None:
        """Why this reduction cannot be computed inside the kernel that uses it; None if it can."""
        uses = list(self.uses_of(reduction))
        if len({use.root for use in uses}) != 1:
            return "in several kernels"
        if len({use.axes for use in uses}) != 1:
            return "at two different indices"
        rows = [axis for axis in uses[0].axes if axis != FIXED]
        if len(set(rows)) != len(rows):
            return "at two axes of one loop"
        if any(axis == MIXED or axis >= REDUCED for axis in rows):
            return "at more than its rows"
        spine = self.spines.get(uses[0].root)
        if spine is not None and spine != frozenset(rows):
            return "at other rows than its other reductions"
        return None

    def fuse(self, reduction: ReduceOp) -> None:
        """Keep a reduction that has no `refusal` inside the kernel that uses it."""
        use = next(iter(self.uses_of(reduction)))
        self.spines[use.root] = use.rows()
        self.fused.setdefault(use.root, []).append(reduction)

    def enter(self, op: Operation) -> None:
        """Hand the uses of an op's result on to its operands."""
        for operand in op.operands:
            into = self.uses.setdefault(operand, {})
            for use in self.uses_of(op):
                into[operand_use(op, use)] = None

    def is_once_a_row(self, op: Operation) -> bool:
        """Whether every use of the value is at the rows of its kernel, so that the kernel can compute it once for each."""
        uses = list(self.uses_of(op))
        return bool(uses) and all(use.rows() == self.spines.get(use.root) for use in uses)


def operand_use(op: Operation, use: Use) -> Use:
    """The use of an op's operand that follows from one of its result."""
    axes = use.axes
    if isinstance(op, ReduceOp):
        gone, kept = set(op.axes.get_values()), iter(axes)
        shape = shape_of(op.src)
        inner = tuple(
            (FIXED if extent == 1 else REDUCED + axis) if axis in gone else next(kept) for axis, extent in enumerate(shape)
        )
        return Use(use.root, op if gone else use.nest, inner, use.path)
    if isinstance(op, PermuteOp):
        source = [FIXED] * len(axes)
        for position, axis in enumerate(op.permutation.get_values()):
            source[axis] = axes[position]
        return use._replace(axes=tuple(source))
    if isinstance(op, ExpandOp):
        return use._replace(axes=tuple(FIXED if extent == 1 else axis for axis, extent in zip(axes, shape_of(op.src))))
    if isinstance(op, ReshapeOp):
        return _changed(op, use, reshaped_axes(shape_of(op.src), shape_of(op.res)))
    if isinstance(op, PadOp):
        padded = [low or high for low, high in zip(op.low.get_values(), op.high.get_values())]
        # Even a single element that is padded has an index that moves: 0 only where the guard holds.
        inner = tuple(MIXED if moved else axis for moved, axis in zip(padded, axes))
        return use._replace(axes=inner, path=(*use.path, op) if any(padded) else use.path)
    if isinstance(op, ShrinkOp):
        same = [i if a == b else None for i, (a, b) in enumerate(zip(shape_of(op.src), shape_of(op.res)))]
        return _changed(op, use, same)
    if isinstance(op, FlipOp):
        turned = op.axes.get_values()
        return _changed(op, use, [None if i in turned else i for i in range(len(axes))])
    return use


def _changed(op: Operation, use: Use, kept: list[int | None]) -> Use:
    """The use behind a movement op whose source axis i is the result's axis kept[i], or is made of something else (None)."""
    shape = shape_of(op.operands[0])
    axes = tuple(
        FIXED if extent == 1 else MIXED if axis is None else use.axes[axis] for axis, extent in zip(kept, shape, strict=True)
    )
    return use._replace(axes=axes, path=(*use.path, op) if MIXED in axes else use.path)


def reshaped_axes(source: tuple[int, ...], result: tuple[int, ...]) -> list[int | None]:
    """For each source axis the result axis that is the same one, None where axes are split or merged. Units count as None."""
    found: list[int | None] = [None] * len(source)
    if prod(source) != prod(result) or 0 in source:
        return found
    i = j = 0
    while i < len(source) and j < len(result):
        if source[i] == 1:
            i += 1
        elif result[j] == 1:
            j += 1
        elif source[i] == result[j]:
            found[i] = j
            i, j = i + 1, j + 1
        else:
            left, right = source[i], result[j]
            i, j = i + 1, j + 1
            while left != right:
                if left < right:
                    left, i = left * source[i], i + 1
                else:
                    right, j = right * result[j], j + 1
    return found
