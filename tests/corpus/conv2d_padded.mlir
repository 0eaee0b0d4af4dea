// 3x3 windows over a padded image
func.func @main(%x: tensor<1x2x6x6xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x6x6xf32> {
  %padded = nd.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] value 0.000000e+00 : f32 : tensor<1x2x6x6xf32> -> tensor<1x2x8x8xf32>
  %padded_1 = nd.reshape %padded : tensor<1x2x8x8xf32> -> tensor<1x2x8x1x8xf32>
  %repeated = nd.expand %padded_1 : tensor<1x2x8x1x8xf32> -> tensor<1x2x8x4x8xf32>
  %repeated_1 = nd.reshape %repeated : tensor<1x2x8x4x8xf32> -> tensor<1x2x8x32xf32>
  %cut = nd.shrink %repeated_1 start [0, 0, 0, 0] stop [1, 2, 8, 27] step [1, 1, 1, 1] : tensor<1x2x8x32xf32> -> tensor<1x2x8x27xf32>
  %skewed = nd.reshape %cut : tensor<1x2x8x27xf32> -> tensor<1x2x8x3x9xf32>
  %columns = nd.shrink %skewed start [0, 0, 0, 0, 0] stop [1, 2, 8, 3, 6] step [1, 1, 1, 1, 1] : tensor<1x2x8x3x9xf32> -> tensor<1x2x8x3x6xf32>
  %columns_1 = nd.permute %columns [0, 1, 2, 4, 3] : tensor<1x2x8x3x6xf32> -> tensor<1x2x8x6x3xf32>
  %columns_2 = nd.permute %columns_1 [0, 1, 3, 4, 2] : tensor<1x2x8x6x3xf32> -> tensor<1x2x6x3x8xf32>
  %columns_3 = nd.reshape %columns_2 : tensor<1x2x6x3x8xf32> -> tensor<1x2x6x3x1x8xf32>
  %repeated_2 = nd.expand %columns_3 : tensor<1x2x6x3x1x8xf32> -> tensor<1x2x6x3x4x8xf32>
  %repeated_3 = nd.reshape %repeated_2 : tensor<1x2x6x3x4x8xf32> -> tensor<1x2x6x3x32xf32>
  %cut_1 = nd.shrink %repeated_3 start [0, 0, 0, 0, 0] stop [1, 2, 6, 3, 27] step [1, 1, 1, 1, 1] : tensor<1x2x6x3x32xf32> -> tensor<1x2x6x3x27xf32>
  %skewed_1 = nd.reshape %cut_1 : tensor<1x2x6x3x27xf32> -> tensor<1x2x6x3x3x9xf32>
  %windows = nd.shrink %skewed_1 start [0, 0, 0, 0, 0, 0] stop [1, 2, 6, 3, 3, 6] step [1, 1, 1, 1, 1, 1] : tensor<1x2x6x3x3x9xf32> -> tensor<1x2x6x3x3x6xf32>
  %windows_1 = nd.permute %windows [0, 1, 2, 3, 5, 4] : tensor<1x2x6x3x3x6xf32> -> tensor<1x2x6x3x6x3xf32>
  %windows_2 = nd.permute %windows_1 [0, 1, 4, 2, 5, 3] : tensor<1x2x6x3x6x3xf32> -> tensor<1x2x6x6x3x3xf32>
  %windows_3 = nd.reshape %windows_2 : tensor<1x2x6x6x3x3xf32> -> tensor<1x1x2x6x6x3x3xf32>
  %windows_4 = nd.expand %windows_3 : tensor<1x1x2x6x6x3x3xf32> -> tensor<1x3x2x6x6x3x3xf32>
  %weights = nd.reshape %w : tensor<3x2x3x3xf32> -> tensor<1x3x2x1x1x3x3xf32>
  %weights_1 = nd.expand %weights : tensor<1x3x2x1x1x3x3xf32> -> tensor<1x3x2x6x6x3x3xf32>
  %products = nd.binary "mul" %windows_4, %weights_1 : tensor<1x3x2x6x6x3x3xf32> -> tensor<1x3x2x6x6x3x3xf32>
  %conv = nd.reduce "sum" %products axes [2, 5, 6] : tensor<1x3x2x6x6x3x3xf32> -> tensor<1x3x6x6xf32>
  return %conv : tensor<1x3x6x6xf32>
}
