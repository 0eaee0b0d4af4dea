// two outputs of which one is inside the other
func.func @main(%x: tensor<36x12xf32>) -> (tensor<36xf32>, tensor<36xf32>) {
  %sum = nd.reduce "sum" %x axes [1] : tensor<36x12xf32> -> tensor<36xf32>
  %inv_n = nd.const 0.0833333358 : f32 -> tensor<36xf32>
  %mean = nd.binary "mul" %sum, %inv_n : tensor<36xf32> -> tensor<36xf32>
  %mean_1 = nd.reshape %mean : tensor<36xf32> -> tensor<36x1xf32>
  %mean_2 = nd.expand %mean_1 : tensor<36x1xf32> -> tensor<36x12xf32>
  %centred = nd.binary "sub" %x, %mean_2 : tensor<36x12xf32> -> tensor<36x12xf32>
  %square = nd.binary "mul" %centred, %centred : tensor<36x12xf32> -> tensor<36x12xf32>
  %variance = nd.reduce "sum" %square axes [1] : tensor<36x12xf32> -> tensor<36xf32>
  return %variance, %mean : tensor<36xf32>, tensor<36xf32>
}
