// reduce over the leading axis, few columns
func.func @main(%x: tensor<33x5xf32>) -> tensor<5xf32> {
  %sum = nd.reduce "sum" %x axes [0] : tensor<33x5xf32> -> tensor<5xf32>
  return %sum : tensor<5xf32>
}
