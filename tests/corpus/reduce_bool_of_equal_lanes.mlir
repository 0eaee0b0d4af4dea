// a bool repeated along the reduced axis, and one that is known: lanes that are all one scalar
func.func @main(%b: tensor<8xi1>) -> (tensor<8xi1>, tensor<8xi1>) {
  %true = nd.const true -> tensor<8x8xi1>
  %m = nd.reduce "max" %true axes [1] {realize} : tensor<8x8xi1> -> tensor<8xi1>
  %column = nd.reshape %b : tensor<8xi1> -> tensor<8x1xi1>
  %rows = nd.expand %column : tensor<8x1xi1> -> tensor<8x8xi1>
  %o = nd.reduce "max" %rows axes [1] {realize} : tensor<8x8xi1> -> tensor<8xi1>
  return %m, %o : tensor<8xi1>, tensor<8xi1>
}
