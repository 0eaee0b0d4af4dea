"""What it costs to compute a value again instead of storing it, in operations an element: data, and some facts about each value.

The unit is one simple vector instruction an element (an add). Storing a value and reading it once costs 8 bytes an element,
which on two Zen 3 cores (30 GB/s, 8 lanes, November 2026) is the time of about four such units of work.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Operation, SSAValue

from rung.dialects.nd import COMPARISONS, MOVEMENT, BinaryOp, CastOp, ConstOp, ExpandOp, IotaOp, PadOp, ReduceOp, UnaryOp
from rung.dialects.nd.base import element_of, shape_of
from rung.dialects.nd.dtype import is_float

COST = {"div": 4, "recip": 4, "sqrt": 4, "idiv": 8, "mod": 8, "exp2": 10, "log2": 10, "sin": 16, "pow": 30}
"""Operations an element; 1 for each kind not named. A polynomial of degree 6 to 8 and its range reduction make the 10."""

PAD_COST = 4
"""The guard of a pad: two compares, an and, a branch or masked load."""


class Costs:
    """Facts about the values of one function, gathered from the first op to the last."""

    def __init__(self, ops: Iterable[Operation]):
        self._cone: dict[SSAValue, int] = {}
        self._streams: dict[SSAValue, bool] = {}
        self._from_iota: dict[SSAValue, bool] = {}
        self._from_reduction: dict[SSAValue, bool] = {}
        self._reads: dict[SSAValue, bool] = {}
        for op in ops:
            if len(op.results) == 1:
                self._visit(op)

    def _visit(self, op: Operation) -> None:
        result, operands = op.results[0], op.operands
        iota = isinstance(op, IotaOp) or (isinstance(op, (*MOVEMENT, CastOp)) and self._from_iota.get(operands[0], False))
        self._from_iota[result] = iota
        self._reads[result] = isinstance(op, ReduceOp) or any(self._reads.get(v, True) for v in operands)
        if isinstance(op, ReduceOp):
            self._cone[result], self._streams[result], self._from_reduction[result] = 0, True, True
            return
        below = sum(self._cone.get(operand, 0) for operand in operands)
        self._cone[result] = min(below + self.own(op), 10_000)
        grows = isinstance(op, ExpandOp) and shape_of(op.src) != shape_of(op.res)
        source = isinstance(op, (ConstOp, IotaOp))
        self._streams[result] = not grows and not source and any(self._streams.get(v, True) for v in operands)
        self._from_reduction[result] = any(self._from_reduction.get(v, False) for v in operands)

    def own(self, op: Operation) -> int:
        """Operations an element of this op alone. Movement, sources, casts among floats or integers, and comparisons with an
        index are free: the last so that one-hot masks stay where a gather can be recognised."""
        if isinstance(op, PadOp):
            return PAD_COST if op.src.type != op.res.type else 0
        if isinstance(op, (*MOVEMENT, ConstOp, IotaOp)):
            return 0
        if isinstance(op, CastOp):
            return 0 if is_float(element_of(op.src)) == is_float(element_of(op.res)) else 1
        if isinstance(op, BinaryOp) and op.kind.data in COMPARISONS and any(self._from_iota.get(v, False) for v in op.operands):
            return 0
        return COST.get(op.kind.data, 1) if isinstance(op, (UnaryOp, BinaryOp)) else 1

    def cone(self, value: SSAValue) -> int:
        """Operations an element of a value and of all it is computed from, down to arguments and reductions."""
        return self._cone.get(value, 0)

    def reads_memory(self, value: SSAValue) -> bool:
        """Whether the value is computed from any data; if not, from indices and constants alone."""
        return self._reads.get(value, True)

    def follows_reduction(self, value: SSAValue) -> bool:
        return self._from_reduction.get(value, False)

    def is_contraction(self, reduction: ReduceOp) -> bool:
        """Whether no single operand covers the reduction's loops, so that each element read is used several times (a matmul, a
        window); otherwise it streams through its data once."""
        return not self._streams.get(reduction.src, True)
