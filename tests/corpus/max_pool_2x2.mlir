// blocks that do not overlap: a reshape, then max over two axes
func.func @main(%x: tensor<1x2x6x8xf32>) -> tensor<1x2x3x4xf32> {
  %blocks = nd.reshape %x : tensor<1x2x6x8xf32> -> tensor<1x2x3x2x4x2xf32>
  %pool = nd.reduce "max" %blocks axes [3, 5] : tensor<1x2x3x2x4x2xf32> -> tensor<1x2x3x4xf32>
  return %pool : tensor<1x2x3x4xf32>
}
