// an elementwise chain over more than one block, prime extent
func.func @main(%x: tensor<20011xf32>, %y: tensor<20011xf32>) -> tensor<20011xf32> {
  %abs = nd.unary "abs" %y : tensor<20011xf32>
  %sub = nd.binary "sub" %x, %abs : tensor<20011xf32> -> tensor<20011xf32>
  %exp2 = nd.unary "exp2" %sub : tensor<20011xf32>
  %mul = nd.binary "mul" %exp2, %y : tensor<20011xf32> -> tensor<20011xf32>
  return %mul : tensor<20011xf32>
}
