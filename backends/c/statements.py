"""Control flow, ids and barriers: loops stay `for`, a guard that only chooses a value becomes `?:`."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import TYPE_CHECKING, cast

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FloatAttr, IndexType, IntegerAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from .comparisons import choose
from .elements import STORAGE_FLOATS, is_mask, unsigned
from .expression import Expr, conditional, index_atom, variable
from .indexing import linear_of
from .lanes import assemble
from .parts import Grid, Parts

if TYPE_CHECKING:
    from .printer import KernelPrinter

WRAPPING = ("arith.addi", "arith.subi", "arith.muli")
"""Ops whose result is computed unsigned: a loop variable that carries one is declared so."""


def _constant(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, arith.ConstantOp)
    type_, value = op.result.type, op.value
    code, grid = p.code(type_), p.grid(type_)
    if isinstance(value, DenseIntOrFPElementsAttr):
        numbers = cast("list[int | float]", list(value.get_values()))
        if len(set(map(str, numbers))) == 1:
            expr = p.literal(_bits(code, numbers[0]), code)
            exprs = (expr,) * grid.count
        else:
            literals = [p.literal(_bits(code, number), code) for number in numbers]
            p.values[op.result] = Parts(grid, assemble(p, type_, lambda position: literals[_row_major(type_, position)]))
            return
    else:
        assert isinstance(value, IntegerAttr | FloatAttr)
        exprs = (p.literal(_bits(code, value.value.data), code),)
    p.values[op.result] = Parts(grid, exprs)


def _row_major(type_: Attribute, position: tuple[int, ...]) -> int:
    number = 0
    for extent, at in zip(getattr(type_, "get_shape")(), position):  # noqa: B009
        number = number * extent + at
    return number


def _bits(code: str, number: float) -> int | float:
    """A float that C stores as bits, as those bits."""
    if code not in STORAGE_FLOATS:
        return number
    import ml_dtypes
    import numpy as np

    return int(np.array(number, np.float16 if code == "f16" else ml_dtypes.bfloat16).view(np.uint16))


def _for(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, scf.ForOp)
    p.flush(p.written_in(op) or frozenset())
    block = op.body.block
    lower, upper, step = (p.atom(p.get(v).scalar, "n") for v in (op.lb, op.ub, op.step))
    carried = [_carry(p, op, number) for number in range(len(op.iter_args))]
    induction, *arguments = block.args
    p.names.open()
    name = p.names.fresh(p.hint(induction))
    iv, type_ = _induction(p, induction, name, lower, upper, step)
    increment = f"{name}++" if step.value == 1 else f"{name} += {step.text}"
    with p.block(f"for ({type_} {name} = {lower.text}; {name} < {upper.text}; {increment}) {{"):
        p.values[induction] = Parts(Grid.of(None, 1), (iv,))
        for argument, parts in zip(arguments, carried):
            p.values[argument] = parts
        p.body(block)
        results = [p.get(v) for v in _yielded(block)]
        _assign_all(p, [pair for old, new in zip(carried, results) for pair in zip(old.exprs, new.exprs)])
    p.names.close()
    for result, parts in zip(op.results, carried):
        p.values[result] = _settled(p, parts)


def _settled(p: KernelPrinter, parts: Parts) -> Parts:
    """Loop-carried variables after their loop, when nothing assigns them any more."""
    return Parts(parts.grid, tuple(_variable(p, e.text, e.code, e.lanes, mutable=False) for e in parts.exprs))


def _variable(p: KernelPrinter, name: str, code: str, lanes: int, *, mutable: bool) -> Expr:
    return p.index_variable(name, mutable=mutable) if code == "index" else variable(name, code, lanes, mutable=mutable)


def _induction(p: KernelPrinter, iv: SSAValue, name: str, lower: Expr, upper: Expr, step: Expr) -> tuple[Expr, str]:
    """The loop's own variable, with its range, and its C type."""
    if not isinstance(iv.type, IndexType):
        code = p.code(iv.type)
        return variable(name, code), p.type(code)
    low, high = linear_of(lower).range[0], linear_of(upper).range[1] - 1
    stride = linear_of(step)
    if p.index_bits == 32 and max(abs(low), high + stride.range[1] + 1) >= 2**31:
        p.need_wide_index()
    found = index_atom(variable(name, "index"), low, max(low, high), gcd(linear_of(lower).multiple, stride.multiple))
    return found, p.type("index")


