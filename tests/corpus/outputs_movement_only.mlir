// views that nobody computes with are copies
func.func @main(%x: tensor<3x4xf32>) -> (tensor<4x3xf32>, tensor<12xf32>, tensor<3x2x4xf32>) {
  %x_1 = nd.permute %x [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %x_2 = nd.reshape %x : tensor<3x4xf32> -> tensor<12xf32>
  %x_3 = nd.reshape %x : tensor<3x4xf32> -> tensor<3x1x4xf32>
  %x_4 = nd.expand %x_3 : tensor<3x1x4xf32> -> tensor<3x2x4xf32>
  return %x_1, %x_2, %x_4 : tensor<4x3xf32>, tensor<12xf32>, tensor<3x2x4xf32>
}
