// every unary kind on bf16; sqrt of negative numbers is NaN
func.func @main(%x: tensor<5xbf16>) -> (tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>) {
  %abs = nd.unary "abs" %x : tensor<5xbf16>
  %neg = nd.unary "neg" %x : tensor<5xbf16>
  %recip = nd.unary "recip" %x : tensor<5xbf16>
  %sqrt = nd.unary "sqrt" %x : tensor<5xbf16>
  %exp2 = nd.unary "exp2" %x : tensor<5xbf16>
  %log2 = nd.unary "log2" %abs : tensor<5xbf16>
  %sin = nd.unary "sin" %x : tensor<5xbf16>
  %trunc = nd.unary "trunc" %x : tensor<5xbf16>
  return %neg, %abs, %recip, %sqrt, %exp2, %log2, %sin, %trunc : tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>, tensor<5xbf16>
}
