// every unary kind on f32; sqrt of negative numbers is NaN
func.func @main(%x: tensor<13xf32>) -> (tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>) {
  %abs = nd.unary "abs" %x : tensor<13xf32>
  %neg = nd.unary "neg" %x : tensor<13xf32>
  %recip = nd.unary "recip" %x : tensor<13xf32>
  %sqrt = nd.unary "sqrt" %x : tensor<13xf32>
  %exp2 = nd.unary "exp2" %x : tensor<13xf32>
  %log2 = nd.unary "log2" %abs : tensor<13xf32>
  %sin = nd.unary "sin" %x : tensor<13xf32>
  %trunc = nd.unary "trunc" %x : tensor<13xf32>
  return %neg, %abs, %recip, %sqrt, %exp2, %log2, %sin, %trunc : tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>, tensor<13xf32>
}
