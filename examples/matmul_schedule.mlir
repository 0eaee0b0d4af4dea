// How the product of examples/matmul.mlir is computed: a grid of 64x64 tiles, each cleared and summed where it is.
//
//   rung run examples/matmul.mlir --random 0 --schedule examples/matmul_schedule.mlir
//   mlir-opt --transform-preload-library=transform-library-paths=examples/matmul_schedule.mlir --transform-interpreter linalg.mlir
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %product = transform.structured.match ops{["linalg.generic"]} in %root : (!transform.any_op) -> !transform.any_op
    %clear = transform.structured.match ops{["linalg.fill"]} in %root : (!transform.any_op) -> !transform.any_op
    %rows = transform.tune.knob<"rows"> = 64 : i64 from options = [32, 64, 128] -> !transform.param<i64>
    %columns = transform.tune.knob<"columns"> = 64 : i64 from options = [32, 64, 128] -> !transform.param<i64>
    %tile, %grid = transform.structured.tile_using_forall %product tile_sizes [%rows, %columns]
        : (!transform.any_op, !transform.param<i64>, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    %cleared, %fused = transform.structured.fuse_into_containing_op %clear into %grid
        : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    // the register tile, which the vectorizer reads: 8 rows of 32 lanes
    %kernel = transform.get_parent_op %fused {op_name = "func.func", deduplicate} : (!transform.any_op) -> !transform.any_op
    %registers = transform.param.constant {
      tile = array<i64: 64, 64>, vector = array<i64: 8, 32>, vector_dims = array<i64: 0, 1>, threads = array<i64: 1, 1>
    } -> !transform.any_param
    transform.annotate %kernel "schedule" = %registers : !transform.any_op, !transform.any_param
    transform.yield
  }
}
