// max over axes 0 and 2, min over the middle, sum over all
func.func @main(%x: tensor<5x4x7xf32>) -> (tensor<4xf32>, tensor<5x7xf32>, tensor<f32>) {
  %max = nd.reduce "max" %x axes [0, 2] : tensor<5x4x7xf32> -> tensor<4xf32>
  %min = nd.reduce "min" %x axes [1] : tensor<5x4x7xf32> -> tensor<5x7xf32>
  %sum = nd.reduce "sum" %x axes [0, 1, 2] : tensor<5x4x7xf32> -> tensor<f32>
  return %max, %min, %sum : tensor<4xf32>, tensor<5x7xf32>, tensor<f32>
}
