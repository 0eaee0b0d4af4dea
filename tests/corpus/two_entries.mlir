// two public functions in one module
func.func @main(%x: tensor<6xf32>) -> tensor<6xf32> {
  %neg = nd.unary "neg" %x : tensor<6xf32>
  return %neg : tensor<6xf32>
}
func.func @other(%x: tensor<6xf32>, %y: tensor<6xf32>) -> tensor<6xf32> {
  %mul = nd.binary "mul" %x, %y : tensor<6xf32> -> tensor<6xf32>
  return %mul : tensor<6xf32>
}
