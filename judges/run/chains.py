"""The magnitude of what went into a sum or product, kept beside it through loops: a chain may be nested and of vectors.

Each value of a chain has a slot of its own: for a sum the sums of magnitudes and of squares, for a product the largest and the
smallest partial product that any order may come to. The value itself says nothing of that where summands cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import ml_dtypes
import numpy as np
from xdsl.dialects import scf
from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from rung.backends.reference.interpreter import Frame, Rule, Scope, Step
from rung.backends.reference.values import DType, dtype_of, is_float_dtype

from .freedom import SUMS, flags, grants_of

if TYPE_CHECKING:
    from .draw import Draw


class Chains:
    """The rules of arith's sums and products, and of the loops that carry them, for one draw."""

    def __init__(self, draw: Draw):
        self.draw = draw
        self.slots: dict[tuple[Scope, SSAValue, str], int] = {}

    def sum(self, base: Rule, kind: str) -> Rule:
        def rule(scope: Scope, op: Operation) -> Step | None:
            step = base(scope, op)
            free = self._is_open(op)
            if step is None or not free:
                return step if step is None else self._plainly(scope, op, step)
            a, b, r = *scope.slots(op.operands), scope.slot(op.results[0])
            of_a, of_b = (self._bulk(scope, value, kind) for value in op.operands)
            held = [self._slot(scope, value, kind) for value in (op.results[0], *_carried(op.results[0]))]
            reorders = "reassociates" in grants_of(op, self.draw.granted) or in_reduce(op)

            def summed(frame: Frame) -> None:
                bulks = of_a(frame, frame[a]), of_b(frame, frame[b])
                values = [frame[a], frame[b]]
                step(frame)
                if kind == "add":
                    bulk: Any = (bulks[0][0] + bulks[1][0], bulks[0][1] + bulks[1][1])
                    moved = self.draw.sum(frame[r], *bulk)
                else:
                    bulk = (bulks[0][0] * bulks[1][0], bulks[0][1] * bulks[1][1])
                    moved = self.draw.product(frame[r], *bulk) if reorders else self.draw.unrounded(frame[r], *values)
                for slot in held:
                    frame[slot] = bulk
                frame[r] = self.draw.flagged(op, values, moved)

            return summed

        return rule

    def _plainly(self, scope: Scope, op: Operation, step: Step) -> Step:
        """A sum that is not open, but for what other flags or the pass say."""
        if "flushes" not in self.draw.granted and not flags(op) & {"nsz", "nnan", "ninf"}:
            return step
        operands, r = scope.slots(op.operands), scope.slot(op.results[0])

        def flagged(frame: Frame) -> None:
            values = [frame[slot] for slot in operands]
            step(frame)
            frame[r] = self.draw.flagged(op, values, frame[r])

        return flagged

    def _is_open(self, op: Operation) -> bool:
        free = grants_of(op, self.draw.granted)
        return "reassociates" in free or ("contracts" in free and op.name == "arith.mulf") or in_reduce(op)

    def _slot(self, scope: Scope, value: SSAValue, kind: str) -> int:
        """The slot with the magnitude of a value."""
        if (scope, value, kind) not in self.slots:
            self.slots[scope, value, kind] = scope.fresh()
        return self.slots[scope, value, kind]

    def _bulk(self, scope: Scope, value: SSAValue, kind: str) -> Callable[[Frame, Any], Any]:
        """What finds the magnitude of an operand: kept beside it where it belongs to a chain, else its own."""
        own: Callable[[Any], Any] = sizes_of if kind == "add" else extremes_of
        if not self._chained(value, kind, set()):
            return lambda frame, number: own(number)
        slot = self._slot(scope, value, kind)
        return lambda frame, number: own(number) if frame[slot] is None else frame[slot]

    def _chained(self, value: SSAValue, kind: str, seen: set[SSAValue]) -> bool:
        if value in seen:
            return False
        seen.add(value)
        owner = value.owner
        if isinstance(value, BlockArgument):
            parent = value.block.parent_op()
            if not isinstance(parent, scf.ForOp) or value.index == 0:
                return False
            return self._chained(_yielded(parent, value.index - 1), kind, seen)
        if isinstance(owner, scf.ForOp) and isinstance(value, OpResult):
            return self._chained(_yielded(owner, value.index), kind, seen)
        return isinstance(owner, Operation) and SUMS.get(owner.name) == kind and self._is_open(owner)

    def loop(self, base: Rule) -> Rule:
        def rule(scope: Scope, op: Operation) -> Step | None:
            step = base(scope, op)
            assert isinstance(op, scf.ForOp)
            chains: list[tuple[int, Callable[[Frame, Any], Any], list[int], list[int]]] = []
            for at, (init, arg, result) in enumerate(zip(op.iter_args, op.body.block.args[1:], op.results)):
                for kind in ("add", "mul"):
                    if is_float_dtype(dtype_of(result.type)) and self._chained(_yielded(op, at), kind, set()):
                        after = [self._slot(scope, value, kind) for value in (result, *_carried(result))]
                        chains.append((scope.slot(init), self._bulk(scope, init, kind), [self._slot(scope, arg, kind)], after))
            if not chains or step is None:
                return step

            def looped(frame: Frame) -> None:
                for init, bulk, (inside,), _ in chains:
                    frame[inside] = bulk(frame, frame[init])
                step(frame)
                for _, _, (inside,), after in chains:
                    for slot in after:
                        frame[slot] = frame[inside]

            return looped if not scope.program.suspends(op) else step

        return rule


def _yielded(op: scf.ForOp, at: int) -> SSAValue:
    last = op.body.block.last_op
    assert last is not None
    return last.operands[at]


def _carried(value: SSAValue) -> Iterator[SSAValue]:
    """The block arguments that stand for a value in the next iteration."""
    for use in value.uses:
        parent = use.operation.parent_op()
        if isinstance(use.operation, scf.YieldOp) and isinstance(parent, scf.ForOp):
            yield parent.body.block.args[1 + use.index]


def in_reduce(op: Operation) -> bool:
    parent = op.parent_op()
    return parent is not None and parent.name == "scf.reduce"


def digits(dtype: DType) -> Any:
    """eps, smallest_normal, max and so on of any float type, bfloat16 among them."""
    return cast("Any", ml_dtypes).finfo(dtype)


def size_of(value: Any) -> Any:
    """Magnitudes, in a type in which a sum of many does not overflow; 0 for an infinity, which no order changes."""
    array = np.asarray(value)
    wide = np.abs(array.astype(np.longdouble if array.dtype == np.float64 else np.float64))
    return np.where(np.isfinite(wide), wide, 0)


def sizes_of(value: Any) -> Any:
    """What a summand adds to the sum of magnitudes and to that of squares: its root is the usual size of a partial sum."""
    size = size_of(value)
    return size, size * size


def extremes_of(value: Any) -> Any:
    """What a factor adds to the largest and the smallest partial product of any order; zero, infinity and NaN add nothing."""
    size = size_of(value)
    plain = np.isfinite(size) & (size != 0)
    return np.where(plain, np.maximum(size, 1), 1), np.where(plain, np.minimum(size, 1), 1)
