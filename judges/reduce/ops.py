"""Ops go: those that nobody uses, then those whose results something else can stand in for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue

from rung.dialects.nd import ConstOp

from .edits import Declined, Edit, alive, constant_before, equal_before, erase, is_terminator, is_used, nearest_value, replace_op
from .signatures import argument_for, function_around

CONSTANTS = (arith.ConstantOp, ConstOp)


def _bodies(module: ModuleOp) -> Iterator[Operation]:
    """The ops that compute, those around others first."""
    for op in module.walk():
        block = op.parent
        if block is None or is_terminator(op) or not _is_code(block):
            continue
        yield op


def _is_code(block: Block) -> bool:
    """Is the block in a function, or in an op that is?"""
    parent = block.parent_op()
    while parent is not None and not parent.name.endswith((".func", ".module")) and parent.name != "builtin.module":
        parent = parent.parent_op()
    return parent is not None and parent.name.endswith(".func")


def _edit(op: Operation, change: Callable[[Operation], None]) -> Edit:
    def edit() -> None:
        if not alive(op):
            raise Declined("gone already")
        change(op)

    return edit


def unused(module: ModuleOp) -> Sequence[Edit]:
    """Drop ops without results that are used: stores, launches, loops, what is dead."""
    return [_edit(op, _erase_if_unused) for op in _bodies(module) if not is_used(op)]


def _erase_if_unused(op: Operation) -> None:
    if is_used(op):
        raise Declined("it is used")
    erase(op)


def _used(module: ModuleOp, change: Callable[[Operation], None], *, constants: bool = True) -> list[Edit]:
    """An edit for each op whose results are used, the last one first: what it was made from is then dead."""
    ops = [op for op in _bodies(module) if is_used(op) and (constants or not isinstance(op, CONSTANTS))]
    return [_edit(op, change) for op in reversed(ops)]


def first_operand(module: ModuleOp) -> Sequence[Edit]:
    """A result becomes the first operand of its type."""
    return _used(module, lambda op: replace_op(op, _operands_for(op, False)))


def last_operand(module: ModuleOp) -> Sequence[Edit]:
    """A result becomes the last operand of its type."""
    return _used(module, lambda op: replace_op(op, _operands_for(op, True)))


def _operands_for(op: Operation, last: bool) -> list[SSAValue]:
    """For each result an operand of its type; several results of one type take several operands, as a loop's do."""
    found: list[SSAValue] = []
    types = [result.type for result in op.results]
    for result in op.results:
        fitting = [operand for operand in op.operands if operand.type == result.type]
        if not fitting:
            raise Declined("no operand has the type")
        rank = types[: result.index].count(result.type)
        at = len(fitting) - types.count(result.type) + rank if last else rank
        found.append(fitting[min(max(at, 0), len(fitting) - 1)])
    return found


def function_argument(module: ModuleOp) -> Sequence[Edit]:
    """A result becomes an argument that the function has already."""
    return _used(module, _to_function_argument)


def _to_function_argument(op: Operation) -> None:
    entry = function_around(op).body.blocks.first
    known = list(entry.args) if entry is not None else []
    replace_op(op, [_of_type(result, known) for result in op.results])


def earlier_value(module: ModuleOp) -> Sequence[Edit]:
    """A result becomes the value of its type that was computed last before it."""
    return _used(module, _to_earlier_value)


def _to_earlier_value(op: Operation) -> None:
    replace_op(op, [nearest_value(op, result.type) for result in op.results])


def _of_type(result: SSAValue, values: Sequence[SSAValue]) -> SSAValue:
    for value in values:
        if value.type == result.type:
            return value
    raise Declined("no value has the type")


def new_argument(module: ModuleOp) -> Sequence[Edit]:
    """A result becomes a new argument of the function."""

    def change(op: Operation) -> None:
        function_around(op)
        if not op.results:
            raise Declined("no results")
        values = [
            argument_for(op, result.type, result.name_hint) if result.first_use is not None else result for result in op.results
        ]
        replace_op(op, values)

    return _used(module, change, constants=False)


def new_constant(module: ModuleOp) -> Sequence[Edit]:
    """A result becomes a constant 1."""

    def change(op: Operation) -> None:
        replace_op(
            op,
            [constant_before(op, result.type) if result.first_use is not None else result for result in op.results],
        )

    return _used(module, change, constants=False)


def equal_constants(module: ModuleOp) -> Sequence[Edit]:
    """A constant becomes an equal one of the same block, or of one around it."""

    def change(op: Operation) -> None:
        if (known := equal_before(op, op)) is None:
            raise Declined("no equal constant before it")
        replace_op(op, known.results)

    return [_edit(op, change) for op in module.walk() if isinstance(op, CONSTANTS)]
