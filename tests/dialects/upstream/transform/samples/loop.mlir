// transform.loop.*
module attributes {transform.with_named_sequence} {
  transform.named_sequence @loops(%l: !transform.any_op {transform.consumed}, %o: !transform.any_op {transform.consumed}, %f: !transform.op<"scf.for"> {transform.consumed}) {
    transform.loop.unroll %o {factor = 4 : i64} : !transform.any_op
    %1, %2 = transform.loop.peel %f : (!transform.op<"scf.for">) -> (!transform.any_op, !transform.any_op)
    %3 = transform.cast %1 : !transform.any_op to !transform.op<"scf.for">
    %4, %5 = transform.loop.peel %3 {peel_front = true, fail_if_already_divisible = true} : (!transform.op<"scf.for">) -> (!transform.op<"scf.for">, !transform.op<"scf.for">)
    %6 = transform.loop.pipeline %4 {iteration_interval = 2 : i64, read_latency = 5 : i64} : (!transform.op<"scf.for">) -> !transform.op<"scf.for">
    %7 = transform.loop.pipeline %6 : (!transform.op<"scf.for">) -> !transform.any_op
    transform.loop.unroll_and_jam %7 {factor = 2 : i64} : !transform.any_op
    %8 = transform.loop.coalesce %5 : (!transform.op<"scf.for">) -> !transform.op<"scf.for">
    %9, %10 = transform.loop.outline %8 {func_name = "inner"} : (!transform.op<"scf.for">) -> (!transform.any_op, !transform.any_op)
    %11 = transform.loop.forall_to_parallel %l : (!transform.any_op) -> !transform.any_op
    %12:2 = transform.loop.forall_to_for %11 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.loop.hoist_loop_invariant_subsets %12#0 : !transform.any_op
    transform.loop.promote_if_one_iteration %12#0 : !transform.any_op
    %13 = transform.loop.fuse_sibling %12#1 into %9 : (!transform.any_op, !transform.any_op) -> !transform.any_op
    transform.yield
  }
}
