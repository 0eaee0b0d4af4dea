// Knobs, alternatives, constraints.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @tune(%f: !transform.any_op, %p: !transform.param<i64>) -> !transform.any_op {
    %1 = transform.tune.knob<"t"> = 32 : i64 from options = [8, 16, 32] -> !transform.param<i64>
    %2 = transform.tune.knob<"u"> options = [8, 16] -> !transform.param<i64>
    %3 = transform.tune.knob<"d"> options = {lb = 1 : i64, ub = 4 : i64, step = 1} {note} -> !transform.param<i64>
    %4 = transform.tune.knob<"e"> = "x" from options = ["x", true] -> !transform.any_param
    %6 = transform.tune.alternatives<"alt"> -> !transform.any_op {
      transform.yield %f : !transform.any_op
    }, {
      transform.yield %f : !transform.any_op
    }
    transform.tune.alternatives<"alt2"> selected_region = 1 {
      transform.yield
    }, {
      transform.print %f : !transform.any_op
    }
    transform.tune.alternatives<"alt3"> selected_region = 1 attributes {note} {
      transform.yield
    }, {
    }
    %7 = transform.tune.alternatives<"alt4"> selected_region = %p : !transform.param<i64> -> !transform.any_op {
      transform.yield %f : !transform.any_op
    }
    transform.yield %6 : !transform.any_op
  }
  transform.named_sequence @consuming_alternatives(%loops: !transform.any_op {transform.consumed}) {
    transform.tune.alternatives<"how"> selected_region = 0 {
      transform.loop.unroll %loops {factor = 2 : i64} : !transform.any_op
    }, {
      transform.print %loops : !transform.any_op
    }
    transform.yield
  }
  transform.named_sequence @smt(%a: !transform.param<i64>, %b: !transform.param<i64>) {
    transform.smt.constrain_params(%a, %b) : (!transform.param<i64>, !transform.param<i64>) -> () {
    ^bb0(%va: !smt.int, %vb: !smt.int):
      %c8 = smt.int.constant 8
      %cn = smt.int.constant -8
      %m = smt.int.mod %va, %c8
      %c0 = smt.int.constant 0
      %eq = smt.eq %m, %c0 : !smt.int
      smt.assert %eq
      %s = smt.int.add %va, %vb, %c8
      %mul = smt.int.mul %va, %vb
      %sub = smt.int.sub %s, %vb
      %div = smt.int.div %sub, %c8
      %abs = smt.int.abs %div
      %lt = smt.int.cmp lt %abs, %mul
      %le = smt.int.cmp le %abs, %mul
      %gt = smt.int.cmp gt %abs, %mul
      %ge = smt.int.cmp ge %abs, %mul
      %or = smt.or %lt, %ge
      %and = smt.and %or, %le, %gt
      %not = smt.not %and
      %xor = smt.xor %not, %lt
      %imp = smt.implies %xor, %not
      %d = smt.distinct %va, %vb, %c8 : !smt.int
      %ite = smt.ite %d, %va, %vb : !smt.int
      %t = smt.constant true
      smt.assert %imp
    }
    %r = transform.smt.constrain_params(%a) : (!transform.param<i64>) -> (!transform.param<i64>) {
    ^bb0(%va: !smt.int):
      %x = smt.declare_fun "x" : !smt.int
      %eq = smt.eq %va, %x : !smt.int
      smt.assert %eq
      smt.yield %x : !smt.int
    }
    transform.smt.constrain_params(%a) {note} : (!transform.param<i64>) -> () {
    ^bb0(%va: !smt.int):
    }
    transform.yield
  }
}
