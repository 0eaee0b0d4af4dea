"""Transforms of loops."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import I64, BoolAttr, IntegerAttr, StringAttr
from xdsl.irdl import ParsePropInAttrDict, operand_def, prop_def, result_def, var_result_def
from xdsl.utils.exceptions import VerifyException

from .base import FunctionalOp, TransformOp, int_prop, transform_op
from .types import OPS, HandleTo

_FALSE = BoolAttr.from_bool(False)
_FOR = HandleTo("scf.for")


class _UnrollOp(FunctionalOp, ABC):
    EACH: ClassVar = True
    target = operand_def(OPS)
    factor = prop_def(IntegerAttr[I64])
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` type($target)"

    def verify_(self) -> None:
        if self.factor.value.data < 1:
            raise VerifyException(f"factor is {self.factor.value.data}, expected at least 1")


@transform_op
class LoopUnrollOp(_UnrollOp):
    """Repeat the body of a loop. Example: transform.loop.unroll %l {factor = 4 : i64} : !transform.any_op"""

    name = "transform.loop.unroll"


@transform_op
class LoopUnrollAndJamOp(_UnrollOp):
    """Unroll a loop and fuse the inner loops that come of it. Example: transform.loop.unroll_and_jam %l {factor = 2 : i64} : A"""

    name = "transform.loop.unroll_and_jam"


@transform_op
class LoopPeelOp(FunctionalOp):
    """Split the last, partial iteration off a loop; with peel_front the first iteration.

    Example  %main, %rest = transform.loop.peel %l : (!transform.op<"scf.for">) -> (!transform.any_op, !transform.any_op)
    """

    name = "transform.loop.peel"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"peeled_loop": "the main loop", "remainder_loop": "the loop of what is left, or of the first iteration"}
    target = operand_def(_FOR)
    fail_if_already_divisible = prop_def(BoolAttr, default_value=_FALSE)
    peel_front = prop_def(BoolAttr, default_value=_FALSE)
    peeled_loop = result_def(OPS)
    remainder_loop = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class LoopPipelineOp(FunctionalOp):
    """Software pipelining: reads of a later iteration while an earlier one computes."""

    name = "transform.loop.pipeline"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the pipelined loop"}
    target = operand_def(_FOR)
    iteration_interval = prop_def(IntegerAttr[I64], default_value=int_prop(1))
    read_latency = prop_def(IntegerAttr[I64], default_value=int_prop(10))
    transformed = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class LoopCoalesceOp(FunctionalOp):
    """A perfect nest becomes one loop. Example: %c = transform.loop.coalesce %outer : (A) -> A"""

    name = "transform.loop.coalesce"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the one loop"}
    target = operand_def(OPS)
    transformed = result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type($target, $transformed)"


@transform_op
class LoopOutlineOp(FunctionalOp):
    """Move a loop into a function. Example: %f, %c = transform.loop.outline %l {func_name = "inner"} : (A) -> (A, A)"""

    name = "transform.loop.outline"
    RESULTS: ClassVar = {"function": "the new functions", "call": "the calls in place of the loops"}
    target = operand_def(OPS)
    func_name = prop_def(StringAttr)
    function = result_def(OPS)
    call = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class ForallToParallelOp(FunctionalOp):
    """A bufferised scf.forall becomes an scf.parallel. Example: %p = transform.loop.forall_to_parallel %f : (A) -> A"""

    name = "transform.loop.forall_to_parallel"
    RESULTS: ClassVar = {"transformed": "the scf.parallel"}
    target = operand_def(OPS)
    transformed = var_result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class ForallToForOp(FunctionalOp):
    """A bufferised scf.forall becomes nested scf.for. Example: %l:2 = transform.loop.forall_to_for %f : (A) -> (A, A)"""

    name = "transform.loop.forall_to_for"
    RESULTS: ClassVar = {"transformed": "one handle for each loop, outermost first"}
    target = operand_def(OPS)
    transformed = var_result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class LoopFuseSiblingOp(FunctionalOp):
    """Fuse a loop into one beside it that does not depend on it. Example: %f = transform.loop.fuse_sibling %a into %b : .."""

    name = "transform.loop.fuse_sibling"
    CONSUMES: ClassVar = ("target", "source")
    RESULTS: ClassVar = {"fused_loop": "the one loop"}
    target = operand_def(OPS)
    source = operand_def(OPS)
    fused_loop = result_def(OPS)
    SYNTAX: ClassVar = "$target `into` $source attr-dict `:` functional-type(operands, results)"


@transform_op
class LoopPromoteIfOneIterationOp(TransformOp):
    """A loop of one iteration becomes its body."""

    name = "transform.loop.promote_if_one_iteration"
    CONSUMES: ClassVar = ("target",)
    MODIFIES: ClassVar = True
    EACH: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` type($target)"


@transform_op
class HoistLoopInvariantSubsetsOp(TransformOp):
    """Tensor slices that a loop reads and writes at one place are carried by the loop instead."""

    name = "transform.loop.hoist_loop_invariant_subsets"
    MODIFIES: ClassVar = True
    EACH: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` type($target)"


OPERATIONS = [
    LoopUnrollOp,
    LoopUnrollAndJamOp,
    LoopPeelOp,
    LoopPipelineOp,
    LoopCoalesceOp,
    LoopOutlineOp,
    ForallToParallelOp,
    ForallToForOp,
    LoopFuseSiblingOp,
    LoopPromoteIfOneIterationOp,
    HoistLoopInvariantSubsetsOp,
]
