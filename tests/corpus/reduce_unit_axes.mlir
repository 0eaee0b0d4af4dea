// axes of extent 1 are dropped without adding anything
func.func @main(%x: tensor<1x5x1xf32>) -> (tensor<5xf32>, tensor<5x1xf32>) {
  %sum = nd.reduce "sum" %x axes [0, 2] : tensor<1x5x1xf32> -> tensor<5xf32>
  %max = nd.reduce "max" %x axes [0] : tensor<1x5x1xf32> -> tensor<5x1xf32>
  return %sum, %max : tensor<5xf32>, tensor<5x1xf32>
}
