"""arith ops of upstream that xDSL 0.74 lacks. Deleted when xDSL gains them."""

from __future__ import annotations

from xdsl.dialects.arith import FloatingPointLikeBinaryOperation
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.traits import Pure


@irdl_op_definition
class RemFOp(FloatingPointLikeBinaryOperation):
    """The remainder of a division that rounds toward zero: C's fmod, exact, with the sign of the dividend.

    Example  %r = arith.remf %a, %b : f32
    """

    name = "arith.remf"
    traits = traits_def(Pure())


OPS = (RemFOp,)
