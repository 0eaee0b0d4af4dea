// pad of a pad with another value: two guards on one load
func.func @main(%x: tensor<3x4xf32>) -> tensor<6x10xf32> {
  %inner = nd.pad %x low [1, 0] high [0, 2] value 1.000000e+00 : f32 : tensor<3x4xf32> -> tensor<4x6xf32>
  %outer = nd.pad %inner low [0, 3] high [2, 1] value -2.000000e+00 : f32 : tensor<4x6xf32> -> tensor<6x10xf32>
  return %outer : tensor<6x10xf32>
}
