// Tiles, fusion, splits.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @tile_for(%f: !transform.any_op {transform.consumed}, %h: !transform.any_op, %p: !transform.param<i64>) {
    %1, %l:3 = transform.structured.tile_using_for %f tile_sizes [8, %p, 4] interchange = [2, 0, 1] : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %2, %m = transform.structured.tile_using_for %1 tile_sizes [0, [4], 0] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %3, %n:2 = transform.structured.tile_using_for %2 tile_sizes [%p, %h] {note} : (!transform.any_op, !transform.param<i64>, !transform.any_op) -> (!transform.any_op, !transform.op<"scf.for">, !transform.any_op)
    %4 = transform.structured.tile_using_for %3 tile_sizes [] : (!transform.any_op) -> !transform.any_op
    %5 = transform.structured.tile_using_for %4 tile_sizes [0] : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
  transform.named_sequence @tile_forall(%f: !transform.any_op {transform.consumed}, %h: !transform.any_op, %p: !transform.param<i64>) {
    %1, %l = transform.structured.tile_using_forall %f tile_sizes [%p, 32] (mapping = [#gpu.block<y>, #gpu.block<x>]) : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    %2, %m = transform.structured.tile_using_forall %1 num_threads [4, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %3, %n = transform.structured.tile_using_forall %2 num_threads *(%h) (mapping = [#gpu.thread<linear_dim_0>]) : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    %4, %o = transform.structured.tile_using_forall %3 tile_sizes *(%p) : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    %5, %q = transform.structured.tile_using_forall %4 num_threads [%p, 4] tile_sizes [8, %h] : (!transform.any_op, !transform.param<i64>, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    %6, %r = transform.structured.tile_using_forall %5 tile_sizes [0, 10] (mapping = [#gpu.warp<x>]) {note = 2 : i64} : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @fuse(%f: !transform.any_op {transform.consumed}, %h: !transform.any_op, %p: !transform.param<i64>) {
    %1, %l:2 = transform.structured.fuse %f tile_sizes [8, 16] interchange [1, 0] {apply_cleanup} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %2, %m = transform.structured.fuse %1 tile_sizes [%p, 16] {use_forall} : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    %3, %n = transform.structured.fuse %2 interchange [0] tile_sizes [4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %5, %o = transform.structured.fuse_into_containing_op %3 into %h : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @splits(%f: !transform.any_op {transform.consumed}, %p: !transform.param<i64>, %h: !transform.any_op) {
    %1, %2, %3, %4 = transform.structured.split_reduction %f {split_factor = 4 : i64} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %5, %6, %7, %8 = transform.structured.split_reduction %3 {split_factor = 4, insert_split_dimension = 2, inner_parallel, use_scaling_algorithm, use_alloc} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %9 = transform.structured.split %7 after 30 {dimension = 0 : i64} : !transform.any_op
    %10 = transform.structured.split %9 after %p {dimension = 1 : i64} : !transform.any_op, !transform.param<i64>
    %11 = transform.structured.split %10 after %h {dimension = 1 : i64, multiway} : !transform.any_op, !transform.any_op
    %12, %13, %14, %15 = transform.structured.tile_reduction_using_forall %11 by num_threads = [0, 0, 4] tile_sizes = [0, 0, 8] mapping = [#gpu.thread<x>] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %16, %17, %18, %19 = transform.structured.tile_reduction_using_forall %13 reduction_dims = [2] by tile_sizes = [0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %20, %21, %22, %23 = transform.structured.tile_reduction_using_for %17 by tile_sizes = [0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %24, %25, %26, %27 = transform.structured.tile_reduction_using_for %21 reduction_dims = [2] by tile_sizes = [0, 8] {note} : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %28, %29, %30, %31, %32 = transform.structured.tile_reduction_using_for %25 by tile_sizes = [4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
