// full reduction to rank 0
func.func @main(%x: tensor<1023xf32>) -> tensor<f32> {
  %sum = nd.reduce "sum" %x axes [0] : tensor<1023xf32> -> tensor<f32>
  return %sum : tensor<f32>
}
