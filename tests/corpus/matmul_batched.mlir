// three small matmuls side by side
func.func @main(%a: tensor<3x5x7xf32>, %b: tensor<3x7x4xf32>) -> tensor<3x5x4xf32> {
  %rows = nd.reshape %a : tensor<3x5x7xf32> -> tensor<3x5x7x1xf32>
  %rows_1 = nd.expand %rows : tensor<3x5x7x1xf32> -> tensor<3x5x7x4xf32>
  %cols = nd.reshape %b : tensor<3x7x4xf32> -> tensor<3x1x7x4xf32>
  %cols_1 = nd.expand %cols : tensor<3x1x7x4xf32> -> tensor<3x5x7x4xf32>
  %products = nd.binary "mul" %rows_1, %cols_1 : tensor<3x5x7x4xf32> -> tensor<3x5x7x4xf32>
  %matmul = nd.reduce "sum" %products axes [2] : tensor<3x5x7x4xf32> -> tensor<3x5x4xf32>
  return %matmul : tensor<3x5x4xf32>
}
