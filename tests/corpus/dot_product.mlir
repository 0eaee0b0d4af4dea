// two vectors to rank 0
func.func @main(%a: tensor<101xf32>, %b: tensor<101xf32>) -> tensor<f32> {
  %products = nd.binary "mul" %a, %b : tensor<101xf32> -> tensor<101xf32>
  %dot = nd.reduce "sum" %products axes [0] : tensor<101xf32> -> tensor<f32>
  return %dot : tensor<f32>
}
