"""What the reductions are made of: erase, stand in for a value, and change what a function takes, its callers with it.

An edit changes one copy of the module and may leave it broken: whoever tries it verifies the copy and throws it away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    TensorType,
    VectorType,
    i32,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

from rung.dialects.nd import ConstOp
from rung.dialects.upstream import gpu

Edit = Callable[[], None]
"""Changes the module that it was made for."""

Function = func.FuncOp | gpu.FuncOp


class Declined(Exception):
    """An edit has nothing to do where it stands."""


FLOATS = ("f16", "bf16", "f32", "f64")


def alive(op: Operation) -> bool:
    """Is the op still in a module? An edit before this one may have erased it, or what it was in."""
    top: Operation = op
    while (parent := top.parent_op()) is not None:
        top = parent
    return isinstance(top, ModuleOp)


def is_used(op: Operation) -> bool:
    return any(result.first_use is not None for result in op.results)


def is_terminator(op: Operation) -> bool:
    """The last op of a block that has to end in one."""
    from xdsl.traits import IsTerminator

    return op.has_trait(IsTerminator, value_if_unregistered=False)


def is_function(op: Operation) -> bool:
    return isinstance(op, Function)


def erase(op: Operation) -> None:
    """Erase an op whose results are unused, and then what was there for it alone."""
    outer = _outer_values(op)
    op.detach()
    op.erase()
    erase_dead(outer)


@dataclass
class Dead:
    """What happens to ops that an edit leaves without users: erased, or kept, as they may be what fails. `met`: how many."""

    kept: bool
    met: int = 0


_dead: ContextVar[Dead] = ContextVar("dead")


@contextmanager
def dead_code(kept: bool) -> Generator[Dead]:
    """Edits in this block erase, or keep, what they leave without users."""
    dead = Dead(kept)
    token = _dead.set(dead)
    try:
        yield dead
    finally:
        _dead.reset(token)


def erase_dead(values: Sequence[SSAValue]) -> None:
    """Erase the ops that gave these values, where nothing uses them any more. What may do more than give a value stays."""
    dead = _dead.get(None) or Dead(False)
    for value in values:
        op = value.owner
        if isinstance(op, Operation) and op.parent is not None and not is_used(op) and _only_gives_values(op):
            dead.met += 1
            if not dead.kept:
                erase(op)


def _only_gives_values(op: Operation) -> bool:
    return bool(op.results) and (not op.regions or op.name.startswith(("linalg.", "tensor.")))


def _outer_values(op: Operation) -> list[SSAValue]:
    """What an op and those in it use from outside of it, each once."""
    values = {id(value): value for inner in op.walk() for value in inner.operands}
    return [value for value in values.values() if not _is_inside(value, op)]


def _is_inside(value: SSAValue, op: Operation) -> bool:
    at = value.owner if isinstance(value.owner, Operation) else value.owner.parent_op()
    while at is not None:
        if at is op:
            return True
        at = at.parent_op()
    return False


def replace_op(op: Operation, values: Sequence[SSAValue]) -> None:
    """Every use of the results uses `values`; the op goes."""
    for result, value in zip(op.results, values, strict=True):
        result.replace_all_uses_with(value)
    erase(op)


# Stand-ins


def constant_attribute(type_: Attribute, number: int) -> Attribute:
    """`number` as a constant of a scalar type, or as a splat. Raises Declined for a type that has none."""
    if isinstance(type_, IndexType):
        return IntegerAttr(number, type_)
    if isa(type_, IntegerType):
        return IntegerAttr(number, type_)
    if str(type_) in FLOATS:
        return FloatAttr(float(number), type_)  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownVariableType]
    if isa(type_, TensorType) or isa(type_, VectorType):
        element = type_.get_element_type()
        constant_attribute(element, number)
        if all(extent >= 0 for extent in type_.get_shape()):
            data: list[float] = [float(number) if str(element) in FLOATS else number]
            return DenseIntOrFPElementsAttr.from_list(type_, data)  # pyright: ignore
    raise Declined(f"{type_} has no constants")


def constant_before(op: Operation, type_: Attribute, number: int = 1) -> SSAValue:
    """A constant in front of an op, one that is there or a new one: `nd.const` for tensors where the program is on nd."""
    block = op.parent
    if block is None:
        raise Declined("a detached op")
    on_nd = op.name.startswith("nd.") or any(other.name.startswith("nd.") for other in block.ops)
    if on_nd and isa(type_, TensorType):
        new: Operation = ConstOp(constant_attribute(type_.get_element_type(), number), type_.get_shape())
    else:
        new = arith.ConstantOp(constant_attribute(type_, number))  # pyright: ignore[reportArgumentType]
    if (known := equal_before(op, new)) is not None:
        return known.results[0]
    block.insert_op_before(new, op)
    return new.results[0]


def equal_before(op: Operation, constant: Operation) -> Operation | None:
    """A constant equal to `constant` that stands before `op` in its block, or in one around it."""
    at: Operation | None = op
    while at is not None and not at.name.endswith(".func"):
        earlier: Operation | None = at.prev_op
        while earlier is not None:
            if type(earlier) is type(constant) and _same_constant(earlier, constant):
                return earlier
            earlier = earlier.prev_op
        at = at.parent_op()
    return None


def _same_constant(one: Operation, other: Operation) -> bool:
    same = one.properties == other.properties and one.attributes == other.attributes
    return same and one.results[0].type == other.results[0].type


def name_constants(module: ModuleOp) -> None:
    """Index constants called after their number are called after the number that they are now."""
    for op in module.walk():
        if isinstance(op, arith.ConstantOp) and isa(value := op.value, IntegerAttr[IndexType]):
            hint = op.result.name_hint
            if hint is not None and hint[0] == "c" and hint[1:].isdigit() and value.value.data >= 0:
                op.result.name_hint = f"c{value.value.data}"


def nearest_value(op: Operation, type_: Attribute, but: SSAValue | None = None) -> SSAValue:
    """The value of a type that was computed last before an op, in its block or in one around it. Raises Declined."""
    at: Operation | None = op
    while at is not None and not at.name.endswith(".func"):
        block = at.parent
        if block is None:
            break
        earlier: Operation | None = at.prev_op
        while earlier is not None:
            for result in earlier.results:
                if result.type == type_ and result is not but:
                    return result
            earlier = earlier.prev_op
        for argument in block.args:
            if argument.type == type_ and argument is not but:
                return argument
        at = block.parent_op()
    raise Declined("no value has the type")


def segment_sizes(op: Operation) -> list[int]:
    found = op.properties.get("operandSegmentSizes", op.attributes.get("operandSegmentSizes"))
    return [int(size) for size in found.get_values()] if isinstance(found, DenseArrayBase) else []


def set_segment_sizes(op: Operation, sizes: Sequence[int]) -> None:
    held = op.properties if "operandSegmentSizes" in op.properties else op.attributes
    held["operandSegmentSizes"] = DenseArrayBase.from_list(i32, sizes)


def remove_operand(op: Operation, at: int) -> None:
    """Drop one operand, and count it off its segment."""
    sizes = segment_sizes(op)
    op.operands = [*op.operands[:at], *op.operands[at + 1 :]]
    if sizes:
        before = 0
        for segment, size in enumerate(sizes):
            if before <= at < before + size:
                sizes[segment] -= 1
                break
            before += size
        set_segment_sizes(op, sizes)


def inline(block: Block, op: Operation, values: Sequence[SSAValue]) -> list[SSAValue]:
    """Move a block's ops in front of `op`, its arguments being `values`. What its terminator passed on is returned."""
    target = op.parent
    terminator = block.last_op
    if target is None or terminator is None:
        raise Declined("nowhere to move to, or nothing to move")
    for argument, value in zip(block.args, values, strict=True):
        argument.replace_all_uses_with(value)
    for inner in list(block.ops):
        if inner is not terminator:
            inner.detach()
            target.insert_op_before(inner, op)
    passed = list(terminator.operands)
    terminator.detach()
    terminator.erase()
    return passed
