// a shrink with steps that do not divide the extent
func.func @main(%x: tensor<4x9xf32>) -> tensor<2x3xf32> {
  %shrunk = nd.shrink %x start [1, 0] stop [4, 9] step [2, 3] : tensor<4x9xf32> -> tensor<2x3xf32>
  %neg = nd.unary "neg" %shrunk : tensor<2x3xf32>
  return %neg : tensor<2x3xf32>
}
