"""The sources of `nd`: values that come from nowhere. Function arguments are the third source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType, TensorType, i1, i64
from xdsl.ir import Attribute
from xdsl.irdl import AnyOf, BaseAttr, IRDLOperation, attr_def, irdl_op_definition, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .base import Canonicalizes, element_of, expect, shape_of, verify_nd_type
from .dtype import integer_range, is_integer, tensor, to_numpy
from .movement import value_type


def splat(value: bool | float, element: Attribute) -> Attribute:
    """The scalar attribute for `value` in an element type: an IntegerAttr, or a FloatAttr rounded as a cast would.

    Raises ValueError for an integer that the type cannot hold.
    """
    if isinstance(element, IntegerType):
        integer = cast("IntegerType", element)
        number = int(bool(value)) if integer == i1 else int(value)
        least, most = integer_range(integer)
        if not least <= number <= most:
            raise ValueError(f"{number} does not fit {integer}, expected {least} to {most}")
        return IntegerAttr(number, integer)
    assert isinstance(element, AnyFloat)
    dtype: Any = to_numpy(element)
    with np.errstate(over="ignore"):
        return FloatAttr(float(dtype.type(value)), element)


@irdl_op_definition
class ConstOp(IRDLOperation):
    """A tensor of one value.

    Shapes   -> any static shape
    Example  %c = nd.const 1.0 : f32 -> tensor<4x6xf32>
    Numbers  infinities and NaN are written as bits: 0x7F800000 : f32
    Errors   a value of another type than the elements
    """

    name = "nd.const"
    value = attr_def(AnyOf((BaseAttr(FloatAttr), BaseAttr(IntegerAttr))))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$value attr-dict `->` type($res)"

    def __init__(self, value: Attribute, shape: Sequence[int]):
        super().__init__(result_types=[tensor(value_type(value), list(shape))], attributes={"value": value})

    def verify_(self) -> None:
        verify_nd_type(self.res.type, "result")
        expect("type of the value", value_type(self.value), element_of(self.res))


@irdl_op_definition
class IotaOp(Canonicalizes, IRDLOperation):
    """Each element is its own index along `axis`.

    Shapes   -> any static shape of integers
    Example  %i = nd.iota 1 -> tensor<4x6xi32>
    Errors   axis out of range; elements that are not integers, or too narrow for the last index
    """

    name = "nd.iota"
    axis = attr_def(IntegerAttr.constr(i64))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$axis attr-dict `->` type($res)"

    def __init__(self, axis: int, shape: Sequence[int], element: Attribute):
        super().__init__(result_types=[tensor(element, list(shape))], attributes={"axis": IntegerAttr(axis, i64)})

    def verify_(self) -> None:
        verify_nd_type(self.res.type, "result")
        rank, axis = len(shape_of(self.res)), self.axis.value.data
        if not 0 <= axis < rank:
            raise VerifyException(f"axis {axis} is out of range, expected 0 <= axis < {rank}")
        if not is_integer(element_of(self.res)):
            raise VerifyException(f"element type is {element_of(self.res)}, expected an integer")
        element, extent = element_of(self.res), shape_of(self.res)[axis]
        most = integer_range(element)[1]
        if extent - 1 > most:
            raise VerifyException(
                f"axis {axis} has {extent} elements, expected at most {most + 1}: {element} holds no larger index"
            )
