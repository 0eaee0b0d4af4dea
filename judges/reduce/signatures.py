"""What functions take and give, changed together with whoever calls or launches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, FunctionType, IntegerAttr, SymbolRefAttr, i64
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue
from xdsl.utils.hints import isa

from rung.dialects.upstream import gpu

from .edits import Declined, Function, erase_dead, segment_sizes, set_segment_sizes


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


def _set_operands(op: Operation, operands: Sequence[SSAValue], segment: int | None, more: int) -> None:
    """Give an op its operands anew; segment number `segment` has become longer by `more`."""
    op.operands = operands
    if segment is not None:
        sizes = segment_sizes(op)
        sizes[segment] += more
        set_segment_sizes(op, sizes)
