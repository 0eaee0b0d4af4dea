"""The reduce kind of `nd`."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, StringAttr, TensorType, i64
from xdsl.ir import SSAValue
from xdsl.irdl import BaseAttr, IRDLOperation, attr_def, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .base import Canonicalizes, element_of, expect, normalize_axes, shape_of, verify_axes, verify_nd_type
from .dtype import is_bool, tensor

REDUCE = ("sum", "prod", "max", "min")
"""The combiners. Of nothing: sum 0, prod 1, max the smallest and min the largest value of the type (-inf and inf for floats)."""


@irdl_op_definition
class ReduceOp(Canonicalizes, IRDLOperation):
    """Combine the elements along `axes` with `combiner`, dropping those axes.

    Shapes   (d0, .., dn) -> the extents whose axis is not in `axes`, order kept
    Example  %s = nd.reduce "sum" %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
    Order    unspecified, so floats may differ in the last bits between targets
    Numbers  accumulates in the element type (cast before and after for more); integers wrap; max and min of a NaN are NaN
    Errors   unknown combiner; sum or prod of bool; axis out of range or repeated; result shape not as above
    Source   Halide's RDom, minus its guarantee on update order
    """

    name = "nd.reduce"
    combiner = attr_def(StringAttr)
    axes = attr_def(DenseArrayBase.constr(i64))
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$combiner $src `axes` $axes attr-dict `:` type($src) `->` type($res)"

    def __init__(self, combiner: str, src: SSAValue, axes: Sequence[int]):
        shape = shape_of(src)
        gone = normalize_axes(axes, len(shape))
        super().__init__(
            operands=[src],
            result_types=[tensor(element_of(src), [d for i, d in enumerate(shape) if i not in gone])],
            attributes={"combiner": StringAttr(combiner), "axes": DenseArrayBase.from_list(i64, gone)},
        )

    def verify_(self) -> None:
        verify_nd_type(self.src.type, "operand")
        shape, axes, combiner = shape_of(self.src), self.axes.get_values(), self.combiner.data
        if combiner not in REDUCE:
            raise VerifyException(f'combiner is "{combiner}", expected one of {", ".join(REDUCE)}')
        if combiner in ("sum", "prod") and is_bool(element_of(self.src)):
            raise VerifyException(f'"{combiner}" takes integers and floats, found i1; cast first, or use max or min')
        verify_axes(axes, len(shape))
        want = tuple(d for i, d in enumerate(shape) if i not in axes)
        expect("result shape", shape_of(self.res), want)
        expect("result element type", element_of(self.res), element_of(self.src))
