// the same op twice, and one that nobody reads
func.func @main(%x: tensor<33xf32>) -> tensor<33xf32> {
  %sin = nd.unary "sin" %x : tensor<33xf32>
  %sin_1 = nd.unary "sin" %x : tensor<33xf32>
  %exp2 = nd.unary "exp2" %sin : tensor<33xf32>
  %add = nd.binary "add" %sin, %sin_1 : tensor<33xf32> -> tensor<33xf32>
  return %add : tensor<33xf32>
}
