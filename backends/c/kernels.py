"""From a module on the gpu rung to the text of its kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from xdsl.dialects.builtin import DenseArrayBase, IntegerType, MemRefType, ModuleOp, VectorType
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.utils.hints import isa

from rung.dialects.upstream import gpu

from ..errors import BackendError
from . import prelude
from .elements import code_of
from .expression import variable
from .indexing import NeedsWideIndex
from .language import CLanguage, bits_of_memory
from .lines import render
from .memory import STORES, base_view, declare_array, root
from .parts import Grid, Parts
from .printer import Helper, KernelPrinter

_Sizes = DenseArrayBase[IntegerType] | None


@dataclass(frozen=True)
class Kernel:
    """The text of one kernel and the helpers it calls."""

    name: str
    text: str
    helpers: tuple[Helper, ...]


def spell_module(module: ModuleOp, language: CLanguage, package: str) -> str:
    """One source with all kernels of a module, and above them the helpers they use from the prelude in `package`.

    Raises BackendError where the language has no rule for an op, naming op and kernel.
    """
    kernels = [spell_kernel(func, language) for func in kernels_of(module)]
    wanted = dict.fromkeys(helper for kernel in kernels for helper in kernel.helpers)
    head = prelude.paste(language, package, wanted)
    return "\n\n".join(text for text in (language.comment, head, *(kernel.text for kernel in kernels)) if text) + "\n"


def kernels_of(module: ModuleOp) -> list[gpu.FuncOp]:
    """Every kernel of every gpu.module, in order."""
    inner = [op for op in module.ops if isinstance(op, gpu.ModuleOp)]
    return [func for each in inner for func in each.body.block.ops if isinstance(func, gpu.FuncOp)]


def spell_kernel(func: gpu.FuncOp, language: CLanguage) -> Kernel:
    """One gpu.func as a kernel, with 32-bit indices where they provably do."""
    try:
        return _spell(func, language, 32)
    except NeedsWideIndex:
        return _spell(func, language, 64)


def _spell(func: gpu.FuncOp, language: CLanguage, index_bits: Literal[32, 64]) -> Kernel:
    name = func.sym_name.data
    if not (name.isidentifier() and name.isascii()) or name in language.keywords:
        raise BackendError(f"{language.name}: kernel name @{name} is no C identifier")
    p = KernelPrinter(language, name, _lanes(func, language), index_bits)
    p.block_size, p.grid_size = (_extents(cast(_Sizes, known)) for known in (func.known_block_size, func.known_grid_size))
    block = func.body.block
    arguments = block.args[: len(func.function_type.inputs)]
    shared = func.workgroup_count.value.data if func.workgroup_count is not None else 0
    written = _written(func)
    p.read_and_written = any(argument in written and is_read(argument) for argument in arguments)
    parameters = [_parameter(p, argument, argument in written) for argument in arguments]
    for number, argument in enumerate(block.args[len(arguments) :]):
        qualifier = language.workgroup_memory if number < shared else ""
        declare_array(p, argument, argument.name_hint or "shared", qualifier, qualifier)
    p.body(block)
    threads = [p.block_size[axis] or 1 for axis in "xyz"]
    known = all(p.block_size.values())
    qualifiers = (
        language.kernel.format(threads=threads[0] * threads[1] * threads[2], x=threads[0], y=threads[1], z=threads[2])
        if known
        else language.kernel_of_any_size
    )
    head = f"{qualifiers} {name}({', '.join(parameters)}) {{"
    text = "\n".join([_comment(p, func, arguments, written), head, *render(p.lines), "}"])
    return Kernel(name, text, tuple(p.helpers))


def _parameter(p: KernelPrinter, argument: BlockArgument, written: bool) -> str:
    name = p.names.fresh(p.hint(argument) if argument.name_hint else f"arg{argument.index}")
    type_ = argument.type
    if isa(type_, MemRefType):
        qualifier = f"{'' if written else 'const '}{p.language.global_memory}"
        view = base_view(p, name, qualifier, type_)
        p.views[argument] = view
        return f"{qualifier}{p.language.memory_type(view.code)} *{p.language.restrict}{name}"
    code = p.code(type_)
    expr = p.index_variable(name) if code == "index" else variable(name, code)
    p.values[argument] = Parts(Grid.of(None, 1), (expr,))
    return f"{p.language.memory_type(code)} {name}"


def _comment(p: KernelPrinter, func: Operation, arguments: tuple[BlockArgument, ...], written: set[SSAValue]) -> str:
    """What a reader wants to know first: `rowmax: x 37x1024xf32 -> out 37xf32; 37 blocks of 1 thread`."""

    def shape(argument: BlockArgument) -> str:
        type_ = argument.type
        if not isa(type_, MemRefType):
            return f"{p.values[argument].scalar.text} {type_}"
        return f"{p.views[argument].base} {'x'.join([*map(str, type_.get_shape()), str(type_.element_type)])}"

    sides = [", ".join(shape(a) for a in arguments if (a in written) == out) for out in (False, True)]
    text = f"// {p.kernel}: {' -> '.join(side for side in sides if side)}"
    sizes: list[str] = []
    for extents, word in ((p.grid_size, "block"), (p.block_size, "thread")):
        if all(extents.values()):
            known = [extent or 1 for extent in extents.values()]
            while len(known) > 1 and known[-1] == 1:
                known.pop()
            sizes.append(f"{'x'.join(map(str, known))} {word}{'s' if known != [1] else ''}")
    return f"{text}; {' of '.join(sizes)}" if sizes else text


def _extents(known: _Sizes) -> dict[str, int | None]:
    sizes: tuple[int | None, ...] = known.get_values() if known is not None else (None, None, None)
    return dict(zip("xyz", sizes))


def _lanes(func: Operation, language: CLanguage) -> int:
    """How many lanes the parts of this kernel's vectors have: as many of its widest element as fill a register."""
    widest = 8
    for op in func.walk():
        for value in (*op.operands, *op.results):
            if isa(value.type, VectorType):
                code = code_of(value.type)
                widest = max(widest, bits_of_memory(code) if code != "i1" else 8)
    return language.lanes_for(widest)


def _written(func: Operation) -> set[SSAValue]:
    return {root(op.operands[STORES[op.name]]) for op in func.walk() if op.name in STORES}


def is_read(value: SSAValue) -> bool:
    """Whether a memref, or a view of it, is used by anything but a store to it."""
    for use in value.uses:
        op = use.operation
        if op.name in STORES and use.index == STORES[op.name]:
            continue
        if op.results and isa(op.results[0].type, MemRefType) and not is_read(op.results[0]):
            continue
        return True
    return False


__all__ = ["Kernel", "is_read", "kernels_of", "spell_kernel", "spell_module"]
