// The spellings of LLVM 22 that this project's schedules are written in, as whole scripts.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @sub(%a: !transform.any_op {transform.readonly}, %n: !transform.param<i64> {transform.readonly}) -> !transform.any_op {
    transform.yield %a : !transform.any_op
  }
  transform.named_sequence @find(%arg0: !transform.any_op) {
    %0 = transform.structured.match ops{["linalg.matmul"]} in %arg0 : (!transform.any_op) -> !transform.any_op
    %1 = transform.structured.match interface{LoopLikeInterface} in %arg0 : (!transform.any_op) -> !transform.any_op
    %2:2 = transform.split_handle %1 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %3 = transform.get_parent_op %0 {deduplicate, op_name = "scf.for"} : (!transform.any_op) -> !transform.any_op
    %4 = transform.get_producer_of_operand %0[0] : (!transform.any_op) -> !transform.any_op
    %5 = transform.cast %3 : !transform.any_op to !transform.op<"scf.for">
    %6, %7 = transform.loop.peel %5 : (!transform.op<"scf.for">) -> (!transform.any_op, !transform.any_op)
    transform.loop.unroll %6 {factor = 4 : i64} : !transform.any_op
    transform.foreach %2#0 : !transform.any_op {
    ^bb0(%one: !transform.any_op):
      transform.verify %one : !transform.any_op
    }
    transform.yield
  }
  transform.named_sequence @tiles(%arg0: !transform.any_op) {
    %p = transform.param.constant 4 : i64 -> !transform.param<i64>
    %0 = transform.structured.match ops{["linalg.matmul"]} in %arg0 : (!transform.any_op) -> !transform.any_op
    %1, %l1:3 = transform.structured.tile_using_for %0 tile_sizes [8, %p, 4] interchange = [2, 0, 1] : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %2, %l2 = transform.structured.tile_using_for %1 tile_sizes [[4]] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %3, %f3 = transform.structured.tile_using_forall %2 tile_sizes [%p, 32] (mapping = [#gpu.block<y>, #gpu.block<x>]) : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    %4, %f4 = transform.structured.tile_using_forall %3 num_threads [4, 4] (mapping = [#gpu.thread<y>, #gpu.thread<x>]) : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %5, %l5:2 = transform.structured.fuse %4 tile_sizes [8, 16] interchange [1, 0] {apply_cleanup} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %6, %f6 = transform.structured.fuse %5 tile_sizes [8, 16] {use_forall} : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %7, %f7 = transform.structured.fuse_into_containing_op %6 into %f4 : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    %8 = transform.structured.split %7 after 30 {dimension = 0 : i64} : !transform.any_op
    %9, %10, %11, %12 = transform.structured.split_reduction %8 {split_factor = 4 : i64} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %13, %14, %15, %16 = transform.structured.tile_reduction_using_forall %11 by num_threads = [0, 0, 4] tile_sizes = [0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %17, %18, %19, %20 = transform.structured.tile_reduction_using_for %14 by tile_sizes = [0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @one_op(%arg0: !transform.any_op) {
    %0 = transform.structured.match ops{["linalg.matmul"]} in %arg0 : (!transform.any_op) -> !transform.any_op
    %1 = transform.structured.generalize %0 : (!transform.any_op) -> !transform.any_op
    %2 = transform.structured.interchange %1 iterator_interchange = [2, 0, 1] : (!transform.any_op) -> !transform.any_op
    %3, %pad, %copy = transform.structured.pad %2 pad_to_multiple_of [8, 16, 4] {copy_back_op = "none", nofold_flags = [1, 1, 0], padding_dimensions = [0, 1, 2], padding_values = [0.0 : f32, 0.0 : f32, 0.0 : f32]} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %buffer, %new = transform.structured.bufferize_to_allocation %pad {bufferize_destination_only, emit_dealloc, memory_space = 3 : i64} : !transform.any_op
    %space, %new2 = transform.structured.bufferize_to_allocation %copy {memory_space = #gpu.address_space<workgroup>} : !transform.any_op
    %4 = transform.structured.promote %3 {mapping = [#gpu.memory_space<workgroup>], operands_to_promote = [0, 1], use_full_tiles_by_default} : (!transform.any_op) -> !transform.any_op
    %5 = transform.structured.decompose_interface %4 : (!transform.any_op) -> !transform.any_op
    transform.structured.vectorize %5 vector_sizes [8, 16, 4] {create_named_contraction} : !transform.any_op
    %6 = transform.structured.match ops{["func.func"]} in %arg0 : (!transform.any_op) -> !transform.any_op
    %7 = transform.structured.vectorize_children_and_apply_patterns %6 : (!transform.any_op) -> !transform.any_op
    %8 = transform.structured.convert_to_loops %7 : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
  transform.named_sequence @launch(%arg0: !transform.any_op {transform.consumed}) {
    %0 = transform.bufferization.one_shot_bufferize layout{IdentityLayoutMap} %arg0 {bufferize_function_boundaries = true} : (!transform.any_op) -> !transform.any_op
    %1 = transform.structured.match ops{["scf.forall"]} in %0 : (!transform.any_op) -> !transform.any_op
    %2:2 = transform.split_handle %1 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %3 = transform.loop.forall_to_parallel %2#0 : (!transform.any_op) -> !transform.any_op
    %4:2 = transform.loop.forall_to_for %2#1 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %5 = transform.structured.match ops{["func.func"]} in %0 : (!transform.any_op) -> !transform.any_op
    %6 = transform.gpu.map_forall_to_blocks %5 generate_gpu_launch : (!transform.any_op) -> !transform.any_op
    %7 = transform.gpu.map_nested_forall_to_threads %6 block_dims = [8, 8, 1] : (!transform.any_op) -> !transform.any_op
    transform.apply_patterns to %7 {
      transform.apply_patterns.canonicalization
      transform.apply_patterns.gpu.eliminate_barriers
    } : !transform.any_op
    transform.apply_cse to %7 : !transform.any_op
    transform.apply_licm to %7 : !transform.any_op
    %8 = transform.apply_registered_pass "canonicalize" with options = {"max-iterations" = 5 : i64} to %7 : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
  transform.named_sequence @space(%arg0: !transform.any_op) {
    %t = transform.tune.knob<"t"> = 32 : i64 from options = [8, 16, 32] -> !transform.param<i64>
    %u = transform.tune.knob<"u"> options = [8, 16] -> !transform.param<i64>
    %r = transform.tune.knob<"r"> options = {lb = 1 : i64, step = 1 : i64, ub = 4 : i64} -> !transform.param<i64>
    %a = transform.tune.alternatives<"alt"> selected_region = %u : !transform.param<i64> -> !transform.any_op {
      transform.yield %arg0 : !transform.any_op
    }, {
      %s = transform.include @sub failures(propagate) (%arg0, %t) : (!transform.any_op, !transform.param<i64>) -> !transform.any_op
      transform.yield %s : !transform.any_op
    }
    transform.smt.constrain_params(%t, %u) : (!transform.param<i64>, !transform.param<i64>) -> () {
    ^bb0(%va: !smt.int, %vb: !smt.int):
      %rest = smt.int.mod %va, %vb
      %zero = smt.int.constant 0
      %divides = smt.eq %rest, %zero : !smt.int
      smt.assert %divides
    }
    transform.annotate %a "tag" = %t : !transform.any_op, !transform.param<i64>
    transform.print %a {name = "here"} : !transform.any_op
    transform.debug.emit_remark_at %a, "hi" : !transform.any_op
    transform.debug.emit_param_as_remark %t : !transform.param<i64>
    transform.yield
  }
}
