// max over the last axis, sum over the next, product of what is left
func.func @main(%x: tensor<7x8x9xf32>) -> tensor<f32> {
  %max = nd.reduce "max" %x axes [2] : tensor<7x8x9xf32> -> tensor<7x8xf32>
  %sum = nd.reduce "sum" %max axes [1] : tensor<7x8xf32> -> tensor<7xf32>
  %prod = nd.reduce "prod" %sum axes [0] : tensor<7xf32> -> tensor<f32>
  return %prod : tensor<f32>
}
