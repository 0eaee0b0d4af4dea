// How the softmax of examples/softmax.mlir is computed: a grid of 8 rows each, maximum and sum where the rows are.
//
//   rung run examples/softmax.mlir --random 0 --schedule examples/softmax_schedule.mlir
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %all = transform.structured.match ops{["linalg.generic"]} in %root : (!transform.any_op) -> !transform.any_op
    %max, %sum, %out = transform.split_handle %all : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %fills = transform.structured.match ops{["linalg.fill"]} in %root : (!transform.any_op) -> !transform.any_op
    %rows, %grid = transform.structured.tile_using_forall %out tile_sizes [8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %a, %f1 = transform.structured.fuse_into_containing_op %sum into %grid : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    %b, %f2 = transform.structured.fuse_into_containing_op %max into %f1 : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    %c, %f3 = transform.structured.fuse_into_containing_op %fills into %f2 : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
