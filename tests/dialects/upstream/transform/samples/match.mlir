// Matchers of structured ops.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @structured(%op: !transform.any_op {transform.readonly}) -> (!transform.param<i64>, !transform.any_value) {
    %0:2 = transform.match.structured failures(propagate) %op : (!transform.any_op) -> (!transform.param<i64>, !transform.any_value) {
    ^bb0(%s: !transform.any_op):
      transform.match.structured.body %s {elementwise} : !transform.any_op
      transform.match.structured.body %s {passthrough} : !transform.any_op
      transform.match.structured.body %s {reduction_position = 0} : !transform.any_op
      transform.match.structured.body %s {contraction = ["arith.mulf", "arith.addf"]} : !transform.any_op
      %b, %m, %n, %k = transform.match.structured.classify_contraction_dims %s : (!transform.any_op) -> (!transform.param<i64>, !transform.param<i64>, !transform.param<i64>, !transform.param<i64>)
      %c:8 = transform.match.structured.classify_convolution_dims %s : (!transform.any_op) -> (!transform.param<i64>, !transform.param<i64>, !transform.param<i64>, !transform.param<i64>, !transform.param<i64>, !transform.param<i64>, !transform.param<i64>, !transform.param<i64>)
      transform.match.structured.dim %s[all] {parallel} : !transform.any_op
      %d = transform.match.structured.dim %s[0, -1] : (!transform.any_op) -> !transform.param<i64>
      %e = transform.match.structured.dim %s[except(-1)] {reduction} : (!transform.any_op) -> !transform.param<i64>
      %v = transform.match.structured.input %s[0] : (!transform.any_op) -> !transform.any_value
      %v1 = transform.match.structured.input %s[all] {projected_permutation} : (!transform.any_op) -> !transform.affine_map
      transform.match.structured.input %s[except(0)] {permutation} : !transform.any_op
      %v2 = transform.match.structured.init %s[0] : (!transform.any_op) -> !transform.any_op
      %w = transform.match.structured.elemental_bitwidth %v : (!transform.any_value) -> !transform.param<i64>
      %ni = transform.match.structured.num_inputs %s : (!transform.any_op) -> !transform.param<i64>
      %no = transform.match.structured.num_inits %s : (!transform.any_op) -> !transform.param<i64>
      %r = transform.match.structured.rank %s : (!transform.any_op) -> !transform.param<i64>
      %u = transform.match.structured.result %s[0] single : (!transform.any_op) -> !transform.any_op
      %u1 = transform.match.structured.result %s[-1] any : (!transform.any_op) -> !transform.any_op
      %u2 = transform.match.structured.result %s[0] : (!transform.any_op) -> !transform.any_value
      transform.match.structured.yield %r, %v : !transform.param<i64>, !transform.any_value
    }
    transform.match.structured %op : !transform.any_op {
    ^bb0(%s: !transform.any_op):
      transform.match.structured.yield
    }
    transform.match.structured failures(suppress) %op : !transform.any_op attributes {note} {
    ^bb0(%s: !transform.any_op):
    }
    transform.yield %0#0, %0#1 : !transform.param<i64>, !transform.any_value
  }
}
