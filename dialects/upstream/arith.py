"""arith ops of upstream that xDSL 0.74 lacks: remf, index_castui. Deleted when xDSL gains them."""

from __future__ import annotations

from xdsl.dialects import arith as xdsl_arith
from xdsl.dialects.arith import ArithConstantMaterializationInterface, FloatingPointLikeBinaryOperation
from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.traits import Pure

from .xdsl_repairs import INT_OR_INDEX, cast_op


@irdl_op_definition
class RemFOp(FloatingPointLikeBinaryOperation):
    """The remainder of a division that rounds toward zero: C's fmod, exact, with the sign of the dividend.

    Example  %r = arith.remf %a, %b : f32
    """

    name = "arith.remf"
    traits = traits_def(Pure())


IndexCastUIOp = cast_op("arith.index_castui", INT_OR_INDEX, INT_OR_INDEX)
"""Between index and an integer that is read as unsigned. Example: %i = arith.index_castui %n : i32 to index"""

OPS = (RemFOp, IndexCastUIOp)

Arith = Dialect(
    "arith",
    [*xdsl_arith.Arith.operations, *OPS],
    [*xdsl_arith.Arith.attributes],
    [ArithConstantMaterializationInterface()],
)
