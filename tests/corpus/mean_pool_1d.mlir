// mean over windows of 4
func.func @main(%x: tensor<21xf32>) -> tensor<18xf32> {
  %x_1 = nd.reshape %x : tensor<21xf32> -> tensor<1x21xf32>
  %repeated = nd.expand %x_1 : tensor<1x21xf32> -> tensor<5x21xf32>
  %repeated_1 = nd.reshape %repeated : tensor<5x21xf32> -> tensor<105xf32>
  %cut = nd.shrink %repeated_1 start [0] stop [88] step [1] : tensor<105xf32> -> tensor<88xf32>
  %skewed = nd.reshape %cut : tensor<88xf32> -> tensor<4x22xf32>
  %windows = nd.shrink %skewed start [0, 0] stop [4, 18] step [1, 1] : tensor<4x22xf32> -> tensor<4x18xf32>
  %windows_1 = nd.permute %windows [1, 0] : tensor<4x18xf32> -> tensor<18x4xf32>
  %sum = nd.reduce "sum" %windows_1 axes [1] : tensor<18x4xf32> -> tensor<18xf32>
  %quarter = nd.const 2.500000e-01 : f32 -> tensor<18xf32>
  %mean = nd.binary "mul" %sum, %quarter : tensor<18xf32> -> tensor<18xf32>
  return %mean : tensor<18xf32>
}
