// transform.structured.*: one op at a time.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @matches(%f: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["linalg.matmul", "linalg.generic"]} in %f : (!transform.any_op) -> !transform.any_op
    %1 = transform.structured.match interface{LoopLikeInterface} in %f : (!transform.any_op) -> !transform.op<"scf.for">
    %2 = transform.structured.match interface{TilingInterface} attributes{iterator_types = [#linalg.iterator_type<parallel>], tag} in %f : (!transform.any_op) -> !transform.any_op
    %3 = transform.structured.match ops{["linalg.fill"]} filter_result_type = tensor<4xf32> in %f : (!transform.any_op) -> !transform.any_op
    %4 = transform.structured.match ops{["linalg.fill"]} filter_operand_types = [f32, tensor<4xf32>] in %f : (!transform.any_op) -> !transform.any_op
    %5 = transform.structured.match in %f {note = 1 : i64} : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
  transform.named_sequence @simple(%f: !transform.any_op {transform.consumed}, %m: !transform.op<"linalg.matmul">) {
    %1 = transform.structured.generalize %f : (!transform.any_op) -> !transform.any_op
    %2 = transform.structured.interchange %1 iterator_interchange = [2, 0, 1] : (!transform.any_op) -> !transform.any_op
    %3 = transform.structured.interchange %2 : (!transform.any_op) -> !transform.any_op
    %4 = transform.structured.decompose_interface %3 : (!transform.any_op) -> !transform.any_op
    %5 = transform.structured.convert_to_loops %4 : (!transform.any_op) -> !transform.any_op
    %6 = transform.structured.promote %5 {mapping = [#gpu.memory_space<workgroup>], operands_to_promote = [0, 1], use_full_tiles_by_default} : (!transform.any_op) -> !transform.any_op
    %7 = transform.structured.promote %6 {operands_to_promote = [0], use_full_tile_buffers = [true, false], use_original_subview_size, use_alloca, memory_space = 3 : i64, alignment = 32 : i64} : (!transform.any_op) -> !transform.any_op
    %8 = transform.structured.promote %7 : (!transform.any_op) -> !transform.any_op
    transform.structured.vectorize %8 vector_sizes [8, 16, 4] {create_named_contraction} : !transform.any_op
    %9 = transform.structured.vectorize_children_and_apply_patterns %f {vectorize_padding, fold_type_extensions_into_contract, vectorize_nd_extract, flatten_1d_depthwise_conv, disable_multi_reduction_to_contract_patterns, disable_transfer_permutation_map_lowering_patterns} : (!transform.any_op) -> !transform.any_op
    %10 = transform.structured.vectorize_children_and_apply_patterns %9 : (!transform.any_op) -> !transform.any_op
    %g = transform.structured.generalize %m : (!transform.op<"linalg.matmul">) -> !transform.op<"linalg.generic">
    %11 = transform.structured.specialize %10 : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
  transform.named_sequence @vec(%f: !transform.any_op {transform.consumed}, %g: !transform.any_op {transform.consumed}, %h: !transform.any_op, %p: !transform.param<i64>, %p2: !transform.any_param) {
    transform.structured.vectorize %f : !transform.any_op
    transform.structured.vectorize %g vector_sizes [%p, [4], %p2] {vectorize_nd_extract, assume_dynamic_dims_match_vec_sizes} : !transform.any_op, !transform.param<i64>, !transform.any_param
    transform.yield
  }
}
