// every unary kind on f16; sqrt of negative numbers is NaN
func.func @main(%x: tensor<17xf16>) -> (tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>) {
  %abs = nd.unary "abs" %x : tensor<17xf16>
  %neg = nd.unary "neg" %x : tensor<17xf16>
  %recip = nd.unary "recip" %x : tensor<17xf16>
  %sqrt = nd.unary "sqrt" %x : tensor<17xf16>
  %exp2 = nd.unary "exp2" %x : tensor<17xf16>
  %log2 = nd.unary "log2" %abs : tensor<17xf16>
  %sin = nd.unary "sin" %x : tensor<17xf16>
  %trunc = nd.unary "trunc" %x : tensor<17xf16>
  return %neg, %abs, %recip, %sqrt, %exp2, %log2, %sin, %trunc : tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>, tensor<17xf16>
}
