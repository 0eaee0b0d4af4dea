"""From payload to payload: to the op around, to what gives an operand, to what uses a result."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.traits import IsolatedFromAbove

from rung.dialects.upstream.transform.base import values_of
from rung.dialects.upstream.transform.navigate import (
    GetConsumersOfResultOp,
    GetDefiningOp,
    GetOperandOp,
    GetParentOp,
    GetProducerOfOperandOp,
    GetResultOp,
)
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.state import Payload


@rule(GetParentOp)
def get_parent_op(run: Interpreter, op: GetParentOp) -> list[list[Payload]]:
    found: list[Payload] = []
    for target in run.state.ops(op.target):
        at: Operation | None = target
        for _ in range(op.nth_parent.value.data):
            at = None if at is None else _above(op, at)
        if at is None:
            if op.allow_empty_results is not None:
                return [[]]
            raise SilenceableFailure(op, "could not find a parent op that matches all requirements", target)
        if op.deduplicate is None or not any(each is at for each in found):
            found.append(at)
    return [found]


def _above(op: GetParentOp, at: Operation) -> Operation | None:
    """The nearest op around `at` that is as asked."""
    above = at.parent_op()
    while above is not None:
        named = op.op_name is None or above.name == op.op_name.data
        if named and (op.isolated_from_above is None or above.has_trait(IsolatedFromAbove)):
            return above
        above = above.parent_op()
    return None


@rule(GetProducerOfOperandOp)
def get_producer_of_operand(run: Interpreter, op: GetProducerOfOperandOp) -> list[list[Payload]]:
    number, found = op.operand_number.value.data, list[Payload]()
    for target in run.state.ops(op.target):
        if not 0 <= number < len(target.operands):
            raise SilenceableFailure(op, f"operand number is {number}, expected 0 to {len(target.operands) - 1}", target)
        producer = target.operands[number].owner
        if not isinstance(producer, Operation):
            raise SilenceableFailure(op, f"could not find a producer for operand number {number}: it is a block argument", target)
        found.append(producer)
    return [found]


@rule(GetConsumersOfResultOp)
def get_consumers_of_result(run: Interpreter, op: GetConsumersOfResultOp) -> list[list[Payload]]:
    """Each user once, in the order in which they were made users (upstream: the other way round, as often as they use it)."""
    number, targets = op.result_number.value.data, run.state.ops(op.target)
    if not targets:
        return [[]]
    if len(targets) != 1:
        raise DefiniteFailure(op, f"handle holds {len(targets)} ops, expected exactly one")
    if not 0 <= number < len(targets[0].results):
        raise SilenceableFailure(op, f"result number is {number}, expected 0 to {len(targets[0].results) - 1}", targets[0])
    users: dict[int, Payload] = {id(use.operation): use.operation for use in targets[0].results[number].uses}
    return [list(users.values())]


@rule(GetDefiningOp)
def get_defining_op(run: Interpreter, op: GetDefiningOp) -> list[list[Payload]]:
    found: list[Payload] = []
    for value in run.state.payload(op.target):
        if isinstance(value, BlockArgument):
            raise SilenceableFailure(op, "cannot get the defining op of a block argument")
        assert isinstance(value, SSAValue) and isinstance(value.owner, Operation)
        found.append(value.owner)
    return [found]


@rule(GetOperandOp)
def get_operand(run: Interpreter, op: GetOperandOp) -> list[list[Payload]]:
    return [[value for target in run.state.ops(op.target) for value in _at(op, target, target.operands)]]


@rule(GetResultOp)
def get_result(run: Interpreter, op: GetResultOp) -> list[list[Payload]]:
    return [[value for target in run.state.ops(op.target) for value in _at(op, target, target.results)]]


def _at(op: GetOperandOp | GetResultOp, target: Operation, values: Sequence[SSAValue]) -> list[SSAValue]:
    """The values at the positions that `op` names; negative ones count from the end."""
    if op.is_all is not None:
        return list(values)
    chosen: list[int] = []
    for position in values_of(op.raw_position_list):
        number = position + len(values) if position < 0 else position
        if not 0 <= number < len(values):
            raise SilenceableFailure(op, f"position is {position}, expected below {len(values)}", target)
        chosen.append(number)
    if op.is_inverted is not None:
        chosen = [number for number in range(len(values)) if number not in chosen]
    return [values[number] for number in chosen]
