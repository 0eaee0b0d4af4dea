"""The movement kind of `nd`: which element goes where. None copies by itself; all become index maps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import cast

from xdsl.dialects.builtin import DenseArrayBase, FloatAttr, IntegerAttr, IntegerType, TensorType, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import AnyOf, BaseAttr, IRDLOperation, attr_def, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .base import Canonicalizes, element_of, expect, expect_lengths, normalize_axes, shape_of, verify_axes, verify_nd_type
from .dtype import tensor

I64Array = DenseArrayBase.constr(i64)


def _array(values: Sequence[int]) -> DenseArrayBase[IntegerType]:
    return DenseArrayBase.from_list(i64, list(values))


def _verify_types(src: SSAValue, res: SSAValue) -> None:
    verify_nd_type(src.type, "operand")
    verify_nd_type(res.type, "result")
    expect("result element type", element_of(res), element_of(src))


def _verify_length(what: str, values: Sequence[int], rank: int) -> None:
    if len(values) != rank:
        raise VerifyException(f"{what} has {len(values)} entries, expected {rank}, one for each axis")


@irdl_op_definition
class ReshapeOp(Canonicalizes, IRDLOperation):
    """Give the same elements, in row-major order, another shape.

    Shapes   s -> t with as many elements
    Example  %y = nd.reshape %x : tensor<4x6xf32> -> tensor<2x12xf32>
    Errors   element counts that differ
    """

    name = "nd.reshape"
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, shape: Sequence[int]):
        if prod(shape) != prod(shape_of(src)):
            old = shape_of(src)
            raise ValueError(f"shape {tuple(shape)} has {prod(shape)} elements, expected {prod(old)} as in {old}")
        super().__init__(operands=[src], result_types=[tensor(element_of(src), list(shape))])

    def verify_(self) -> None:
        _verify_types(self.src, self.res)
        expect("number of elements of the result", prod(shape_of(self.res)), prod(shape_of(self.src)))


@irdl_op_definition
class PermuteOp(Canonicalizes, IRDLOperation):
    """Reorder the axes: axis i of the result is axis permutation[i] of the source.

    Shapes   s -> (s[p0], .., s[pn])
    Example  %y = nd.permute %x [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
    Errors   not a permutation of the axes; result shape not as above
    """

    name = "nd.permute"
    permutation = attr_def(I64Array)
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src $permutation attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, permutation: Sequence[int]):
        shape = shape_of(src)
        if sorted(permutation) != list(range(len(shape))):
            raise ValueError(f"permutation is {list(permutation)}, expected each of the {len(shape)} axes once")
        super().__init__(
            operands=[src],
            result_types=[tensor(element_of(src), [shape[p] for p in permutation])],
            attributes={"permutation": _array(permutation)},
        )

    def verify_(self) -> None:
        _verify_types(self.src, self.res)
        shape, permutation = shape_of(self.src), self.permutation.get_values()
        if sorted(permutation) != list(range(len(shape))):
            raise VerifyException(f"permutation is {list(permutation)}, expected each of the {len(shape)} axes once")
        expect("result shape", shape_of(self.res), tuple(shape[p] for p in permutation))


@irdl_op_definition
class ExpandOp(Canonicalizes, IRDLOperation):
    """Repeat along axes of extent 1. The rank stays: reshape first to add an axis.

    Shapes   s -> t, where t[i] = s[i] or s[i] = 1
    Example  %y = nd.expand %x : tensor<4x1xf32> -> tensor<4x6xf32>
    Errors   ranks that differ; an extent that differs and was not 1
    """

    name = "nd.expand"
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, shape: Sequence[int]):
        super().__init__(operands=[src], result_types=[tensor(element_of(src), list(shape))])

    def verify_(self) -> None:
        _verify_types(self.src, self.res)
        old, new = shape_of(self.src), shape_of(self.res)
        if len(old) != len(new):
            raise VerifyException(f"result shape is {new}, expected rank {len(old)} as the operand {old}")
        for axis, (before, after) in enumerate(zip(old, new)):
            if before not in (1, after):
                raise VerifyException(f"axis {axis} grows from {before} to {after}, expected an extent of 1 or {after}")


@irdl_op_definition
class PadOp(Canonicalizes, IRDLOperation):
    """Surround the source with `value`: `low[i]` elements before and `high[i]` after along axis i.

    Shapes   s -> (low[i] + s[i] + high[i])
    Example  %y = nd.pad %x low [1] high [2] value 0.0 : f32 : tensor<4xf32> -> tensor<7xf32>
    Errors   a negative amount (shrink instead); a value of another type than the elements; result shape not as above
    """

    name = "nd.pad"
    low = attr_def(I64Array)
    high = attr_def(I64Array)
    value = attr_def(AnyOf((BaseAttr(FloatAttr), BaseAttr(IntegerAttr))))
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src `low` $low `high` $high `value` $value attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, low: Sequence[int], high: Sequence[int], value: Attribute):
        expect_lengths(len(shape_of(src)), low=low, high=high)
        shape = [a + d + b for a, d, b in zip(low, shape_of(src), high)]
        super().__init__(
            operands=[src],
            result_types=[tensor(element_of(src), shape)],
            attributes={"low": _array(low), "high": _array(high), "value": value},
        )

    def verify_(self) -> None:
        _verify_types(self.src, self.res)
        shape, low, high = shape_of(self.src), self.low.get_values(), self.high.get_values()
        _verify_length("low", low, len(shape))
        _verify_length("high", high, len(shape))
        if min((0, *low, *high)) < 0:
            raise VerifyException(f"padding is low {list(low)} high {list(high)}, expected no negative amount; use nd.shrink")
        expect("type of the value", value_type(self.value), element_of(self.src))
        expect("result shape", shape_of(self.res), tuple(a + d + b for a, d, b in zip(low, shape, high)))


@irdl_op_definition
class ShrinkOp(Canonicalizes, IRDLOperation):
    """Keep the elements start, start + step, .. below stop along each axis.

    Shapes   s -> (ceil((stop[i] - start[i]) / step[i]))
    Example  %y = nd.shrink %x start [1] stop [6] step [2] : tensor<8xf32> -> tensor<3xf32>
    Errors   not 0 <= start <= stop <= extent; a step below 1; result shape not as above
    """

    name = "nd.shrink"
    start = attr_def(I64Array)
    stop = attr_def(I64Array)
    step = attr_def(I64Array)
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src `start` $start `stop` $stop `step` $step attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, start: Sequence[int], stop: Sequence[int], step: Sequence[int] | None = None):
        step = [1] * len(start) if step is None else step
        expect_lengths(len(shape_of(src)), start=start, stop=stop, step=step)
        if min(step, default=1) < 1:
            raise ValueError(f"step is {list(step)}, expected at least 1 for each axis; use nd.flip to go backwards")
        shape = [max(0, -((a - b) // s)) for a, b, s in zip(start, stop, step)]
        super().__init__(
            operands=[src],
            result_types=[tensor(element_of(src), shape)],
            attributes={"start": _array(start), "stop": _array(stop), "step": _array(step)},
        )

    def verify_(self) -> None:
        _verify_types(self.src, self.res)
        shape = shape_of(self.src)
        start, stop, step = self.start.get_values(), self.stop.get_values(), self.step.get_values()
        for what, values in (("start", start), ("stop", stop), ("step", step)):
            _verify_length(what, values, len(shape))
        for axis, (a, b, s, extent) in enumerate(zip(start, stop, step, shape)):
            if not 0 <= a <= b <= extent:
                raise VerifyException(f"axis {axis} keeps {a} to {b}, expected 0 <= start <= stop <= {extent}")
            if s < 1:
                raise VerifyException(f"step of axis {axis} is {s}, expected at least 1; use nd.flip to go backwards")
        expect("result shape", shape_of(self.res), tuple(-((a - b) // s) for a, b, s in zip(start, stop, step)))


@irdl_op_definition
class FlipOp(Canonicalizes, IRDLOperation):
    """Reverse the order of the elements along `axes`.

    Shapes   s -> s
    Example  %y = nd.flip %x axes [0] : tensor<4x6xf32> -> tensor<4x6xf32>
    Errors   axis out of range or repeated; a result of another shape
    """

    name = "nd.flip"
    axes = attr_def(I64Array)
    src = operand_def(BaseAttr(TensorType))
    res = result_def(BaseAttr(TensorType))
    traits = traits_def(Pure())
    assembly_format = "$src `axes` $axes attr-dict `:` type($src) `->` type($res)"

    def __init__(self, src: SSAValue, axes: Sequence[int]):
        gone = normalize_axes(axes, len(shape_of(src)))
        super().__init__(operands=[src], result_types=[src.type], attributes={"axes": _array(gone)})

    def verify_(self) -> None:
        _verify_types(self.src, self.res)
        verify_axes(self.axes.get_values(), len(shape_of(self.src)))
        expect("result shape", shape_of(self.res), shape_of(self.src))


def value_type(value: Attribute) -> Attribute:
    """The type of a scalar attribute: f32 for `1.0 : f32`."""
    assert isinstance(value, FloatAttr | IntegerAttr)
    return cast("FloatAttr | IntegerAttr", value).type
