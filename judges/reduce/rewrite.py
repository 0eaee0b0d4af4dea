"""Types and numbers changed all over a module at once: extents by other extents, element types by other element types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any, cast

from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    FloatAttr,
    FunctionType,
    IndexType,
    IntAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    NoneAttr,
    StridedLayoutAttr,
    TensorType,
    VectorType,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineConstantExpr, AffineExpr, AffineMap
from xdsl.rewriter import Rewriter
from xdsl.utils.hints import isa

from .edits import Declined

Numbers = Callable[[int], int]

NO_EXTENTS = frozenset({"operandSegmentSizes", "resultSegmentSizes", "permutation", "axes", "dimensions", "alignment", "axis"})
"""Lists of numbers that count or name something else than elements."""

CONSTANTS = frozenset({"value", "initial_value"})
"""Where ops keep numbers that are elements."""


def _same(number: int) -> int:
    return number


@dataclass
class Rewrite:
    """What becomes of attributes. `extent`: of an extent of a shape; `number`: of any other number that may count elements."""

    extent: Numbers = _same
    number: Numbers = _same
    plain_layouts: bool = False
    """Memory has no layout: its elements lie row by row from the start."""
    elements: dict[Attribute, Attribute] = field(default_factory=dict[Attribute, Attribute])
    known: dict[Attribute, Attribute] = field(default_factory=dict[Attribute, Attribute])

    def module(self, module: ModuleOp) -> None:
        """Change every type and attribute of a module in place."""
        for op in list(module.walk()):
            for result in op.results:
                self._retype(result)
            for region in op.regions:
                for block in region.blocks:
                    for argument in block.args:
                        self._retype(argument)
            for held in (op.properties, op.attributes):
                for name, attribute in list(held.items()):
                    if name not in NO_EXTENTS and (name in CONSTANTS or not self._counts(attribute)):
                        held[name] = self.attribute(attribute)

    @staticmethod
    def _counts(attribute: Attribute) -> bool:
        """Is it a number with a type that is no element's, such as how many parameters are outs?"""
        return isinstance(attribute, IntegerAttr | FloatAttr) and not isa(attribute, IntegerAttr[IndexType])

    def _retype(self, value: SSAValue) -> None:
        new = self.attribute(value.type)
        if new is not value.type and new != value.type:
            Rewriter.replace_value_with_new_type(value, new)

    def attribute(self, old: Attribute) -> Attribute:
        """The attribute that takes the place of `old`. Raises Declined where there is none."""
        found = self.known.get(old)
        if found is None:
            found = self.known[old] = self._attribute(old)
        return found

    def _attribute(self, old: Attribute) -> Attribute:
        if isa(old, TensorType):
            return TensorType(self.element(old.element_type), self._shape(old.get_shape()), old.encoding)
        if isa(old, MemRefType):
            layout = NoneAttr() if self.plain_layouts else self.attribute(old.layout)
            assert isinstance(layout, StridedLayoutAttr | AffineMapAttr | NoneAttr)
            return MemRefType(self.element(old.element_type), self._shape(old.get_shape()), layout, old.memory_space)
        if isa(old, VectorType):
            return VectorType(self.element(old.element_type), self._shape(old.get_shape()), old.scalable_dims)
        if isinstance(old, StridedLayoutAttr):
            strides = [IntAttr(self.number(s.data)) if isinstance(s, IntAttr) else s for s in old.strides]
            offset = IntAttr(self.number(old.offset.data)) if isinstance(old.offset, IntAttr) else old.offset
            return StridedLayoutAttr(strides, offset)
        if isinstance(old, AffineMapAttr):
            expressions = tuple(self._expression(each) for each in old.data.results)
            return AffineMapAttr(AffineMap(old.data.num_dims, old.data.num_symbols, expressions))
        if isinstance(old, FunctionType):
            return FunctionType.from_lists(list(map(self.attribute, old.inputs)), list(map(self.attribute, old.outputs)))
        if isa(old, ArrayAttr):
            return ArrayAttr([self.attribute(each) for each in old])
        if isinstance(old, DictionaryAttr):
            return DictionaryAttr({name: self.attribute(each) for name, each in old.data.items()})
        if isa(old, DenseArrayBase[IntegerType]):
            return DenseArrayBase.from_list(old.elt_type, [self.number(int(each)) for each in old.get_values()])
        return self._constant(old)

    def _constant(self, old: Attribute) -> Attribute:
        kind: Any = getattr(old, "type", None)
        make: Any = type(old)
        new: Any = old
        if isa(old, IntegerAttr[IndexType]):
            new = make(self.number(old.value.data), kind)
        elif isinstance(old, IntegerAttr | FloatAttr):
            new = make(old.value.data, self.element(kind))
        elif isinstance(old, DenseIntOrFPElementsAttr):
            shaped: Any = self.attribute(kind)
            values: Any = old.get_values()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            n = 1 if old.is_splat() else prod(shaped.get_shape())
            if len(values) < n:
                raise Declined("a dense constant has too few elements")
            if shaped != kind:
                new = make.from_list(shaped, list(values[:n]))
        return self.element(cast(Attribute, new))

    def _shape(self, shape: tuple[int, ...]) -> list[int]:
        return [self.extent(extent) if extent > 0 else extent for extent in shape]

    def element(self, old: Attribute) -> Attribute:
        return self.elements.get(old, old)

    def _expression(self, old: AffineExpr) -> AffineExpr:
        if isinstance(old, AffineConstantExpr):
            return AffineExpr.constant(self.number(old.value))
        if isinstance(old, AffineBinaryOpExpr):
            return AffineBinaryOpExpr(old.kind, self._expression(old.lhs), self._expression(old.rhs))
        return old


def splice_casts(module: ModuleOp) -> None:
    """Casts to the type that their operand has already go: arith knows no such cast."""
    for op in list(module.walk()):
        if op.name in CASTS and len(op.operands) == 1 and op.operands[0].type == op.results[0].type:
            _forward(op)


def _forward(op: Operation) -> None:
    op.results[0].replace_all_uses_with(op.operands[0])
    op.detach()
    op.erase()


CASTS = frozenset(
    {
        *(f"arith.{name}" for name in "extf truncf extsi extui trunci bitcast index_cast sitofp uitofp fptosi fptoui".split()),
        "nd.cast",
        "nd.bitcast",
        "memref.cast",
        "tensor.cast",
    }
)
