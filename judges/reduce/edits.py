"""What the reductions are made of: erase, stand in for a value, and change what a function takes, its callers with it.

An edit changes one copy of the module and may leave it broken: whoever tries it verifies the copy and throws it away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FloatAttr,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    SymbolRefAttr,
    TensorType,
    VectorType,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue
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


def argument_for(op: Operation, type_: Attribute, hint: str | None, depth: int = 0) -> SSAValue:
    """A new argument of the function that an op is in; whoever calls that function takes one more as well, to pass on."""
    function = function_around(op)
    entry = function.body.blocks.first
    if entry is None or depth > 8:
        raise Declined("no function with a body around it, or one that calls itself")
    calls = callers(function)
    passed = [argument_for(call, type_, hint, depth + 1) for call in calls]
    inputs = len(function.function_type.inputs)
    at = inputs - outs_of(function)
    new = entry.insert_arg(type_, at)
    new.name_hint = hint
    _retype(function)
    _change_arg_attrs(function, lambda known: [*known[:at], DictionaryAttr({}), *known[at:]])
    for call, value in zip(calls, passed):
        segment = _arguments_segment(call)
        position = _first_argument(call) + at
        _set_operands(call, [*call.operands[:position], value, *call.operands[position:]], segment, 1)
    return new


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


# Functions and their callers


def function_around(op: Operation) -> Function:
    at: Operation | None = op.parent_op()
    while at is not None:
        if isinstance(at, Function):
            return at
        at = at.parent_op()
    raise Declined("not in a function")


def module_of(op: Operation) -> Operation:
    top: Operation = op
    while (parent := top.parent_op()) is not None:
        top = parent
    return top


def functions(module: Operation) -> Iterator[Function]:
    """All functions, kernels of gpu modules included."""
    for op in module.walk():
        if isinstance(op, Function):
            yield op


def symbols_used(op: Operation) -> set[str]:
    """The last names of all symbols that an op and those in it refer to."""
    found: set[str] = set()

    def look(attribute: Attribute) -> None:
        if isinstance(attribute, SymbolRefAttr):
            found.add(attribute.root_reference.data)
            found.update(nested.data for nested in attribute.nested_references)
        elif isa(attribute, ArrayAttr):
            for each in attribute:
                look(each)
        elif isinstance(attribute, DictionaryAttr):
            for each in attribute.data.values():
                look(each)

    for inner in op.walk():
        for attribute in (*inner.properties.values(), *inner.attributes.values()):
            look(attribute)
    return found


def callers(function: Function) -> list[Operation]:
    """The calls and launches of a function."""
    name = function.sym_name.data
    found: list[Operation] = []
    for op in module_of(function).walk():
        callee = op.callee if isinstance(op, func.CallOp) else op.kernel if isinstance(op, gpu.LaunchFuncOp) else None
        if callee is not None and callee.string_value().rpartition(".")[2] == name:
            found.append(op)
    return found


def outs_of(function: Function) -> int:
    """How many of the last parameters are written instead of read."""
    outs = function.attributes.get("outs")
    return outs.value.data if isinstance(outs, IntegerAttr) else 0


def remove_argument(argument: BlockArgument) -> None:
    """Drop an unused parameter of a function, and what its callers pass for it. Raises Declined where it is none."""
    function, at = argument.block.parent_op(), argument.index
    if not isinstance(function, Function) or argument.first_use is not None:
        raise Declined("used, or no parameter of a function")
    inputs, outs = len(function.function_type.inputs), outs_of(function)
    if at >= inputs or argument.block is not function.body.blocks.first:
        raise Declined("an attribution")
    argument.block.erase_arg(argument)
    _retype(function, inputs - 1)
    _change_arg_attrs(function, lambda known: [*known[:at], *known[at + 1 :]])
    if at >= inputs - outs:
        function.attributes["outs"] = IntegerAttr(outs - 1, i64)
        if outs == 1:
            del function.attributes["outs"]
    for call in callers(function):
        position = _first_argument(call) + at
        passed = call.operands[position]
        _set_operands(call, [*call.operands[:position], *call.operands[position + 1 :]], _arguments_segment(call), -1)
        erase_dead([passed])


def remove_result(function: func.FuncOp, at: int) -> None:
    """Drop a result of a function; what callers did with it they do with a new argument."""
    returns = [block.last_op for block in function.body.blocks if isinstance(block.last_op, func.ReturnOp)]
    outputs = function.function_type.outputs.data
    if at >= len(outputs) or not returns:
        raise Declined("no such result")
    for call in callers(function):
        result = call.results[at]
        if result.first_use is not None:
            result.replace_all_uses_with(argument_for(call, result.type, result.name_hint))
        _call_without_result(call, at)
    for op in returns:
        value = op.operands[at]
        op.operands = [*op.operands[:at], *op.operands[at + 1 :]]
        erase_dead([value])
    function.function_type = FunctionType.from_lists(function.function_type.inputs.data, [*outputs[:at], *outputs[at + 1 :]])
    if function.res_attrs is not None:
        function.res_attrs = ArrayAttr([*function.res_attrs.data[:at], *function.res_attrs.data[at + 1 :]])


def _call_without_result(call: Operation, at: int) -> None:
    if not isinstance(call, func.CallOp) or call.parent is None:
        raise Declined(f"{call.name} has no results")
    kept = [result for i, result in enumerate(call.results) if i != at]
    new = func.CallOp(call.callee, list(call.arguments), [result.type for result in kept])
    new.attributes.update(call.attributes)
    call.parent.insert_op_before(new, call)
    for old, result in zip(kept, new.results):
        result.name_hint = old.name_hint
        old.replace_all_uses_with(result)
    call.detach()
    call.erase()


def _retype(function: Function, inputs: int | None = None) -> None:
    """Make the function type say what the entry block takes."""
    entry = function.body.blocks.first
    assert entry is not None
    n = len(function.function_type.inputs) + 1 if inputs is None else inputs
    function.function_type = FunctionType.from_lists([arg.type for arg in entry.args[:n]], function.function_type.outputs.data)


def _change_arg_attrs(function: Function, change: Callable[[Sequence[DictionaryAttr]], list[DictionaryAttr]]) -> None:
    if function.arg_attrs is not None:
        function.arg_attrs = ArrayAttr(change(function.arg_attrs.data))


def _arguments_segment(call: Operation) -> int | None:
    return 11 if isinstance(call, gpu.LaunchFuncOp) else None


def _first_argument(call: Operation) -> int:
    """Where the operands that are passed begin."""
    segment = _arguments_segment(call)
    return 0 if segment is None else sum(segment_sizes(call)[:segment])


def segment_sizes(op: Operation) -> list[int]:
    found = op.properties.get("operandSegmentSizes", op.attributes.get("operandSegmentSizes"))
    return [int(size) for size in found.get_values()] if isinstance(found, DenseArrayBase) else []


def _set_operands(op: Operation, operands: Sequence[SSAValue], segment: int | None, more: int) -> None:
    """Give an op its operands anew; segment number `segment` has become longer by `more`."""
    op.operands = operands
    if segment is not None:
        sizes = segment_sizes(op)
        sizes[segment] += more
        set_segment_sizes(op, sizes)


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
