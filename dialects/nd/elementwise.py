"""The unary and binary kinds of `nd`, with the ops that ride along: cast, bitcast, select."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from xdsl.dialects.builtin import StringAttr, TensorType, i1
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    VarConstraint,
    attr_def,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .base import Canonicalizes, element_of, expect, shape_of, tensor_type, verify_nd_type
from .dtype import bit_width, is_bool, is_float, is_integer, tensor, to_numpy

_ANY = "bool, integers and floats"
_TAKES: dict[str, Callable[[Attribute], bool]] = {
    "floats": is_float,
    "integers": is_integer,
    "bool and integers": lambda t: is_bool(t) or is_integer(t),
    "integers and floats": lambda t: is_integer(t) or is_float(t),
    _ANY: lambda t: True,
}

UNARY: dict[str, str] = {
    "neg": "integers and floats",
    "abs": "integers and floats",
    "recip": "floats",
    "sqrt": "floats",
    "exp2": "floats",
    "log2": "floats",
    "sin": "floats",
    "trunc": "floats",
    "not": "bool and integers",
}
"""The unary kinds, each with the element types it takes. `not` flips every bit; of a bool, the truth."""

BINARY: dict[str, str] = {
    "add": "integers and floats",
    "sub": "integers and floats",
    "mul": "integers and floats",
    "div": "floats",
    "idiv": "integers",
    "mod": "integers and floats",
    "max": _ANY,
    "min": _ANY,
    "pow": "floats",
    "and": "bool and integers",
    "or": "bool and integers",
    "xor": "bool and integers",
    "shl": "integers",
    "shr": "integers",
    "cmplt": _ANY,
    "cmpeq": _ANY,
    "cmpne": _ANY,
}
"""The binary kinds, each with the element types it takes."""

COMPARISONS = ("cmplt", "cmpeq", "cmpne")


def _verify_kind(kind: str, table: dict[str, str], element: Attribute) -> None:
    if kind not in table:
        raise VerifyException(f'kind is "{kind}", expected one of {", ".join(table)}')
    if not _TAKES[table[kind]](element):
        raise VerifyException(f'"{kind}" takes {table[kind]}, found {element}')


@irdl_op_definition
class UnaryOp(Canonicalizes, IRDLOperation):
    """Apply the scalar function `kind` to each element.

    Shapes   s -> s, same element type
    Example  %y = nd.unary "exp2" %x : tensor<4x8xf32>
    Numbers  trunc rounds toward zero; neg and abs of the smallest integer wrap; floats as IEEE-754 says, NaN in NaN out
    Errors   unknown kind; a kind that does not take the element type
    Source   tinygrad's unary ops, with neg, abs and recip kept because every target has them
    """

    T: ClassVar = VarConstraint("T", BaseAttr(TensorType))
    name = "nd.unary"
    kind = attr_def(StringAttr)
    src = operand_def(T)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$kind $src attr-dict `:` type($src)"

    def __init__(self, kind: str, src: SSAValue):
        super().__init__(operands=[src], result_types=[src.type], attributes={"kind": StringAttr(kind)})

    def verify_(self) -> None:
        verify_nd_type(self.src.type, "operand")
        _verify_kind(self.kind.data, UNARY, element_of(self.src))


@irdl_op_definition
class BinaryOp(Canonicalizes, IRDLOperation):
    """Combine two tensors of one shape, element by element. Broadcasting is a movement: `nd.expand` first.

    Shapes   s, s -> s, same element type; the comparisons give i1
    Example  %z = nd.binary "cmplt" %x, %y : tensor<4xf32> -> tensor<4xi1>
    Numbers  Integers wrap. idiv rounds toward zero and mod takes the sign of the dividend (C's / and %, fmod for floats);
             both give 0 for a zero divisor. shr keeps the sign of a signed integer; a shift by the width or more gives 0
             (-1 for a negative signed shr). max and min of a NaN are NaN; -0.0 and 0.0 are equal. cmp* with NaN are false,
             but cmpne.
    Errors   unknown kind; operand types that differ; a kind that does not take the element type; a wrong result type
    Source   tinygrad's binary ops; NumPy for division by zero and shifts
    """

    T: ClassVar = VarConstraint("T", BaseAttr(TensorType))
    name = "nd.binary"
    kind = attr_def(StringAttr)
    lhs = operand_def(T)
    rhs = operand_def(T)
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$kind $lhs `,` $rhs attr-dict `:` type($lhs) `->` type($res)"

    def __init__(self, kind: str, lhs: SSAValue, rhs: SSAValue):
        if lhs.type != rhs.type:
            raise ValueError(f"operands are {lhs.type} and {rhs.type}, expected one type; broadcast with nd.expand first")
        element = i1 if kind in COMPARISONS else element_of(lhs)
        super().__init__(
            operands=[lhs, rhs], result_types=[tensor(element, shape_of(lhs))], attributes={"kind": StringAttr(kind)}
        )

    def verify_(self) -> None:
        verify_nd_type(self.lhs.type, "operand")
        kind, element = self.kind.data, element_of(self.lhs)
        _verify_kind(kind, BINARY, element)
        want = tensor(i1 if kind in COMPARISONS else element, shape_of(self.lhs))
        expect("result type", self.res.type, want)


@irdl_op_definition
class SelectOp(Canonicalizes, IRDLOperation):
    """Take each element from `on_true` where `cond` holds, else from `on_false`.

    Shapes   s x i1, s, s -> s
    Example  %z = nd.select %c, %x, %y : tensor<4xf32>
    Numbers  the side not taken leaves no trace: its NaN or infinity is dropped
    Errors   a condition whose shape differs or that is not i1; sides of different types
    """

    T: ClassVar = VarConstraint("T", BaseAttr(TensorType))
    name = "nd.select"
    cond = operand_def(BaseAttr(TensorType))
    on_true = operand_def(T)
    on_false = operand_def(T)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$cond `,` $on_true `,` $on_false attr-dict `:` type($cond) `,` type($on_true)"

    def __init__(self, cond: SSAValue, on_true: SSAValue, on_false: SSAValue):
        if on_true.type != on_false.type:
            raise ValueError(f"sides are {on_true.type} and {on_false.type}, expected one type")
        super().__init__(operands=[cond, on_true, on_false], result_types=[on_true.type])

    def verify_(self) -> None:
        verify_nd_type(self.on_true.type, "operand")
        expect("condition type", self.cond.type, tensor(i1, shape_of(self.on_true)))


@irdl_op_definition
class CastOp(Canonicalizes, IRDLOperation):
    """Convert each element to the result's element type, keeping the number as far as it can.

    Shapes   s -> s
    Example  %y = nd.cast %x : tensor<4xf32> -> tensor<4xi32>
    Numbers  to a float: round to nearest even. Float to integer: toward zero; NaN and what does not fit give an unspecified
             integer, the same on no two targets. Integer to integer: keep the low bits. To bool: is it unequal to zero.
    Errors   shapes that differ
    """

    name = "nd.cast"
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, element: Attribute):
        super().__init__(operands=[src], result_types=[tensor(element, shape_of(src))])

    def verify_(self) -> None:
        verify_nd_type(self.src.type, "operand")
        verify_nd_type(self.res.type, "result")
        expect("result shape", shape_of(self.res), shape_of(self.src))


@irdl_op_definition
class BitcastOp(Canonicalizes, IRDLOperation):
    """Read the bits of each element as another type of the same width.

    Shapes   s -> s
    Example  %y = nd.bitcast %x : tensor<4xf32> -> tensor<4xi32>
    Errors   shapes that differ; widths that differ; bool on either side
    """

    name = "nd.bitcast"
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, element: Attribute):
        super().__init__(operands=[src], result_types=[tensor(element, shape_of(src))])

    def verify_(self) -> None:
        verify_nd_type(self.src.type, "operand")
        verify_nd_type(self.res.type, "result")
        expect("result shape", shape_of(self.res), shape_of(self.src))
        widths = [to_numpy(element_of(value)).itemsize * 8 for value in (self.src, self.res)]
        if is_bool(element_of(self.src)) or is_bool(element_of(self.res)):
            raise VerifyException(f"bitcast from {element_of(self.src)} to {element_of(self.res)}, expected no bool")
        expect("width of the result's elements", widths[1], widths[0])


__all__ = ["BINARY", "COMPARISONS", "UNARY", "BinaryOp", "BitcastOp", "CastOp", "SelectOp", "UnaryOp", "bit_width", "tensor_type"]
