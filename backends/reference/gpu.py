"""Rules of `gpu`: a launch runs its blocks one after another, and the threads of a block in turns from one barrier to the next.

Workgroup memory is new and poisoned for each block, private memory for each thread. The race clock takes the blocks of a launch
as one parallel level and the turns between two barriers as another, so two threads that touch one element without a barrier
between them are found, as are two blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Attribute, Operation

from .combine import merge
from .interpreter import THREAD, Frame, Function, Meeting, Rule, Scope, Step, Wait
from .memref import RULES as MEMREF
from .memref import allocate
from .slices import numbers, operand_groups
from .values import EvaluationError, poison, shape_of, word

Three = tuple[int, int, int]
SUBGROUP = 32
"""Threads of a subgroup, as on NVIDIA GPUs."""


class Thread:
    """Where a thread stands in its launch."""

    __slots__ = ("block", "block_dim", "grid_dim", "lane", "thread")

    def __init__(self, block: Three, thread: Three, grid_dim: Three, block_dim: Three):
        self.block, self.thread, self.grid_dim, self.block_dim = block, thread, grid_dim, block_dim
        self.lane = thread[0] + block_dim[0] * (thread[1] + block_dim[1] * thread[2])


def _query(get: Callable[[Thread, int], int], dimension: bool = True) -> Rule:
    def rule(scope: Scope, op: Operation) -> Step:
        r, axis = scope.slot(op.results[0]), 0
        if dimension:
            axis = "xyz".index(word(op.properties["dimension"]))

        def step(frame: Frame) -> None:
            thread = frame[THREAD]
            if thread is None:
                raise scope.error(op, "it runs outside of a launch")
            frame[r] = get(thread, axis)

        return step

    return rule


def _meet(scope: Scope, op: Operation) -> Step:
    operands, results = scope.slots(op.operands), scope.slots(op.results)

    def waiting(frame: Frame) -> Wait:
        if frame[THREAD] is None:
            raise scope.error(op, "it runs outside of a launch")
        answer = yield Meeting(op, [frame[slot] for slot in operands])
        for slot, value in zip(results, answer or ()):
            frame[slot] = value

    return waiting


def _reduce_kind(op: Operation) -> str:
    kind = op.properties.get("op")
    if kind is None:
        raise EvaluationError(f"reference: no rule for {op.name} with a body")
    return word(kind)


def _total(kind: str, values: list[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = merge(kind, total, value)
    return total


def _all_reduce(op: Operation, values: list[list[Any]]) -> list[list[Any]]:
    return [[_total(_reduce_kind(op), [value for (value,) in values])]] * len(values)


def _subgroup_reduce(op: Operation, values: list[list[Any]]) -> list[list[Any]]:
    kind, size, stride = _reduce_kind(op), _int(op.properties.get("cluster_size")), _int(op.properties.get("cluster_stride")) or 1
    answers: list[list[Any]] = []
    for lane in range(len(values)):
        first = lane - lane % SUBGROUP
        subgroup = range(first, min(first + SUBGROUP, len(values)))
        if size is not None:
            within = lane - first
            start = first + within // (size * stride) * (size * stride) + within % stride
            subgroup = range(start, start + size * stride, stride)
        answers.append([_total(kind, [values[other][0] for other in subgroup if other < len(values)])])
    return answers


def _shuffle(op: Operation, values: list[list[Any]]) -> list[list[Any]]:
    """The source lane by mode; a lane beyond the width, or without a thread, gives the lane's own value and false."""
    mode = word(op.properties["mode"])
    answers: list[list[Any]] = []
    for lane, (value, offset, width) in enumerate(values):
        first = lane - lane % int(width)
        within, by = lane - first, int(offset)
        source = {"xor": within ^ by, "up": within - by, "down": within + by, "idx": by}[mode]
        valid = 0 <= source < int(width) and first + source < len(values)
        answers.append([values[first + source][0] if valid else value, np.bool_(valid)])
    return answers


_ANSWER: dict[str, Callable[[Operation, list[list[Any]]], list[list[Any]]]] = {
    "gpu.barrier": lambda op, values: [[]] * len(values),
    "gpu.all_reduce": _all_reduce,
    "gpu.subgroup_reduce": _subgroup_reduce,
    "gpu.shuffle": _shuffle,
}
"""What each thread of a block is told at a meeting, by linear thread id."""


def _int(attr: Attribute | None) -> int | None:
    return attr.value.data if isinstance(attr, IntegerAttr) else None


