"""`wavelets`: transforms of signals, above `nd`. Removed by `wavelets-to-nd`."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import AnyFloat, TensorType
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import BaseAttr, IRDLOperation, VarConstraint, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from rung.dialects.nd.base import element_of, shape_of


@irdl_op_definition
class HaarOp(IRDLOperation):
    """One level of the Haar transform along the last axis: the means of neighbours, then half their differences.

    Shapes   (.., 2n) -> (.., 2n)
    Example  %w = wavelets.haar %x : tensor<3x8xf32>
    Errors   elements that are no floats; a last extent that is odd
    """

    T: ClassVar = VarConstraint("T", BaseAttr(TensorType))
    name = "wavelets.haar"
    signal = operand_def(T)
    result = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$signal attr-dict `:` type($signal)"

    def __init__(self, signal: SSAValue):
        super().__init__(operands=[signal], result_types=[signal.type])

    def verify_(self) -> None:
        if not isinstance(element_of(self.signal), AnyFloat):
            raise VerifyException(f"elements are {element_of(self.signal)}, expected floats")
        shape = shape_of(self.signal)
        if not shape or shape[-1] % 2:
            raise VerifyException(f"shape is {shape}, expected an even last extent")


Wavelets = Dialect("wavelets", [HaarOp], [])
