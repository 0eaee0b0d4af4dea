// no arguments: a constant, an iota, and what folds
func.func @main() -> (tensor<3x4xf32>, tensor<5x2xui8>, tensor<2xi8>) {
  %c = nd.const 2.500000e+00 : f32 -> tensor<3x4xf32>
  %index = nd.iota 0 -> tensor<5x2xui8>
  %one = nd.const 1 : i8 -> tensor<2xi8>
  %most = nd.const 127 : i8 -> tensor<2xi8>
  %add = nd.binary "add" %one, %most : tensor<2xi8> -> tensor<2xi8>
  return %c, %index, %add : tensor<3x4xf32>, tensor<5x2xui8>, tensor<2xi8>
}
