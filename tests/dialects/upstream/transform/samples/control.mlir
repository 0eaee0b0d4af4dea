// Loops over payload, tries, dispatch by matchers.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @loops(%root: !transform.any_op, %v: !transform.any_value, %p: !transform.param<i64>) {
    transform.foreach %root : !transform.any_op {
    ^bb0(%x: !transform.any_op):
      transform.print %x : !transform.any_op
    }
    %0 = transform.foreach %root, %p with_zip_shortest : !transform.any_op, !transform.param<i64> -> !transform.any_op {
    ^bb0(%x: !transform.any_op, %q: !transform.param<i64>):
      transform.yield %x : !transform.any_op
    } {tag = 1 : i64}
    %1:2 = transform.foreach %root : !transform.any_op -> !transform.any_op, !transform.any_op {
    ^bb0(%x: !transform.any_op):
      transform.yield %x, %x : !transform.any_op, !transform.any_op
    }
    transform.yield
  }
  transform.named_sequence @match(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["linalg.generic", "linalg.matmul"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @match3(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @action(%op: !transform.any_op {transform.readonly}) {
    transform.debug.emit_remark_at %op, "hit" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @match2(%op: !transform.any_op {transform.readonly}, %p: !transform.param<i64> {transform.readonly}) -> (!transform.any_op) {
    transform.match.operation_empty %op : !transform.any_op
    transform.match.param.cmpi eq %p, %p : !transform.param<i64>
    transform.match.param.cmpi ge %p, %p : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @action2(%op: !transform.any_op {transform.consumed}) -> !transform.any_op {
    %done = transform.structured.generalize %op : (!transform.any_op) -> !transform.any_op
    transform.yield %done : !transform.any_op
  }
  transform.named_sequence @dispatch(%root: !transform.any_op {transform.consumed}, %p: !transform.param<i64>) {
    %0 = transform.foreach_match in %root @match -> @action : (!transform.any_op) -> !transform.any_op
    %1 = transform.foreach_match restrict_root in %0 @match -> @action, @match3 -> @action : (!transform.any_op) -> !transform.any_op
    %2:2 = transform.foreach_match flatten_results restrict_root in %1, %p @match2 -> @action2 : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    %3 = transform.collect_matching @match in %2#0 : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
  transform.named_sequence @consuming_bodies(%loops: !transform.any_op {transform.consumed}, %n: !transform.any_op {transform.readonly}) {
    transform.foreach %n, %loops : !transform.any_op, !transform.any_op {
    ^bb0(%m: !transform.any_op, %loop: !transform.any_op):
      transform.print %m : !transform.any_op
      transform.loop.unroll %loop {factor = 2 : i64} : !transform.any_op
    }
    transform.yield
  }
  transform.named_sequence @consuming_nest(%loops: !transform.any_op {transform.consumed}) {
    transform.sequence %loops : !transform.any_op failures(suppress) {
    ^bb0(%some: !transform.any_op):
      transform.foreach %some : !transform.any_op {
      ^bb0(%loop: !transform.any_op):
        transform.loop.unroll %loop {factor = 2 : i64} : !transform.any_op
      }
    }
    transform.yield
  }
  transform.named_sequence @tries(%scope: !transform.op<"func.func">) {
    %0 = transform.alternatives %scope : !transform.op<"func.func"> -> !transform.any_op {
    ^bb0(%x: !transform.op<"func.func">):
      %1 = transform.cast %x : !transform.op<"func.func"> to !transform.any_op
      transform.yield %1 : !transform.any_op
    }, {
    ^bb0(%x: !transform.op<"func.func">):
      %1 = transform.cast %x : !transform.op<"func.func"> to !transform.any_op
      transform.yield %1 : !transform.any_op
    }
    transform.alternatives %scope : !transform.op<"func.func"> attributes {tag} {
    ^bb0(%x: !transform.op<"func.func">):
    }
    transform.yield
  }
}
