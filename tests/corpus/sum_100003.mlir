// a full reduction of a prime extent, long enough to be split
func.func @main(%x: tensor<100003xf32>) -> tensor<f32> {
  %square = nd.binary "mul" %x, %x : tensor<100003xf32> -> tensor<100003xf32>
  %sum = nd.reduce "sum" %square axes [0] : tensor<100003xf32> -> tensor<f32>
  return %sum : tensor<f32>
}