def run_block(scope: Scope, threads: list[tuple[Thread, Frame]], kernel: Function) -> None:
    """Run the threads of one block, given in the order in which they take their turns."""
    clock = scope.clock
    clock.enter()
    if not kernel.body.suspends:
        for _, frame in threads:
            clock.next()
            kernel.body.run(frame)
        clock.leave()
        return
    waiting = [(thread, kernel.body.generate(frame)) for thread, frame in threads]
    answers: list[Any] = [None] * len(waiting)
    while True:
        meetings: dict[int, Meeting] = {}
        for thread, generator in waiting:
            clock.next()
            try:
                meetings[thread.lane] = generator.send(answers[thread.lane])
            except StopIteration:
                pass
        if not meetings:
            break
        first = next(iter(meetings.values())).op
        late = [thread.thread for thread, _ in waiting if thread.lane not in meetings]
        if late:
            raise scope.error(
                first,
                f"{len(meetings)} of {len(waiting)} threads wait in block {waiting[0][0].block}, thread {min(late)} has ended; "
                f"expected all to reach it (kernel @{kernel.name})",
            )
        if any(meeting.op is not first for meeting in meetings.values()):
            raise scope.error(first, f"threads of block {waiting[0][0].block} wait at different places (kernel @{kernel.name})")
        answers = _ANSWER[first.name](first, [meetings[lane].values for lane in range(len(waiting))])
        clock.phase()
    clock.leave()


def _launch_func(scope: Scope, op: Operation) -> Step:
    groups = operand_groups(op, 13)
    grid, block = [scope.slot(group[0]) for group in groups[1:4]], [scope.slot(group[0]) for group in groups[4:7]]
    operands, program = scope.slots(groups[11]), scope.program
    found = program.lookup(op.properties.get("kernel"), scope.name)
    if found.name != "gpu.func":
        raise scope.error(op, f"{op.properties['kernel']} is a {found.name}, expected a gpu.func")
    known = [(name, found.properties.get(name, found.attributes.get(name))) for name in ("known_grid_size", "known_block_size")]
    shared = [symbol for symbol in program.symbols.values() if symbol.name == "memref.global" and _is_workgroup(symbol)]

    def step(frame: Frame) -> None:
        kernel = program.compiled(found)
        sizes: list[Three] = [(int(frame[x]), int(frame[y]), int(frame[z])) for x, y, z in (grid, block)]
        for (name, attr), size in zip(known, sizes):
            if attr is not None and numbers(attr) != size:
                raise scope.error(
                    op, f"launches {name.split('_')[1]} {size}, expected the {name} {numbers(attr)} of @{kernel.name}"
                )
        args = [frame[slot] for slot in operands]
        block_args = found.regions[0].block.args
        n_shared = _int(found.attributes.get("workgroup_attributions")) or 0
        local, private = block_args[len(args) : len(args) + n_shared], block_args[len(args) + n_shared :]
        scope.clock.enter()
        for at in program.ordered([range(size) for size in sizes[0]]):
            scope.clock.next()
            for symbol in shared:
                program.globals.pop(symbol, None)
            buffers = [allocate(scope, poison(shape_of(arg.type), arg.type)) for arg in local]
            threads: list[tuple[Thread, Frame]] = []
            for where in program.ordered([range(size) for size in sizes[1]]):
                thread = Thread(_three(at), _three(where), *sizes)
                own = [allocate(scope, poison(shape_of(arg.type), arg.type)) for arg in private]
                threads.append((thread, kernel.frame([*args, *buffers, *own], thread)))
            run_block(scope, threads, kernel)
        scope.clock.leave()

    return step


def _three(point: tuple[int, ...]) -> Three:
    x, y, z = point
    return x, y, z


def _is_workgroup(op: Operation) -> bool:
    """A global in workgroup memory: address space 3, or gpu's own name for it."""
    space = str(getattr(op.properties["type"], "memory_space", ""))
    return space.startswith("3") or "workgroup" in space


def _nothing(scope: Scope, op: Operation) -> None:
    return None


RULES: dict[str, Rule] = {
    "gpu.block_id": _query(lambda t, axis: t.block[axis]),
    "gpu.thread_id": _query(lambda t, axis: t.thread[axis]),
    "gpu.block_dim": _query(lambda t, axis: t.block_dim[axis]),
    "gpu.grid_dim": _query(lambda t, axis: t.grid_dim[axis]),
    "gpu.global_id": _query(lambda t, axis: t.block[axis] * t.block_dim[axis] + t.thread[axis]),
    "gpu.lane_id": _query(lambda t, _: t.lane % SUBGROUP, dimension=False),
    "gpu.subgroup_id": _query(lambda t, _: t.lane // SUBGROUP, dimension=False),
    "gpu.subgroup_size": _query(lambda t, _: SUBGROUP, dimension=False),
    "gpu.num_subgroups": _query(lambda t, _: -(-int(np.prod(t.block_dim)) // SUBGROUP), dimension=False),
    "gpu.barrier": _meet, "gpu.shuffle": _meet, "gpu.subgroup_reduce": _meet, "gpu.all_reduce": _meet,
    "gpu.launch_func": _launch_func, "gpu.alloc": MEMREF["memref.alloc"], "gpu.dealloc": MEMREF["memref.dealloc"],
    "gpu.memcpy": MEMREF["memref.copy"], "gpu.wait": _nothing, "gpu.set_default_device": _nothing, "gpu.host_register": _nothing,
    "gpu.host_unregister": _nothing, "gpu.module": _nothing,
}  # fmt: skip
