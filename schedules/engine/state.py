"""What the values of a running script stand for, and which of them may no longer be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

from rung.dialects.upstream.transform import TransformOp
from rung.dialects.upstream.transform.types import OperationType, OpHandleType, ParamHandleType, ParamType
from rung.schedules.engine.failures import DefiniteFailure, Note, SilenceableFailure

Payload = Operation | SSAValue | Attribute
"""What a handle or a parameter holds a list of."""


@dataclass(frozen=True)
class Invalidation:
    """Why a handle may not be used: `by` consumed its operand `number`, whose payload `ancestor` holds that of the handle."""

    by: TransformOp
    number: int
    ancestor: Operation


@dataclass
class State:
    """The mapping from the values of the script to the payload below `root`."""

    root: ModuleOp
    held: dict[SSAValue, list[Payload]] = field(default_factory=dict[SSAValue, list[Payload]])
    invalid: dict[SSAValue, Invalidation] = field(default_factory=dict[SSAValue, Invalidation])

    def set(self, value: SSAValue, payload: Iterable[Payload], by: Operation) -> None:
        """Map `value`. Definite failure where the payload is not of the value's type."""
        found = list(payload)
        type_ = value.type
        for each in found:
            if isinstance(type_, OpHandleType):
                if not isinstance(each, Operation):
                    raise DefiniteFailure(by, f"result of type {type_} gets a payload that is no operation")
                if isinstance(type_, OperationType) and each.name != type_.operation.data:
                    raise SilenceableFailure(by, f"payload is {each.name}, expected {type_.operation.data} by its type", each)
            elif isinstance(type_, ParamHandleType):
                if not isinstance(each, Attribute):
                    raise DefiniteFailure(by, f"result of type {type_} gets a payload that is no attribute")
                if isinstance(type_, ParamType) and not (isa(each, IntegerAttr) and each.type == type_.type):
                    raise DefiniteFailure(by, f"parameter is {each}, expected an {type_.type} by its type")
            elif not isinstance(each, SSAValue):
                raise DefiniteFailure(by, f"result of type {type_} gets a payload that is no value")
        self.held[value] = found
        self.invalid.pop(value, None)

    def payload(self, value: SSAValue) -> list[Payload]:
        return list(self.held[value])

    def ops(self, value: SSAValue) -> list[Operation]:
        """The payload ops of a handle."""
        return cast("list[Operation]", list(self.held[value]))

    def ints(self, user: TransformOp, value: SSAValue) -> list[int]:
        """The numbers of a parameter."""
        found: list[int] = []
        for each in self.held[value]:
            if not isinstance(each, IntegerAttr):
                if not isinstance(each, Attribute):
                    raise DefiniteFailure(user, "a handle in place of a number is legal upstream, not supported here")
                raise DefiniteFailure(user, f"found a parameter that is {each}, expected an integer")
            found.append(each.value.data)
        return found

    def check_usable(self, user: TransformOp) -> None:
        """Definite failure, with upstream's notes, where an operand's handle has been invalidated."""
        for number, value in enumerate(user.operands):
            why = self.invalid.get(value)
            if why is None:
                continue
            defined = value.owner if isinstance(value.owner, Operation) else _around(value.owner)
            raise DefiniteFailure(
                user,
                f"operand #{number} is a handle invalidated by a previously executed transform op",
                notes=[
                    Note(defined or user, "handle defined here"),
                    Note(
                        why.by,
                        f"invalidated by this op that consumes operand #{why.number} and with it all handles to the same "
                        "payload and to what is nested in it",
                    ),
                    Note(why.ancestor, f"ancestor payload op: {why.ancestor.name}"),
                ],
            )

    def consume(self, user: TransformOp) -> None:
        """Invalidate what the consumed operands of `user` point to, and all that points into it."""
        for number in user.consumed_operands():
            consumed = [each for each in self.held[user.operands[number]] if isinstance(each, Operation)]
            if not consumed:
                continue
            inside = {id(each): each for each in consumed}
            for value, payload in self.held.items():
                if value in self.invalid:
                    continue
                for each in payload:
                    if (ancestor := _ancestor_in(each, inside)) is not None:
                        self.invalid[value] = Invalidation(user, number, ancestor)
                        break

    def replaced(self, old: Operation, new: Sequence[Operation]) -> None:
        """Handles that point to `old`, and are not consumed, point to `new` from here on."""
        for value, payload in self.held.items():
            if value not in self.invalid and any(each is old for each in payload):
                self.held[value] = [part for each in payload for part in (new if each is old else (each,))]

    def forget_erased(self) -> None:
        """Drop the payload that is no longer below the root, as upstream does with what a rewrite erases."""
        attached: dict[int, bool] = {}

        def alive(op: Operation | None) -> bool:
            path: list[int] = []
            while op is not None and op is not self.root and id(op) not in attached:
                path.append(id(op))
                op = op.parent_op()
            result = op is self.root if op is None or op is self.root else attached[id(op)]
            attached.update(dict.fromkeys(path, result))
            return result

        for value, payload in self.held.items():
            if value in self.invalid or isinstance(value.type, ParamHandleType):
                continue
            kept = [each for each in payload if not isinstance(each, Operation | SSAValue) or alive(_op_of(each))]
            if len(kept) != len(payload):
                self.held[value] = kept


def _around(block: Block) -> Operation | None:
    return block.parent_op()


def _op_of(each: Payload) -> Operation | None:
    if isinstance(each, SSAValue):
        return each.owner if isinstance(each.owner, Operation) else each.owner.parent_op()
    return each if isinstance(each, Operation) else None


def _ancestor_in(each: Payload, inside: dict[int, Operation]) -> Operation | None:
    """The one of `inside` that is, or is around, a payload."""
    op = _op_of(each)
    while op is not None:
        if id(op) in inside:
            return op
        op = op.parent_op()
    return None
