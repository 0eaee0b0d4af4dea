"""The constants of one function, each of them once, at the head of its entry block where everything in it may use them.

Also folds them: an affine map of constants is one more constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    VectorType,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.utils.hints import isa

INDEX = IndexType()


class ConstantPool:
    """Constants of the function whose entry block is `entry`; those that stand at its head already are used again."""

    def __init__(self, entry: Block):
        self._entry = entry
        self._values: dict[Attribute, SSAValue] = {}
        self._last: arith.ConstantOp | None = None
        for op in entry.ops:
            if not isinstance(op, arith.ConstantOp):
                break
            self._values.setdefault(op.value, op.result)
            self._last = op

    def index(self, value: int) -> SSAValue:
        return self._get(IntegerAttr(value, INDEX), f"c{value}" if value >= 0 else f"cm{-value}")

    def scalar(self, value: float, type_: Attribute) -> SSAValue:
        """`value` as an integer, index or float of `type_`."""
        if isinstance(type_, IndexType):
            return self.index(int(value))
        if isa(type_, IntegerType):
            return self._get(
                IntegerAttr(int(value), type_, truncate_bits=True), f"c{int(value)}_{type_}" if value > 0 else "zero"
            )
        assert isa(type_, AnyFloat)
        return self._get(FloatAttr(float(value), type_), "cst" if value else "zero")

    def splat(self, constant: SSAValue, type_: VectorType[Attribute]) -> SSAValue | None:
        """The constant scalar in every lane, or None where `constant` is not one that `dense` can spell.

        Infinities and NaN stay scalar constants: `dense<0xFF800000>` is read back wrongly by xDSL 0.74.
        """
        value = constant_of(constant)
        if not isinstance(value, IntegerAttr | FloatAttr):
            return None
        number = value.value.data
        if isinstance(number, float) and not isfinite(number):
            return None
        dense = DenseIntOrFPElementsAttr.from_list(cast("VectorType[AnyFloat]", type_), [number])
        return self._get(dense, f"{constant.name_hint or 'cst'}_v")

    def integers(self, numbers: Sequence[int], type_: VectorType[Attribute], hint: str | None) -> SSAValue:
        """A vector of these integers, row-major, wrapped around to the width of its elements."""
        element = type_.element_type
        assert isa(element, IntegerType)
        half = 1 << element.width.data - 1
        wrapped = [(number + half) % (2 * half) - half for number in numbers]
        return self._get(DenseIntOrFPElementsAttr.from_list(cast("VectorType[IntegerType]", type_), wrapped), hint)

    def apply(
        self, map_: AffineMapAttr, operands: Sequence[SSAValue], hint: str | None, emit: Callable[[Operation], None]
    ) -> SSAValue:
        """The value of `map_` at `operands`, with constants folded in; emits an affine.apply only where one is left."""
        expr = map_.data.results[0]
        kept: list[SSAValue] = []
        dims: list[AffineExpr] = []
        for operand in operands:
            known = static_index(operand)
            dims.append(AffineDimExpr(len(kept)) if known is None else AffineConstantExpr(known))
            if known is None:
                kept.append(operand)
        if len(kept) < len(operands):
            expr = expr.replace_dims_and_symbols(dims, ())
            map_ = AffineMapAttr(AffineMap(len(kept), 0, (expr,)))
        if isinstance(expr, AffineConstantExpr):
            return self.index(expr.value)
        if isinstance(expr, AffineDimExpr):
            return kept[expr.position]
        op = ApplyOp(kept, map_)
        op.result.name_hint = hint
        emit(op)
        return op.result

    def _get(self, value: Attribute, hint: str | None) -> SSAValue:
        found = self._values.get(value)
        if found is None:
            op = arith.ConstantOp(value)  # pyright: ignore[reportArgumentType]
            op.result.name_hint = hint
            first = self._entry.first_op
            if self._last is not None:
                self._entry.insert_ops_after((op,), self._last)
            elif first is not None:
                self._entry.insert_ops_before((op,), first)
            else:
                self._entry.add_op(op)
            self._last = op
            found = self._values[value] = op.result
        return found


def constant_of(value: SSAValue) -> Attribute | None:
    """The attribute of the constant op that `value` is a result of, or None."""
    owner = value.owner
    return owner.value if isinstance(owner, arith.ConstantOp) else None


def static_index(value: SSAValue) -> int | None:
    """The integer that `value` is known to be, or None."""
    attribute = constant_of(value)
    return attribute.value.data if isinstance(attribute, IntegerAttr) else None
