// one logarithm feeds reduces over different axes
func.func @main(%x: tensor<8x16xf32>) -> (tensor<16xf32>, tensor<8xf32>) {
  %abs = nd.unary "abs" %x : tensor<8x16xf32>
  %log2 = nd.unary "log2" %abs : tensor<8x16xf32>
  %down = nd.reduce "sum" %log2 axes [0] : tensor<8x16xf32> -> tensor<16xf32>
  %across = nd.reduce "sum" %log2 axes [1] : tensor<8x16xf32> -> tensor<8xf32>
  return %down, %across : tensor<16xf32>, tensor<8xf32>
}
