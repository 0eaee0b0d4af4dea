// Mapping to a GPU, bufferisation.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @gpu(%f: !transform.any_op {transform.consumed}, %m: !transform.any_op {transform.consumed}) {
    %1 = transform.gpu.map_forall_to_blocks %f generate_gpu_launch : (!transform.any_op) -> !transform.any_op
    %2 = transform.gpu.map_forall_to_blocks %1 generate_gpu_launch grid_dims = [4, 2, 1] : (!transform.any_op) -> !transform.any_op
    %3 = transform.gpu.map_forall_to_blocks %2 grid_dims = [4, 1, 1] {note} : (!transform.any_op) -> !transform.any_op
    %4 = transform.gpu.map_forall_to_blocks %3 : (!transform.any_op) -> !transform.any_op
    %5 = transform.gpu.map_nested_forall_to_threads %4 block_dims = [8, 8, 1] : (!transform.any_op) -> !transform.any_op
    %6 = transform.gpu.map_nested_forall_to_threads %5 block_dims = [8, 8, 1] sync_after_distribute = false warp_size = 64 : (!transform.any_op) -> !transform.any_op
    %7 = transform.bufferization.one_shot_bufferize layout{IdentityLayoutMap} %m {bufferize_function_boundaries = true} : (!transform.any_op) -> !transform.any_op
    %8 = transform.bufferization.one_shot_bufferize %7 : (!transform.any_op) -> !transform.any_op
    %9 = transform.bufferization.one_shot_bufferize layout{FullyDynamicLayoutMap} %8 {allow_return_allocs_from_loops = true, allow_unknown_ops = true, test_analysis_only = true, print_conflicts = true, check_parallel_regions = false, memcpy_op = "linalg.copy", dump_alias_sets = true} : (!transform.any_op) -> !transform.any_op
    transform.bufferization.eliminate_empty_tensors %9 : !transform.any_op
    %10 = transform.structured.match ops{["tensor.empty"]} in %9 : (!transform.any_op) -> !transform.op<"tensor.empty">
    %11 = transform.bufferization.empty_tensor_to_alloc_tensor %10 : (!transform.op<"tensor.empty">) -> !transform.op<"bufferization.alloc_tensor">
    transform.bufferization.buffer_loop_hoisting %9 : !transform.any_op
    transform.yield
  }
}
