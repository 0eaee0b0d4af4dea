"""Ops that say yes or no in a matcher: the name of an op, and parameters."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import I32, ArrayAttr, IntegerAttr, StringAttr
from xdsl.irdl import (
    VarConstraint,
    operand_def,
    prop_def,
)
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, transform_op
from .directives import Word
from .types import OPS, PARAM

COMPARES = ("eq", "ne", "lt", "le", "gt", "ge")


@transform_op
class MatchOperationNameOp(TransformOp):
    """The one payload op has one of these names. Example: transform.match.operation_name %op ["linalg.matmul"] : A"""

    name = "transform.match.operation_name"
    MATCHES: ClassVar = True
    operand_handle = operand_def(OPS)
    op_names = prop_def(ArrayAttr[StringAttr])
    SYNTAX: ClassVar = "$operand_handle $op_names attr-dict `:` type($operand_handle)"


@transform_op
class MatchOperationEmptyOp(TransformOp):
    """The handle is empty. Example: transform.match.operation_empty %op : !transform.any_op"""

    name = "transform.match.operation_empty"
    MATCHES: ClassVar = True
    operand_handle = operand_def(OPS)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` type($operand_handle)"


@transform_op
class MatchParamCmpIOp(TransformOp):
    """All numbers of two parameters compare so. Example: transform.match.param.cmpi ge %p, %q : !transform.param<i64>"""

    name = "transform.match.param.cmpi"
    MATCHES: ClassVar = True
    ENUMS: ClassVar = {"predicate": COMPARES}
    T: ClassVar = VarConstraint("T", PARAM)
    param = operand_def(T)
    reference = operand_def(T)
    predicate = prop_def(IntegerAttr[I32])
    DIRECTIVES: ClassVar = (Word,)
    SYNTAX: ClassVar = "custom<Word>($predicate) $param `,` $reference attr-dict `:` type($param)"

    def verify_(self) -> None:
        if not 0 <= self.predicate.value.data < len(COMPARES):
            raise VerifyException(f"predicate is {self.predicate.value.data}, expected 0 to {len(COMPARES) - 1}")


OPERATIONS = [MatchOperationNameOp, MatchOperationEmptyOp, MatchParamCmpIOp]
