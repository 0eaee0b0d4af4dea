"""Transforms that map loops to a GPU, that bufferise, and that report on a script's own state."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import I32, I64, BoolAttr, DenseArrayBase, IntegerAttr, StringAttr, UnitAttr, i64
from xdsl.irdl import ParsePropInAttrDict, operand_def, opt_operand_def, opt_prop_def, prop_def, result_def
from xdsl.utils.exceptions import VerifyException

from .base import FunctionalOp, TransformOp, dense, int_prop, transform_op, values_of
from .directives import Word
from .types import OPS, OPS_OR_VALUES, PARAM, HandleTo

_TRUE, _FALSE = BoolAttr.from_bool(True), BoolAttr.from_bool(False)

LAYOUTS = ("InferLayoutMap", "IdentityLayoutMap", "FullyDynamicLayoutMap")


@transform_op
class MapForallToBlocksOp(FunctionalOp):
    """The outermost scf.forall, mapped to #gpu.block<..>, becomes the blocks of a launch.

    Example  %l = transform.gpu.map_forall_to_blocks %f generate_gpu_launch grid_dims = [4, 2, 1] : (A) -> A
    Errors   grid_dims of other than none or three
    """

    name = "transform.gpu.map_forall_to_blocks"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"result": "the gpu.launch"}
    target = operand_def(OPS)
    generate_gpu_launch = opt_prop_def(UnitAttr)
    grid_dims = opt_prop_def(DenseArrayBase.constr(i64))
    result = result_def(OPS)
    SYNTAX: ClassVar = (
        "$target (`generate_gpu_launch` $generate_gpu_launch^)? (`grid_dims` `=` $grid_dims^)? attr-dict "
        "`:` functional-type($target, $result)"
    )

    def verify_(self) -> None:
        if len(values_of(self.grid_dims)) not in (0, 3):
            raise VerifyException(f"grid_dims has {len(values_of(self.grid_dims))} entries, expected none or 3")


@transform_op
class MapNestedForallToThreadsOp(FunctionalOp):
    """Each scf.forall in a launch, mapped to #gpu.thread<..> or #gpu.warp<..>, becomes code for the threads of a block.

    Example  %l = transform.gpu.map_nested_forall_to_threads %launch block_dims = [8, 8, 1] : (A) -> A
    """

    name = "transform.gpu.map_nested_forall_to_threads"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"result": "the gpu.launch"}
    target = operand_def(OPS)
    block_dims = prop_def(DenseArrayBase.constr(i64), default_value=dense(()))
    sync_after_distribute = prop_def(BoolAttr, default_value=_TRUE)
    warp_size = prop_def(IntegerAttr[I64], default_value=int_prop(32))
    result = result_def(OPS)
    SYNTAX: ClassVar = (
        "$target `block_dims` `=` $block_dims (`sync_after_distribute` `=` $sync_after_distribute^)? "
        "(`warp_size` `=` $warp_size^)? attr-dict `:` functional-type($target, $result)"
    )


@transform_op
class OneShotBufferizeOp(FunctionalOp):
    """Tensors become memrefs in the whole target, as upstream's pass of that name does.

    Example  %b = transform.bufferization.one_shot_bufferize %m {bufferize_function_boundaries = true} : (A) -> A
    Errors   a memcpy_op that is none of memref.copy, linalg.copy
    """

    name = "transform.bufferization.one_shot_bufferize"
    RESULTS: ClassVar = {"transformed": "the payload of the target"}
    ENUMS: ClassVar = {"function_boundary_type_conversion": LAYOUTS}
    function_boundary_type_conversion = opt_prop_def(IntegerAttr[I32])
    target = operand_def(OPS)
    allow_return_allocs_from_loops = prop_def(BoolAttr, default_value=_FALSE)
    allow_unknown_ops = prop_def(BoolAttr, default_value=_FALSE)
    bufferize_function_boundaries = prop_def(BoolAttr, default_value=_FALSE)
    check_parallel_regions = prop_def(BoolAttr, default_value=_TRUE)
    dump_alias_sets = prop_def(BoolAttr, default_value=_FALSE)
    memcpy_op = prop_def(StringAttr, default_value=StringAttr("memref.copy"))
    print_conflicts = prop_def(BoolAttr, default_value=_FALSE)
    test_analysis_only = prop_def(BoolAttr, default_value=_FALSE)
    transformed = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    DIRECTIVES: ClassVar = (Word,)
    SYNTAX: ClassVar = (
        "(`layout` `{` custom<Word>($function_boundary_type_conversion)^ `}`)? $target attr-dict "
        "`:` functional-type($target, results)"
    )

    def verify_(self) -> None:
        if self.memcpy_op.data not in ("memref.copy", "linalg.copy"):
            raise VerifyException(f'memcpy_op is "{self.memcpy_op.data}", expected memref.copy or linalg.copy')


@transform_op
class EliminateEmptyTensorsOp(TransformOp):
    """tensor.empty whose result is only inserted into another tensor gives way to a slice of that one."""

    name = "transform.bufferization.eliminate_empty_tensors"
    MODIFIES: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` type($target)"


@transform_op
class EmptyTensorToAllocTensorOp(FunctionalOp):
    """tensor.empty becomes bufferization.alloc_tensor, so that bufferisation gives it a buffer."""

    name = "transform.bufferization.empty_tensor_to_alloc_tensor"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the bufferization.alloc_tensor"}
    target = operand_def(HandleTo("tensor.empty"))
    transformed = result_def(HandleTo("bufferization.alloc_tensor"))
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class BufferLoopHoistingOp(TransformOp):
    """Allocations move out of loops where nothing in the loop asks for a fresh one."""

    name = "transform.bufferization.buffer_loop_hoisting"
    MODIFIES: ClassVar = True
    EACH: ClassVar = True
    target = operand_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` type($target)"


@transform_op
class EmitRemarkAtOp(TransformOp):
    """Say something at each payload. Example: transform.debug.emit_remark_at %h, "hi" : !transform.any_op"""

    name = "transform.debug.emit_remark_at"
    MATCHES: ClassVar = True
    at = operand_def(OPS_OR_VALUES)
    message = prop_def(StringAttr)
    SYNTAX: ClassVar = "$at `,` $message attr-dict `:` type($at)"


@transform_op
class EmitParamAsRemarkOp(TransformOp):
    """Say what a parameter is. Example: transform.debug.emit_param_as_remark %p, "size" at %h : P, !transform.any_op"""

    name = "transform.debug.emit_param_as_remark"
    MATCHES: ClassVar = True
    param = operand_def(PARAM)
    anchor = opt_operand_def(OPS)
    message = opt_prop_def(StringAttr)
    SYNTAX: ClassVar = "$param (`,` $message^)? (`at` $anchor^)? attr-dict `:` type($param) (`,` type($anchor)^)?"


OPERATIONS = [
    MapForallToBlocksOp,
    MapNestedForallToThreadsOp,
    OneShotBufferizeOp,
    EliminateEmptyTensorsOp,
    EmptyTensorToAllocTensorOp,
    BufferLoopHoistingOp,
    EmitRemarkAtOp,
    EmitParamAsRemarkOp,
]
