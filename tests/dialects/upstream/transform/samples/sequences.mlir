// Named sequences, their marks, calls of them.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @sub(%op: !transform.any_op {transform.readonly}, %n: !transform.param<i64> {transform.readonly}) -> (!transform.any_op, !transform.param<i64>) {
    transform.yield %op, %n : !transform.any_op, !transform.param<i64>
  }
  transform.named_sequence private @external(%op: !transform.any_op {transform.consumed}) -> !transform.any_op
  transform.named_sequence @empty(%op: !transform.any_op {transform.readonly}) {
    transform.yield
  }
  transform.named_sequence @attrs(%op: !transform.any_op {transform.consumed}) attributes {tag = "x", n = 4 : i64} {
    transform.loop.unroll %op {factor = 2 : i64} : !transform.any_op
    transform.yield
  }
  transform.named_sequence @calls(%root: !transform.any_op) {
    %n = transform.param.constant 4 : i64 -> !transform.param<i64>
    %s = transform.param.constant "text" -> !transform.any_param
    %t = transform.param.constant f32 -> !transform.type
    %a:2 = transform.include @sub failures(propagate) (%root, %n) : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.param<i64>)
    transform.include @empty failures(suppress) (%a#0) : (!transform.any_op) -> ()
    transform.yield
  }
}
