// a bool repeated along the reduced axis, and one that is known: lanes that are all one scalar
func.func @main(%x: tensor<8x8xi16>, %b: tensor<8xi1>) -> (tensor<8xi1>, tensor<8xi1>, tensor<8xi1>) {
  %true = nd.const true -> tensor<8x8xi1>
  %e = nd.binary "cmpeq" %x, %x {realize} : tensor<8x8xi16> -> tensor<8x8xi1>
  %m = nd.reduce "max" %true axes [1] {realize} : tensor<8x8xi1> -> tensor<8xi1>
  %n = nd.reduce "min" %e axes [1] {realize} : tensor<8x8xi1> -> tensor<8xi1>
  %b2 = nd.reshape %b : tensor<8xi1> -> tensor<8x1xi1>
  %b1 = nd.expand %b2 : tensor<8x1xi1> -> tensor<8x8xi1>
  %o = nd.reduce "max" %b1 axes [1] {realize} : tensor<8x8xi1> -> tensor<8xi1>
  return %m, %n, %o : tensor<8xi1>, tensor<8xi1>, tensor<8xi1>
}
