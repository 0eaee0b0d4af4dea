// strides multiply, starts scale
func.func @main(%x: tensor<8x9xi32>) -> tensor<3x1xi32> {
  %outer = nd.shrink %x start [1, 0] stop [8, 9] step [2, 3] : tensor<8x9xi32> -> tensor<4x3xi32>
  %inner = nd.shrink %outer start [1, 1] stop [4, 3] step [1, 2] : tensor<4x3xi32> -> tensor<3x1xi32>
  return %inner : tensor<3x1xi32>
}
