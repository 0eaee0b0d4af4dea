// the square root is taken once a row, before it is broadcast
func.func @main(%x: tensor<35x19xf32>) -> tensor<35x19xf32> {
  %square = nd.binary "mul" %x, %x : tensor<35x19xf32> -> tensor<35x19xf32>
  %sum = nd.reduce "sum" %square axes [1] : tensor<35x19xf32> -> tensor<35xf32>
  %inv_n = nd.const 0.0526315793 : f32 -> tensor<35xf32>
  %mean_sq = nd.binary "mul" %sum, %inv_n : tensor<35xf32> -> tensor<35xf32>
  %rms = nd.unary "sqrt" %mean_sq : tensor<35xf32>
  %rms_1 = nd.reshape %rms : tensor<35xf32> -> tensor<35x1xf32>
  %rms_2 = nd.expand %rms_1 : tensor<35x1xf32> -> tensor<35x19xf32>
  %rmsnorm = nd.binary "div" %x, %rms_2 : tensor<35x19xf32> -> tensor<35x19xf32>
  return %rmsnorm : tensor<35x19xf32>
}
