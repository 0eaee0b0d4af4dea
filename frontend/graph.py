"""The lazy graph is `nd` itself: ops that stand in no block yet. Here they are held, let go, and gathered into a `func.func`.

A `Leaf` is a block argument that carries its buffer. Each use of a realised Tensor makes a new leaf, so that an input which lives
long (a weight) does not collect the uses of every expression it was ever part of; `collect` counts leaves by their buffer.

An op lives as long as a Tensor holds its value or another live op uses it. Python cannot see that by itself: use lists point from
a value to its users, so one long-lived lazy value would keep alive all that was ever built on it, buffers included. Therefore
Tensors count themselves here (`hold`, `release`), and an op nobody wants takes its operands' uses away at once, without waiting
for the cycle collector.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from threading import RLock

from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, Region, SSAValue

from .build import Value
from .runtime import Buffer

_OUTSIDE = Block()
"""Where leaves pretend to be arguments, as xDSL wants a block for each."""


class Leaf(BlockArgument[Attribute]):
    """The value of a buffer that is there already."""

    def __init__(self, type_: Attribute, buffer: Buffer, name: str | None):
        super().__init__(type_, _OUTSIDE, 0)
        self.buffer = buffer
        self.name_hint = name


_held: dict[Value, int] = {}
"""How many Tensors hold each lazy value."""
_dead: deque[Value] = deque()
"""Values that Tensors let go of. A queue, because a Tensor may die while the collector runs in the middle of anything."""
_busy = False

lock = RLock()
"""Held while a graph is gathered, computed and let go, so that threads may realise Tensors, the same one too. What no lock guards
is use lists: expressions on one *lazy* Tensor are to be built in one thread at a time."""


def hold(value: Value) -> None:
    """One more Tensor has this value."""
    with lock:
        _held[value] = _held.get(value, 0) + 1


def release(value: Value) -> None:
    """One Tensor less has this value; ops that nobody can reach any more give up their operands."""
    _dead.append(value)
    # Never waits: a Tensor may die anywhere, inside an import that the thread with the lock is about to need too.
    if lock.acquire(blocking=False):
        try:
            if not _busy:
                _bury()
        finally:
            lock.release()


def _bury() -> None:
    global _busy
    _busy = True
    try:
        while _dead:
            value = _dead.popleft()
            _held[value] -= 1
            if not _held[value]:
                del _held[value]
                _unlink(value)
    finally:
        _busy = False


def _unlink(value: Value) -> None:
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, OpResult) and value.first_use is None and value not in _held:
            stack.extend(value.op.operands)
            value.op.operands = ()


def place(value: Value, leaf: Leaf) -> None:
    """`value` was computed: whatever was built on it takes the leaf from now on, and forgets how it came to be."""
    global _busy
    _busy = True
    try:
        value.replace_all_uses_with(leaf)
    finally:
        _busy = False
    _bury()


@dataclass
class Graph:
    """What some values need: distinct leaves, and the ops in an order in which each operand comes before its use."""

    results: Sequence[Value]
    leaves: list[Leaf]
    ops: list[Operation]
    key: Hashable
    """Equal for graphs of one structure: kinds, attributes, types and wiring, not names or data."""

    def module(self) -> ModuleOp:
        """The graph as `func.func @main` in a module of its own: an argument for each leaf, a result for each value."""
        block = Block(arg_types=[leaf.type for leaf in self.leaves])
        values: dict[SSAValue, SSAValue] = {}
        for leaf, argument in zip(self.leaves, block.args):
            argument.name_hint = leaf.name_hint
            values[leaf] = argument
        for alias, leaf in self._aliases.items():
            values[alias] = values[leaf]
        for op in self.ops:
            block.add_op(op.clone_without_regions(values))
        block.add_op(ReturnOp(*(values[result] for result in self.results)))
        function_type = FunctionType.from_lists([leaf.type for leaf in self.leaves], [result.type for result in self.results])
        return ModuleOp([FuncOp("main", function_type, Region(block))])

    @property
    def _aliases(self) -> dict[Leaf, Leaf]:
        """Leaves met again, under the first leaf with the same buffer."""
        first = {id(leaf.buffer): leaf for leaf in self.leaves}
        operands = {operand for op in self.ops for operand in op.operands}
        return {operand: first[id(operand.buffer)] for operand in operands if isinstance(operand, Leaf)}


def collect(results: Sequence[Value]) -> Graph:
    """The graph below `results`. A walk with a stack of its own: graphs are deeper than Python's recursion limit.

    Numbers are given in the order of the walk, which depends on structure alone; so the key is equal for equal structures.
    """
    numbers: dict[Value | int, int] = {}
    leaves: list[Leaf] = []
    ops: list[Operation] = []
    key: list[Hashable] = []
    stack = [*reversed(results)]
    while stack:
        value = stack[-1]
        if value in numbers:
            stack.pop()
            continue
        if isinstance(value, Leaf):
            stack.pop()
            number = numbers.get(id(value.buffer))
            if number is None:
                number = numbers[id(value.buffer)] = len(key)
                leaves.append(value)
                key.append(value.type)
            numbers[value] = number
            continue
        assert isinstance(value, OpResult)
        operands = value.op.operands
        missing = [operand for operand in operands if operand not in numbers]
        if missing:
            stack.extend(reversed(missing))
            continue
        stack.pop()
        numbers[value] = len(key)
        ops.append(value.op)
        # attributes are compared by bits: xDSL keeps 0.0 and -0.0 apart, which 1/x does too
        key.append((value.op.name, value.type, *value.op.attributes.items(), *(numbers[operand] for operand in operands)))
    return Graph(results, leaves, ops, (tuple(key), tuple(numbers[result] for result in results)))
