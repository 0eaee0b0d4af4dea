"""Rebuild the ops of a loop nest with vectors in place of the scalars that differ between lanes.

A value that no vector dim reaches stays the scalar it was and is broadcast where a vector needs it; any other becomes a vector of
the full shape of the nest. Indices stay scalars: they say where lane 0 is, and the permutation map of the access says the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, BoolAttr, VectorType
from xdsl.dialects.vector import BroadcastOp, TransferReadOp, TransferWriteOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from rung.dialects.upstream.vector import TransposeOp
from rung.lowering.constant_pool import INDEX, ConstantPool, static_index
from rung.lowering.vector_nest import Form, Study


class Widener:
    """Emits widened copies of what was studied. `lanes` has the vector dims by candidate bit, the outermost first.

    What is emitted collects in `ops`, ready to be inserted in front of the loop that it replaces.
    """

    def __init__(self, pool: ConstantPool, study: Study, lanes: dict[int, int]):
        self.pool = pool
        self.study = study
        self.lanes = lanes
        self.mask = sum(1 << bit for bit in lanes)
        self.shape = tuple(lanes.values())
        self.ops: list[Operation] = []
        self.steps: dict[Operation, int] = {}
        """Loops inside the nest that advance by lanes instead of 1 (a reduction that is vectorized)."""
        self._scopes: list[list[Operation]] = [self.ops]
        self._depths: dict[SSAValue, int] = {}
        self._scalars: dict[SSAValue, SSAValue] = {}
        self._vectors: dict[SSAValue, SSAValue] = {}
        self._broadcasts: dict[SSAValue, SSAValue] = {}
        self._types: dict[Attribute, VectorType[Attribute]] = {}
        self._in_bounds: ArrayAttr[BoolAttr] = ArrayAttr([BoolAttr.from_bool(True)] * len(self.shape))

    def type(self, element: Attribute) -> VectorType[Attribute]:
        found = self._types.get(element)
        if found is None:
            found = self._types[element] = VectorType(element, self.shape)
        return found

    def scalar(self, value: SSAValue) -> SSAValue:
        return self._scalars.get(value, value)

    def vector(self, value: SSAValue) -> SSAValue:
        """The value in all lanes."""
        found = self._vectors.get(value)
        return self.broadcast(self.scalar(value)) if found is None else found

    def broadcast(self, value: SSAValue) -> SSAValue:
        """A scalar in every lane, spread where the scalar itself becomes known and not where it is used, inside of more loops."""
        found = self._broadcasts.get(value)
        if found is None:
            found = self.pool.splat(value, self.type(value.type))
            if found is None:
                op = BroadcastOp(value, self.type(value.type))
                op.vector.name_hint = value.name_hint
                self._scopes[self._depths.get(value, 0)].append(op)
                found = op.vector
            self._broadcasts[value] = found
        return found

    def emit(self, op: Operation) -> None:
        self._scopes[-1].append(op)
        depth = len(self._scopes) - 1
        for result in op.results:
            self._depths[result] = depth

    def loop(self, iv: SSAValue, lower: int, upper: int, step: int, body: Callable[[], None]) -> None:
        """`body` once for each step from lower to upper, without a loop where that is once."""
        if upper - lower <= step:
            self._scalars[iv] = self.pool.index(lower)
            body()
            return
        block = Block(arg_types=[INDEX])
        block.args[0].name_hint = iv.name_hint
        self._scalars[iv] = block.args[0]
        self._fill(block, lambda: (body(), self.emit(scf.YieldOp())))
        self.emit(scf.ForOp(self.pool.index(lower), self.pool.index(upper), self.pool.index(step), [], Region(block)))

    def block(self, block: Block) -> None:
        """All ops of `block` but its terminator."""
        for op in block.ops:
            if not isinstance(op, scf.YieldOp | scf.ReduceOp):
                self._op(op)

    def carried(
        self,
        op: scf.ForOp,
        inits: Sequence[SSAValue],
        bounds: tuple[SSAValue, SSAValue, SSAValue],
    ) -> None:
        """A copy of `op` with these (scalar or vector) accumulators, or just its body if that runs once."""
        yielded = op.body.block.last_op
        assert isinstance(yielded, scf.YieldOp)
        low, high, step = (static_index(bound) for bound in bounds)
        if low is not None and high is not None and step is not None and 0 < high - low <= step:
            for old, new in zip(op.body.block.args, (bounds[0], *inits)):
                self._bind(old, new)
            self.block(op.body.block)
            for result, value, init in zip(op.results, yielded.arguments, inits):
                self._bind(result, self._like(value, init))
            return
        block = Block(arg_types=[INDEX, *(init.type for init in inits)])
        for old, new in zip(op.body.block.args, block.args):
            new.name_hint = old.name_hint
            self._bind(old, new)

        def body() -> None:
            self.block(op.body.block)
            self.emit(scf.YieldOp(*(self._like(value, init) for value, init in zip(yielded.arguments, inits))))

        self._fill(block, body)
        loop = scf.ForOp(*bounds, inits, Region(block))
        self.emit(loop)
        for old, new in zip(op.results, loop.results):
            new.name_hint = old.name_hint
            self._bind(old, new)

    def _like(self, value: SSAValue, other: SSAValue) -> SSAValue:
        return self.vector(value) if isinstance(other.type, VectorType) else self.scalar(value)

    def _bind(self, old: SSAValue, new: SSAValue) -> None:
        if isinstance(new.type, VectorType):
            self._vectors[old] = new
        else:
            self._scalars[old] = new

    def _fill(self, block: Block, body: Callable[[], object]) -> None:
        depth = len(self._scopes)
        for argument in block.args:
            self._depths[argument] = depth
        scope: list[Operation] = []
        self._scopes.append(scope)
        body()
        self._scopes.pop()
        block.add_ops(scope)

    def _varies(self, value: SSAValue) -> bool:
        return bool(self.study.mask([value]) & self.mask)

    def _op(self, op: Operation) -> None:
        match op:
            case ApplyOp():
                self._scalars[op.result] = self._apply(op)
            case memref.LoadOp():
                self._load(op)
            case memref.StoreOp():
                self._store(op)
            case scf.ForOp():
                self._for(op)
            case scf.ParallelOp():
                self._parallel(op)
            case scf.IfOp():
                self._if(op)
            case arith.IndexCastOp() if self._varies(op.input):
                self._number(op, self.study.numbers[op])
            case _:
                self._elementwise(op)

    def _apply(self, op: ApplyOp) -> SSAValue:
        operands = [self.scalar(operand) for operand in op.mapOperands]
        return self.pool.apply(op.map, operands, op.result.name_hint, self.emit)

    def _elementwise(self, op: Operation) -> None:
        varies = any(self._varies(operand) for operand in op.operands)
        # an op on indices that survived the study has its use for lane 0 only
        widen = varies and not any(result.type == INDEX for result in op.results)
        operand = self.vector if widen else self.scalar
        new = type(op).create(
            operands=[operand(value) for value in op.operands],
            result_types=[self.type(result.type) if widen else result.type for result in op.results],
            properties=op.properties,
            attributes=op.attributes,
        )
        self.emit(new)
        for old, result in zip(op.results, new.results):
            result.name_hint = old.name_hint
            self._bind(old, result)

    def _permutation(self, op: Operation) -> tuple[list[AffineExpr], int]:
        """For each vector dim the memref dim that it runs along, or 0; and the rank of the memref."""
        access = self.study.accesses[op]
        results: list[AffineExpr] = []
        for bit in self.lanes:
            place = next((k for k, form in enumerate(access.indices) if form.coefficients[bit]), None)
            results.append(AffineConstantExpr(0) if place is None else AffineDimExpr(place))
        return results, len(access.indices)

    def _load(self, op: memref.LoadOp) -> None:
        if not self._varies(op.res):
            self._elementwise(op)
            return
        results, rank = self._permutation(op)
        element = op.res.type
        # Where another dim than the innermost is contiguous in memory, whole rows are read along it and then turned.
        turned = _turned(results, rank) if self.study.accesses[op].unit_stride else None
        type_, in_bounds = self.type(element), self._in_bounds
        if turned is not None:
            type_ = VectorType(element, [self.shape[dim] for dim in turned])
            results = [results[dim] for dim in turned]
        read = TransferReadOp(
            self.scalar(op.memref),
            [self.scalar(index) for index in op.indices],
            self.pool.scalar(0, element),
            type_,
            in_bounds,
            AffineMapAttr(AffineMap(rank, 0, tuple(results))),
        )
        read.result.name_hint = op.res.name_hint
        self.emit(read)
        self._vectors[op.res] = read.result
        if turned is not None:
            back = TransposeOp(read.result, [turned.index(dim) for dim in range(len(turned))])
            back.result.name_hint = op.res.name_hint
            self.emit(back)
            self._vectors[op.res] = back.result

    def _store(self, op: memref.StoreOp) -> None:
        results, rank = self._permutation(op)
        self.emit(
            TransferWriteOp(
                self.vector(op.value),
                self.scalar(op.memref),
                [self.scalar(index) for index in op.indices],
                self._in_bounds,
                permutation_map=AffineMapAttr(AffineMap(rank, 0, tuple(results))),
            )
        )

    def _for(self, op: scf.ForOp) -> None:
        inits = [
            self.vector(init) if self._varies(argument) else self.scalar(init)
            for argument, init in zip(op.body.block.args[1:], op.iter_args)
        ]
        step = self.pool.index(self.steps[op]) if op in self.steps else self.scalar(op.step)
        self.carried(op, inits, (self.scalar(op.lb), self.scalar(op.ub), step))

    def _parallel(self, op: scf.ParallelOp) -> None:
        def nest(dim: int) -> None:
            if dim == len(op.body.block.args):
                self.block(op.body.block)
                return
            block = Block(arg_types=[INDEX])
            block.args[0].name_hint = op.body.block.args[dim].name_hint
            self._scalars[op.body.block.args[dim]] = block.args[0]
            self._fill(block, lambda: (nest(dim + 1), self.emit(scf.YieldOp())))
            bounds = (self.scalar(op.lowerBound[dim]), self.scalar(op.upperBound[dim]), self.scalar(op.step[dim]))
            self.emit(scf.ForOp(*bounds, [], Region(block)))

        nest(0)

    def _if(self, op: scf.IfOp) -> None:
        wide = [self._varies(result) for result in op.results]
        regions: list[Region] = []
        for region in op.regions:
            if not region.blocks:
                regions.append(Region())
                continue
            old, block = region.block, Block()
            yielded = old.last_op
            assert isinstance(yielded, scf.YieldOp)

            def body(old: Block = old, yielded: scf.YieldOp = yielded) -> None:
                self.block(old)
                values = zip(yielded.arguments, wide)
                self.emit(scf.YieldOp(*(self.vector(value) if w else self.scalar(value) for value, w in values)))

            self._fill(block, body)
            regions.append(Region(block))
        types = [self.type(result.type) if w else result.type for result, w in zip(op.results, wide)]
        new = scf.IfOp(self.scalar(op.cond), types, regions[0], regions[1])
        self.emit(new)
        for old_result, result in zip(op.results, new.results):
            result.name_hint = old_result.name_hint
            self._bind(old_result, result)

    def _number(self, op: arith.IndexCastOp, form: Form) -> None:
        """The loop index as data: its value in lane 0, plus what it is more in each of the other lanes.

        Added up in the integer type: wrapping there is the same as wrapping the sum.
        """
        type_, hint = self.type(op.result.type), op.result.name_hint
        strides = [form.coefficients[bit] for bit in self.lanes]
        lanes = product(*(range(count) for count in self.shape))
        offsets = [sum(at * stride for at, stride in zip(lane, strides, strict=True)) for lane in lanes]
        first = self.scalar(op.input)
        if (known := static_index(first)) is not None:
            self._vectors[op.result] = self.pool.integers([known + offset for offset in offsets], type_, hint)
            return
        cast = arith.IndexCastOp(first, op.result.type)
        cast.result.name_hint = hint
        self.emit(cast)
        total = arith.AddiOp(self.broadcast(cast.result), self.pool.integers(offsets, type_, "lane"))
        total.result.name_hint = hint
        self.emit(total)
        self._vectors[op.result] = total.result


def _turned(along: Sequence[AffineExpr], rank: int) -> list[int] | None:
    """The order of vector dims in which the last runs along the last index of memory, if that is not their own order."""
    if isinstance(along[-1], AffineConstantExpr):
        return None
    last = next((dim for dim, place in enumerate(along) if place == AffineDimExpr(rank - 1)), len(along) - 1)
    return None if last == len(along) - 1 else [*(dim for dim in range(len(along)) if dim != last), last]
