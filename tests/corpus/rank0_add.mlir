// rank 0 all the way
func.func @main(%x: tensor<f32>, %y: tensor<f32>) -> tensor<f32> {
  %add = nd.binary "add" %x, %y : tensor<f32> -> tensor<f32>
  return %add : tensor<f32>
}
