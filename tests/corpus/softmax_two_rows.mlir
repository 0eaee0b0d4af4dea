// too few rows to be worth a row group
func.func @main(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %max = nd.reduce "max" %x axes [1] : tensor<2x5xf32> -> tensor<2xf32>
  %max_1 = nd.reshape %max : tensor<2xf32> -> tensor<2x1xf32>
  %max_2 = nd.expand %max_1 : tensor<2x1xf32> -> tensor<2x5xf32>
  %shifted = nd.binary "sub" %x, %max_2 : tensor<2x5xf32> -> tensor<2x5xf32>
  %exp2 = nd.unary "exp2" %shifted : tensor<2x5xf32>
  %sum = nd.reduce "sum" %exp2 axes [1] : tensor<2x5xf32> -> tensor<2xf32>
  %sum_1 = nd.reshape %sum : tensor<2xf32> -> tensor<2x1xf32>
  %sum_2 = nd.expand %sum_1 : tensor<2x1xf32> -> tensor<2x5xf32>
  %softmax = nd.binary "div" %exp2, %sum_2 : tensor<2x5xf32> -> tensor<2x5xf32>
  return %softmax : tensor<2x5xf32>
}
