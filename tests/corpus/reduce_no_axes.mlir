// a reduce that names no axes is its operand
func.func @main(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %sum = nd.reduce "sum" %x axes [] : tensor<4x3xf32> -> tensor<4x3xf32>
  %neg = nd.unary "neg" %sum : tensor<4x3xf32>
  return %neg : tensor<4x3xf32>
}
