"""Reductions as vectors: each lane accumulates its own part, and the lanes are combined once, after the loops.

That reorders the combines, so float add and mul need `fastmath<reassoc>` on them; the others may always be reordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.dialects.utils import FastMathFlag
from xdsl.dialects.vector import CombiningKindAttr, CombiningKindFlag, ReductionOp
from xdsl.ir import Operation, SSAValue

from rung.lowering.constant_pool import ConstantPool, constant_of
from rung.lowering.vector_nest import Choice, Form, Study, choose, static_extent
from rung.lowering.vector_widen import Widener

Kind = CombiningKindFlag

COMBINE: dict[type[Operation], tuple[Kind, float, bool]] = {
    arith.AddfOp: (Kind.ADD, -0.0, False),
    arith.MulfOp: (Kind.MUL, 1.0, False),
    arith.MaximumfOp: (Kind.MAXIMUMF, -inf, True),
    arith.MinimumfOp: (Kind.MINIMUMF, inf, True),
    arith.MaxnumfOp: (Kind.MAXNUMF, -inf, True),
    arith.MinnumfOp: (Kind.MINNUMF, inf, True),
    arith.AddiOp: (Kind.ADD, 0, False),
    arith.MuliOp: (Kind.MUL, 1, False),
    arith.MaxSIOp: (Kind.MAXSI, 0, True),
    arith.MaxUIOp: (Kind.MAXUI, 0, True),
    arith.MinSIOp: (Kind.MINSI, 0, True),
    arith.MinUIOp: (Kind.MINUI, 0, True),
    arith.AndIOp: (Kind.AND, -1, True),
    arith.OrIOp: (Kind.OR, 0, True),
    arith.XOrIOp: (Kind.XOR, 0, False),
}
"""What may reduce: its vector.reduction kind, its identity, and whether combining a start twice changes nothing."""


@dataclass(frozen=True)
class Chain:
    """Loops nested right inside each other that hand the same accumulators down; the last one is vectorized."""

    loops: tuple[scf.ForOp, ...]
    combines: tuple[Operation, ...]
    lower: int
    trips: int
    lanes: int


def find_chain(outer: scf.ForOp, wanted: dict[Operation, int]) -> Chain | str | None:
    """The reduction at `outer`, vectorized in the loop of its chain that wants lanes; why not; or None if none wants any."""
    loops = [outer]
    while (inner := _next_in_chain(loops[-1])) is not None:
        loops.append(inner)
    level = next((level for level, loop in enumerate(loops) if wanted.get(loop, 1) > 1), None)
    if level is None:
        return None
    loops = loops[: level + 1]
    stepped = loops[-1]
    name = f"%{stepped.body.block.args[0].name_hint or 'i'}"
    combines: list[Operation] = []
    for place in range(len(outer.iter_args)):
        combine = _combine(outer, place)
        if isinstance(combine, str):
            return combine
        combines.append(combine)
    if not combines:
        return f"loop {name} has no accumulator"
    extent = static_extent(stepped.lb, stepped.ub, stepped.step)
    if extent is None:
        return f"loop {name} has bounds that are not static"
    lower, trips = extent
    if any(isinstance(op, memref.StoreOp) for op in outer.walk()):
        return f"loop {name} stores while it reduces"
    choice = _legal(loops, wanted[stepped], trips)
    if not choice.lanes:
        return "; ".join(choice.reasons) or f"loop {name} runs {trips} times"
    return Chain(tuple(loops), tuple(combines), lower, trips, choice.lanes[0])


def widen_chain(pool: ConstantPool, chain: Chain, narrow: int) -> tuple[list[Operation], Sequence[SSAValue], int]:
    """(the vector loops, the reduced scalars, how many iterations are left to do one by one).

    Only a chain of one loop leaves any.
    """
    study = _study(chain.loops)
    outer, stepped = chain.loops[0], chain.loops[-1]
    current: Sequence[SSAValue] = outer.iter_args
    emitted: list[Operation] = []
    low, left = chain.lower, chain.trips
    for lanes in (chain.lanes, narrow):
        if left < lanes or lanes > chain.lanes:
            continue
        high = low + left - left % lanes
        widener = Widener(pool, study, {0: lanes})
        starts = [start(widener, combine, value) for combine, value in zip(chain.combines, current)]
        if len(chain.loops) == 1:
            bounds = (pool.index(low), pool.index(high), pool.index(lanes))
        else:
            widener.steps[stepped] = lanes
            bounds = (outer.lb, outer.ub, outer.step)
        widener.carried(outer, [vector for vector, _ in starts], bounds)
        current = [
            finish(widener, combine, widener.vector(result), None if done else value)
            for combine, result, value, (_, done) in zip(chain.combines, outer.results, current, starts)
        ]
        emitted += widener.ops
        low, left = high, chain.lower + chain.trips - high
    return emitted, current, left


def start(widener: Widener, combine: Operation, value: SSAValue) -> tuple[SSAValue, bool]:
    """What the lanes start from: `value` itself where that is harmless, which the bool says, else the identity."""
    _, identity, idempotent = COMBINE[type(combine)]
    constant = constant_of(value)
    neutral = isinstance(constant, IntegerAttr | FloatAttr) and constant.value.data == identity
    if idempotent or neutral:
        return widener.broadcast(value), True
    return widener.broadcast(widener.pool.scalar(identity, value.type)), False


def finish(widener: Widener, combine: Operation, vector: SSAValue, value: SSAValue | None) -> SSAValue:
    """The lanes of `vector` combined, and with `value` where there is one."""
    kind = COMBINE[type(combine)][0]
    flags = combine.properties.get("fastmath")
    element = combine.results[0].type
    reduction = ReductionOp.build(
        operands=[vector, None],
        result_types=[element],
        properties={"kind": CombiningKindAttr(kind), **({} if flags is None else {"fastmath": flags})},
    )
    reduction.dest.name_hint = combine.results[0].name_hint
    widener.emit(reduction)
    if value is None:
        return reduction.dest
    total = type(combine).create(
        operands=[value, reduction.dest], result_types=[element], properties=combine.properties, attributes=combine.attributes
    )
    total.results[0].name_hint = combine.results[0].name_hint
    widener.emit(total)
    return total.results[0]


def _next_in_chain(loop: scf.ForOp) -> scf.ForOp | None:
    """The loop inside that takes all accumulators of `loop`, in order, and whose results are all that `loop` yields."""
    arguments = loop.body.block.args[1:]
    yielded = loop.body.block.last_op
    if not arguments or yielded is None:
        return None
    inner = yielded.operands[0].owner if yielded.operands else None
    if not isinstance(inner, scf.ForOp) or inner.parent is not loop.body.block:
        return None
    passed = tuple(inner.iter_args) == tuple(arguments) and tuple(yielded.operands) == tuple(inner.results)
    only_use = all(argument.has_one_use() for argument in arguments)
    return inner if passed and only_use else None


def _combine(loop: scf.ForOp, place: int) -> Operation | str:
    """The op that combines accumulator `place` of `loop`, here or in a loop it is handed to; or why it cannot be reordered."""
    argument = loop.body.block.args[1 + place]
    name = f"%{argument.name_hint or f'accumulator {place}'}"
    use = argument.get_user_of_unique_use()
    yielded = loop.body.block.last_op
    assert yielded is not None
    value = yielded.operands[place]
    if isinstance(use, scf.ForOp) and use.parent is loop.body.block and argument in use.iter_args:
        inner = use.iter_args.index(argument)
        return _combine(use, inner) if value is use.results[inner] else f"{name} is not what its inner loop returns"
    if use is None or value.owner is not use or type(use) not in COMBINE or use.parent is not loop.body.block:
        return f"{name} is not combined once by a reduction"
    if not use.results[0].has_one_use():
        return f"{name} is read on its way"
    if isinstance(use, arith.AddfOp | arith.MulfOp) and not _may_reorder(use):
        return f"{use.name} of {name} has no fastmath<reassoc>"
    return use


def _may_reorder(op: arith.AddfOp | arith.MulfOp) -> bool:
    return FastMathFlag.REASSOC in op.fastmath.data


def _study(loops: Sequence[scf.ForOp]) -> Study:
    """Candidate 0 is the last loop; accumulators on the way to it differ between lanes."""
    study = Study([loops[-1].body.block.args[0]])
    varying = Form((0,), 1)
    for loop in loops:
        for value in (*loop.body.block.args[1:], *loop.results):
            study.forms[value] = varying
    study.block(loops[0].body.block)
    return study


def _legal(loops: Sequence[scf.ForOp], wanted: int, trips: int) -> Choice:
    """Lanes that leave a remainder only where it can be done after the loop."""
    choice = choose(_study(loops), [wanted], [trips])
    lanes = choice.lanes.get(0)
    if lanes is None or len(loops) == 1:
        return choice
    # a remainder would have to be carried around by scalars of its own; half the lanes are as good, an eighth are not
    lanes = next((fewer for fewer in (lanes, lanes // 2, lanes // 4) if fewer > 1 and trips % fewer == 0), None)
    if lanes is not None:
        return Choice({0: lanes}, ())
    return Choice({}, (f"loop %{loops[-1].body.block.args[0].name_hint or 'i'} runs {trips} times, not a multiple of its lanes",))
