"""All rules of the target in one table, and the road from an op to its rule."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation

from .arith import ARITH, Rule
from .control import CONTROL
from .emitter import Emitter
from .math import MATH
from .memory import MEMORY
from .shuffles import SHUFFLES
from .types import part_of

ELEMENTWISE: dict[str, Rule] = {**ARITH, **MATH}
"""Ops that are computed part by part."""

STATEMENTS: dict[str, Callable[[Emitter, Operation], None]] = {**CONTROL, **MEMORY, **SHUFFLES}
"""Ops that are not."""


def emit_op(e: Emitter, op: Operation) -> None:
    """Write one op. Raises BackendError where there is no rule."""
    if (rule := ELEMENTWISE.get(op.name)) is not None:
        _elementwise(e, op, rule)
    elif (statement := STATEMENTS.get(op.name)) is not None:
        statement(e, op)
    else:
        raise e.error(op)


def _elementwise(e: Emitter, op: Operation, rule: Rule) -> None:
    """Part by part; parts of equal operands are made once, so that what was broadcast stays one register."""
    (result,) = op.results
    type_, operands = part_of(result.type), [e.get(operand) for operand in op.operands]
    made: dict[tuple[str, ...], str] = {}
    parts: list[str] = []
    for number in range(max(map(len, operands))):
        args = tuple(parts_[number if len(parts_) > 1 else 0] for parts_ in operands)
        if args not in made:
            made[args] = rule(e, op, type_, list(args))
        parts.append(made[args])
    e.bind(result, parts)
