"""Values that structured ops carry go: what a loop hands on, what a condition yields, inputs and outputs of linalg ops."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import scf
from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.dialects.linalg.ops import GenericOp
from xdsl.ir import Operation, SSAValue

from rung.dialects.upstream.scf import ForallOp

from .edits import (
    Declined,
    Edit,
    alive,
    constant_before,
    erase,
    erase_dead,
    remove_operand,
)


def carried_values(module: ModuleOp) -> Sequence[Edit]:
    """A value that a loop or condition hands on is not handed on: it stays what it was at first."""
    found: list[Edit] = []
    for op in module.walk():
        drop = {scf.ForOp: _drop_of_for, ForallOp: _drop_of_forall, scf.IfOp: _drop_of_if, GenericOp: _drop_out_of_generic}.get(
            type(op)  # pyright: ignore[reportArgumentType]
        )
        if drop is not None:
            found += [_edit(op, at, drop) for at in reversed(range(len(op.results)))]
    return found


def _edit(op: Operation, at: int, change: object) -> Edit:
    def edit() -> None:
        if not alive(op):
            raise Declined("gone already")
        assert callable(change)
        change(op, at)

    return edit


def _drop_result(op: Operation, at: int, instead: SSAValue | None) -> None:
    """The op without one of its results, in its place. xDSL fixes the results of an op when it makes it."""
    gone, block = op.results[at], op.parent
    if gone.first_use is not None:
        if instead is None:
            raise Declined("the result is used, and nothing has its value")
        gone.replace_all_uses_with(instead)
    assert block is not None
    kept = [result for i, result in enumerate(op.results) if i != at]
    new = type(op).create(
        operands=list(op.operands),
        result_types=[result.type for result in kept],
        properties=dict(op.properties),
        attributes=dict(op.attributes),
        regions=[op.detach_region(region) for region in list(op.regions)],
    )
    block.insert_op_before(new, op)
    for old, result in zip(kept, new.results):
        result.name_hint = old.name_hint
        old.replace_all_uses_with(result)
    op.detach()
    op.erase()


def _drop_passed(last: Operation | None, at: int) -> None:
    """The terminator passes on one value less."""
    assert last is not None
    passed = last.operands[at]
    remove_operand(last, at)
    erase_dead([passed])


def _drop_of_for(op: scf.ForOp, at: int) -> None:
    block = op.body.block
    initial, argument = op.iter_args[at], block.args[at + 1]
    argument.replace_all_uses_with(initial)
    block.erase_arg(argument)
    _drop_passed(block.last_op, at)
    remove_operand(op, 3 + at)
    _drop_result(op, at, initial)


def _drop_of_forall(op: ForallOp, at: int) -> None:
    initial, argument = op.outputs[at], op.region_out_args[at]
    for use in list(argument.uses):
        if use.operation.parent_op() is op.terminator:
            erase(use.operation)
    argument.replace_all_uses_with(initial)
    op.body.block.erase_arg(argument)
    remove_operand(op, len(op.operands) - len(op.outputs) + at)
    _drop_result(op, at, initial)


def _drop_of_if(op: scf.IfOp, at: int) -> None:
    for region in op.regions:
        for block in region.blocks:
            _drop_passed(block.last_op, at)
    result = op.results[at]
    stand_in = constant_before(op, result.type) if result.first_use is not None else None
    _drop_result(op, at, stand_in)


def _drop_out_of_generic(op: GenericOp, at: int) -> None:
    if len(op.outputs) < 2:
        raise Declined("it has one output")
    initial = op.outputs[at]
    _drop_passed(op.body.block.last_op, at)
    _drop_generic_operand(op, len(op.inputs) + at)
    _drop_result(op, at, initial)


def generic_inputs(module: ModuleOp) -> Sequence[Edit]:
    """An input of linalg.generic goes; where the body used an element of it, it uses 1."""

    def drop(op: Operation, at: int) -> None:
        assert isinstance(op, GenericOp)
        passed = op.operands[at]
        _drop_generic_operand(op, at)
        erase_dead([passed])

    return [_edit(op, at, drop) for op in module.walk() if isinstance(op, GenericOp) for at in reversed(range(len(op.inputs)))]


def _drop_generic_operand(op: GenericOp, at: int) -> None:
    block = op.body.block
    argument, first = block.args[at], block.first_op
    if argument.first_use is not None:
        assert first is not None
        argument.replace_all_uses_with(constant_before(first, argument.type))
    block.erase_arg(argument)
    maps = list(op.indexing_maps.data)
    op.indexing_maps = ArrayAttr([*maps[:at], *maps[at + 1 :]])
    remove_operand(op, at)