def _carry(p: KernelPrinter, op: scf.ForOp, number: int) -> Parts:
    """Declare the variables of one iteration argument, with their first values."""
    argument, start = op.body.block.args[number + 1], p.get(op.iter_args[number])
    return _declare(p, argument, _yielded(op.body.block)[number], start, p.hint(argument) if argument.name_hint else "acc")


def _declare(p: KernelPrinter, value: SSAValue, source: SSAValue, start: Parts | None, hint: str) -> Parts:
    """Variables for `value`, which `source` is going to be assigned to, one for each part."""
    grid, code = p.grid(value.type), p.code(value.type)
    owner = source.owner
    if isinstance(owner, Operation) and owner.name in WRAPPING and code not in ("i8", "i16"):
        code = unsigned(code)
    exprs: list[Expr] = []
    firsts: list[str] = []
    distinct = Parts(grid, tuple(Expr(str(i), code) for i in range(grid.count))).distinct()
    suffixes = tuple(suffix for suffix, _ in distinct)
    name = p.names.fresh(hint, suffixes)
    for number, ((_, _, width), suffix) in enumerate(zip(grid.cells(), suffixes)):
        kind = code if code != "i1" or width == 1 else "m32"
        first = ""
        if start is not None:
            expr = start.exprs[number if len(start.exprs) > 1 else 0]
            if is_mask(expr.code):
                kind = expr.code
            expr = p.as_mask(expr, kind, width) if is_mask(kind) else p.coerce(expr, kind)
            first = expr.text
        exprs.append(_variable(p, name + suffix, kind, width, mutable=True))
        firsts.append(first)
    p.declarations(zip(exprs, firsts))
    return Parts(grid, tuple(exprs))


def _yielded(block: Block) -> tuple[SSAValue, ...]:
    last = block.last_op
    return tuple(last.operands) if last is not None and last.name == "scf.yield" else ()


def _assign_all(p: KernelPrinter, pairs: list[tuple[Expr, Expr]]) -> None:
    """Assign all at once: no variable before the others that still need its old value."""
    waiting: list[tuple[Expr, Expr]] = [(target, value) for target, value in pairs if target.text != value.text]
    while waiting:
        for number, (target, _) in enumerate(waiting):
            if not any(target.text in other.mutable for i, (_, other) in enumerate(waiting) if i != number):
                _assign(p, *waiting.pop(number))
                break
        else:
            # each waits for another: one old value has to be kept aside
            target, _ = waiting[0]
            kept = p.declare(Parts(Grid.of(None, 1), (target,)), f"old_{target.text}").scalar
            waiting = [(t, _replaced(p, value, target, kept)) for t, value in waiting]


def _replaced(p: KernelPrinter, value: Expr, old: Expr, new: Expr) -> Expr:
    """The value with `old` read from `new`. An expression around it gets its own variable first."""
    if old.text not in value.mutable:
        return value
    return new if value.text == old.text else p.declare(Parts(Grid.of(None, 1), (value,)), "t").scalar


def _assign(p: KernelPrinter, target: Expr, value: Expr) -> None:
    value = p.as_mask(value, target.code, target.lanes) if is_mask(target.code) else p.coerce(value, target.code)
    sides = value.operands
    if value.operator in ("+", "-", "*", "/") and sides[0].text == target.text:
        p.assign(target.text, value.operator, sides[1].text)
    elif value.operator in ("+", "*") and sides[1].text == target.text:
        p.assign(target.text, value.operator, sides[0].text)
    else:
        p.assign(target.text, "", value.text)


