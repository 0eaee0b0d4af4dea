// split both axes, permute, merge others: div and mod that do not cancel
func.func @main(%x: tensor<6x10xf32>) -> (tensor<10x6xf32>, tensor<4x15xf32>, tensor<60xf32>) {
  %x_1 = nd.reshape %x : tensor<6x10xf32> -> tensor<2x3x5x2xf32>
  %x_2 = nd.permute %x_1 [2, 0, 3, 1] : tensor<2x3x5x2xf32> -> tensor<5x2x2x3xf32>
  %x_3 = nd.reshape %x_2 : tensor<5x2x2x3xf32> -> tensor<10x6xf32>
  %x_4 = nd.reshape %x : tensor<6x10xf32> -> tensor<4x15xf32>
  %x_5 = nd.reshape %x : tensor<6x10xf32> -> tensor<60xf32>
  return %x_3, %x_4, %x_5 : tensor<10x6xf32>, tensor<4x15xf32>, tensor<60xf32>
}
