"""Loops: unroll, peel, and foralls on memrefs as sequential or parallel loops."""

from __future__ import annotations

from rung.dialects.upstream.transform.loop import ForallToForOp, ForallToParallelOp, LoopPeelOp, LoopUnrollOp
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure, Unfit
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.loops import forall_to_for, forall_to_parallel, peel, unroll
from rung.schedules.engine.state import Payload


@rule(LoopUnrollOp)
def loop_unroll(run: Interpreter, op: LoopUnrollOp) -> None:
    for target in run.state.ops(op.target):
        try:
            unroll(target, op.factor.value.data)
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem), target) from problem


@rule(LoopPeelOp)
def loop_peel(run: Interpreter, op: LoopPeelOp) -> list[list[Payload]]:
    mains: list[Payload] = []
    rests: list[Payload] = []
    for target in run.state.ops(op.target):
        try:
            main, rest = peel(target, bool(op.peel_front.value.data))
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem), target) from problem
        if rest is None and op.fail_if_already_divisible.value.data:
            raise SilenceableFailure(op, "loop has no partial iteration to split off, expected one", target)
        mains.append(main)
        if rest is not None:
            rests.append(rest)
    return [mains, rests]


@rule(ForallToForOp)
def loop_forall_to_for(run: Interpreter, op: ForallToForOp) -> list[list[Payload]]:
    levels: list[list[Payload]] = [[] for _ in op.results]
    for target in run.state.ops(op.target):
        try:
            made = forall_to_for(target)
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem), target) from problem
        if len(made) != len(levels):
            raise DefiniteFailure(op, f"has {len(levels)} results, expected {len(made)}, one for each dim of the forall")
        for level, loop in zip(levels, made, strict=True):
            level.append(loop)
    return levels


@rule(ForallToParallelOp)
def loop_forall_to_parallel(run: Interpreter, op: ForallToParallelOp) -> list[list[Payload]]:
    if len(op.results) != 1:
        raise DefiniteFailure(op, f"has {len(op.results)} results, expected 1: the scf.parallel")
    made: list[Payload] = []
    for target in run.state.ops(op.target):
        try:
            made.append(forall_to_parallel(target))
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem), target) from problem
    return [made]
