// a chain of unary and binary ops over a prime extent
func.func @main(%x: tensor<1009xf32>) -> tensor<1009xf32> {
  %c = nd.const 1.500000e+00 : f32 -> tensor<1009xf32>
  %mul = nd.binary "mul" %x, %c : tensor<1009xf32> -> tensor<1009xf32>
  %c_1 = nd.const 5.000000e-01 : f32 -> tensor<1009xf32>
  %add = nd.binary "add" %mul, %c_1 : tensor<1009xf32> -> tensor<1009xf32>
  %sin = nd.unary "sin" %add : tensor<1009xf32>
  %abs = nd.unary "abs" %sin : tensor<1009xf32>
  %root = nd.unary "sqrt" %abs : tensor<1009xf32>
  return %root : tensor<1009xf32>
}
