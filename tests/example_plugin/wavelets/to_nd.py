"""Write the Haar transform out in `nd`: two strided slices, their half sum and half difference, side by side.

before
    func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
      %w = wavelets.haar %x : tensor<8xf32>
      return %w : tensor<8xf32>
    }
after
    func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
      %even = nd.shrink %x start [0] stop [8] step [2] : tensor<8xf32> -> tensor<4xf32>
      %odd = nd.shrink %x start [1] stop [8] step [2] : tensor<8xf32> -> tensor<4xf32>
      %half = nd.const 0.5 : f32 -> tensor<4xf32>
      %sum = nd.binary "add" %even, %odd : tensor<4xf32> -> tensor<4xf32>
      %mean = nd.binary "mul" %sum, %half : tensor<4xf32> -> tensor<4xf32>
      %difference = nd.binary "sub" %even, %odd : tensor<4xf32> -> tensor<4xf32>
      %detail = nd.binary "mul" %difference, %half : tensor<4xf32> -> tensor<4xf32>
      %left = nd.pad %mean low [0] high [4] value 0.0 : f32 : tensor<4xf32> -> tensor<8xf32>
      %right = nd.pad %detail low [4] high [0] value 0.0 : f32 : tensor<4xf32> -> tensor<8xf32>
      %w = nd.binary "add" %left, %right : tensor<8xf32> -> tensor<8xf32>
      return %w : tensor<8xf32>
    }

Why here: above `nd` there is nothing to gain; nd-simplify and fusion see through it. Leaves rung nd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from rung.dialects.nd import BinaryOp, ConstOp, PadOp, ShrinkOp, splat
from rung.dialects.nd.base import element_of, shape_of
from wavelets.dialect import HaarOp


@dataclass(frozen=True)
class WaveletsToNdPass(ModulePass):
    name = "wavelets-to-nd"
    rung_after: ClassVar[str] = "nd"
    """What `rung-opt --verify-rung each` holds the module to after this pass."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for haar in [op for op in op.walk() if isinstance(op, HaarOp)]:
            Rewriter.replace_op(haar, *lower(haar))


def lower(haar: HaarOp) -> tuple[list[Operation], list[SSAValue]]:
    """The ops that compute `haar`, and the value that replaces it."""
    *outer, extent = shape_of(haar.signal)
    element, zeros = element_of(haar.signal), [0] * len(outer)
    ops: list[Operation] = []

    def put(name: str, op: BinaryOp | ConstOp | PadOp | ShrinkOp) -> SSAValue:
        ops.append(op)
        op.res.name_hint = name
        return op.res

    # the two halves are laid side by side by padding both with zeros and adding them: nd has no other way to concatenate
    even = put("even", ShrinkOp(haar.signal, [*zeros, 0], [*outer, extent], [*([1] * len(outer)), 2]))
    odd = put("odd", ShrinkOp(haar.signal, [*zeros, 1], [*outer, extent], [*([1] * len(outer)), 2]))
    half = put("half", ConstOp(splat(0.5, element), [*outer, extent // 2]))
    mean = put("mean", BinaryOp("mul", put("sum", BinaryOp("add", even, odd)), half))
    detail = put("detail", BinaryOp("mul", put("difference", BinaryOp("sub", even, odd)), half))
    zero = splat(0.0, element)
    left = put("left", PadOp(mean, [*zeros, 0], [*zeros, extent // 2], zero))
    right = put("right", PadOp(detail, [*zeros, extent // 2], [*zeros, 0], zero))
    return ops, [put(haar.result.name_hint or "haar", BinaryOp("add", left, right))]
