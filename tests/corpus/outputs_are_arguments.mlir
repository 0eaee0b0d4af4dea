// an argument returned as it is, twice, and one output computed
func.func @main(%x: tensor<4xf32>, %y: tensor<3xi32>) -> (tensor<3xi32>, tensor<4xf32>, tensor<3xi32>) {
  %neg = nd.unary "neg" %x : tensor<4xf32>
  return %y, %neg, %y : tensor<3xi32>, tensor<4xf32>, tensor<3xi32>
}
