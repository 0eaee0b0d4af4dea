// two heads; minus infinity above the diagonal
func.func @main(%q: tensor<2x8x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x4xf32>) -> tensor<2x8x4xf32> {
  %q_1 = nd.reshape %q : tensor<2x8x4xf32> -> tensor<2x8x1x4xf32>
  %q_2 = nd.expand %q_1 : tensor<2x8x1x4xf32> -> tensor<2x8x8x4xf32>
  %k_1 = nd.reshape %k : tensor<2x8x4xf32> -> tensor<2x1x8x4xf32>
  %k_2 = nd.expand %k_1 : tensor<2x1x8x4xf32> -> tensor<2x8x8x4xf32>
  %products = nd.binary "mul" %q_2, %k_2 : tensor<2x8x8x4xf32> -> tensor<2x8x8x4xf32>
  %scores = nd.reduce "sum" %products axes [3] : tensor<2x8x8x4xf32> -> tensor<2x8x8xf32>
  %row = nd.iota 1 -> tensor<2x8x8xi32>
  %col = nd.iota 2 -> tensor<2x8x8xi32>
  %later = nd.binary "cmplt" %row, %col : tensor<2x8x8xi32> -> tensor<2x8x8xi1>
  %lowest = nd.const 0xff800000 : f32 -> tensor<2x8x8xf32>
  %masked = nd.select %later, %lowest, %scores : tensor<2x8x8xi1>, tensor<2x8x8xf32>
  %max = nd.reduce "max" %masked axes [2] : tensor<2x8x8xf32> -> tensor<2x8xf32>
  %max_1 = nd.reshape %max : tensor<2x8xf32> -> tensor<2x8x1xf32>
  %max_2 = nd.expand %max_1 : tensor<2x8x1xf32> -> tensor<2x8x8xf32>
  %shifted = nd.binary "sub" %masked, %max_2 : tensor<2x8x8xf32> -> tensor<2x8x8xf32>
  %exp2 = nd.unary "exp2" %shifted : tensor<2x8x8xf32>
  %sum = nd.reduce "sum" %exp2 axes [2] : tensor<2x8x8xf32> -> tensor<2x8xf32>
  %sum_1 = nd.reshape %sum : tensor<2x8xf32> -> tensor<2x8x1xf32>
  %sum_2 = nd.expand %sum_1 : tensor<2x8x1xf32> -> tensor<2x8x8xf32>
  %weights = nd.binary "div" %exp2, %sum_2 : tensor<2x8x8xf32> -> tensor<2x8x8xf32>
  %weights_1 = nd.reshape %weights : tensor<2x8x8xf32> -> tensor<2x8x8x1xf32>
  %weights_2 = nd.expand %weights_1 : tensor<2x8x8x1xf32> -> tensor<2x8x8x4xf32>
  %v_1 = nd.reshape %v : tensor<2x8x4xf32> -> tensor<2x1x8x4xf32>
  %v_2 = nd.expand %v_1 : tensor<2x1x8x4xf32> -> tensor<2x8x8x4xf32>
  %terms = nd.binary "mul" %weights_2, %v_2 : tensor<2x8x8x4xf32> -> tensor<2x8x8x4xf32>
  %attention = nd.reduce "sum" %terms axes [2] : tensor<2x8x8x4xf32> -> tensor<2x8x4xf32>
  return %attention : tensor<2x8x4xf32>
}
