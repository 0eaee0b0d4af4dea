// a pad of nothing is all padding; a shrink to nothing
func.func @main(%x: tensor<0xf32>, %y: tensor<5xf32>) -> (tensor<3xf32>, tensor<0xf32>, tensor<3xf32>) {
  %padded = nd.pad %x low [2] high [1] value 7.000000e+00 : f32 : tensor<0xf32> -> tensor<3xf32>
  %shrunk = nd.shrink %y start [2] stop [2] step [1] : tensor<5xf32> -> tensor<0xf32>
  %shrunk_1 = nd.shrink %y start [5] stop [5] step [1] : tensor<5xf32> -> tensor<0xf32>
  %padded_1 = nd.pad %shrunk_1 low [0] high [3] value -1.000000e+00 : f32 : tensor<0xf32> -> tensor<3xf32>
  return %padded, %shrunk, %padded_1 : tensor<3xf32>, tensor<0xf32>, tensor<3xf32>
}
