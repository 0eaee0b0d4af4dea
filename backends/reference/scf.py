"""Rules of `scf` and `func`: sequential loops, branches, parallel loops one iteration at a time, and calls.

A parallel loop (scf.forall, scf.parallel) runs its iterations in the program's order under the race clock. On tensors every
iteration of a forall reads the outs as they came in; what the iterations insert is collected, and may not overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import Operation

from .interpreter import MASK, THREAD, Body, Frame, Rule, Scope, Step, Wait
from .slices import Box, mixed, numbers, operand_groups
from .values import Array, counted


def _copy(frame: Frame, source: Sequence[int], target: Sequence[int]) -> None:
    if len(source) == 1:
        frame[target[0]] = frame[source[0]]
    elif source:
        for slot, value in zip(target, [frame[slot] for slot in source]):
            frame[slot] = value


def _for(scope: Scope, op: Operation) -> Step:
    low, high, by, *inits = scope.slots(op.operands)
    results = scope.slots(op.results)
    body = scope.region(op.regions[0])
    iv, *carried = body.args

    def span(frame: Frame) -> range:
        if frame[by] <= 0:
            raise scope.error(op, f"step is {frame[by]}, expected a positive one")
        found = range(frame[low], frame[high], frame[by])
        counted(found)
        return found

    def step(frame: Frame) -> None:
        _copy(frame, inits, carried)
        for i in span(frame):
            frame[iv] = i
            body.run(frame)
            _copy(frame, body.yields, carried)
        _copy(frame, carried, results)

    def waiting(frame: Frame) -> Wait:
        _copy(frame, inits, carried)
        for i in span(frame):
            frame[iv] = i
            yield from body.generate(frame)
            _copy(frame, body.yields, carried)
        _copy(frame, carried, results)

    return waiting if body.suspends else step


def _if(scope: Scope, op: Operation) -> Step:
    cond, results = scope.slot(op.operands[0]), scope.slots(op.results)
    then, other = scope.region(op.regions[0]), scope.region(op.regions[1])

    def step(frame: Frame) -> None:
        taken = then if frame[cond] else other
        taken.run(frame)
        _copy(frame, taken.yields, results)

    def waiting(frame: Frame) -> Wait:
        taken = then if frame[cond] else other
        yield from taken.generate(frame)
        _copy(frame, taken.yields, results)

    def both(frame: Frame) -> None:
        """Wide: run each side under its mask, then blend."""
        held = frame[cond]
        if np.ndim(held) == 0:
            return step(frame)
        outer = frame[MASK]
        frame[MASK] = held if outer is None else held & outer
        then.run(frame)
        on_true = [frame[slot] for slot in then.yields]
        frame[MASK] = ~held if outer is None else ~held & outer
        other.run(frame)
        frame[MASK] = outer
        for result, a, b in zip(results, on_true, [frame[slot] for slot in other.yields]):
            frame[result] = np.where(held, a, b)

    if scope.wide:
        return both
    return waiting if then.suspends or other.suspends else step


def _while(scope: Scope, op: Operation) -> Step:
    inits, results = scope.slots(op.operands), scope.slots(op.results)
    before, after = scope.region(op.regions[0]), scope.region(op.regions[1])
    go_on, *passed = before.yields
    if scope.wide:
        raise scope.error(op, "no rule for it inside the body of a linalg op")

    def waiting(frame: Frame) -> Wait:
        _copy(frame, inits, before.args)
        while True:
            yield from before.generate(frame)
            if not frame[go_on]:
                break
            _copy(frame, passed, after.args)
            yield from after.generate(frame)
            _copy(frame, after.yields, before.args)
        _copy(frame, passed, results)

    def step(frame: Frame) -> None:
        for _ in waiting(frame):
            raise AssertionError("a loop without a meeting waits")

    return waiting if before.suspends or after.suspends else step


def _inline(scope: Scope, op: Operation) -> Step:
    """scf.execute_region, memref.alloca_scope: run the region here."""
    body, results = scope.region(op.regions[0]), scope.slots(op.results)

    def step(frame: Frame) -> None:
        body.run(frame)
        _copy(frame, body.yields, results)

    def waiting(frame: Frame) -> Wait:
        yield from body.generate(frame)
        _copy(frame, body.yields, results)

    return waiting if body.suspends else step


def _index_switch(scope: Scope, op: Operation) -> Step:
    arg, results = scope.slot(op.operands[0]), scope.slots(op.results)
    default, *bodies = [scope.region(region) for region in op.regions]
    table = dict(zip(numbers(op.properties["cases"]), bodies))

    def step(frame: Frame) -> None:
        taken = table.get(frame[arg], default)
        taken.run(frame)
        _copy(frame, taken.yields, results)

    def waiting(frame: Frame) -> Wait:
        taken = table.get(frame[arg], default)
        yield from taken.generate(frame)
        _copy(frame, taken.yields, results)

    return waiting if any(body.suspends for body in (default, *bodies)) else step


def _no_barrier(scope: Scope, op: Operation, body: Body) -> None:
    if body.suspends:
        raise scope.error(op, "a gpu.barrier inside a parallel loop has no meaning")


def _parallel(scope: Scope, op: Operation) -> Step:
    low, high, by, inits = [scope.slots(group) for group in operand_groups(op, 4)]
    results, body = scope.slots(op.results), scope.region(op.regions[0])
    _no_barrier(scope, op, body)
    combine = [scope.region(region) for region in body.terminator.regions] if body.terminator else []
    program, clock = scope.program, scope.clock

    def step(frame: Frame) -> None:
        ranges = [range(frame[a], frame[b], frame[s]) for a, b, s in zip(low, high, by)]
        totals = [frame[slot] for slot in inits]
        clock.enter()
        for point in program.ordered(ranges):
            clock.next()
            for slot, i in zip(body.args, point):
                frame[slot] = i
            body.run(frame)
            for k, (merge, slot) in enumerate(zip(combine, body.yields)):
                frame[merge.args[0]], frame[merge.args[1]] = totals[k], frame[slot]
                merge.run(frame)
                totals[k] = frame[merge.yields[0]]
        clock.leave()
        for slot, total in zip(results, totals):
            frame[slot] = total

    return step


def _forall(scope: Scope, op: Operation) -> Step:
    groups = operand_groups(op, 4)
    low, high, by = (
        mixed(scope, numbers(op.properties[name]), group)
        for name, group in zip(("staticLowerBound", "staticUpperBound", "staticStep"), groups)
    )
    inits, results = scope.slots(groups[3]), scope.slots(op.results)
    body = scope.region(op.regions[0])
    _no_barrier(scope, op, body)
    rank = len(body.args) - len(inits)
    inserts = [insert for block in body.terminator.regions[0].blocks for insert in block.ops] if body.terminator else []
    writes = [_Insert(scope, insert, body.args[rank:]) for insert in inserts]
    program, clock = scope.program, scope.clock

    def step(frame: Frame) -> None:
        ranges = [range(a, b, s) for a, b, s in zip(low(frame), high(frame), by(frame))]
        came_in = [frame[slot] for slot in inits]
        collected = [value.copy() for value in came_in]
        owned = [np.zeros(value.shape, dtype=np.bool_) for value in came_in]
        clock.enter()
        for point in program.ordered(ranges):
            clock.next()
            for slot, value in zip(body.args, (*point, *came_in)):
                frame[slot] = value
            body.run(frame)
            for write in writes:
                write(frame, collected, owned, point)
        clock.leave()
        for slot, value in zip(results, collected):
            frame[slot] = value

    return step


class _Insert:
    """One tensor.parallel_insert_slice: puts the slice into what is collected for its shared out."""

    def __init__(self, scope: Scope, op: Operation, outs: list[int]):
        if op.name != "tensor.parallel_insert_slice":
            raise scope.error(op, "no rule for it in scf.forall.in_parallel, expected tensor.parallel_insert_slice")
        self.scope, self.op = scope, op
        self.box = Box(scope, op, first=2)
        self.source = scope.slot(op.operands[0])
        dest = scope.slot(op.operands[1])
        if dest not in outs:
            raise scope.error(op, "its destination is not a shared out of the scf.forall around it")
        self.out = outs.index(dest)

    def __call__(self, frame: Frame, collected: list[Array], owned: list[Array], point: tuple[int, ...]) -> None:
        target = collected[self.out]
        window = self.box.window(frame, target.shape)
        if owned[self.out][window].any():
            raise self.scope.error(self.op, f"iteration {point} writes where another one has written, expected disjoint slices")
        owned[self.out][window] = True
        target[window] = np.reshape(frame[self.source], self.box.extents(frame))


def _call(scope: Scope, op: Operation) -> Step:
    callee = scope.program.lookup(op.properties.get("callee"), scope.name)
    operands, results = scope.slots(op.operands), scope.slots(op.results)
    program = scope.program

    def step(frame: Frame) -> None:
        function = program.compiled(callee)
        inner = function.frame([frame[slot] for slot in operands], frame[THREAD])
        function.body.run(inner)
        for slot, value in zip(results, function.results(inner)):
            frame[slot] = value

    def waiting(frame: Frame) -> Wait:
        function = program.compiled(callee)
        inner = function.frame([frame[slot] for slot in operands], frame[THREAD])
        yield from function.body.generate(inner)
        for slot, value in zip(results, function.results(inner)):
            frame[slot] = value

    return waiting if program.suspends(op) else step


RULES: dict[str, Rule] = {
    "scf.for": _for, "scf.if": _if, "scf.while": _while, "scf.parallel": _parallel, "scf.forall": _forall,
    "scf.execute_region": _inline, "scf.index_switch": _index_switch, "memref.alloca_scope": _inline, "func.call": _call,
}  # fmt: skip
