"""Knobs and alternatives that have been chosen, and constraints between parameters, which upstream only reads."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerAttr, i64

from rung.dialects.upstream.transform.tune import AlternativesOp, ConstrainParamsOp, KnobOp
from rung.schedules.engine.failures import DefiniteFailure, Note
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.smt_ints import NotEvaluated, evaluate_body
from rung.schedules.engine.state import Payload


@rule(KnobOp)
def knob(run: Interpreter, op: KnobOp) -> list[list[Payload]]:
    if op.selected is None:
        raise DefiniteFailure(
            op,
            f'non-deterministic choice "{op.knob_name.data}" is only resolved through providing a `selected` attr (space.bind)',
        )
    return [[op.selected]]


@rule(AlternativesOp)
def tune_alternatives(run: Interpreter, op: AlternativesOp) -> list[list[Payload]]:
    if op.selected_region_param is not None:
        numbers = run.state.ints(op, op.selected_region_param)
        if len(numbers) != 1 or not 0 <= numbers[0] < len(op.alternatives):
            raise DefiniteFailure(op, f"selected region is {numbers}, expected one of 0 to {len(op.alternatives) - 1}")
        number = numbers[0]
    elif op.selected_region_attr is not None:
        number = op.selected_region_attr.value.data
    else:
        raise DefiniteFailure(
            op,
            f'non-deterministic choice "{op.knob_name.data}" is only resolved through providing a `selected_region` (space.bind)',
        )
    return run.block(op.alternatives[number].block)


@rule(ConstrainParamsOp)
def constrain_params(run: Interpreter, op: ConstrainParamsOp) -> list[list[Payload]]:
    arguments: list[int] = []
    for number, value in enumerate(op.params):
        found = run.state.ints(op, value)
        if len(found) != 1:
            raise DefiniteFailure(op, f"parameter {number} holds {len(found)} numbers, expected 1")
        arguments += found
    try:
        outcome = evaluate_body(op.body.block, arguments)
    except NotEvaluated as problem:
        raise DefiniteFailure(op, str(problem), notes=[Note(problem.op, "this op")]) from problem
    if outcome.broken is not None:
        raise DefiniteFailure(
            op, f"constraint does not hold for {arguments}", notes=[Note(outcome.broken, "this assertion is false")]
        )
    return [[IntegerAttr(value, i64)] for value in outcome.yielded]
