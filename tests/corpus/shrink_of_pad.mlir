// the crop keeps some padding on one side and none on the other
func.func @main(%x: tensor<9xf32>) -> tensor<9xf32> {
  %padded = nd.pad %x low [4] high [4] value -1.000000e+00 : f32 : tensor<9xf32> -> tensor<17xf32>
  %shrunk = nd.shrink %padded start [2] stop [11] step [1] : tensor<17xf32> -> tensor<9xf32>
  return %shrunk : tensor<9xf32>
}
