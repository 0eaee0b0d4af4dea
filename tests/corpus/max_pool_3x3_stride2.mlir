// overlapping windows, padded with minus infinity
func.func @main(%x: tensor<9x9xf32>) -> tensor<5x5xf32> {
  %padded = nd.pad %x low [1, 1] high [1, 1] value 0xff800000 : f32 : tensor<9x9xf32> -> tensor<11x11xf32>
  %padded_1 = nd.reshape %padded : tensor<11x11xf32> -> tensor<11x1x11xf32>
  %repeated = nd.expand %padded_1 : tensor<11x1x11xf32> -> tensor<11x4x11xf32>
  %repeated_1 = nd.reshape %repeated : tensor<11x4x11xf32> -> tensor<11x44xf32>
  %cut = nd.shrink %repeated_1 start [0, 0] stop [11, 36] step [1, 1] : tensor<11x44xf32> -> tensor<11x36xf32>
  %skewed = nd.reshape %cut : tensor<11x36xf32> -> tensor<11x3x12xf32>
  %columns = nd.shrink %skewed start [0, 0, 0] stop [11, 3, 9] step [1, 1, 2] : tensor<11x3x12xf32> -> tensor<11x3x5xf32>
  %columns_1 = nd.permute %columns [0, 2, 1] : tensor<11x3x5xf32> -> tensor<11x5x3xf32>
  %columns_2 = nd.permute %columns_1 [1, 2, 0] : tensor<11x5x3xf32> -> tensor<5x3x11xf32>
  %columns_3 = nd.reshape %columns_2 : tensor<5x3x11xf32> -> tensor<5x3x1x11xf32>
  %repeated_2 = nd.expand %columns_3 : tensor<5x3x1x11xf32> -> tensor<5x3x4x11xf32>
  %repeated_3 = nd.reshape %repeated_2 : tensor<5x3x4x11xf32> -> tensor<5x3x44xf32>
  %cut_1 = nd.shrink %repeated_3 start [0, 0, 0] stop [5, 3, 36] step [1, 1, 1] : tensor<5x3x44xf32> -> tensor<5x3x36xf32>
  %skewed_1 = nd.reshape %cut_1 : tensor<5x3x36xf32> -> tensor<5x3x3x12xf32>
  %windows = nd.shrink %skewed_1 start [0, 0, 0, 0] stop [5, 3, 3, 9] step [1, 1, 1, 2] : tensor<5x3x3x12xf32> -> tensor<5x3x3x5xf32>
  %windows_1 = nd.permute %windows [0, 1, 3, 2] : tensor<5x3x3x5xf32> -> tensor<5x3x5x3xf32>
  %windows_2 = nd.permute %windows_1 [2, 0, 3, 1] : tensor<5x3x5x3xf32> -> tensor<5x5x3x3xf32>
  %pool = nd.reduce "max" %windows_2 axes [2, 3] : tensor<5x5x3x3xf32> -> tensor<5x5xf32>
  return %pool : tensor<5x5xf32>
}
