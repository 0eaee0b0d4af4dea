// a contraction in f64
func.func @main(%a: tensor<6x5xf64>, %b: tensor<5x4xf64>) -> tensor<6x4xf64> {
  %a_rows = nd.reshape %a : tensor<6x5xf64> -> tensor<6x5x1xf64>
  %a_rows_1 = nd.expand %a_rows : tensor<6x5x1xf64> -> tensor<6x5x4xf64>
  %b_cols = nd.reshape %b : tensor<5x4xf64> -> tensor<1x5x4xf64>
  %b_cols_1 = nd.expand %b_cols : tensor<1x5x4xf64> -> tensor<6x5x4xf64>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<6x5x4xf64> -> tensor<6x5x4xf64>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<6x5x4xf64> -> tensor<6x4xf64>
  return %matmul : tensor<6x4xf64>
}
