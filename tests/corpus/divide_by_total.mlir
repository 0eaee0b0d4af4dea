// a rank 0 reduce broadcast back over everything
func.func @main(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %total = nd.reduce "sum" %x axes [0, 1] : tensor<5x8xf32> -> tensor<f32>
  %total_1 = nd.reshape %total : tensor<f32> -> tensor<1x1xf32>
  %total_2 = nd.expand %total_1 : tensor<1x1xf32> -> tensor<5x8xf32>
  %share = nd.binary "div" %x, %total_2 : tensor<5x8xf32> -> tensor<5x8xf32>
  return %share : tensor<5x8xf32>
}
