// rank 0 to rank 3 and back, and a scalar broadcast
func.func @main(%x: tensor<f32>, %y: tensor<1x1xf32>) -> (tensor<1x1x1xf32>, tensor<f32>, tensor<3x5xf32>) {
  %x_1 = nd.reshape %x : tensor<f32> -> tensor<1x1x1xf32>
  %y_1 = nd.reshape %y : tensor<1x1xf32> -> tensor<f32>
  %x_2 = nd.reshape %x : tensor<f32> -> tensor<1x1xf32>
  %x_3 = nd.expand %x_2 : tensor<1x1xf32> -> tensor<3x5xf32>
  return %x_1, %y_1, %x_3 : tensor<1x1x1xf32>, tensor<f32>, tensor<3x5xf32>
}
