"""Evaluate the smt constraints of a script over known integers: no solver, each value is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import smt as xdsl_smt
from xdsl.ir import Block, Operation, SSAValue

from rung.dialects.upstream import smt

_BINARY: dict[type[Operation], Callable[[int, int], int]] = {
    smt.IntSubOp: lambda a, b: a - b,
    smt.IntDivOp: lambda a, b: (a - a % abs(b)) // b,  # SMT-LIB: the remainder is never negative
    smt.IntModOp: lambda a, b: a % abs(b),
}
_COMPARE: tuple[Callable[[int, int], bool], ...] = (
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
)


class NotEvaluated(Exception):
    """An op of smt that asks for a solver, or for something undefined; `op` is it."""

    def __init__(self, op: Operation, message: str):
        super().__init__(message)
        self.op = op


@dataclass(frozen=True)
class Outcome:
    """What became of a body: the first assertion that does not hold, if any, and what it yields."""

    broken: Operation | None
    yielded: tuple[int, ...]


def evaluate_body(block: Block, arguments: Sequence[int]) -> Outcome:
    """Raises NotEvaluated: an op that is not integer arithmetic, comparison or logic; a division by zero."""
    values: dict[SSAValue, int] = dict(zip(block.args, arguments, strict=True))
    broken: Operation | None = None
    for op in block.ops:
        given = [values[value] for value in op.operands if value in values]
        if len(given) != len(op.operands):
            raise NotEvaluated(op, f"{op.name} uses a value from outside the body")
        if isinstance(op, xdsl_smt.YieldOp):
            return Outcome(broken, tuple(given))
        if isinstance(op, xdsl_smt.AssertOp):
            if broken is None and not given[0]:
                broken = op
            continue
        values[op.results[0]] = _value(op, given)
    return Outcome(broken, ())


def _value(op: Operation, given: Sequence[int]) -> int:
    match op:
        case smt.IntConstantOp():
            return op.value
        case smt.IntAddOp():
            return sum(given)
        case smt.IntMulOp():
            product = 1
            for factor in given:
                product *= factor
            return product
        case smt.IntAbsOp():
            return abs(given[0])
        case smt.IntDivOp() | smt.IntModOp() | smt.IntSubOp():
            if not isinstance(op, smt.IntSubOp) and given[1] == 0:
                raise NotEvaluated(op, f"{op.name} divides {given[0]} by 0, which means nothing definite")
            return _BINARY[type(op)](given[0], given[1])
        case smt.IntCmpOp():
            return _COMPARE[op.pred.value.data](given[0], given[1])
        case _ if op.name in _LOGIC:
            return _LOGIC[op.name](given)
        case _ if op.name == "smt.constant":
            return "true" in str(op.properties.get("value")) or str(op.properties.get("value")) == "1 : i1"
        case _:
            raise NotEvaluated(op, f"{op.name} is legal upstream, not evaluated here; expected integers, comparisons and logic")


_LOGIC: dict[str, Callable[[Sequence[int]], int]] = {
    "smt.eq": lambda v: len(set(v)) == 1,
    "smt.distinct": lambda v: len(set(v)) == len(v),
    "smt.ite": lambda v: v[1] if v[0] else v[2],
    "smt.and": lambda v: all(v),
    "smt.or": lambda v: any(v),
    "smt.not": lambda v: not v[0],
    "smt.xor": lambda v: sum(bool(x) for x in v) % 2 == 1,
    "smt.implies": lambda v: not v[0] or bool(v[1]),
}
