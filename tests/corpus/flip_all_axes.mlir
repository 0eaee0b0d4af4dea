// a flip of every axis of a permuted tensor, added to itself
func.func @main(%x: tensor<3x5x2xf32>) -> tensor<2x3x5xf32> {
  %turned = nd.permute %x [2, 0, 1] : tensor<3x5x2xf32> -> tensor<2x3x5xf32>
  %flipped = nd.flip %turned axes [0, 1, 2] : tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  %plain = nd.permute %x [2, 0, 1] : tensor<3x5x2xf32> -> tensor<2x3x5xf32>
  %add = nd.binary "add" %flipped, %plain : tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  return %add : tensor<2x3x5xf32>
}
