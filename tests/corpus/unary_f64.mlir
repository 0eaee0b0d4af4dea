// every unary kind on f64; sqrt of negative numbers is NaN
func.func @main(%x: tensor<7xf64>) -> (tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>) {
  %abs = nd.unary "abs" %x : tensor<7xf64>
  %neg = nd.unary "neg" %x : tensor<7xf64>
  %recip = nd.unary "recip" %x : tensor<7xf64>
  %sqrt = nd.unary "sqrt" %x : tensor<7xf64>
  %exp2 = nd.unary "exp2" %x : tensor<7xf64>
  %log2 = nd.unary "log2" %abs : tensor<7xf64>
  %sin = nd.unary "sin" %x : tensor<7xf64>
  %trunc = nd.unary "trunc" %x : tensor<7xf64>
  return %neg, %abs, %recip, %sqrt, %exp2, %log2, %sin, %trunc : tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>, tensor<7xf64>
}
