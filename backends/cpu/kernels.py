"""From a module on the gpu rung to one LLVM module: a function for each kernel's block, one that runs a range of its blocks, and
one for the host that launches them in order.

    @scale(ptr %x, ptr %out, i64 %block_id_x)          what one block does
    @scale.blocks(ptr %args, i64 %first, i64 %last)    blocks first .. last - 1, in row-major order, x fastest
    @step0(ptr %memory)                                one launch: its arguments, and rung_parallel over all blocks
    @rung_main(ptr %memory)                            all launches in order
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import DenseArrayBase, IntegerType, MemRefType, ModuleOp
from xdsl.ir import Attribute
from xdsl.utils.hints import isa

from rung.dialects.upstream import gpu

from ..c.elements import bytes_of, code_of
from ..c.kernels import is_read, kernels_of
from ..c.memory import STORES, root
from ..launch_plan import Copy, Launch, LaunchPlan, Slot
from .control import emit_block
from .emitter import Emitter
from .memory import ALIGNMENT_BYTES, view_of

PARALLEL = "rung_parallel"
"""`void rung_parallel(ptr blocks, ptr args, i64 count)` of the pool: calls `blocks` for ranges that cover 0 .. count - 1."""

AXES = "xyz"

STREAMED_BYTES = 32 << 20
"""A result of so many bytes has left the caches before anyone reads it: its lines are written without being fetched first."""


def spell_module(module: ModuleOp, plan: LaunchPlan | None, vector_bits: int) -> str:
    """The text. Without a plan there is no host function. Raises BackendError naming op and kernel where there is no rule."""
    needs: dict[str, str] = {}
    launches = {launch.kernel: launch for launch in plan.launches} if plan is not None else {}
    texts = [_kernel(func, needs, launches.get(func.sym_name.data)) for func in kernels_of(module)]
    if plan is not None:
        texts += _host(plan)
        needs[PARALLEL] = f"declare void @{PARALLEL}(ptr, ptr, i64)"
    width = f'"prefer-vector-width"="{vector_bits}" "min-legal-vector-width"="{vector_bits}"'
    tail = [f"attributes #0 = {{ nounwind {width} }}", '!0 = !{!"branch_weights", i32 1, i32 100000}', "!1 = !{i32 1}"]
    return "\n\n".join([*texts, *filter(None, needs.values()), "\n".join(tail)]) + "\n"


def _kernel(func: gpu.FuncOp, needs: dict[str, str], launch: Launch | None) -> str:
    name = func.sym_name.data
    e = Emitter(name, needs)
    grid = _known(func.known_grid_size) or (launch.grid if launch is not None else None)
    block = _known(func.known_block_size) or (launch.block if launch is not None else None)
    if grid is None or block is None:
        raise e.error(func, "whose grid and block sizes are not known")
    ids = [*_ids(e, "block_id", "grid_dim", grid), *_ids(e, "thread_id", "block_dim", block)]
    arguments = func.body.block.args
    count = len(func.function_type.inputs)
    e.expect(len(arguments) == count, func, "with workgroup or private memory of its own")
    written = {root(op.operands[STORES[op.name]]) for op in func.walk() if op.name in STORES}
    streamed = {value for value in written if _bytes(value.type) >= STREAMED_BYTES and not is_read(value)}
    parameters: list[str] = []
    for number, argument in enumerate(arguments):
        e.expect(isa(argument.type, MemRefType), func, f"with a parameter of type {argument.type}")
        pointer = f"%{e.fresh(argument.name_hint or f'arg{number}')}"
        alignment = ALIGNMENT_BYTES if argument in written else 1
        e.views[argument] = view_of(e, pointer, argument.type, func, alignment, streamed=argument in streamed)
        parameters.append(f"ptr noalias {'' if argument in written else 'readonly '}{pointer}")
    emit_block(e, func.body.block)
    parameters += [f"i64 {one}" for one in ids]
    head = f"define internal void @{name}({', '.join(parameters)}) #0 {{"
    body = "\n".join([head, "entry:", *e.entry, *e.lines, "  ret void", "}"])
    return f"{body}\n\n{_blocks(name, count, grid, block)}"


def _bytes(type_: Attribute) -> int:
    assert isa(type_, MemRefType)
    return prod(type_.get_shape()) * bytes_of(code_of(type_))


def _known(sizes: DenseArrayBase[IntegerType] | None) -> Sequence[int] | None:
    return sizes.get_values() if sizes is not None else None


def _ids(e: Emitter, kind: str, dim: str, extents: Sequence[int]) -> list[str]:
    """Names of those ids that are not known to be 0: parameters of the kernel."""
    found: list[str] = []
    for axis, extent in zip(AXES, extents):
        e.extents[dim, axis] = extent
        e.ids[kind, axis] = "0"
        if extent > 1:
            e.ids[kind, axis] = f"%{e.fresh(f'{kind}_{axis}')}"
            found.append(e.ids[kind, axis])
    return found


def _blocks(name: str, count: int, grid: Sequence[int], block: Sequence[int]) -> str:
    """The loop over a range of blocks, and over the threads of each, which are independent where there is no barrier."""
    lines = [f"define internal void @{name}.blocks(ptr %args, i64 %first, i64 %last) #0 {{", "entry:"]
    for number in range(count):
        lines.append(f"  %at{number} = getelementptr ptr, ptr %args, i64 {number}")
        lines.append(f"  %arg{number} = load ptr, ptr %at{number}")
    lines += ["  br label %loop", "loop:"]
    threads = prod(block)
    lines.append("  %number = phi i64 [ %first, %entry ], [ %next, %" + ("loop ]" if threads == 1 else "threads ]"))
    ids = _split(lines, "%number", "block_id", grid)
    if threads > 1:
        lines += ["  br label %threads", "threads:", "  %thread = phi i64 [ 0, %loop ], [ %next_thread, %threads ]"]
        ids += _split(lines, "%thread", "thread_id", block)
    args = ", ".join([*(f"ptr %arg{number}" for number in range(count)), *(f"i64 {one}" for one in ids)])
    lines.append(f"  call void @{name}({args})")
    if threads > 1:
        lines += ["  %next_thread = add nuw nsw i64 %thread, 1", f"  %more = icmp slt i64 %next_thread, {threads}"]
        lines += ["  br i1 %more, label %threads, label %ended", "ended:"]
    lines += ["  %next = add nuw nsw i64 %number, 1", "  %again = icmp slt i64 %next, %last"]
    lines += ["  br i1 %again, label %loop, label %done", "done:", "  ret void", "}"]
    text = "\n".join(lines)
    return text.replace("[ %next, %threads ]", "[ %next, %ended ]")


def _split(lines: list[str], number: str, kind: str, extents: Sequence[int]) -> list[str]:
    """The ids of a number in row-major order, x fastest; those of extent 1 are left out."""
    found: list[str] = []
    wide = [axis for axis, extent in zip(AXES, extents) if extent > 1]
    for axis, extent in zip(AXES, extents):
        if axis not in wide:
            continue
        if axis == wide[-1]:
            found.append(number)
            break
        lines.append(f"  %{kind}_{axis} = urem i64 {number}, {extent}")
        lines.append(f"  %after_{kind}_{axis} = udiv i64 {number}, {extent}")
        found.append(f"%{kind}_{axis}")
        number = f"%after_{kind}_{axis}"
    return found


def _host(plan: LaunchPlan) -> list[str]:
    """`@main(ptr memory)`: memory holds the program's parameters and then the arena; `@step0` .. are its steps, to be timed."""
    steps = [_step(number, step, len(plan.params)) for number, step in enumerate(plan.steps)]
    calls = "\n".join(f"  call void @step{number}(ptr %memory)" for number in range(len(steps)))
    return [*steps, f"define void @rung_main(ptr %memory) {{\n{calls}{chr(10) if calls else ''}  ret void\n}}"]


