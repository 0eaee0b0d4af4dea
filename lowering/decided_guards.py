"""Guards that the bounds of the loops decide, in one tile or all of them: the branch that is taken stands without them.

A pad is guarded in the whole index space. In the main tiles of it a guard may always hold; in an edge tile, never.
"""

from __future__ import annotations

from xdsl.dialects import arith, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import IndexType, IntegerAttr, i1
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from rung.lowering.loop_indices import UNKNOWN_EXTENT, Constants, Indices


def decide_guards(func: FuncOp, indices: Indices, constants: Constants) -> None:
    """Fold comparisons of loop indices, the logic over them, and each scf.if whose condition that leaves constant."""
    for block in func.body.blocks:
        _Guards(indices, constants).block(block)


class _Guards:
    def __init__(self, indices: Indices, constants: Constants):
        self.indices, self.constants = indices, constants

    def block(self, block: Block) -> None:
        op = block.first_op
        while op is not None:
            following = op.next_op
            match op:
                case arith.CmpiOp() if isinstance(op.lhs.type, IndexType):
                    verdict = self._verdict(op)
                    if verdict is not None:
                        self._replace(op, self.constants.get(IntegerAttr(int(verdict), i1), "holds" if verdict else "fails"))
                case arith.AndIOp() if op.result.type == i1:
                    known = {_truth(op.lhs): op.rhs, _truth(op.rhs): op.lhs}
                    if False in known:
                        self._replace(op, op.lhs if _truth(op.lhs) is False else op.rhs)
                    elif True in known:
                        self._replace(op, known[True])
                case scf.IfOp() if (truth := _truth(op.cond)) is not None:
                    following = self._taken(op, truth)
                case _:
                    for region in op.regions:
                        for inner in region.blocks:
                            self.block(inner)
            op = following

    def _verdict(self, op: arith.CmpiOp) -> bool | None:
        """What a signed comparison says for every value that its indices may have; None where that depends."""
        lhs, rhs, space = self.indices.of(op.lhs), self.indices.of(op.rhs), self.indices.space
        if any(space.extents[dim] >= UNKNOWN_EXTENT for dim in lhs.dims() | rhs.dims()):
            return None  # an index that is data: it may be negative, too
        (a, b), (c, d) = space.bounds(lhs), space.bounds(rhs)
        match op.predicate.value.data:
            case 2:  # slt
                return True if b < c else False if a >= d else None
            case 3:  # sle
                return True if b <= c else False if a > d else None
            case 4:  # sgt
                return True if a > d else False if b <= c else None
            case 5:  # sge
                return True if a >= d else False if b < c else None
            case _:
                return None

    def _taken(self, op: scf.IfOp, truth: bool) -> Operation | None:
        """The ops of the branch that is taken, in place of the whole; the first of them, or what follows."""
        following = op.next_op
        region = op.true_region if truth else op.false_region
        chosen = list(region.block.ops) if region.blocks else []
        home = op.parent
        assert home is not None
        for inner in chosen[:-1]:
            inner.detach()
            home.insert_op_before(inner, op)
        if chosen:
            for old, new in zip(op.results, chosen[-1].operands):
                if new.name_hint is None:
                    new.name_hint = old.name_hint
                old.replace_all_uses_with(new)
        condition = op.cond
        op.detach()
        op.erase()
        _drop(condition)
        return chosen[0] if len(chosen) > 1 else following

    def _replace(self, op: Operation, value: SSAValue) -> None:
        operands = tuple(op.operands)
        op.results[0].replace_all_uses_with(value)
        op.detach()
        op.erase()
        for operand in operands:
            _drop(operand)


def _drop(value: SSAValue) -> None:
    """Erase what computes an index or a guard that nothing uses any more."""
    owner = value.owner
    if isinstance(owner, ApplyOp | arith.CmpiOp | arith.AndIOp) and not value.uses:
        operands = tuple(owner.operands)
        owner.detach()
        owner.erase()
        for operand in operands:
            _drop(operand)


def _truth(value: SSAValue) -> bool | None:
    owner = value.owner
    if isinstance(owner, arith.ConstantOp) and value.type == i1 and isinstance(owner.value, IntegerAttr):
        return owner.value.value.data != 0
    return None
