// mean and variance in one row group, the second over centred data
func.func @main(%x: tensor<41x33xf32>, %gain: tensor<33xf32>, %bias: tensor<33xf32>) -> tensor<41x33xf32> {
  %sum = nd.reduce "sum" %x axes [1] : tensor<41x33xf32> -> tensor<41xf32>
  %sum_1 = nd.reshape %sum : tensor<41xf32> -> tensor<41x1xf32>
  %sum_2 = nd.expand %sum_1 : tensor<41x1xf32> -> tensor<41x33xf32>
  %inv_n = nd.const 0.0303030312 : f32 -> tensor<41x33xf32>
  %mean = nd.binary "mul" %sum_2, %inv_n : tensor<41x33xf32> -> tensor<41x33xf32>
  %centred = nd.binary "sub" %x, %mean : tensor<41x33xf32> -> tensor<41x33xf32>
  %square = nd.binary "mul" %centred, %centred : tensor<41x33xf32> -> tensor<41x33xf32>
  %sum_sq = nd.reduce "sum" %square axes [1] : tensor<41x33xf32> -> tensor<41xf32>
  %sum_sq_1 = nd.reshape %sum_sq : tensor<41xf32> -> tensor<41x1xf32>
  %sum_sq_2 = nd.expand %sum_sq_1 : tensor<41x1xf32> -> tensor<41x33xf32>
  %inv_n_1 = nd.const 0.0303030312 : f32 -> tensor<41x33xf32>
  %var = nd.binary "mul" %sum_sq_2, %inv_n_1 : tensor<41x33xf32> -> tensor<41x33xf32>
  %eps = nd.const 1.000000e-05 : f32 -> tensor<41x33xf32>
  %add = nd.binary "add" %var, %eps : tensor<41x33xf32> -> tensor<41x33xf32>
  %sqrt = nd.unary "sqrt" %add : tensor<41x33xf32>
  %inv_std = nd.unary "recip" %sqrt : tensor<41x33xf32>
  %normal = nd.binary "mul" %centred, %inv_std : tensor<41x33xf32> -> tensor<41x33xf32>
  %gain_1 = nd.reshape %gain : tensor<33xf32> -> tensor<1x33xf32>
  %gain_2 = nd.expand %gain_1 : tensor<1x33xf32> -> tensor<41x33xf32>
  %scaled = nd.binary "mul" %normal, %gain_2 : tensor<41x33xf32> -> tensor<41x33xf32>
  %bias_1 = nd.reshape %bias : tensor<33xf32> -> tensor<1x33xf32>
  %bias_2 = nd.expand %bias_1 : tensor<1x33xf32> -> tensor<41x33xf32>
  %layernorm = nd.binary "add" %scaled, %bias_2 : tensor<41x33xf32> -> tensor<41x33xf32>
  return %layernorm : tensor<41x33xf32>
}
