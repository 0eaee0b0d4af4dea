"""One structured op at a time: its name, its loops' order, and fusion of a producer into a loop."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation

from rung.dialects.upstream.transform import TransformOp
from rung.dialects.upstream.transform.base import values_of
from rung.dialects.upstream.transform.structured import GeneralizeOp, InterchangeOp
from rung.dialects.upstream.transform.tiling import FuseIntoContainingOp
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure, Unfit
from rung.schedules.engine.fusing import fuse_into
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.reorder import generalized, interchanged
from rung.schedules.engine.state import Payload


def for_each(op: TransformOp, targets: list[Operation], does: Callable[[Operation], Operation]) -> list[list[Payload]]:
    """One result: what `does` gives for each target. What does not fit is told with the target."""
    found: list[Payload] = []
    for target in targets:
        try:
            found.append(does(target))
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem), target) from problem
    return [found]


@rule(GeneralizeOp)
def generalize(run: Interpreter, op: GeneralizeOp) -> list[list[Payload]]:
    return for_each(op, run.state.ops(op.target), generalized)


@rule(InterchangeOp)
def interchange(run: Interpreter, op: InterchangeOp) -> list[list[Payload]]:
    order = values_of(op.iterator_interchange)
    return for_each(op, run.state.ops(op.target), lambda target: interchanged(target, order))


@rule(FuseIntoContainingOp)
def fuse_into_containing_op(run: Interpreter, op: FuseIntoContainingOp) -> list[list[Payload]]:
    """Upstream takes one loop and fuses the first slice; here each loop of the handle gets every slice that it reads.

    The producer goes where nothing uses it any more. The last producers in the program are fused first.
    """
    producers, loops = run.state.ops(op.producer_op), run.state.ops(op.containing_op)
    if not producers:
        return [[], list(loops)]
    if not loops:
        raise DefiniteFailure(op, "containing handle is empty, expected a loop")
    fused: list[Payload] = []
    for producer in reversed(producers):
        try:
            found = fuse_into(producer, loops)
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem), producer) from problem
        fused += found
        if not any(result.uses for result in producer.results):
            producer.detach()
            producer.erase()
    return [fused, list(loops)]
