"""Turn one function on tensors into one on memrefs: results become out parameters, each op writes where its init is.

Destination-passing style decides nearly everything: a result lives where its init lives, and the chain of inits of what is
returned begins at an empty tensor, for which the out parameter stands. A copy is made only where an init is read again later, or
belongs to the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, linalg, memref, scf, tensor
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    MemRefType,
    i64,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.dialects.utils import get_dynamic_index_list
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue

from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.tensor import ParallelInsertSliceOp
from rung.schedules.carried_tensors import check_carried
from rung.schedules.memory_ops import View, allocate, copy, insert, is_tensor, memref_of, same_window, subview, view_of
from rung.schedules.nests import fail, shape_of

COMPUTED = (CallOp, ForallOp, linalg.ops.GenericOp, linalg.ops.FillOp)
"""Ops that write their results wherever they are told to."""


def bufferize(func: FuncOp) -> None:
    """Rewrite `func`, a declaration too, to memrefs: `(inputs.., outs..)`, no results, attribute `outs = n : i64`.

    Functions that it calls are taken to have been, or to be, rewritten alike. A function without tensors is left alone.
    Errors: a result that is no tensor; a dynamic shape; an op on tensors without a rule; a constant tensor of several values.
    """
    kind = func.function_type
    if not any(is_tensor(t) for t in (*kind.inputs, *kind.outputs)):
        return
    for position, type_ in enumerate(kind.outputs):
        if not is_tensor(type_):
            raise fail(func, f"result {position} is {type_}, expected a ranked tensor")
    outs = [memref_of(t) for t in kind.outputs]
    if not func.is_declaration:
        if len(func.body.blocks) != 1:
            raise fail(func, f"has {len(func.body.blocks)} blocks, expected 1")
        _Function(func, outs).run()
    inputs = [memref_of(t) if is_tensor(t) else t for t in kind.inputs]
    func.properties["function_type"] = FunctionType.from_lists([*inputs, *outs], [])
    if func.arg_attrs is not None:
        extra = func.res_attrs or [DictionaryAttr({})] * len(outs)
        func.properties["arg_attrs"] = ArrayAttr([*func.arg_attrs, *extra])
    func.properties.pop("res_attrs", None)
    func.attributes["outs"] = IntegerAttr(len(outs), i64)


class _Function:
    """The rewrite of one function body; `buffers` says which memref stands for a tensor."""

    def __init__(self, func: FuncOp, outs: Sequence[MemRefType[Attribute]]):
        self.func, self.block = func, func.body.block
        self.buffers: dict[SSAValue, SSAValue] = {}
        self.wanted: dict[SSAValue, SSAValue] = {}
        """Where a tensor is to be, because it is returned."""
        self.callers: set[SSAValue] = set()
        """Tensors that must not be written: arguments, constants, and views of them."""
        self.dead: list[Operation] = []
        self.old_args = [arg for arg in self.block.args if is_tensor(arg.type)]
        returned = self.block.last_op
        assert isinstance(returned, ReturnOp)
        for arg in self.old_args:
            shape_of(arg)
            new = self.block.insert_arg(memref_of(arg.type), arg.index)
            new.name_hint = arg.name_hint
            self.buffers[arg] = new
            self.callers.add(arg)
        self.outs: list[BlockArgument] = []
        for value, type_ in zip(returned.arguments, outs):
            out = self.block.insert_arg(type_, len(self.block.args))
            out.name_hint = "out" if value.name_hint is None or isinstance(value, BlockArgument) else value.name_hint
            self.outs.append(out)

    def run(self) -> None:
        returned = self.block.last_op
        assert isinstance(returned, ReturnOp)
        for value, out in zip(returned.arguments, self.outs):
            self._want(value, out)
        for op in list(self.block.ops):
            self._visit(op)
        for value, out in zip(returned.arguments, self.outs):
            if self.wanted.get(value) is not out and not isinstance(value.owner, tensor.EmptyOp):
                self.block.insert_op_before(memref.CopyOp(self._buffer(value, returned), out), returned)
        self.block.insert_op_before(ReturnOp(), returned)
        for op in (returned, *reversed(self.dead)):
            op.detach()
            op.erase(safe_erase=False)
        for arg in self.old_args:
            self.block.erase_arg(arg)

    def _want(self, value: SSAValue, out: SSAValue) -> None:
        """Let `value`, and what it is computed in, be in `out`; the first who asks wins."""
        while value not in self.wanted:
            op = value.owner
            if isinstance(op, tensor.ExpandShapeOp) and isinstance(op.src.owner, COMPUTED) and len(list(op.src.uses)) == 1:
                self.wanted[value] = out
                value, out = op.src, self._collapsed(op, out)
                continue
            if not isinstance(op, COMPUTED):
                return
            self.wanted[value] = out
            if isinstance(op, CallOp):
                return
            init = op.outputs[op.results.index(value)]
            if len(list(init.uses)) != 1:
                return
            value = init

    def _collapsed(self, op: tensor.ExpandShapeOp, out: SSAValue) -> SSAValue:
        """`out` as the source of `op` sees it, at the head of the function: computing there fills `out` itself."""
        collapse = memref.CollapseShapeOp.build(
            operands=[out], result_types=[memref_of(op.src.type)], properties={"reassociation": op.reassociation}
        )
        first = self.block.first_op
        assert first is not None
        insert(collapse, first)
        collapse.result.name_hint = out.name_hint
        return collapse.result

    def _buffer(self, value: SSAValue, user: Operation) -> SSAValue:
        """The memref of a tensor that `user` reads; an empty tensor gets its memory here, once someone looks at it."""
        if value not in self.buffers:
            if not isinstance(value.owner, tensor.EmptyOp):
                raise fail(user, f"operand %{value.name_hint or '?'} has no buffer")
            self.buffers[value] = allocate(value, user)
        return self.buffers[value]

    def _target(self, op: Operation, result: SSAValue, init: SSAValue, reads: bool) -> SSAValue:
        """Where `op` writes `result`; `reads`: it also reads what the init held."""
        want = self.wanted.get(result)
        if isinstance(init.owner, tensor.EmptyOp) and init not in self.buffers:
            return want if want is not None else allocate(result, op)
        held = self._buffer(init, op)
        if (want is None or want is held) and init not in self.callers and self._last_use(init, op):
            return held
        target = want if want is not None else allocate(result, op)
        if reads:
            copy(held, target, op)
        return target

    def _last_use(self, value: SSAValue, op: Operation) -> bool:
        """Is `value` needed by no one after `op`, and by `op` only once?"""
        for use in value.uses:
            other: Operation | None = use.operation
            if isinstance(other, ParallelInsertSliceOp) and other.dest is value:
                continue  # says where the iteration's result goes, reads nothing
            while other is not None and other.parent is not op.parent:
                other = other.parent_op()
            if other is None or (other is op and list(op.operands).count(value) > 1):
                return False
            if other is op and use.operation is not op:
                return False  # the body reads what the op was given while it writes
            if other is not op and op.is_before_in_block(other):
                return False
        return True

    def _visit(self, op: Operation) -> None:
        match op:
            case tensor.EmptyOp() | ReturnOp():
                if isinstance(op, tensor.EmptyOp):
                    self.dead.append(op)
                return
            case linalg.ops.FillOp() if op.results:
                if op.results[0].uses:
                    target = self._target(op, op.results[0], op.outputs[0], reads=False)
                    self._replace(op, linalg.ops.FillOp(list(op.inputs), [target], []), [target])
                else:
                    self.dead.append(op)
            case linalg.ops.GenericOp() if op.results:
                self._generic(op)
            case ForallOp() if op.results:
                self._forall(op)
            case scf.ForOp() if any(is_tensor(result.type) for result in op.results):
                self._for(op)
            case tensor.InsertSliceOp():
                self._insert(op)
            case CallOp():
                self._call(op)
            case tensor.ExtractSliceOp() | tensor.CollapseShapeOp() | tensor.ExpandShapeOp():
                self._view(op)
            case arith.ConstantOp() if is_tensor(op.result.type):
                self._constant(op)
            case tensor.ExtractOp():
                self._extract(op)
            case _:
                if any(is_tensor(v.type) for v in (*op.operands, *op.results)):
                    raise fail(op, "linalg-bufferize has no rule for this op on tensors")
                self._extracts(op)

    def _generic(self, op: linalg.ops.GenericOp) -> None:
        scalars = op.body.block.args[len(op.inputs) :]
        targets = [
            self._target(op, result, init, reads=bool(scalar.uses))
            for result, init, scalar in zip(op.results, op.outputs, scalars)
        ]
        inputs = [self._buffer(v, op) if is_tensor(v.type) else v for v in op.inputs]
        self._extracts(op)
        body = op.detach_region(op.body)
        new = linalg.ops.GenericOp(inputs, targets, body, op.indexing_maps, op.iterator_types, [], op.doc, op.library_call)
        new.attributes.update(op.attributes)
        self._replace(op, new, targets)

    def _forall(self, op: ForallOp) -> None:
        targets = [self._target(op, result, init, reads=True) for result, init in zip(op.results, op.outputs)]
        for arg, target in zip(op.region_out_args, targets):
            self.buffers[arg] = target
        for inner in list(op.body.block.ops):
            if inner is not op.terminator:
                self._visit(inner)
        for insertion in list(op.terminator.region.block.ops):
            assert isinstance(insertion, ParallelInsertSliceOp)
            self._insert_slice(insertion, op)
        bounds = list(zip(*op.mixed_bounds()))
        outs = list(op.region_out_args)
        body = op.detach_region(op.body)
        for arg in reversed(outs):
            body.block.erase_arg(arg, safe_erase=False)
        lower, upper, step = (list(b) for b in bounds) if bounds else ([], [], [])
        new = ForallOp(lower, upper, step, [], body, op.mapping)
        new.attributes.update(op.attributes)
        self._replace(op, new, targets)

    def _for(self, op: scf.ForOp) -> None:
        """A loop over tiles: what it carries stays in one buffer, in which each iteration computes."""
        if not all(is_tensor(result.type) for result in op.results):
            raise fail(op, "carries tensors beside other values, expected tensors only")
        check_carried(op)
        targets = [self._target(op, result, init, reads=True) for result, init in zip(op.results, op.iter_args)]
        block = op.body.block
        carried = list(block.args[1:])
        for arg, target in zip(carried, targets):
            self.buffers[arg] = target
        for inner in list(block.ops):
            if not isinstance(inner, scf.YieldOp):
                self._visit(inner)
        end = block.last_op
        assert end is not None
        for value, target in zip(end.operands, targets):
            source = self._buffer(value, end)
            if source is not target:
                copy(source, target, end)
        block.add_op(scf.YieldOp())
        end.detach()
        end.erase()
        body = op.detach_region(op.body)
        for arg in reversed(carried):
            body.block.erase_arg(arg, safe_erase=False)
        new = scf.ForOp(op.lb, op.ub, op.step, [], body)
        new.attributes.update(op.attributes)
        self._replace(op, new, targets)

    def _insert(self, op: tensor.InsertSliceOp) -> None:
        """A slice of a tensor that a loop carries, written back: it is there already if it was computed in place."""
        target = self._target(op, op.result, op.dest, reads=True)
        source = self._buffer(op.source, op)
        view = source.owner
        if not (isinstance(view, memref.SubviewOp) and view.source is target and same_window(view, op)):
            if len(shape_of(op.source)) != len(shape_of(op.dest)):
                raise fail(op, "drops unit extents of its destination, which linalg-bufferize has no rule for")
            offsets = get_dynamic_index_list(op.static_offsets.get_values(), op.offsets, DYNAMIC_INDEX)
            sizes = get_dynamic_index_list(op.static_sizes.get_values(), op.sizes, DYNAMIC_INDEX)
            strides = get_dynamic_index_list(op.static_strides.get_values(), op.strides, DYNAMIC_INDEX)
            copy(source, subview(target, offsets, sizes, strides, op), op)
        self.buffers[op.result] = target
        self.dead.append(op)

    def _insert_slice(self, op: ParallelInsertSliceOp, forall: ForallOp) -> None:
        """What an iteration leaves is in its slice already, if it was computed there; else it is copied there."""
        source, target = self._buffer(op.source, op), self.buffers[op.dest]
        terminator = forall.terminator
        whole = shape_of(op.dest) == tuple(op.static_sizes.get_values())
        in_place = source is target and whole
        if isinstance(source.owner, memref.SubviewOp) and source.owner.source is target:
            view = source.owner
            in_place = same_window(view, op)
        if not in_place:
            offsets, sizes, strides = op.mixed_offsets(), op.mixed_sizes(), op.mixed_strides()
            destination = target if whole else subview(target, offsets, sizes, strides, terminator)
            copy(source, destination, terminator)
        op.detach()
        op.erase()

    def _view(self, op: View) -> None:
        source = op.operands[0]
        self.buffers[op.result] = view_of(op, self._buffer(source, op))
        if source in self.callers or not isinstance(op, tensor.ExtractSliceOp):
            self.callers.add(op.result)
        self.dead.append(op)

    def _call(self, op: CallOp) -> None:
        if not any(is_tensor(v.type) for v in (*op.arguments, *op.res)):
            return
        targets: list[SSAValue] = []
        for result in op.res:
            if not is_tensor(result.type):
                raise fail(op, f"result is {result.type}, expected a ranked tensor")
            want = self.wanted.get(result)
            targets.append(want if want is not None else allocate(result, op))
        inputs = [self._buffer(v, op) if is_tensor(v.type) else v for v in op.arguments]
        new = CallOp(op.callee, [*inputs, *targets], [])
        new.attributes.update(op.attributes)
        self._replace(op, new, targets)

    def _constant(self, op: arith.ConstantOp) -> None:
        value = op.value
        if not isinstance(value, DenseIntOrFPElementsAttr) or not value.is_splat():
            raise fail(op, "a constant tensor of several values; pass it to the function as an argument")
        if not op.result.uses:
            self.dead.append(op)
            return
        scalar = arith.ConstantOp(next(value.iter_attrs()))
        insert(scalar, op)
        target = allocate(op.result, op)
        insert(linalg.ops.FillOp([scalar.result], [target], []), op)
        self.buffers[op.result] = target
        self.callers.add(op.result)
        self.dead.append(op)

    def _extract(self, op: tensor.ExtractOp) -> None:
        load = memref.LoadOp.get(self._buffer(op.tensor, op), list(op.indices))
        insert(load, op)
        load.res.name_hint = op.result.name_hint
        op.result.replace_all_uses_with(load.res)
        op.detach()
        op.erase()

    def _extracts(self, op: Operation) -> None:
        """Reads of whole tensors inside the regions of `op` become loads; anything else on tensors there has no rule."""
        for region in op.regions:
            for inner in list(region.walk()):
                if isinstance(inner, tensor.ExtractOp):
                    self._extract(inner)
                elif any(is_tensor(v.type) for v in (*inner.operands, *inner.results)):
                    raise fail(inner, f"linalg-bufferize has no rule for this op on tensors inside {op.name}")

    def _replace(self, old: Operation, new: Operation, targets: Sequence[SSAValue]) -> None:
        new.location = old.location
        insert(new, old)
        for result, target in zip(old.results, targets):
            self.buffers[result] = target
        self.dead.append(old)
