// windows made by movement (repeat, cut, skew), then mul and sum
func.func @main(%x: tensor<2x3x17xf32>, %w: tensor<4x3x3xf32>) -> tensor<2x4x15xf32> {
  %x_1 = nd.reshape %x : tensor<2x3x17xf32> -> tensor<2x3x1x17xf32>
  %repeated = nd.expand %x_1 : tensor<2x3x1x17xf32> -> tensor<2x3x4x17xf32>
  %repeated_1 = nd.reshape %repeated : tensor<2x3x4x17xf32> -> tensor<2x3x68xf32>
  %cut = nd.shrink %repeated_1 start [0, 0, 0] stop [2, 3, 54] step [1, 1, 1] : tensor<2x3x68xf32> -> tensor<2x3x54xf32>
  %skewed = nd.reshape %cut : tensor<2x3x54xf32> -> tensor<2x3x3x18xf32>
  %windows = nd.shrink %skewed start [0, 0, 0, 0] stop [2, 3, 3, 15] step [1, 1, 1, 1] : tensor<2x3x3x18xf32> -> tensor<2x3x3x15xf32>
  %windows_1 = nd.permute %windows [0, 1, 3, 2] : tensor<2x3x3x15xf32> -> tensor<2x3x15x3xf32>
  %windows_2 = nd.reshape %windows_1 : tensor<2x3x15x3xf32> -> tensor<2x1x3x15x3xf32>
  %windows_3 = nd.expand %windows_2 : tensor<2x1x3x15x3xf32> -> tensor<2x4x3x15x3xf32>
  %weights = nd.reshape %w : tensor<4x3x3xf32> -> tensor<1x4x3x1x3xf32>
  %weights_1 = nd.expand %weights : tensor<1x4x3x1x3xf32> -> tensor<2x4x3x15x3xf32>
  %products = nd.binary "mul" %windows_3, %weights_1 : tensor<2x4x3x15x3xf32> -> tensor<2x4x3x15x3xf32>
  %conv = nd.reduce "sum" %products axes [2, 4] : tensor<2x4x3x15x3xf32> -> tensor<2x4x15xf32>
  return %conv : tensor<2x4x15xf32>
}
