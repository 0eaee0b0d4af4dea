"""Indices of memory accesses as expressions over SSA values: composed, simplified, and printed as one `affine.apply` each.

An index is put as far out as its operands allow, and once: two accesses at the same place share the value.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import AffineMapAttr, FloatAttr, IndexType, IntegerAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSymExpr,
)

from rung.dialects.upstream.scf import ForallOp
from rung.lowering.index_expr import Index, Space, constant, to_affine

UNKNOWN_EXTENT = 1 << 62
"""Of a value that is no loop index: so large that no division of it is ever simplified."""

index = IndexType()


class Constants:
    """The scalar constants at the head of a function, each once."""

    def __init__(self, func: FuncOp):
        self.block = func.body.block
        self.known: dict[Attribute, SSAValue] = {}
        self.last: Operation | None = None
        for op in self.block.ops:
            if not isinstance(op, arith.ConstantOp):
                break
            self.known.setdefault(op.value, op.result)
            self.last = op

    def get(self, value: IntegerAttr | FloatAttr, hint: str | None = None) -> SSAValue:
        found = self.known.get(value)
        if found is None:
            op = arith.ConstantOp(value)
            op.result.name_hint = hint
            self._add(op)
            found = self.known[value] = op.result
        return found

    def index(self, value: int) -> SSAValue:
        return self.get(IntegerAttr(value, index), f"c{value}" if value >= 0 else f"minus{-value}")

    def adopt(self, op: arith.ConstantOp) -> None:
        """Move `op` to the head, or let its users use the equal constant that is there."""
        found = self.known.get(op.value)
        op.detach()
        if found is None:
            self._add(op)
            self.known[op.value] = op.result
        else:
            op.result.replace_all_uses_with(found)
            op.erase()

    def _add(self, op: Operation) -> None:
        if self.last is not None:
            self.block.insert_op_after(op, self.last)
        elif self.block.first_op is not None:
            self.block.insert_op_before(op, self.block.first_op)
        else:
            self.block.add_op(op)
        self.last = op


Place = tuple[Block, Operation | None]
"""A point of a block: in front of the op, or at the end."""


class Indices:
    """The index expressions met in one function."""

    def __init__(self, constants: Constants):
        self.constants = constants
        self.space = Space(())
        self.values: list[SSAValue] = []
        self.known: dict[SSAValue, Index] = {}
        self.placed: dict[tuple[Index, Block], SSAValue] = {}

    def of(self, value: SSAValue) -> Index:
        """`value` as an expression. An affine.apply dissolves into its operands; what is opaque stands for itself."""
        found = self.known.get(value)
        if found is None:
            owner = value.owner
            if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr):
                found = constant(owner.value.value.data)
            elif isinstance(owner, ApplyOp):
                found = self.compose(owner.map.data, [self.of(v) for v in owner.mapOperands])
            else:
                found = self.atom(value, _extent(value))
            self.known[value] = found
        return found

    def atom(self, value: SSAValue, extent: int) -> Index:
        """A loop index, or another value, that stands for itself; `0 <= value < extent`."""
        self.values.append(value)
        self.space = Space((*self.space.extents, extent))
        found = self.known[value] = self.space.dim(len(self.values) - 1)
        return found

    def compose(self, map_: AffineMap, operands: Sequence[Index]) -> Index:
        """The only result of `map_` at `operands`."""
        return self.at(map_.results[0], operands, map_.num_dims)

    def at(self, expr: AffineExpr, operands: Sequence[Index], num_dims: int) -> Index:
        """`expr` with its dims, then its symbols, replaced by `operands`."""
        match expr:
            case AffineDimExpr(position=position):
                return operands[position]
            case AffineSymExpr(position=position):
                return operands[num_dims + position]
            case AffineConstantExpr(value=value):
                return constant(value)
            case AffineBinaryOpExpr(kind=kind, lhs=lhs, rhs=rhs):
                left, right = self.at(lhs, operands, num_dims), self.at(rhs, operands, num_dims)
                if kind is AffineBinaryOpKind.Add:
                    return self.space.add(left, right)
                if kind is AffineBinaryOpKind.Mul and not right.is_constant():
                    left, right = right, left
                if not right.is_constant():
                    raise ValueError(f"{expr} is not affine")
                by = right.constant
                match kind:
                    case AffineBinaryOpKind.Mul:
                        return self.space.mul(left, by)
                    case AffineBinaryOpKind.FloorDiv:
                        return self.space.floordiv(left, by)
                    case AffineBinaryOpKind.Mod:
                        return self.space.mod(left, by)
                    case _:  # ceildiv
                        return self.space.floordiv(self.space.add(left, constant(by - 1)), by)
            case _:
                raise ValueError(f"{expr} is not affine")

    def place(self, wanted: Index, stack: Sequence[Place], hint: str | None = None) -> SSAValue:
        """A value for `wanted`, usable at the innermost place of `stack` (outermost first), put as far out as may be."""
        if wanted.is_constant():
            return self.constants.index(wanted.constant)
        position = wanted.as_dim()
        if position is not None:
            return self.values[position]
        dims = sorted(wanted.dims())
        operands = [self.values[d] for d in dims]
        depth_of: dict[Block | None, int] = {block: depth for depth, (block, _) in enumerate(stack)}
        depth = max(depth_of.get(home, 0) for home in map(_home, operands))
        block, before = stack[depth]
        found = self.placed.get((wanted, block))
        if found is None:
            renamed: list[AffineExpr] = [AffineConstantExpr(0)] * len(self.values)
            for new, dim in enumerate(dims):
                renamed[dim] = AffineDimExpr(new)
            expr = to_affine(wanted).replace_dims_and_symbols(renamed, ())
            op = ApplyOp(operands, AffineMapAttr(AffineMap(len(dims), 0, (expr,))))
            if before is None:
                block.add_op(op)
            else:
                block.insert_op_before(op, before)
            found = op.result
            innermost = operands[max(range(len(operands)), key=lambda i: self.values.index(operands[i]))]
            found.name_hint = hint or (f"at_{innermost.name_hint}" if innermost.name_hint else None)
            self.placed[(wanted, block)] = found
            self.known[found] = wanted
        return found


def _home(value: SSAValue) -> Block | None:
    """The block in which `value` is defined."""
    owner = value.owner
    return owner if isinstance(owner, Block) else owner.parent


def _extent(value: SSAValue) -> int:
    """An upper bound of a loop's induction variable that begins at 0 or later; else UNKNOWN_EXTENT."""
    if not isinstance(value, BlockArgument):
        return UNKNOWN_EXTENT
    loop = value.block.parent_op()
    if isinstance(loop, ForallOp) and value.index < loop.rank:
        upper, lower = loop.mixed_bounds()[value.index][1], loop.mixed_bounds()[value.index][0]
    elif isinstance(loop, scf.ForOp) and value.index == 0:
        upper, lower = _constant(loop.ub), _constant(loop.lb)
    elif isinstance(loop, scf.ParallelOp):
        upper, lower = _constant(loop.upperBound[value.index]), _constant(loop.lowerBound[value.index])
    else:
        return UNKNOWN_EXTENT
    return upper if isinstance(upper, int) and isinstance(lower, int) and lower >= 0 and upper > 1 else UNKNOWN_EXTENT


def _constant(value: SSAValue) -> int | None:
    owner = value.owner
    return owner.value.value.data if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, IntegerAttr) else None
