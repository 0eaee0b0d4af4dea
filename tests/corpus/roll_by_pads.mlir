// a roll along the last axis: two shrinks, two pads, one select by iota
func.func @main(%x: tensor<3x6xf32>) -> tensor<3x6xf32> {
  %index = nd.iota 1 -> tensor<3x6xi32>
  %two = nd.const 2 : i32 -> tensor<3x6xi32>
  %wrapped = nd.binary "cmplt" %index, %two : tensor<3x6xi32> -> tensor<3x6xi1>
  %tail = nd.shrink %x start [0, 4] stop [3, 6] step [1, 1] : tensor<3x6xf32> -> tensor<3x2xf32>
  %tail_at = nd.pad %tail low [0, 0] high [0, 4] value 0.000000e+00 : f32 : tensor<3x2xf32> -> tensor<3x6xf32>
  %head = nd.shrink %x start [0, 0] stop [3, 4] step [1, 1] : tensor<3x6xf32> -> tensor<3x4xf32>
  %head_at = nd.pad %head low [0, 2] high [0, 0] value 0.000000e+00 : f32 : tensor<3x4xf32> -> tensor<3x6xf32>
  %select = nd.select %wrapped, %tail_at, %head_at : tensor<3x6xi1>, tensor<3x6xf32>
  return %select : tensor<3x6xf32>
}
