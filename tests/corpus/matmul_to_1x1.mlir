// one output element from a contraction
func.func @main(%a: tensor<1x64xf32>, %b: tensor<64x1xf32>) -> tensor<1x1xf32> {
  %a_rows = nd.reshape %a : tensor<1x64xf32> -> tensor<1x64x1xf32>
  %b_cols = nd.reshape %b : tensor<64x1xf32> -> tensor<1x64x1xf32>
  %products = nd.binary "mul" %a_rows, %b_cols : tensor<1x64x1xf32> -> tensor<1x64x1xf32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<1x64x1xf32> -> tensor<1x1xf32>
  return %matmul : tensor<1x1xf32>
}
