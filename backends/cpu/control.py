"""Constants, loops, branches, index expressions and the ids of blocks and threads."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import cast

from xdsl.dialects import arith, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FloatAttr, IntegerAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr, AffineSymExpr

from .emitter import Emitter, literal, splat_constant
from .types import part_of, rows_of


def _constant(e: Emitter, op: Operation) -> None:
    assert isinstance(op, arith.ConstantOp)
    type_, value = part_of(op.result.type), op.value
    if isinstance(value, DenseIntOrFPElementsAttr):
        numbers = [literal(number, type_.code) for number in cast("list[int | float]", list(value.get_values()))]
        if len(set(numbers)) == 1:
            e.bind(op.result, [splat_constant(numbers[0], type_)])
            return
        width = type_.lanes
        e.bind(op.result, [e.vector(numbers[n * width : (n + 1) * width], type_) for n in range(rows_of(op.result.type))])
        return
    assert isinstance(value, IntegerAttr | FloatAttr)
    e.bind(op.result, [literal(value.value.data, type_.code)])


def _apply(e: Emitter, op: Operation) -> None:
    assert isinstance(op, ApplyOp)
    map_, operands = op.map.data, [e.scalar(value) for value in op.mapOperands]
    dims, symbols = operands[: map_.num_dims], operands[map_.num_dims :]
    e.bind(op.result, [_expression(e, map_.results[0], dims, symbols)])


def _expression(e: Emitter, expr: AffineExpr, dims: list[str], symbols: list[str]) -> str:
    match expr:
        case AffineConstantExpr():
            return str(expr.value)
        case AffineDimExpr():
            return dims[expr.position]
        case AffineSymExpr():
            return symbols[expr.position]
        case AffineBinaryOpExpr():
            lhs, rhs = (_expression(e, side, dims, symbols) for side in (expr.lhs, expr.rhs))
            return _binary(e, expr.kind, lhs, rhs)
        case _:
            raise TypeError(f"no affine expression: {expr}")


def _binary(e: Emitter, kind: AffineBinaryOpKind, lhs: str, rhs: str) -> str:
    """Sums and products; floordiv, ceildiv and mod by a positive constant round as their names say, whatever the sign."""
    if kind is AffineBinaryOpKind.Add:
        return e.add(lhs, rhs)
    if kind is AffineBinaryOpKind.Mul:
        if rhs[0] == "%":
            lhs, rhs = rhs, lhs
        return e.mul(lhs, int(rhs)) if rhs[0] != "%" else e.set(f"mul nsw i64 {lhs}, {rhs}", "i")
    by = int(rhs)
    if lhs[0] != "%":
        number = int(lhs)
        return str(
            {AffineBinaryOpKind.FloorDiv: number // by, AffineBinaryOpKind.CeilDiv: -(-number // by)}.get(kind, number % by)
        )
    if by & (by - 1) == 0:
        if kind is AffineBinaryOpKind.Mod:
            return e.set(f"and i64 {lhs}, {by - 1}", "i")
        if kind is AffineBinaryOpKind.CeilDiv:
            lhs = e.add(lhs, str(by - 1))
        return e.set(f"ashr i64 {lhs}, {by.bit_length() - 1}", "i")
    if kind is AffineBinaryOpKind.CeilDiv:
        lhs = e.add(lhs, str(by - 1))
    rest = e.set(f"srem i64 {lhs}, {by}")
    negative = e.set(f"icmp slt i64 {rest}, 0")
    if kind is AffineBinaryOpKind.Mod:
        return e.set(f"select i1 {negative}, i64 {e.set(f'add nsw i64 {rest}, {by}')}, i64 {rest}", "i")
    quotient = e.set(f"sdiv i64 {lhs}, {by}")
    return e.set(f"add nsw i64 {quotient}, {e.set(f'sext i1 {negative} to i64')}", "i")


def _for(e: Emitter, op: Operation) -> None:
    """Tested at the top, as written: LLVM rotates it where that pays."""
    assert isinstance(op, scf.ForOp)
    block = op.body.block
    lower, upper, step = (e.scalar(value) for value in (op.lb, op.ub, op.step))
    before, head, body, after = e.block, e.fresh("loop"), e.fresh("body"), e.fresh("done")
    index, word = f"%{e.fresh(e.hint(block.args[0]))}", part_of(block.args[0].type)
    starts = [e.rows(value) for value in op.iter_args]
    carried = [[f"%{e.fresh(e.hint(argument))}" for _ in rows] for argument, rows in zip(block.args[1:], starts)]
    e.do(f"br label %{head}")
    e.open(head)
    place = len(e.lines)
    go_on = e.set(f"icmp slt {word} {index}, {upper}")
    e.do(f"br i1 {go_on}, label %{body}, label %{after}")
    e.open(body)
    e.bind(block.args[0], [index])
    e.multiples[index] = gcd(e.multiple(lower), e.multiple(step))
    for argument, names in zip(block.args[1:], carried):
        e.bind(argument, names)
    yielded = emit_block(e, block)
    following = e.set(f"add nsw {word} {index}, {step}", "next")
    latch = e.block
    e.do(f"br label %{head}")
    phis = [f"  {index} = phi {word} [ {lower}, %{before} ], [ {following}, %{latch} ]"]
    for argument, names, rows, value in zip(block.args[1:], carried, starts, yielded):
        type_ = part_of(argument.type)
        phis += [
            f"  {name} = phi {type_} [ {start}, %{before} ], [ {end}, %{latch} ]"
            for name, start, end in zip(names, rows, e.rows(value))
        ]
    e.lines[place:place] = phis
    e.open(after)
    for result, names in zip(op.results, carried):
        e.bind(result, names)


def _if(e: Emitter, op: Operation) -> None:
    assert isinstance(op, scf.IfOp)
    condition, then, done = e.scalar(op.cond), e.fresh("then"), e.fresh("endif")
    has_else = bool(op.false_region.blocks)
    other = e.fresh("else") if has_else else done
    e.do(f"br i1 {condition}, label %{then}, label %{other}")
    sides: list[tuple[str, list[list[str]]]] = []
    for label, region in ((then, op.true_region), (other, op.false_region))[: 1 + has_else]:
        e.open(label)
        yielded = emit_block(e, region.block)
        sides.append((e.block, [e.rows(value) for value in yielded]))
        e.do(f"br label %{done}")
    e.open(done)
    for number, result in enumerate(op.results):
        type_, rows = part_of(result.type), zip(*(values[number] for _, values in sides))
        e.bind(
            result,
            [
                e.set(f"phi {type_} " + ", ".join(f"[ {x}, %{label} ]" for x, (label, _) in zip(row, sides)), e.hint(result))
                for row in rows
            ],
        )


def emit_block(e: Emitter, block: Block) -> tuple[SSAValue, ...]:
    """The ops of a block; what it yields."""
    from .ops import emit_op  # these two modules are one recursion

    for op in block.ops:
        emit_op(e, op)
    last = block.last_op
    return tuple(last.operands) if last is not None and last.name == "scf.yield" else ()


def _id(e: Emitter, op: Operation) -> None:
    axis = getattr(op, "dimension").data.value  # noqa: B009
    kind = op.name.removeprefix("gpu.")
    if kind == "global_id":
        first = e.mul(e.ids["block_id", axis], e.extents["block_dim", axis])
        e.bind(op.results[0], [e.add(first, e.ids["thread_id", axis])])
    else:
        found = e.ids.get((kind, axis))
        e.bind(op.results[0], [found if found is not None else str(e.extents[kind, axis])])


def _nothing(e: Emitter, op: Operation) -> None:
    """Terminators: whoever opened the block reads their operands."""


CONTROL: dict[str, Callable[[Emitter, Operation], None]] = {
    "arith.constant": _constant,
    "affine.apply": _apply,
    "scf.for": _for,
    "scf.if": _if,
    "scf.yield": _nothing,
    **{f"gpu.{name}": _id for name in ("block_id", "thread_id", "block_dim", "grid_dim", "global_id")},
    "gpu.return": _nothing,
}
"""op name -> rule"""
