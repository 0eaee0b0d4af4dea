// a cumulative sum as padded windows of full length
func.func @main(%x: tensor<9x10xi32>) -> tensor<9x10xi32> {
  %padded = nd.pad %x low [0, 9] high [0, 0] value 0 : i32 : tensor<9x10xi32> -> tensor<9x19xi32>
  %padded_1 = nd.reshape %padded : tensor<9x19xi32> -> tensor<9x1x19xi32>
  %repeated = nd.expand %padded_1 : tensor<9x1x19xi32> -> tensor<9x11x19xi32>
  %repeated_1 = nd.reshape %repeated : tensor<9x11x19xi32> -> tensor<9x209xi32>
  %cut = nd.shrink %repeated_1 start [0, 0] stop [9, 200] step [1, 1] : tensor<9x209xi32> -> tensor<9x200xi32>
  %skewed = nd.reshape %cut : tensor<9x200xi32> -> tensor<9x10x20xi32>
  %windows = nd.shrink %skewed start [0, 0, 0] stop [9, 10, 10] step [1, 1, 1] : tensor<9x10x20xi32> -> tensor<9x10x10xi32>
  %windows_1 = nd.permute %windows [0, 2, 1] : tensor<9x10x10xi32> -> tensor<9x10x10xi32>
  %cumsum = nd.reduce "sum" %windows_1 axes [2] : tensor<9x10x10xi32> -> tensor<9x10xi32>
  return %cumsum : tensor<9x10xi32>
}
