// softmax over the leading axis: the rows of the group are the last axis
func.func @main(%x: tensor<12x37xf32>) -> tensor<12x37xf32> {
  %max = nd.reduce "max" %x axes [0] : tensor<12x37xf32> -> tensor<37xf32>
  %max_1 = nd.reshape %max : tensor<37xf32> -> tensor<1x37xf32>
  %max_2 = nd.expand %max_1 : tensor<1x37xf32> -> tensor<12x37xf32>
  %shifted = nd.binary "sub" %x, %max_2 : tensor<12x37xf32> -> tensor<12x37xf32>
  %exp2 = nd.unary "exp2" %shifted : tensor<12x37xf32>
  %sum = nd.reduce "sum" %exp2 axes [0] : tensor<12x37xf32> -> tensor<37xf32>
  %sum_1 = nd.reshape %sum : tensor<37xf32> -> tensor<1x37xf32>
  %sum_2 = nd.expand %sum_1 : tensor<1x37xf32> -> tensor<12x37xf32>
  %softmax = nd.binary "div" %exp2, %sum_2 : tensor<12x37xf32> -> tensor<12x37xf32>
  return %softmax : tensor<12x37xf32>
}
