"""Turn one function on tensors into one on memrefs: results become out parameters, each op writes where its init is.

Destination-passing style decides nearly everything: a result lives where its init lives, and the chain of inits of what is
returned begins at an empty tensor, for which the out parameter stands. A copy is made only where an init is read again later, or
belongs to the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, linalg, memref, tensor
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    MemRefType,
    TensorType,
    i64,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.utils import get_dynamic_index_list
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.utils.hints import isa

from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.tensor import ParallelInsertSliceOp
from rung.schedules.nests import fail, shape_of

View = tensor.ExtractSliceOp | tensor.CollapseShapeOp | tensor.ExpandShapeOp
"""Ops whose result is a part of, or another look at, their source: no memory of their own."""


def bufferize(func: FuncOp) -> None:
    """Rewrite `func`, a declaration too, to memrefs: `(inputs.., outs..)`, no results, attribute `outs = n : i64`.

    Functions that it calls are taken to have been, or to be, rewritten alike. A function without tensors is left alone.
    Errors: a result that is no tensor; a dynamic shape; an op on tensors without a rule; a constant tensor of several values.
    """
    kind = func.function_type
    if not any(_is_tensor(t) for t in (*kind.inputs, *kind.outputs)):
        return
    for position, type_ in enumerate(kind.outputs):
        if not _is_tensor(type_):
            raise fail(func, f"result {position} is {type_}, expected a ranked tensor")
    outs = [memref_of(t) for t in kind.outputs]
    if not func.is_declaration:
        if len(func.body.blocks) != 1:
            raise fail(func, f"has {len(func.body.blocks)} blocks, expected 1")
        _Function(func, outs).run()
    inputs = [memref_of(t) if _is_tensor(t) else t for t in kind.inputs]
    func.properties["function_type"] = FunctionType.from_lists([*inputs, *outs], [])
    if func.arg_attrs is not None:
        extra = func.res_attrs or [DictionaryAttr({})] * len(outs)
        func.properties["arg_attrs"] = ArrayAttr([*func.arg_attrs, *extra])
    func.properties.pop("res_attrs", None)
    func.attributes["outs"] = IntegerAttr(len(outs), i64)


def memref_of(type_: Attribute) -> MemRefType[Attribute]:
    assert isa(type_, TensorType[Attribute])
    return MemRefType(type_.element_type, type_.get_shape())


def _is_tensor(type_: Attribute) -> bool:
    return isinstance(type_, TensorType)


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
        self.old_args = [arg for arg in self.block.args if _is_tensor(arg.type)]
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
            if isinstance(op, tensor.ExpandShapeOp) and len(list(op.src.uses)) == 1:
                self.wanted[value] = out
                value, out = op.src, self._collapsed(op, out)
                continue
            if not isinstance(op, Operation) or not isinstance(op, CallOp | ForallOp | linalg.ops.GenericOp | linalg.ops.FillOp):
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
        _insert(collapse, first)
        collapse.result.name_hint = out.name_hint
        return collapse.result

    def _buffer(self, value: SSAValue, user: Operation) -> SSAValue:
        """The memref of a tensor that `user` reads; an empty tensor gets its memory here, once someone looks at it."""
        if value not in self.buffers:
            if not isinstance(value.owner, tensor.EmptyOp):
                raise fail(user, f"operand %{value.name_hint or '?'} has no buffer")
            self.buffers[value] = self._allocate(value, user)
        return self.buffers[value]

    def _allocate(self, value: SSAValue, before: Operation) -> SSAValue:
        """New memory in front of `before`: of the iteration inside a forall, else of the function."""
        type_ = memref_of(value.type)
        inside = isinstance(before.parent_op(), ForallOp)
        build = memref.AllocaOp.build if inside else memref.AllocOp.build
        op = build(operands=[[], []], result_types=[type_], properties={"alignment": None})
        _insert(op, before)
        op.results[0].name_hint = value.name_hint
        return op.results[0]

    def _target(self, op: Operation, result: SSAValue, init: SSAValue, reads: bool) -> SSAValue:
        """Where `op` writes `result`; `reads`: it also reads what the init held."""
        want = self.wanted.get(result)
        if isinstance(init.owner, tensor.EmptyOp) and init not in self.buffers:
            return want if want is not None else self._allocate(result, op)
        held = self._buffer(init, op)
        if (want is None or want is held) and init not in self.callers and self._last_use(init, op):
            return held
        target = want if want is not None else self._allocate(result, op)
        if reads:
            self._copy(held, target, op)
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
            if other is not op and op.is_before_in_block(other):
                return False
        return True

    def _copy(self, source: SSAValue, target: SSAValue, before: Operation) -> None:
        """A copy: within a kernel as a structured op, which becomes loops like any other."""
        if not isinstance(before.parent_op(), ForallOp):
            _insert(memref.CopyOp(source, target), before)
            return
        rank, element = len(shape_of(source)), target.type
        assert isa(element, MemRefType[Attribute])
        body = Block(arg_types=[element.element_type] * 2)
        body.add_op(linalg.ops.YieldOp(body.args[0]))
        identity = AffineMapAttr(AffineMap.identity(rank))
        kinds = [IteratorTypeAttr.parallel()] * rank
        _insert(linalg.ops.GenericOp([source], [target], Region(body), [identity, identity], kinds), before)

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
            case CallOp():
                self._call(op)
            case tensor.ExtractSliceOp() | tensor.CollapseShapeOp() | tensor.ExpandShapeOp():
                self._view(op)
            case arith.ConstantOp() if _is_tensor(op.result.type):
                self._constant(op)
            case tensor.ExtractOp():
                self._extract(op)
            case _:
                if any(_is_tensor(v.type) for v in (*op.operands, *op.results)):
                    raise fail(op, "linalg-bufferize has no rule for this op on tensors")
                self._extracts(op)

    def _generic(self, op: linalg.ops.GenericOp) -> None:
        scalars = op.body.block.args[len(op.inputs) :]
        targets = [
            self._target(op, result, init, reads=bool(scalar.uses))
            for result, init, scalar in zip(op.results, op.outputs, scalars)
        ]
        inputs = [self._buffer(v, op) if _is_tensor(v.type) else v for v in op.inputs]
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
        for insert in list(op.terminator.region.block.ops):
            assert isinstance(insert, ParallelInsertSliceOp)
            self._insert_slice(insert, op)
        bounds = list(zip(*op.mixed_bounds()))
        outs = list(op.region_out_args)
        body = op.detach_region(op.body)
        for arg in reversed(outs):
            body.block.erase_arg(arg, safe_erase=False)
        lower, upper, step = (list(b) for b in bounds) if bounds else ([], [], [])
        new = ForallOp(lower, upper, step, [], body, op.mapping)
        new.attributes.update(op.attributes)
        self._replace(op, new, targets)

    def _insert_slice(self, op: ParallelInsertSliceOp, forall: ForallOp) -> None:
        """What an iteration leaves is in its slice already, if it was computed there; else it is copied there."""
        source, target = self._buffer(op.source, op), self.buffers[op.dest]
        terminator = forall.terminator
        whole = shape_of(op.dest) == tuple(op.static_sizes.get_values())
        in_place = source is target and whole
        if isinstance(source.owner, memref.SubviewOp) and source.owner.source is target:
            view = source.owner
            in_place = _same_window(view, op)
        if not in_place:
            offsets, sizes, strides = op.mixed_offsets(), op.mixed_sizes(), op.mixed_strides()
            destination = target if whole else self._subview(target, offsets, sizes, strides, terminator)
            self._copy(source, destination, terminator)
        op.detach()
        op.erase()

    def _subview(
        self,
        source: SSAValue,
        offsets: Sequence[SSAValue | int],
        sizes: Sequence[SSAValue | int],
        strides: Sequence[SSAValue | int],
        before: Operation,
    ) -> SSAValue:
        type_ = source.type
        assert isa(type_, MemRefType[Attribute])
        result = memref.SubviewOp.infer_result_type(type_, offsets, sizes, strides)
        op = memref.SubviewOp.get(source, offsets, sizes, strides, result)
        _insert(op, before)
        return op.result

    def _view(self, op: View) -> None:
        source = op.source if isinstance(op, tensor.ExtractSliceOp) else op.src
        held = self._buffer(source, op)
        match op:
            case tensor.ExtractSliceOp():
                if len(shape_of(source)) != len(shape_of(op.result)):
                    raise fail(op, "drops unit extents of its source, which linalg-bufferize has no rule for")
                offsets = get_dynamic_index_list(op.static_offsets.get_values(), op.offsets, DYNAMIC_INDEX)
                sizes = get_dynamic_index_list(op.static_sizes.get_values(), op.sizes, DYNAMIC_INDEX)
                strides = get_dynamic_index_list(op.static_strides.get_values(), op.strides, DYNAMIC_INDEX)
                view = self._subview(held, offsets, sizes, strides, op)
            case tensor.CollapseShapeOp():
                new = memref.CollapseShapeOp.build(
                    operands=[held], result_types=[memref_of(op.result.type)], properties={"reassociation": op.reassociation}
                )
                _insert(new, op)
                view = new.result
            case tensor.ExpandShapeOp() if op.result in self.wanted and held is self.wanted.get(op.src):
                view = self.wanted[op.result]
            case tensor.ExpandShapeOp():
                shape = DenseArrayBase.from_list(i64, shape_of(op.result))
                new = memref.ExpandShapeOp.build(
                    operands=[held, []],
                    result_types=[memref_of(op.result.type)],
                    properties={"reassociation": op.reassociation, "static_output_shape": shape},
                )
                _insert(new, op)
                view = new.result
        if op.result not in self.wanted:
            view.name_hint = op.result.name_hint
        self.buffers[op.result] = view
        if source in self.callers or not isinstance(op, tensor.ExtractSliceOp):
            self.callers.add(op.result)
        self.dead.append(op)

    def _call(self, op: CallOp) -> None:
        if not any(_is_tensor(v.type) for v in (*op.arguments, *op.res)):
            return
        targets: list[SSAValue] = []
        for result in op.res:
            if not _is_tensor(result.type):
                raise fail(op, f"result is {result.type}, expected a ranked tensor")
            want = self.wanted.get(result)
            targets.append(want if want is not None else self._allocate(result, op))
        inputs = [self._buffer(v, op) if _is_tensor(v.type) else v for v in op.arguments]
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
        _insert(scalar, op)
        target = self._allocate(op.result, op)
        _insert(linalg.ops.FillOp([scalar.result], [target], []), op)
        self.buffers[op.result] = target
        self.callers.add(op.result)
        self.dead.append(op)

    def _extract(self, op: tensor.ExtractOp) -> None:
        load = memref.LoadOp.get(self._buffer(op.tensor, op), list(op.indices))
        _insert(load, op)
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
                elif any(_is_tensor(v.type) for v in (*inner.operands, *inner.results)):
                    raise fail(inner, f"linalg-bufferize has no rule for this op on tensors inside {op.name}")

    def _replace(self, old: Operation, new: Operation, targets: Sequence[SSAValue]) -> None:
        new.location = old.location
        _insert(new, old)
        for result, target in zip(old.results, targets):
            self.buffers[result] = target
        self.dead.append(old)


def _insert(op: Operation, before: Operation) -> None:
    block = before.parent
    assert block is not None
    block.insert_op_before(op, before)


def _same_window(view: memref.SubviewOp, insert: ParallelInsertSliceOp) -> bool:
    return (
        view.static_offsets == insert.static_offsets
        and view.static_sizes == insert.static_sizes
        and view.static_strides == insert.static_strides
        and tuple(view.offsets) == tuple(insert.offsets)
        and tuple(view.sizes) == tuple(insert.sizes)
        and tuple(view.strides) == tuple(insert.strides)
    )
