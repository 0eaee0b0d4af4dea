// every extent is 1: loops that vanish
func.func @main(%x: tensor<1x1x1xf32>, %y: tensor<1xi64>) -> (tensor<1x1x1xf32>, tensor<f32>, tensor<1xi64>) {
  %exp2 = nd.unary "exp2" %x : tensor<1x1x1xf32>
  %sum = nd.reduce "sum" %x axes [0, 1, 2] : tensor<1x1x1xf32> -> tensor<f32>
  %add = nd.binary "add" %y, %y : tensor<1xi64> -> tensor<1xi64>
  return %exp2, %sum, %add : tensor<1x1x1xf32>, tensor<f32>, tensor<1xi64>
}
