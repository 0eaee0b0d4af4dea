// stride 2, no padding, elementwise epilogue
func.func @main(%x: tensor<1x2x9x7xf32>, %w: tensor<3x2x3x3xf32>, %b: tensor<3xf32>) -> tensor<1x3x4x3xf32> {
  %x_1 = nd.reshape %x : tensor<1x2x9x7xf32> -> tensor<1x2x9x1x7xf32>
  %repeated = nd.expand %x_1 : tensor<1x2x9x1x7xf32> -> tensor<1x2x9x4x7xf32>
  %repeated_1 = nd.reshape %repeated : tensor<1x2x9x4x7xf32> -> tensor<1x2x9x28xf32>
  %cut = nd.shrink %repeated_1 start [0, 0, 0, 0] stop [1, 2, 9, 24] step [1, 1, 1, 1] : tensor<1x2x9x28xf32> -> tensor<1x2x9x24xf32>
  %skewed = nd.reshape %cut : tensor<1x2x9x24xf32> -> tensor<1x2x9x3x8xf32>
  %columns = nd.shrink %skewed start [0, 0, 0, 0, 0] stop [1, 2, 9, 3, 5] step [1, 1, 1, 1, 2] : tensor<1x2x9x3x8xf32> -> tensor<1x2x9x3x3xf32>
  %columns_1 = nd.permute %columns [0, 1, 2, 4, 3] : tensor<1x2x9x3x3xf32> -> tensor<1x2x9x3x3xf32>
  %columns_2 = nd.permute %columns_1 [0, 1, 3, 4, 2] : tensor<1x2x9x3x3xf32> -> tensor<1x2x3x3x9xf32>
  %columns_3 = nd.reshape %columns_2 : tensor<1x2x3x3x9xf32> -> tensor<1x2x3x3x1x9xf32>
  %repeated_2 = nd.expand %columns_3 : tensor<1x2x3x3x1x9xf32> -> tensor<1x2x3x3x4x9xf32>
  %repeated_3 = nd.reshape %repeated_2 : tensor<1x2x3x3x4x9xf32> -> tensor<1x2x3x3x36xf32>
  %cut_1 = nd.shrink %repeated_3 start [0, 0, 0, 0, 0] stop [1, 2, 3, 3, 30] step [1, 1, 1, 1, 1] : tensor<1x2x3x3x36xf32> -> tensor<1x2x3x3x30xf32>
  %skewed_1 = nd.reshape %cut_1 : tensor<1x2x3x3x30xf32> -> tensor<1x2x3x3x3x10xf32>
  %windows = nd.shrink %skewed_1 start [0, 0, 0, 0, 0, 0] stop [1, 2, 3, 3, 3, 7] step [1, 1, 1, 1, 1, 2] : tensor<1x2x3x3x3x10xf32> -> tensor<1x2x3x3x3x4xf32>
  %windows_1 = nd.permute %windows [0, 1, 2, 3, 5, 4] : tensor<1x2x3x3x3x4xf32> -> tensor<1x2x3x3x4x3xf32>
  %windows_2 = nd.permute %windows_1 [0, 1, 4, 2, 5, 3] : tensor<1x2x3x3x4x3xf32> -> tensor<1x2x4x3x3x3xf32>
  %windows_3 = nd.reshape %windows_2 : tensor<1x2x4x3x3x3xf32> -> tensor<1x1x2x4x3x3x3xf32>
  %windows_4 = nd.expand %windows_3 : tensor<1x1x2x4x3x3x3xf32> -> tensor<1x3x2x4x3x3x3xf32>
  %weights = nd.reshape %w : tensor<3x2x3x3xf32> -> tensor<1x3x2x1x1x3x3xf32>
  %weights_1 = nd.expand %weights : tensor<1x3x2x1x1x3x3xf32> -> tensor<1x3x2x4x3x3x3xf32>
  %products = nd.binary "mul" %windows_4, %weights_1 : tensor<1x3x2x4x3x3x3xf32> -> tensor<1x3x2x4x3x3x3xf32>
  %conv = nd.reduce "sum" %products axes [2, 5, 6] : tensor<1x3x2x4x3x3x3xf32> -> tensor<1x3x4x3xf32>
  %b_1 = nd.reshape %b : tensor<3xf32> -> tensor<1x3x1x1xf32>
  %b_2 = nd.expand %b_1 : tensor<1x3x1x1xf32> -> tensor<1x3x4x3xf32>
  %biased = nd.binary "add" %conv, %b_2 : tensor<1x3x4x3xf32> -> tensor<1x3x4x3xf32>
  %zero = nd.const 0.000000e+00 : f32 -> tensor<1x3x4x3xf32>
  %relu = nd.binary "max" %biased, %zero : tensor<1x3x4x3xf32> -> tensor<1x3x4x3xf32>
  return %relu : tensor<1x3x4x3xf32>
}
