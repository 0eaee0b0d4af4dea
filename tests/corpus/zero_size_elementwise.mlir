// no elements at all, in or out
func.func @main(%x: tensor<0x3xf32>, %y: tensor<0x3xf32>) -> tensor<0x3xf32> {
  %add = nd.binary "add" %x, %y : tensor<0x3xf32> -> tensor<0x3xf32>
  return %add : tensor<0x3xf32>
}
