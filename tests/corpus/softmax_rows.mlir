// softmax over rows of 10: max, exp and sum in one row group, seen through keepdims reshapes
func.func @main(%x: tensor<37x10xf32>) -> tensor<37x10xf32> {
  %max = nd.reduce "max" %x axes [1] : tensor<37x10xf32> -> tensor<37xf32>
  %max_1 = nd.reshape %max : tensor<37xf32> -> tensor<37x1xf32>
  %max_2 = nd.expand %max_1 : tensor<37x1xf32> -> tensor<37x10xf32>
  %shifted = nd.binary "sub" %x, %max_2 : tensor<37x10xf32> -> tensor<37x10xf32>
  %log2_e = nd.const 1.44269502 : f32 -> tensor<37x10xf32>
  %scaled = nd.binary "mul" %shifted, %log2_e : tensor<37x10xf32> -> tensor<37x10xf32>
  %exp = nd.unary "exp2" %scaled : tensor<37x10xf32>
  %sum = nd.reduce "sum" %exp axes [1] : tensor<37x10xf32> -> tensor<37xf32>
  %sum_1 = nd.reshape %sum : tensor<37xf32> -> tensor<37x1xf32>
  %sum_2 = nd.expand %sum_1 : tensor<37x1xf32> -> tensor<37x10xf32>
  %softmax = nd.binary "div" %exp, %sum_2 : tensor<37x10xf32> -> tensor<37x10xf32>
  return %softmax : tensor<37x10xf32>
}