def _step(number: int, step: Launch | Copy, arena: int) -> str:
    lines = [f"define void @step{number}(ptr %memory) {{"]
    if isinstance(step, Launch):
        lines.append(f"  %args = alloca [{max(1, len(step.args))} x ptr]")
        for position, slot in enumerate(step.args):
            pointer = _pointer(lines, f"a{position}", slot, arena)
            lines.append(f"  %to{position} = getelementptr ptr, ptr %args, i64 {position}")
            lines.append(f"  store ptr {pointer}, ptr %to{position}")
        lines.append(f"  call void @{PARALLEL}(ptr @{step.kernel}.blocks, ptr %args, i64 {prod(step.grid)})")
    else:
        source, target = _pointer(lines, "source", step.source, arena), _pointer(lines, "target", step.target, arena)
        lines.append(f"  call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {step.target.nbytes}, i1 false)")
    return "\n".join([*lines, "  ret void", "}"])


def _pointer(lines: list[str], name: str, slot: Slot, arena: int) -> str:
    position = slot.at if slot.kind == "param" else arena
    lines.append(f"  %{name}.at = getelementptr ptr, ptr %memory, i64 {position}")
    lines.append(f"  %{name} = load ptr, ptr %{name}.at")
    if slot.kind == "param":
        return f"%{name}"
    lines.append(f"  %{name}.piece = getelementptr i8, ptr %{name}, i64 {slot.at}")
    return f"%{name}.piece"
