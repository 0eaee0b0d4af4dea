"""Rewrites of loops with known bounds: unroll, peel, and foralls on memrefs as other loops."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.builder import Builder
from xdsl.dialects import scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import AffineMapAttr, IndexType, IntegerAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.rewriter import InsertPoint

from rung.dialects.upstream.scf import ForallOp
from rung.schedules.engine.failures import Unfit


def bounds_of(op: Operation) -> tuple[int, int, int]:
    """Lower bound, upper bound and step of an scf.for. Raises Unfit: no scf.for, or a bound that is not constant."""
    if not isinstance(op, scf.ForOp):
        raise Unfit(f"payload is {op.name}, expected scf.for")
    found: list[int] = []
    for value in (op.lb, op.ub, op.step):
        owner = value.owner
        if not isinstance(owner, ConstantOp) or not isinstance(owner.value, IntegerAttr):
            raise Unfit("scf.for has a bound that is not constant, which is legal upstream, not supported here")
        found.append(owner.value.value.data)
    if found[2] <= 0:
        raise Unfit(f"step of scf.for is {found[2]}, expected it positive")
    return found[0], found[1], found[2]


def _constant(builder: Builder, value: int) -> SSAValue:
    result = builder.insert(ConstantOp.from_int_and_width(value, IndexType())).result
    result.name_hint = f"c{value}"
    return result


def _part(op: scf.ForOp, lower: int, upper: int, step: int, start: Sequence[SSAValue], body: Region) -> scf.ForOp:
    """A loop in front of `op` over a part of its iterations, carrying on from `start`."""
    builder = Builder(InsertPoint.before(op))
    new = scf.ForOp(_constant(builder, lower), _constant(builder, upper), _constant(builder, step), list(start), body)
    new.attributes.update(op.attributes)
    new.location = op.location
    for result, old in zip(new.results, op.results, strict=True):
        result.name_hint = old.name_hint
    return builder.insert(new)


def _finish(op: Operation, results: Sequence[SSAValue]) -> None:
    for old, new in zip(op.results, results, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


def unroll(op: Operation, factor: int) -> None:
    """Repeat the body `factor` times in an iteration; iterations that are left over get a loop behind it. Raises Unfit."""
    lower, upper, step = bounds_of(op)
    assert isinstance(op, scf.ForOp)
    trips = len(range(lower, upper, step))
    if factor > trips:
        raise Unfit(f"factor is {factor}, expected at most {trips}, the iterations of the loop")
    if factor == 1:
        return
    middle = lower + trips // factor * factor * step
    old = op.body.block
    body = Block(arg_types=list(old.arg_types))
    for new_arg, arg in zip(body.args, old.args, strict=True):
        new_arg.name_hint = arg.name_hint
    builder = Builder(InsertPoint.at_end(body))
    carried: list[SSAValue] = list(body.args[1:])
    for copy in range(factor):
        iv: SSAValue = body.args[0]
        if copy and old.args[0].uses:
            shift = AffineMapAttr(AffineMap(1, 0, (AffineDimExpr(0) + copy * step,)))
            iv = builder.insert(ApplyOp([iv], shift)).result
            iv.name_hint = old.args[0].name_hint
        values: dict[SSAValue, SSAValue] = dict(zip(old.args, (iv, *carried), strict=True))
        for inner in old.ops:
            if inner is old.last_op:
                carried = [values.get(value, value) for value in inner.operands]
            else:
                builder.insert(inner.clone(values))
    builder.insert(scf.YieldOp(*carried))
    results: Sequence[SSAValue] = _part(op, lower, middle, step * factor, op.iter_args, Region(body)).results
    if middle < upper:
        results = _part(op, middle, upper, step, results, op.body.clone()).results
    _finish(op, results)


def peel(op: Operation, front: bool) -> tuple[Operation, Operation | None]:
    """Split the last, partial iteration off, or in `front` the first one: the main loop, and the rest if there is one."""
    lower, upper, step = bounds_of(op)
    assert isinstance(op, scf.ForOp)
    split = lower + step if front else lower + (upper - lower) // step * step
    if not lower < split < upper:
        return op, None
    first = _part(op, lower, split, step, op.iter_args, op.body.clone())
    second = _part(op, split, upper, step, first.results, op.body.clone())
    _finish(op, second.results)
    return (second, first) if front else (first, second)


def _forall_on_memrefs(op: Operation) -> ForallOp:
    if not isinstance(op, ForallOp):
        raise Unfit(f"payload is {op.name}, expected scf.forall")
    if op.results:
        raise Unfit("scf.forall has tensors as results, expected a bufferized one")
    return op


def forall_to_for(op: Operation) -> list[Operation]:
    """Nested scf.for in the place of a forall on memrefs, outermost first. Raises Unfit."""
    forall = _forall_on_memrefs(op)
    builder = Builder(InsertPoint.before(forall))
    made: list[Operation] = []
    values: dict[SSAValue, SSAValue] = {}
    flat = [[_constant(builder, part) if isinstance(part, int) else part for part in bound] for bound in forall.mixed_bounds()]
    for (lower, upper, step), iv in zip(flat, forall.induction_variables, strict=True):
        body = Block(arg_types=[IndexType()])
        body.args[0].name_hint = iv.name_hint
        values[iv] = body.args[0]
        made.append(builder.insert(scf.ForOp(lower, upper, step, [], Region(body))))
        end = scf.YieldOp()
        body.add_op(end)
        builder = Builder(InsertPoint.before(end))
    _copy_body(forall, builder, values)
    _finish(forall, [])
    return made


def forall_to_parallel(op: Operation) -> Operation:
    """An scf.parallel in the place of a forall on memrefs. Raises Unfit."""
    forall = _forall_on_memrefs(op)
    builder = Builder(InsertPoint.before(forall))
    flat = [[_constant(builder, part) if isinstance(part, int) else part for part in bound] for bound in forall.mixed_bounds()]
    lower, upper, step = ([bound[number] for bound in flat] for number in range(3))
    body = Block(arg_types=[IndexType()] * forall.rank)
    end = scf.ReduceOp()
    body.add_op(end)
    values: dict[SSAValue, SSAValue] = {}
    for arg, iv in zip(body.args, forall.induction_variables, strict=True):
        arg.name_hint, values[iv] = iv.name_hint, arg
    _copy_body(forall, Builder(InsertPoint.before(end)), values)
    made = builder.insert(scf.ParallelOp(lower, upper, step, Region(body)))
    _finish(forall, [])
    return made


def _copy_body(forall: ForallOp, builder: Builder, values: dict[SSAValue, SSAValue]) -> None:
    for inner in forall.body.block.ops:
        if inner is not forall.terminator:
            builder.insert(inner.clone(values))
