"""Structure goes: a condition becomes one of its branches, a loop one iteration, jumps straight code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import affine, cf, memref, scf, tensor
from xdsl.dialects.builtin import DenseArrayBase, IndexType, ModuleOp, i64
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from rung.dialects.contract_rules import constant_of
from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.tensor import ParallelInsertSliceOp

from .edits import Declined, Edit, alive, constant_before, erase_dead, inline, remove_operand, replace_op


def _each(
    module: ModuleOp, kind: type[Operation] | tuple[type[Operation], ...], change: Callable[[Operation], None]
) -> list[Edit]:
    def edit_of(op: Operation) -> Edit:
        def edit() -> None:
            if not alive(op):
                raise Declined("gone already")
            change(op)

        return edit

    return [edit_of(op) for op in module.walk() if isinstance(op, kind)]


def then_branches(module: ModuleOp) -> Sequence[Edit]:
    """scf.if becomes what it does where the condition holds."""
    return _each(module, scf.IfOp, lambda op: _branch(op, op.regions[0]))


def else_branches(module: ModuleOp) -> Sequence[Edit]:
    """scf.if becomes what it does where the condition does not hold."""
    return _each(module, scf.IfOp, lambda op: _branch(op, op.regions[1]))


def _branch(op: Operation, region: Region) -> None:
    replace_op(op, inline(region.block, op, ()) if region.blocks else [])


def loops(module: ModuleOp) -> Sequence[Edit]:
    """A loop becomes its first iteration."""
    return _each(module, tuple(_FIRST_ITERATION), lambda op: _FIRST_ITERATION[type(op)](op))


def last_iterations(module: ModuleOp) -> Sequence[Edit]:
    """A loop whose bounds are constants becomes its last iteration: at the first, an index that is lost is not missed."""
    return _each(module, (scf.ForOp, scf.ParallelOp, ForallOp), _last_iteration)


def _last_iteration(op: Operation) -> None:
    ranges = [_static_range(op, axis) for axis in range(_rank(op))]
    if not all(len(each) > 1 for each in ranges):
        raise Declined("it has no iteration but one")
    block = op.regions[0].block
    for axis, each in enumerate(ranges):
        block.args[axis].replace_all_uses_with(constant_before(op, IndexType(), each[-1]))
    _FIRST_ITERATION[type(op)](op)


def _rank(op: Operation) -> int:
    return op.rank if isinstance(op, ForallOp) else len(op.lowerBound) if isinstance(op, scf.ParallelOp) else 1


def _static_range(op: Operation, axis: int) -> range:
    """The indices of a loop along an axis. Raises Declined where a bound is no constant."""
    if isinstance(op, ForallOp):
        found = [_numbers(op, name)[axis] for name in ("staticLowerBound", "staticUpperBound", "staticStep")]
    elif isinstance(op, scf.ParallelOp):
        found = [constant_of(values[axis]) for values in (op.lowerBound, op.upperBound, op.step)]
    else:
        found = [constant_of(value) for value in op.operands[:3]]
    if any(each is None or abs(each) > 1 << 40 for each in found):
        raise Declined("a bound is no constant")
    low, high, step = (each or 0 for each in found)
    return range(low, high, step)


def _for(op: Operation) -> None:
    assert isinstance(op, scf.ForOp)
    replace_op(op, inline(op.body.block, op, [op.lb, *op.iter_args]))


def _parallel(op: Operation) -> None:
    assert isinstance(op, scf.ParallelOp)
    if op.res:
        raise Declined("it reduces")
    replace_op(op, inline(op.body.block, op, list(op.lowerBound)))


def _affine_for(op: Operation) -> None:
    assert isinstance(op, affine.ForOp)
    lower = op.lowerBoundMap.data
    if lower.num_dims or lower.num_symbols or len(lower.results) != 1:
        raise Declined("its lower bound is no constant")
    start = constant_before(op, IndexType(), lower.eval([], [])[0])
    replace_op(op, inline(op.body.block, op, [start, *op.inits]))


def _forall(op: Operation) -> None:
    """The tiles that an iteration leaves in shared outs are inserted one after another."""
    assert isinstance(op, ForallOp)
    starts: dict[int, SSAValue] = {}
    lower: list[SSAValue] = []
    for start, _, _ in op.mixed_bounds():
        if isinstance(start, int):
            start = starts.get(start) or starts.setdefault(start, constant_before(op, IndexType(), start))
        lower.append(start)
    outs: list[SSAValue] = list(op.outputs)
    inserts = [each for each in op.terminator.region.block.ops if isinstance(each, ParallelInsertSliceOp)]
    places = [op.region_out_args.index(each.dest) for each in inserts]
    whole = tuple(range(len(outs)))
    for each, at in zip(inserts, places):
        offsets, sizes, strides = each.offsets, each.sizes, each.strides
        new = tensor.InsertSliceOp.build(
            operands=[each.source, op.region_out_args[at], offsets, sizes, strides],
            result_types=[outs[at].type],
            properties={
                "static_offsets": each.static_offsets,
                "static_sizes": each.static_sizes,
                "static_strides": each.static_strides,
            },
        )
        op.body.block.insert_op_before(new, op.terminator)
        each.detach()
        each.erase()
        outs[at] = new.result
    results = [outs[at] for at in whole]
    shared = list(op.region_out_args)
    inputs = list(op.outputs)
    inline(op.body.block, op, [*lower, *inputs])
    replace_op(op, [inputs[at] if value in shared else value for at, value in enumerate(results)])


_FIRST_ITERATION: dict[type[Operation], Callable[[Operation], None]] = {
    scf.ForOp: _for,
    scf.ParallelOp: _parallel,
    ForallOp: _forall,
    affine.ForOp: _affine_for,
}


def loop_axes(module: ModuleOp) -> Sequence[Edit]:
    """A loop over several axes has one less: along that axis it is at its first iteration."""

    def without(axis: int) -> Callable[[Operation], None]:
        def change(op: Operation) -> None:
            block = op.regions[0].block
            rank = _rank(op)
            if axis >= rank or rank < 2 or op.results:
                raise Declined("no such axis, or no other")
            lower = _lower_bound(op, axis)
            block.args[axis].replace_all_uses_with(lower)
            block.erase_arg(block.args[axis])
            if isinstance(op, ForallOp):
                for name in ("staticLowerBound", "staticUpperBound", "staticStep"):
                    kept = [int(each) for at, each in enumerate(_numbers(op, name)) if at != axis]
                    op.properties[name] = DenseArrayBase.from_list(i64, kept)
                op.properties.pop("mapping", None)
            else:
                for segment in (2, 1, 0):
                    remove_operand(op, segment * rank + axis)

        return change

    return [edit for axis in range(4) for edit in _each(module, (ForallOp, scf.ParallelOp), without(axis))]


def _lower_bound(op: Operation, axis: int) -> SSAValue:
    """The first index along an axis. Raises Declined for a forall whose bounds are values."""
    if isinstance(op, scf.ParallelOp):
        return op.lowerBound[axis]
    assert isinstance(op, ForallOp)
    if op.dynamic_lower_bound or op.dynamic_upper_bound or op.dynamic_step:
        raise Declined("its bounds are values")
    return constant_before(op, IndexType(), _numbers(op, "staticLowerBound")[axis])


def _numbers(op: Operation, name: str) -> Sequence[int]:
    found = op.properties[name]
    return [int(each) for each in found.get_values()] if isinstance(found, DenseArrayBase) else []


def jumps(module: ModuleOp) -> Sequence[Edit]:
    """A conditional jump always goes one way; blocks that are then not reached go."""

    def towards(first: bool) -> Callable[[Operation], None]:
        def change(op: Operation) -> None:
            assert isinstance(op, cf.ConditionalBranchOp)
            block, arguments = (op.then_block, op.then_arguments) if first else (op.else_block, op.else_arguments)
            region = op.parent_region()
            new, condition = cf.BranchOp(block, *arguments), op.cond
            Rewriter.insert_op(new, InsertPoint.before(op))
            op.detach()
            op.erase()
            erase_dead([condition])
            assert region is not None
            _drop_unreached(region)

        return change

    return [*_each(module, cf.ConditionalBranchOp, towards(True)), *_each(module, cf.ConditionalBranchOp, towards(False))]


def straight_jumps(module: ModuleOp) -> Sequence[Edit]:
    """A block that is reached from one place only joins the block that jumps to it."""

    def change(op: Operation) -> None:
        assert isinstance(op, cf.BranchOp)
        target, here, values = op.successor, op.parent, list(op.operands)
        region = op.parent_region()
        if here is None or region is None or target is here or sum(target in _ends(block) for block in region.blocks) != 1:
            raise Declined("it is reached from elsewhere too")
        for argument, value in zip(target.args, values, strict=True):
            argument.replace_all_uses_with(value)
        op.detach()
        op.erase()
        for inner in list(target.ops):
            inner.detach()
            here.add_op(inner)
        region.detach_block(target)

    return _each(module, cf.BranchOp, change)


def _ends(block: Block) -> Sequence[Block]:
    return block.last_op.successors if block.last_op is not None else ()


def _drop_unreached(region: Region) -> None:
    reached: set[Block] = set()
    todo = [region.blocks[0]]
    while todo:
        block = todo.pop()
        if block not in reached:
            reached.add(block)
            todo += _ends(block)
    gone = [block for block in region.blocks if block not in reached]
    for block in gone:
        for op in block.ops:
            op.drop_all_references()
    for block in gone:
        region.detach_block(block)


def buffers(module: ModuleOp) -> Sequence[Edit]:
    """A view of memory becomes memory of its own."""

    def change(op: Operation) -> None:
        result = op.results[0]
        if isinstance(op, memref.AllocOp | memref.AllocaOp):
            raise Declined("it is memory of its own")
        replace_op(op, [_alloca(op, result)])

    return _each(module, (memref.SubviewOp, memref.ViewOp, memref.CastOp, memref.CollapseShapeOp, memref.ExpandShapeOp), change)


def _alloca(op: Operation, result: SSAValue) -> SSAValue:
    from xdsl.dialects.builtin import MemRefType
    from xdsl.utils.hints import isa

    kind = result.type
    if not isa(kind, MemRefType) or op.parent is None or any(extent < 0 for extent in kind.get_shape()):
        raise Declined("no memory of static shape")
    new = memref.AllocaOp.get(kind.element_type, shape=list(kind.get_shape()), layout=kind.layout)
    op.parent.insert_op_before(new, op)
    return new.memref
