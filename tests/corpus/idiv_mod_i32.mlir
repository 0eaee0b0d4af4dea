// truncating division and remainder with zero divisors and the smallest integer
func.func @main(%x: tensor<9x7xi32>, %y: tensor<9x7xi32>) -> (tensor<9x7xi32>, tensor<9x7xi32>) {
  %idiv = nd.binary "idiv" %x, %y : tensor<9x7xi32> -> tensor<9x7xi32>
  %mod = nd.binary "mod" %x, %y : tensor<9x7xi32> -> tensor<9x7xi32>
  return %idiv, %mod : tensor<9x7xi32>, tensor<9x7xi32>
}
