// softmax over the middle axis of three
func.func @main(%x: tensor<3x13x11xf32>) -> tensor<3x13x11xf32> {
  %max = nd.reduce "max" %x axes [1] : tensor<3x13x11xf32> -> tensor<3x11xf32>
  %max_1 = nd.reshape %max : tensor<3x11xf32> -> tensor<3x1x11xf32>
  %max_2 = nd.expand %max_1 : tensor<3x1x11xf32> -> tensor<3x13x11xf32>
  %shifted = nd.binary "sub" %x, %max_2 : tensor<3x13x11xf32> -> tensor<3x13x11xf32>
  %exp2 = nd.unary "exp2" %shifted : tensor<3x13x11xf32>
  %sum = nd.reduce "sum" %exp2 axes [1] : tensor<3x13x11xf32> -> tensor<3x11xf32>
  %sum_1 = nd.reshape %sum : tensor<3x11xf32> -> tensor<3x1x11xf32>
  %sum_2 = nd.expand %sum_1 : tensor<3x1x11xf32> -> tensor<3x13x11xf32>
  %softmax = nd.binary "div" %exp2, %sum_2 : tensor<3x13x11xf32> -> tensor<3x13x11xf32>
  return %softmax : tensor<3x13x11xf32>
}
