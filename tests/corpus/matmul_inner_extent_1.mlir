// the contracted axis has extent 1
func.func @main(%a: tensor<16x1xf32>, %b: tensor<1x16xf32>) -> tensor<16x16xf32> {
  %a_rows = nd.reshape %a : tensor<16x1xf32> -> tensor<16x1x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<16x1x1xf32> -> tensor<16x1x16xf32>
  %b_cols = nd.reshape %b : tensor<1x16xf32> -> tensor<1x1x16xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x1x16xf32> -> tensor<16x1x16xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<16x1x16xf32> -> tensor<16x1x16xf32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<16x1x16xf32> -> tensor<16x16xf32>
  return %matmul : tensor<16x16xf32>
}
