"""`vector` ops of upstream that xDSL 0.74 lacks. The rest of `vector` is xDSL's; import those from `xdsl.dialects.vector`.

Here are the ops that rearrange one vector; parts of a vector and indexed memory are in `vector_parts`, what combines elements
(contract, multi_reduction, outerproduct) is in `vector_combine`. Import all of them from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

from xdsl.dialects import vector as xdsl_vector
from xdsl.dialects.builtin import (
    DenseArrayBase,
    IndexType,
    VectorType,
    i64,
)
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .vector_combine import ContractOp, IteratorKindAttr, MultiReductionOp, OuterProductOp, vector_type
from .vector_parts import ExtractStridedSliceOp, GatherOp, InsertStridedSliceOp, ScatterOp


@irdl_op_definition
class TransposeOp(IRDLOperation):
    """Reorder the dims.

    Shapes   result dim i is source dim permutation[i]
    Example  %t = vector.transpose %v, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
    """

    name = "vector.transpose"
    vector = operand_def(VectorType)
    permutation = prop_def(DenseArrayBase.constr(i64))
    result = result_def(VectorType)
    traits = traits_def(Pure())
    assembly_format = "$vector `,` $permutation attr-dict `:` type($vector) `to` type($result)"

    def __init__(self, vector: SSAValue | Operation, permutation: Sequence[int]):
        source = vector_type(SSAValue.get(vector))
        shape = source.get_shape()
        super().__init__(
            operands=[vector],
            result_types=[VectorType(source.element_type, [shape[axis] for axis in permutation])],
            properties={"permutation": DenseArrayBase.from_list(i64, permutation)},
        )

    def verify_(self) -> None:
        source, result = vector_type(self.vector), vector_type(self.result)
        permutation = self.permutation.get_values()
        if sorted(permutation) != list(range(source.get_num_dims())):
            raise VerifyException(
                f"permutation is {list(permutation)}, expected each of {list(range(source.get_num_dims()))} once"
            )
        want = tuple(source.get_shape()[axis] for axis in permutation)
        if result.get_shape() != want or result.element_type != source.element_type:
            raise VerifyException(f"result type is {result}, expected {VectorType(source.element_type, want)}")


@irdl_op_definition
class ShapeCastOp(IRDLOperation):
    """Give the elements, in order, another shape. Example: %w = vector.shape_cast %v : vector<4x8xf32> to vector<32xf32>"""

    name = "vector.shape_cast"
    source = operand_def(VectorType)
    result = result_def(VectorType)
    traits = traits_def(Pure())
    assembly_format = "$source attr-dict `:` type($source) `to` type($result)"

    def __init__(self, source: SSAValue | Operation, result_type: VectorType[Attribute]):
        super().__init__(operands=[source], result_types=[result_type])

    def verify_(self) -> None:
        source, result = vector_type(self.source), vector_type(self.result)
        if source.element_type != result.element_type:
            raise VerifyException(f"result has elements {result.element_type}, expected {source.element_type}")
        if prod(source.get_shape()) != prod(result.get_shape()):
            raise VerifyException(f"result has {prod(result.get_shape())} elements, expected {prod(source.get_shape())}")


@irdl_op_definition
class StepOp(IRDLOperation):
    """0, 1, 2, .. as a vector of index. Example: %i = vector.step : vector<8xindex>"""

    name = "vector.step"
    result = result_def(VectorType)
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($result)"

    def __init__(self, elements: int):
        super().__init__(result_types=[VectorType(IndexType(), [elements])])

    def verify_(self) -> None:
        result = vector_type(self.result)
        if not isinstance(result.element_type, IndexType) or result.get_num_dims() != 1:
            raise VerifyException(f"result type is {result}, expected a vector<..xindex> of one dim")


@irdl_op_definition
class FromElementsOp(IRDLOperation):
    """A vector of these scalars, last dim fastest. Example: %v = vector.from_elements %a, %b : vector<2xf32>"""

    name = "vector.from_elements"
    T: ClassVar = VarConstraint("T", AnyAttr())
    elements = var_operand_def(T)
    dest = result_def(VectorType.constr(T))
    traits = traits_def(Pure())
    assembly_format = "$elements attr-dict `:` type($dest)"

    def __init__(self, elements: Sequence[SSAValue | Operation], result_type: VectorType[Attribute]):
        super().__init__(operands=[elements], result_types=[result_type])

    def verify_(self) -> None:
        want = prod(vector_type(self.dest).get_shape())
        if len(self.elements) != want:
            raise VerifyException(f"{len(self.elements)} elements are given, expected {want}")


@irdl_op_definition
class ToElementsOp(IRDLOperation):
    """The scalars of a vector, last dim fastest. Example: %a, %b = vector.to_elements %v : vector<2xf32>"""

    name = "vector.to_elements"
    T: ClassVar = VarConstraint("T", AnyAttr())
    source = operand_def(VectorType.constr(T))
    elements = var_result_def(T)
    traits = traits_def(Pure())

    def __init__(self, source: SSAValue | Operation):
        type_ = vector_type(SSAValue.get(source))
        super().__init__(operands=[source], result_types=[[type_.element_type] * prod(type_.get_shape())])

    def verify_(self) -> None:
        want = prod(vector_type(self.source).get_shape())
        if len(self.elements) != want:
            raise VerifyException(f"{len(self.elements)} results, expected {want}")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.source)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.source.type)

    @classmethod
    def parse(cls, parser: Parser) -> ToElementsOp:
        operand = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        op = cls(parser.resolve_operand(operand, parser.parse_type()))
        op.attributes |= attributes
        return op


OPS = (
    TransposeOp, ShapeCastOp, StepOp, FromElementsOp, ToElementsOp, ExtractStridedSliceOp, InsertStridedSliceOp,
    GatherOp, ScatterOp, MultiReductionOp, ContractOp, OuterProductOp,
)  # fmt: skip
"""What the `vector` overlay adds to xDSL's dialect."""

Vector = Dialect("vector", [*xdsl_vector.Vector.operations, *OPS], [*xdsl_vector.Vector.attributes, IteratorKindAttr])

__all__ = [
    "OPS", "ContractOp", "ExtractStridedSliceOp", "FromElementsOp", "GatherOp", "InsertStridedSliceOp", "IteratorKindAttr",
    "MultiReductionOp", "OuterProductOp", "ScatterOp", "ShapeCastOp", "StepOp", "ToElementsOp", "TransposeOp", "Vector",
]  # fmt: skip
