// The older form of a script, which upstream prints with its default dialect left out.
transform.sequence failures(propagate) {
^bb0(%arg0: !transform.any_op):
  %0 = transform.structured.match ops{["linalg.matmul"]} in %arg0 : (!transform.any_op) -> !transform.any_op
  %1, %l = transform.structured.tile_using_for %0 tile_sizes [4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
  transform.sequence %0 : !transform.any_op failures(suppress) attributes {tag = "inner"} {
  ^bb0(%arg1: !transform.any_op):
    transform.print %arg1 : !transform.any_op
  }
  %2 = transform.sequence %0, %1 : !transform.any_op, !transform.any_op -> !transform.any_op failures(suppress) {
  ^bb0(%arg1: !transform.any_op, %arg2: !transform.any_op):
    transform.yield %arg2 : !transform.any_op
  }
}
transform.sequence failures(propagate) {
^bb0(%root: !transform.any_op, %x: !transform.any_op, %n: !transform.param<i64>):
}
