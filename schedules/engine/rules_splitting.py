"""transform.structured.split_reduction."""

from __future__ import annotations

from rung.dialects.upstream.transform.splitting import SplitReductionOp
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure, Unfit
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.splitting import split_reduction
from rung.schedules.engine.state import Payload


@rule(SplitReductionOp)
def structured_split_reduction(run: Interpreter, op: SplitReductionOp) -> list[list[Payload]]:
    """By expanding the operands. Sums and products of floats need fastmath<reassoc>: this adds in another order."""
    if op.use_alloc is not None or op.use_scaling_algorithm is not None:
        raise DefiniteFailure(op, "use_alloc and use_scaling_algorithm are legal upstream, not supported here")
    results: list[list[Payload]] = [[], [], [], []]
    factor, place = op.split_factor.value.data, op.insert_split_dimension.value.data
    for target in run.state.ops(op.target):
        try:
            made = split_reduction(target, factor, place, op.inner_parallel is not None, run.check == "structural")
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem), target) from problem
        for result, each in zip(results, (made.init, made.fill, made.split, made.combining), strict=True):
            result.append(each)
    return results
