"""Ops that go from payload to payload: to the op around, to producers and users, to operands, results and types."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import I64, DenseArrayBase, IntegerAttr, StringAttr, UnitAttr, i64
from xdsl.irdl import (
    ParsePropInAttrDict,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, int_prop, transform_op, values_of
from .directives import Positions
from .types import OPS, PARAM, VALUES


@transform_op
class GetParentOp(TransformOp):
    """The nearest op around each payload op that is as asked.

    Example  %l = transform.get_parent_op %h {deduplicate, op_name = "scf.for"} : (!transform.any_op) -> !transform.any_op
    Errors   nth_parent below 1
    """

    name = "transform.get_parent_op"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"parent_result": "the op around each payload op, in their order"}
    target = operand_def(OPS)
    allow_empty_results = opt_prop_def(UnitAttr)
    deduplicate = opt_prop_def(UnitAttr)
    isolated_from_above = opt_prop_def(UnitAttr)
    nth_parent = prop_def(IntegerAttr[I64], default_value=int_prop(1))
    op_name = opt_prop_def(StringAttr)
    parent_result = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        if self.nth_parent.value.data < 1:
            raise VerifyException(f"nth_parent is {self.nth_parent.value.data}, expected at least 1")


@transform_op
class GetProducerOfOperandOp(TransformOp):
    """The op that gives an operand. Example: %p = transform.get_producer_of_operand %h[0] : .."""

    name = "transform.get_producer_of_operand"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"producer": "the op that defines the operand of each payload op"}
    target = operand_def(OPS)
    operand_number = prop_def(IntegerAttr[I64])
    producer = result_def(OPS)
    SYNTAX: ClassVar = "$target `[` $operand_number `]` attr-dict `:` functional-type(operands, results)"


@transform_op
class GetConsumersOfResultOp(TransformOp):
    """The ops that use a result. Example: %c = transform.get_consumers_of_result %h[0] : .."""

    name = "transform.get_consumers_of_result"
    RESULTS: ClassVar = {"consumers": "the users of the result of the one payload op"}
    target = operand_def(OPS)
    result_number = prop_def(IntegerAttr[I64])
    consumers = result_def(OPS)
    SYNTAX: ClassVar = "$target `[` $result_number `]` attr-dict `:` functional-type(operands, results)"


@transform_op
class GetDefiningOp(TransformOp):
    """The op that gives a value. Example: %d = transform.get_defining_op %v : (!transform.any_value) -> !transform.any_op"""

    name = "transform.get_defining_op"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"result": "the op that defines each payload value"}
    target = operand_def(VALUES)
    result = result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


class PositionsOp(TransformOp, ABC):
    """An op with a list of positions: `[0, 2]`, `[all]`, `[except(0)]`; negative ones count from the end."""

    is_inverted = opt_prop_def(UnitAttr)
    is_all = opt_prop_def(UnitAttr)

    def check_positions(self, positions: Sequence[int]) -> None:
        if self.is_all is not None and self.is_inverted is not None:
            raise VerifyException("found both `all` and `except`, expected at most one of them")
        if self.is_all is not None and positions:
            raise VerifyException(f"found positions {list(positions)} beside `all`, expected none")
        if self.is_all is None and not positions:
            raise VerifyException("found no positions, expected some or `all`")
        if len(set(positions)) != len(positions):
            raise VerifyException(f"positions are {list(positions)}, expected each once")


@transform_op
class GetOperandOp(PositionsOp):
    """Operands of the payload ops. Example: %v = transform.get_operand %h[all] : (!transform.any_op) -> !transform.any_value"""

    name = "transform.get_operand"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"result": "the operands at those positions"}
    target = operand_def(OPS)
    raw_position_list = prop_def(DenseArrayBase.constr(i64))
    result = result_def(VALUES)
    DIRECTIVES: ClassVar = (Positions,)
    SYNTAX: ClassVar = (
        "$target `[` custom<Positions>($raw_position_list, $is_inverted, $is_all) `]` attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        self.check_positions(values_of(self.raw_position_list))


@transform_op
class GetResultOp(PositionsOp):
    """Results of the payload ops. Example: %v = transform.get_result %h[0] : (!transform.any_op) -> !transform.any_value"""

    name = "transform.get_result"
    RESULTS: ClassVar = {"result": "the results at those positions"}
    target = operand_def(OPS)
    raw_position_list = prop_def(DenseArrayBase.constr(i64))
    result = result_def(VALUES)
    DIRECTIVES: ClassVar = (Positions,)
    SYNTAX: ClassVar = (
        "$target `[` custom<Positions>($raw_position_list, $is_inverted, $is_all) `]` attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        self.check_positions(values_of(self.raw_position_list))


@transform_op
class GetTypeOp(TransformOp):
    """Types of payload values, as a parameter. Example: %t = transform.get_type elemental %v : .."""

    name = "transform.get_type"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"type_param": "the type of each value, or its element type"}
    elemental = opt_prop_def(UnitAttr)
    value = operand_def(VALUES)
    type_param = result_def(PARAM)
    SYNTAX: ClassVar = "(`elemental` $elemental^)? $value attr-dict `:` functional-type(operands, results)"


OPERATIONS = [
    GetParentOp,
    GetProducerOfOperandOp,
    GetConsumersOfResultOp,
    GetDefiningOp,
    GetOperandOp,
    GetResultOp,
    GetTypeOp,
]
