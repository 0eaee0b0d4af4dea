// rank 5: permute all axes, reduce two, broadcast back
func.func @main(%x: tensor<2x3x2x5x3xf32>) -> tensor<2x3x2x5x3xf32> {
  %x_1 = nd.permute %x [4, 2, 0, 1, 3] : tensor<2x3x2x5x3xf32> -> tensor<3x2x2x3x5xf32>
  %max = nd.reduce "max" %x_1 axes [1, 3] : tensor<3x2x2x3x5xf32> -> tensor<3x2x5xf32>
  %max_1 = nd.reshape %max : tensor<3x2x5xf32> -> tensor<3x1x2x1x5xf32>
  %max_2 = nd.expand %max_1 : tensor<3x1x2x1x5xf32> -> tensor<3x2x2x3x5xf32>
  %max_3 = nd.permute %max_2 [2, 3, 1, 4, 0] : tensor<3x2x2x3x5xf32> -> tensor<2x3x2x5x3xf32>
  %sub = nd.binary "sub" %x, %max_3 : tensor<2x3x2x5x3xf32> -> tensor<2x3x2x5x3xf32>
  return %sub : tensor<2x3x2x5x3xf32>
}
