// each channel with its own 3x3 weights
func.func @main(%x: tensor<1x3x5x5xf32>, %w: tensor<3x3x3xf32>) -> tensor<1x3x5x5xf32> {
  %padded = nd.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] value 0.000000e+00 : f32 : tensor<1x3x5x5xf32> -> tensor<1x3x7x7xf32>
  %padded_1 = nd.reshape %padded : tensor<1x3x7x7xf32> -> tensor<1x3x7x1x7xf32>
  %repeated = nd.expand %padded_1 : tensor<1x3x7x1x7xf32> -> tensor<1x3x7x4x7xf32>
  %repeated_1 = nd.reshape %repeated : tensor<1x3x7x4x7xf32> -> tensor<1x3x7x28xf32>
  %cut = nd.shrink %repeated_1 start [0, 0, 0, 0] stop [1, 3, 7, 24] step [1, 1, 1, 1] : tensor<1x3x7x28xf32> -> tensor<1x3x7x24xf32>
  %skewed = nd.reshape %cut : tensor<1x3x7x24xf32> -> tensor<1x3x7x3x8xf32>
  %columns = nd.shrink %skewed start [0, 0, 0, 0, 0] stop [1, 3, 7, 3, 5] step [1, 1, 1, 1, 1] : tensor<1x3x7x3x8xf32> -> tensor<1x3x7x3x5xf32>
  %columns_1 = nd.permute %columns [0, 1, 2, 4, 3] : tensor<1x3x7x3x5xf32> -> tensor<1x3x7x5x3xf32>
  %columns_2 = nd.permute %columns_1 [0, 1, 3, 4, 2] : tensor<1x3x7x5x3xf32> -> tensor<1x3x5x3x7xf32>
  %columns_3 = nd.reshape %columns_2 : tensor<1x3x5x3x7xf32> -> tensor<1x3x5x3x1x7xf32>
  %repeated_2 = nd.expand %columns_3 : tensor<1x3x5x3x1x7xf32> -> tensor<1x3x5x3x4x7xf32>
  %repeated_3 = nd.reshape %repeated_2 : tensor<1x3x5x3x4x7xf32> -> tensor<1x3x5x3x28xf32>
  %cut_1 = nd.shrink %repeated_3 start [0, 0, 0, 0, 0] stop [1, 3, 5, 3, 24] step [1, 1, 1, 1, 1] : tensor<1x3x5x3x28xf32> -> tensor<1x3x5x3x24xf32>
  %skewed_1 = nd.reshape %cut_1 : tensor<1x3x5x3x24xf32> -> tensor<1x3x5x3x3x8xf32>
  %windows = nd.shrink %skewed_1 start [0, 0, 0, 0, 0, 0] stop [1, 3, 5, 3, 3, 5] step [1, 1, 1, 1, 1, 1] : tensor<1x3x5x3x3x8xf32> -> tensor<1x3x5x3x3x5xf32>
  %windows_1 = nd.permute %windows [0, 1, 2, 3, 5, 4] : tensor<1x3x5x3x3x5xf32> -> tensor<1x3x5x3x5x3xf32>
  %windows_2 = nd.permute %windows_1 [0, 1, 4, 2, 5, 3] : tensor<1x3x5x3x5x3xf32> -> tensor<1x3x5x5x3x3xf32>
  %weights = nd.reshape %w : tensor<3x3x3xf32> -> tensor<1x3x1x1x3x3xf32>
  %weights_1 = nd.expand %weights : tensor<1x3x1x1x3x3xf32> -> tensor<1x3x5x5x3x3xf32>
  %products = nd.binary "mul" %windows_2, %weights_1 : tensor<1x3x5x5x3x3xf32> -> tensor<1x3x5x5x3x3xf32>
  %conv = nd.reduce "sum" %products axes [4, 5] : tensor<1x3x5x5x3x3xf32> -> tensor<1x3x5x5xf32>
  return %conv : tensor<1x3x5x5xf32>
}
