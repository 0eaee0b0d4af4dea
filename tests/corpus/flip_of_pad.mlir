// a flip reads the padding first
func.func @main(%x: tensor<5x6xf32>) -> tensor<8x8xf32> {
  %padded = nd.pad %x low [1, 2] high [2, 0] value 1.500000e+00 : f32 : tensor<5x6xf32> -> tensor<8x8xf32>
  %flipped = nd.flip %padded axes [0, 1] : tensor<8x8xf32> -> tensor<8x8xf32>
  return %flipped : tensor<8x8xf32>
}
