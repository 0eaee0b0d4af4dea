// Slices of no elements that begin where their operand ends, with a step too: their index maps lay outside of it
func.func @main(%x: tensor<1x16xf16>, %b: tensor<3x33x1xi1>, %y: tensor<5x7xf32>) -> (tensor<0x16xf16>, tensor<0x33x0xi1>, tensor<5xf32>) {
  %none = nd.shrink %x start [1, 0] stop [1, 16] step [1, 1] {realize} : tensor<1x16xf16> -> tensor<0x16xf16>
  %bits = nd.shrink %b start [3, 0, 1] stop [3, 33, 1] step [1, 1, 3] {realize} : tensor<3x33x1xi1> -> tensor<0x33x0xi1>
  %end = nd.shrink %y start [0, 7] stop [5, 7] step [1, 2] : tensor<5x7xf32> -> tensor<5x0xf32>
  %sum = nd.reduce "sum" %end axes [1] : tensor<5x0xf32> -> tensor<5xf32>
  return %none, %bits, %sum : tensor<0x16xf16>, tensor<0x33x0xi1>, tensor<5xf32>
}
