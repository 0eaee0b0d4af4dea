// marked ops stay as they are, and C compilers warn of x != x
func.func @main(%x: tensor<5x3xi32>, %b: tensor<5x3xi1>) -> (tensor<5x3xi1>, tensor<5x3xi1>, tensor<5x3xi1>, tensor<5x3xi1>, tensor<5x3xi32>) {
  %ne = nd.binary "cmpne" %x, %x {realize} : tensor<5x3xi32> -> tensor<5x3xi1>
  %eq = nd.binary "cmpeq" %x, %x {realize} : tensor<5x3xi32> -> tensor<5x3xi1>
  %lt = nd.binary "cmplt" %b, %b {realize} : tensor<5x3xi1> -> tensor<5x3xi1>
  %xor = nd.binary "xor" %b, %b {realize} : tensor<5x3xi1> -> tensor<5x3xi1>
  %min = nd.binary "min" %x, %x {realize} : tensor<5x3xi32> -> tensor<5x3xi32>
  return %ne, %eq, %lt, %xor, %min : tensor<5x3xi1>, tensor<5x3xi1>, tensor<5x3xi1>, tensor<5x3xi1>, tensor<5x3xi32>
}