def _if(p: KernelPrinter, op: Operation) -> None:
    assert isinstance(op, scf.IfOp)
    if len(op.results) == 1 and (chosen := _as_conditional(p, op)) is not None:
        p.bind(op.results[0], Parts(Grid.of(None, 1), (chosen,)))
        return
    p.flush(p.written_in(op) or frozenset())
    condition = p.get(op.cond).scalar
    results = [
        _declare(p, result, source, None, p.hint(result)) for result, source in zip(op.results, _yielded(op.true_region.block))
    ]
    has_else = bool(op.false_region.blocks) and (bool(results) or len(op.false_region.block.ops) > 1)
    with p.block(f"if ({condition.text}) {{", "} else {" if has_else else "}"):
        _branch(p, op.true_region, results)
    if has_else:
        p.lines.pop()
        with p.block("} else {"):
            _branch(p, op.false_region, results)
    for result, parts in zip(op.results, results):
        p.values[result] = _settled(p, parts)


def _branch(p: KernelPrinter, region: Region, results: list[Parts]) -> None:
    p.body(region.block)
    for parts, source in zip(results, _yielded(region.block)):
        value = p.get(source)
        for number, target in enumerate(parts.exprs):
            _assign(p, target, value.exprs[number if len(value.exprs) > 1 else 0])


def _as_conditional(p: KernelPrinter, op: scf.IfOp) -> Expr | None:
    """`cond ? a : b` for an if that yields one scalar and does nothing else. C evaluates only the side taken, as scf.if does."""
    if p.grid(op.results[0].type).count > 1 or not op.false_region.blocks or p.written_in(op):
        return None
    lines, pending, helpers = len(p.lines), dict(p.pending), dict(p.helpers)
    p.names.open()
    sides: list[Expr] = []
    for region in (op.true_region, op.false_region):
        p.body(region.block)
        sides.append(p.get(_yielded(region.block)[0]).scalar)
    p.names.close()
    if len(p.lines) > lines or sum(len(side.text) for side in sides) > 120:
        del p.lines[lines:]
        p.pending, p.helpers = pending, helpers
        return None
    condition = p.get(op.cond).scalar
    on_true, on_false = sides
    if on_true.code == "index":
        (a, b), (c, d) = linear_of(on_true).range, linear_of(on_false).range
        return index_atom(conditional(condition, on_true, on_false, "index"), min(a, c), max(b, d))
    return choose(p, condition, on_true, on_false)


# gpu


def _id(p: KernelPrinter, op: Operation) -> None:
    (result,) = op.results
    if result.first_use is None:
        return
    dimension = getattr(op, "dimension").data.value  # noqa: B009
    kind = op.name.removeprefix("gpu.")
    extents = {"block_id": p.grid_size, "thread_id": p.block_size, "block_dim": p.block_size, "grid_dim": p.grid_size}
    extent = extents[kind][dimension] if kind != "global_id" else None
    if kind == "global_id" and p.grid_size[dimension] is not None and p.block_size[dimension] is not None:
        extent = (p.grid_size[dimension] or 0) * (p.block_size[dimension] or 0)
    if kind.endswith("_dim") and extent is not None:
        p.values[result] = Parts(Grid.of(None, 1), (p.literal(extent, "index"),))
        return
    if extent == 1:
        p.values[result] = Parts(Grid.of(None, 1), (p.literal(0, "index"),))
        return
    if extent is None:
        p.need_wide_index()
        extent = 2**31
    name = p.names.fresh(p.hint(result))
    p.line(f"{p.type('index')} {name} = {p.language.ids[op.name][dimension]};")
    low = 1 if kind.endswith("_dim") else 0
    p.values[result] = Parts(Grid.of(None, 1), (index_atom(variable(name, "index"), low, extent - 1 + low),))


def _barrier(p: KernelPrinter, op: Operation) -> None:
    p.flush(None)
    p.line((p.language.barrier_global if p.read_and_written else p.language.barrier) + ";")


def _nothing(p: KernelPrinter, op: Operation) -> None:
    """The terminators: whoever opened the block reads their operands."""


STATEMENTS: dict[str, Callable[[KernelPrinter, Operation], None]] = {
    "arith.constant": _constant,
    "scf.for": _for,
    "scf.if": _if,
    "scf.yield": _nothing,
    "gpu.block_id": _id,
    "gpu.thread_id": _id,
    "gpu.block_dim": _id,
    "gpu.grid_dim": _id,
    "gpu.global_id": _id,
    "gpu.barrier": _barrier,
    "gpu.return": _nothing,
}
"""op name -> statement rule"""
