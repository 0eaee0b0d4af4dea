// two kernels of the same structure on different data
func.func @main(%x: tensor<9xf32>, %y: tensor<9xf32>) -> (tensor<f32>, tensor<f32>) {
  %square = nd.binary "mul" %x, %x : tensor<9xf32> -> tensor<9xf32>
  %norm = nd.reduce "sum" %square axes [0] : tensor<9xf32> -> tensor<f32>
  %square_1 = nd.binary "mul" %y, %y : tensor<9xf32> -> tensor<9xf32>
  %norm_1 = nd.reduce "sum" %square_1 axes [0] : tensor<9xf32> -> tensor<f32>
  return %norm, %norm_1 : tensor<f32>, tensor<f32>
}
