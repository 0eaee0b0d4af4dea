"""Functions go, then their results, arguments and outputs; what a called function does moves to where it is called."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr
from xdsl.ir import Block, BlockArgument, Operation

from rung.dialects.upstream import gpu

from .edits import Declined, Edit, Function, alive, erase, inline, is_function, is_used, nearest_value, replace_op
from .signatures import argument_for, callers, functions, remove_argument, remove_result, symbols_used


def drop_functions(module: ModuleOp) -> Sequence[Edit]:
    """Drop a function, kernel, global or inner module together with the calls and launches of it."""

    def drop(op: Operation) -> Edit:
        def edit() -> None:
            if not alive(op):
                raise Declined("gone already")
            if isinstance(op, Function):
                for call in callers(op):
                    _stand_in(call)
            op.detach()
            op.erase()

        return edit

    found = [op for op in module.walk() if op is not module and _name(op) is not None]
    return [drop(op) for op in found]


def _name(op: Operation) -> str | None:
    name = op.properties.get("sym_name", op.attributes.get("sym_name"))
    return name.data if isinstance(name, StringAttr) else None


def _stand_in(call: Operation) -> None:
    """A call goes; new arguments of the caller take the place of its results."""
    values = [argument_for(call, r.type, r.name_hint) if r.first_use is not None else r for r in call.results]
    replace_op(call, values)


def expose_callees(module: ModuleOp) -> Sequence[Edit]:
    """A function that nobody calls goes; those that it called can be called from outside in its place."""

    def edit_of(function: func.FuncOp) -> Edit:
        def edit() -> None:
            called = symbols_used(function)
            function.detach()
            function.erase()
            for other in functions(module):
                if isinstance(other, func.FuncOp) and other.sym_name.data in called:
                    other.sym_visibility = None

        return edit

    public = [f for f in functions(module) if isinstance(f, func.FuncOp) and not _is_private(f) and not callers(f)]
    return [edit_of(function) for function in public if any(isinstance(op, func.CallOp) for op in function.walk())]


def drop_unreferenced(module: ModuleOp) -> Sequence[Edit]:
    """Drop what has a name that nothing mentions, the entries last."""
    mentioned = symbols_used(module)

    def drop(op: Operation) -> Edit:
        def edit() -> None:
            if not alive(op):
                raise Declined("gone already")
            op.detach()
            op.erase()

        return edit

    found = [op for op in module.walk() if op is not module and _name(op) is not None and _name(op) not in mentioned]
    found.sort(key=lambda op: not _is_private(op))
    return [drop(op) for op in found]


def _is_private(op: Operation) -> bool:
    return isinstance(op, func.FuncOp) and op.sym_visibility is not None and op.sym_visibility.data == "private"


def drop_results(module: ModuleOp) -> Sequence[Edit]:
    """Drop results of functions."""

    def drop(function: func.FuncOp, at: int) -> Edit:
        def edit() -> None:
            if not alive(function):
                raise Declined("gone already")
            remove_result(function, at)

        return edit

    # the last result first, so that the numbers of those before it hold when several go
    return [
        drop(function, at)
        for function in functions(module)
        if isinstance(function, func.FuncOp) and function.body.blocks
        for at in reversed(range(len(function.function_type.outputs)))
    ]


def earlier_results(module: ModuleOp) -> Sequence[Edit]:
    """A function that nobody calls returns, instead of what an op computed, what the op computed it from."""

    def edit_of(function: func.FuncOp, at: int, operand: int) -> Edit:
        def edit() -> None:
            last = function.body.blocks[0].last_op
            assert last is not None
            op = last.operands[at].owner
            if not isinstance(op, Operation) or operand >= len(op.operands):
                raise Declined("an argument is returned")
            last.operands[at] = op.operands[operand]
            if not is_used(op):
                erase(op)
            types = [value.type for value in last.operands]
            function.function_type = FunctionType.from_lists(function.function_type.inputs.data, types)

        return edit

    return [
        edit_of(function, at, operand)
        for function in functions(module)
        if isinstance(function, func.FuncOp) and len(function.body.blocks) == 1 and not callers(function)
        for at in range(len(function.function_type.outputs))
        for operand in range(3)
    ]


def drop_arguments(module: ModuleOp) -> Sequence[Edit]:
    """Drop arguments that nothing uses, and what callers pass for them."""

    def drop(argument: BlockArgument) -> Edit:
        return lambda: remove_argument(argument)

    return [drop(argument) for argument in _arguments(module) if argument.first_use is None]


def _arguments(module: ModuleOp) -> list[BlockArgument]:
    entries = [function.body.blocks.first for function in functions(module)]
    return [argument for entry in entries if entry is not None for argument in entry.args]


def merge_arguments(module: ModuleOp) -> Sequence[Edit]:
    """An argument becomes the first one of its type; it goes."""

    def merge(argument: BlockArgument) -> Edit:
        def edit() -> None:
            for other in argument.block.args[: argument.index]:
                if other.type == argument.type:
                    argument.replace_all_uses_with(other)
                    remove_argument(argument)
                    return
            raise Declined("no other argument of this type")

        return edit

    return [merge(argument) for argument in reversed(_arguments(module))]


def arguments_for_values(module: ModuleOp) -> Sequence[Edit]:
    """An argument becomes, wherever it is used, the value of its type that is nearest before; it goes."""

    def edit_of(argument: BlockArgument) -> Edit:
        def edit() -> None:
            for use in list(argument.uses):
                use.operation.operands[use.index] = nearest_value(use.operation, argument.type, argument)
            remove_argument(argument)

        return edit

    return [edit_of(argument) for argument in reversed(_arguments(module)) if argument.first_use is not None]


def inline_calls(module: ModuleOp) -> Sequence[Edit]:
    """A call becomes what the function does; a function that is not called from elsewhere goes."""

    def edit_of(call: func.CallOp) -> Edit:
        def edit() -> None:
            if not alive(call):
                raise Declined("gone already")
            callee = next((f for f in functions(module) if f.sym_name.data == call.callee.string_value()), None)
            if not isinstance(callee, func.FuncOp) or len(callee.body.blocks) != 1:
                raise Declined("no body, or one with jumps")
            body = callee.body.clone().block if len(callers(callee)) > 1 else callee.body.block
            passed = inline(body, call, call.operands)
            replace_op(call, passed)
            if body is callee.body.block:
                callee.detach()
                callee.erase()

        return edit

    return [edit_of(op) for op in module.walk() if isinstance(op, func.CallOp)]


def empty_bodies(module: ModuleOp) -> Sequence[Edit]:
    """A function body becomes just its terminator: results stand as new arguments, all else goes."""

    def edit_of(function: Function) -> Edit:
        def edit() -> None:
            entry = function.body.blocks.first
            if entry is None or entry.last_op is None or entry.next_block is not None:
                raise Declined("no body, or one with jumps")
            last = entry.last_op
            for at, value in enumerate(last.operands):
                if isinstance(value.owner, Operation):
                    last.operands[at] = argument_for(last, value.type, value.name_hint)
            for op in reversed([op for op in entry.ops if op is not last]):
                if not is_used(op):
                    op.detach()
                    op.erase()

        return edit

    return [edit_of(function) for function in functions(module)]


def unwrap_device_modules(module: ModuleOp) -> Sequence[Edit]:
    """Drop inner modules that hold nothing."""

    def drop(op: Operation) -> Edit:
        def edit() -> None:
            op.detach()
            op.erase()

        return edit

    inner = [op for op in module.walk() if isinstance(op, gpu.ModuleOp | ModuleOp) and op is not module]
    return [drop(op) for op in inner if _holds_nothing(op.regions[0].blocks.first)]


def _holds_nothing(block: Block | None) -> bool:
    return block is None or not any(is_function(op) or op.regions or op.results for op in block.ops)
