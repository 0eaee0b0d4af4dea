"""The body of one linalg.generic: the scalar computation of a stage, pulled from its value back to the kernel's arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.dialects import arith, linalg, scf, tensor
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import AffineMapAttr, IndexType, IntegerAttr
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from rung.dialects.nd import MOVEMENT, ConstOp, IotaOp
from rung.dialects.nd.base import element_of, shape_of

from .index_expr import Index, Space, to_affine
from .nd_access import Access, source_access
from .nd_scalar import Scalar, ScalarEmitter, scalar_attr, signless
from .nd_stages import Stage

Constant = Callable[[Scalar], SSAValue]
_index = IndexType()


class BodyBuilder:
    """Builds the block of a stage's generic op, and collects the operands it turns out to need.

    inputs    (tensor, indexing map) of each operand, in block argument order
    sources   what is in memory: kernel arguments and the results of earlier stages, as linalg-level tensors
    """

    def __init__(self, stage: Stage, sources: Mapping[SSAValue, SSAValue], spine: int, constant: Constant):
        self.stage, self.sources, self.spine, self.constant = stage, sources, spine, constant
        self.space: Space = stage.space
        self.block = Block()
        self.inputs: list[tuple[SSAValue, AffineMap]] = []
        self._args: dict[tuple[SSAValue, AffineMap], BlockArgument] = {}
        self._known: dict[tuple[object, ...], SSAValue] = {}
        self._loops: dict[int, SSAValue] = {}
        self._scope = self.block
        self._emitter = ScalarEmitter(self._insert, constant)

    def _insert(self, op: Operation) -> SSAValue:
        self._scope.add_op(op)
        return op.results[0]

    def element(self, value: SSAValue, index: tuple[Index, ...]) -> SSAValue:
        """The element of an nd value at `index`. Iterative: a program is as deep as its user likes."""
        work: list[tuple[SSAValue, tuple[Index, ...]]] = [(value, index)]
        while work:
            current, at = work[-1]
            key = (current, at)
            if key in self._known:
                work.pop()
                continue
            needs, finish = self._rule(current, at)
            missing = [need for need in needs if need not in self._known]
            if missing:
                work.extend(reversed(missing))
                continue
            result = finish([self._known[need] for need in needs])
            if result.name_hint is None and current.name_hint is not None:
                result.name_hint = current.name_hint
            self._known[key] = result
            work.pop()
        return self._known[(value, index)]

    def _rule(
        self, value: SSAValue, at: tuple[Index, ...]
    ) -> tuple[list[tuple[SSAValue, tuple[Index, ...]]], Callable[[list[SSAValue]], SSAValue]]:
        """What the element needs first, and how it is made of that."""
        if value in self.sources:
            return [], lambda _: self._read(value, at)
        op = value.owner
        assert isinstance(op, Operation), "a kernel's arguments are among its sources"
        match op:
            case ConstOp():
                return [], lambda _: self.constant(scalar_attr(op.value))
            case IotaOp():
                return [], lambda _: self._iota(op, at)
            case _ if isinstance(op, MOVEMENT):
                access = source_access(op, at, self.space)
                if access.never and access.otherwise is not None:
                    otherwise = access.otherwise
                    return [], lambda _: self.constant(scalar_attr(otherwise))
                if access.guards:
                    return [], lambda _: self._guarded(op, access)
                return [(op.operands[0], access.index)], lambda args: args[0]
            case _:
                if hasattr(op, "combiner"):  # a reduction over no axes
                    return [(op.operands[0], at)], lambda args: args[0]
                return [(operand, at) for operand in op.operands], lambda args: self._emitter.emit(op, args)

    def _read(self, value: SSAValue, at: tuple[Index, ...]) -> SSAValue:
        source = self.sources[value]
        if isinstance(value.owner, Operation):  # an earlier stage: one element for each point of the spine
            exprs: list[AffineExpr] = [AffineDimExpr(p) for p in range(self.spine)]
            return self._operand(source, AffineMap(len(self.stage.extents), 0, tuple(exprs)))
        if self._scope is self.block and all(self._mappable(i, d) for i, d in zip(at, shape_of(value))):
            return self._operand(source, AffineMap(len(self.stage.extents), 0, tuple(map(to_affine, at))))
        extract = tensor.ExtractOp(source, [self._index_value(i) for i in at], signless(element_of(value)))
        return self._insert(extract)

    def _mappable(self, i: Index, extent: int) -> bool:
        """May a linalg indexing map say `i` for an axis of this extent? A plain loop index must cover the axis exactly."""
        position = i.as_dim()
        return self.stage.extents[position] == extent if position is not None else i.is_window()

    def _operand(self, source: SSAValue, map_: AffineMap) -> BlockArgument:
        key = (source, map_)
        if key not in self._args:
            self.inputs.append(key)
            argument = self.block.insert_arg(element_of(source), len(self.block.args))
            argument.name_hint = source.name_hint
            self._args[key] = argument
        return self._args[key]

    def _index_value(self, i: Index) -> SSAValue:
        key = ("index", i)
        if key in self._known:
            return self._known[key]
        if i.is_constant():
            result = self.constant(IntegerAttr(i.constant, _index))
        elif (position := i.as_dim()) is not None:
            result = self._loop_index(position)
        else:
            dims = sorted(i.dims())
            operands = [self._index_value(self.space.dim(p)) for p in dims]
            renamed: list[AffineExpr] = [AffineConstantExpr(0)] * len(self.stage.extents)
            for new, p in enumerate(dims):
                renamed[p] = AffineDimExpr(new)
            expr = to_affine(i).replace_dims_and_symbols(renamed, [])
            result = self._insert(ApplyOp(operands, AffineMapAttr(AffineMap(len(dims), 0, (expr,)))))
        self._known[key] = result
        return result

    def _loop_index(self, position: int) -> SSAValue:
        """linalg.index must stand in the generic's own block, also when a guarded region asks for it."""
        if position not in self._loops:
            op = linalg.ops.IndexOp(position)
            self.block.add_op(op)
            op.result.name_hint = f"i{position}"
            self._loops[position] = op.result
        return self._loops[position]

    def _iota(self, op: IotaOp, at: tuple[Index, ...]) -> SSAValue:
        position = self._index_value(at[op.axis.value.data])
        return self._insert(arith.IndexCastOp(position, signless(element_of(op.res))))

    def _guarded(self, op: Operation, access: Access) -> SSAValue:
        """scf.if the guards hold: the source element, else the pad value."""
        holds: SSAValue | None = None
        for guard in access.guards:
            low, high = self.space.bounds(guard.index)
            i = self._index_value(guard.index)
            if low < 0:
                test = self._insert(arith.CmpiOp(i, self.constant(IntegerAttr(0, _index)), "sge"))
                holds = test if holds is None else self._insert(arith.AndIOp(holds, test))
            if high >= guard.extent:
                test = self._insert(arith.CmpiOp(i, self.constant(IntegerAttr(guard.extent, _index)), "slt"))
                holds = test if holds is None else self._insert(arith.AndIOp(holds, test))
        assert holds is not None and access.otherwise is not None
        holds.name_hint = "inside"
        outer, known = self._scope, self._known
        self._scope, self._known = Block(), dict(known)  # what is found inside does not exist outside
        inside_scope = self._scope
        inside = self.element(op.operands[0], access.index)
        inside_scope.add_op(scf.YieldOp(inside))
        self._scope, self._known = outer, known
        otherwise = Block([scf.YieldOp(self.constant(scalar_attr(access.otherwise)))])
        return self._insert(scf.IfOp(holds, [inside.type], [inside_scope], [otherwise]))
