// Moving handles and parameters about, and reports.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @handles(%root: !transform.any_op, %v: !transform.any_value, %p: !transform.param<i64>) {
    %a, %b = transform.split_handle %root : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %c:2 = transform.split_handle %a {fail_on_payload_too_small = false, pass_through_empty_handle = false, overflow_result = 1} : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %d = transform.merge_handles %b, %c#0 : !transform.any_op
    %e = transform.merge_handles deduplicate %d, %c#1 : !transform.any_op
    %f = transform.cast %e : !transform.any_op to !transform.op<"scf.for">
    %g = transform.get_parent_op %f {deduplicate, op_name = "scf.for", nth_parent = 2 : i64, isolated_from_above, allow_empty_results} : (!transform.op<"scf.for">) -> !transform.any_op
    %h = transform.get_parent_op %g {nth_parent = 1 : i64} : (!transform.any_op) -> !transform.any_op
    %i = transform.get_producer_of_operand %h[0] : (!transform.any_op) -> !transform.any_op
    %j = transform.get_consumers_of_result %i[1] : (!transform.any_op) -> !transform.any_op
    %k = transform.get_operand %j[0, 1] : (!transform.any_op) -> !transform.any_value
    %k1 = transform.get_operand %j[all] : (!transform.any_op) -> !transform.any_value
    %k2 = transform.get_operand %j[except(0, -1)] : (!transform.any_op) -> !transform.any_value
    %l = transform.get_result %j[0] : (!transform.any_op) -> !transform.any_value
    %l1 = transform.get_result %j[all] : (!transform.any_op) -> !transform.any_value
    %m = transform.get_defining_op %v : (!transform.any_value) -> !transform.any_op
    %n = transform.get_type %v : (!transform.any_value) -> !transform.type
    %n1 = transform.get_type elemental %v : (!transform.any_value) -> !transform.type
    %o = transform.num_associations %m : (!transform.any_op) -> !transform.param<i64>
    %q = transform.select "linalg.generic" in %m : (!transform.any_op) -> !transform.any_op
    %r, %r1 = transform.replicate num(%q) %m, %o : !transform.any_op, !transform.any_op, !transform.param<i64>
    %x = transform.merge_handles %v, %k : !transform.any_value
    %y = transform.merge_handles %p, %o : !transform.param<i64>
    transform.yield
  }
  transform.named_sequence @reports(%op: !transform.any_op, %p: !transform.any_param, %v: !transform.any_value) {
    transform.print
    transform.print {name = "whole"}
    transform.print %op {name = "here", assume_verified, use_local_scope, skip_regions} : !transform.any_op
    transform.verify %op : !transform.any_op
    transform.annotate %op "tag" : !transform.any_op
    transform.annotate %op "tag" = %p : !transform.any_op, !transform.any_param
    transform.debug.emit_remark_at %op, "hi" : !transform.any_op
    transform.debug.emit_remark_at %v, "value" : !transform.any_value
    transform.debug.emit_param_as_remark %p : !transform.any_param
    transform.debug.emit_param_as_remark %p, "is" : !transform.any_param
    transform.debug.emit_param_as_remark %p at %op : !transform.any_param, !transform.any_op
    transform.debug.emit_param_as_remark %p, "is" at %op : !transform.any_param, !transform.any_op
    transform.yield
  }
}
