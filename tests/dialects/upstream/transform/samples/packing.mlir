// Pads, packed tiles, buffers.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @pads(%f: !transform.any_op {transform.consumed}, %p: !transform.param<i64>) {
    %1, %2, %3 = transform.structured.pad %f pad_to_multiple_of [8, 16, %p] {copy_back_op = "none", nofold_flags = [1, 1, 0], padding_dimensions = [0, 1, 2], padding_values = [0.0 : f32, 0.0 : f32, 0.0 : f32]} : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %4, %5, %6 = transform.structured.pad %1 {padding_dimensions = [1], padding_values = [#ub.poison, 0.0 : f32], transpose_paddings = [[1, 0], [0, 1]]} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %7, %8, %9 = transform.structured.pad %4 pad_to_multiple_of [2] use_prescribed_tensor_shapes {padding_dimensions = [1]} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %a, %b, %c = transform.structured.pad %7 : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %10 = transform.structured.hoist_pad %8 by 1 loops, transpose by [1, 0] : (!transform.any_op) -> !transform.any_op
    %11 = transform.structured.hoist_pad %10 by 2 loops : (!transform.any_op) -> !transform.any_op
    %12, %13 = transform.structured.bufferize_to_allocation %5 {bufferize_destination_only, emit_dealloc, memory_space = 3 : i64, alloc_op = "memref.alloca", memcpy_op = "linalg.copy"} : !transform.any_op
    %14, %15 = transform.structured.bufferize_to_allocation %2 : !transform.any_op
    transform.yield
  }
  transform.named_sequence @packs(%f: !transform.any_op {transform.consumed}, %p: !transform.any_op, %c: !transform.op<"linalg.conv_2d_nhwc_hwcf"> {transform.consumed}) {
    %1 = transform.structured.pack %f packed_sizes = [8, %p, 32] : (!transform.any_op, !transform.any_op) -> (!transform.op<"linalg.generic">)
    %2 = transform.structured.pack_greedily %1 matmul_packed_sizes = [8, 16, %p] matmul_inner_dims_order = [1, 2, 0] : (!transform.op<"linalg.generic">, !transform.any_op) -> !transform.op<"linalg.generic">
    %3 = transform.structured.pack_greedily %2 matmul_packed_sizes = [8, 16, 0] matmul_padded_sizes_next_multiple_of = [0, 0, 10] matmul_inner_dims_order = [0, 1, 2] : (!transform.op<"linalg.generic">) -> !transform.op<"linalg.generic">
    %m1, %m2, %m3 = transform.structured.multitile_sizes %3 {dimension = 1 : i64, target_size = 10 : i64, divisor = 4 : i64} : (!transform.op<"linalg.generic">) -> !transform.any_op
    %n1, %n2, %n3 = transform.structured.multitile_sizes %3 {dimension = 1, target_size = 10} : (!transform.op<"linalg.generic">) -> !transform.param<i64>
    %i, %t = transform.structured.convert_conv2d_to_img2col %c : (!transform.op<"linalg.conv_2d_nhwc_hwcf">) -> (!transform.any_op, !transform.any_op)
    %o = transform.structured.hoist_redundant_vector_transfers %i : (!transform.any_op) -> !transform.any_op
    %o2 = transform.structured.hoist_redundant_vector_transfers %o {verify_non_zero_trip} : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
  transform.named_sequence @lowers(%pack: !transform.op<"linalg.pack"> {transform.consumed}) {
    %1, %2, %3 = transform.structured.lower_pack %pack : (!transform.op<"linalg.pack">) -> (!transform.op<"tensor.pad">, !transform.op<"tensor.expand_shape">, !transform.op<"linalg.transpose">)
    transform.yield
  }
}
