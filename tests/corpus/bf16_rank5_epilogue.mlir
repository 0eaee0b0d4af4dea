// bf16 through rank 5: a reduce in f32 with a cast on both sides
func.func @main(%x: tensor<4x3x2x2x2xbf16>) -> tensor<4x2x2xbf16> {
  %wide = nd.cast %x : tensor<4x3x2x2x2xbf16> -> tensor<4x3x2x2x2xf32>
  %sum = nd.reduce "sum" %wide axes [1, 3] : tensor<4x3x2x2x2xf32> -> tensor<4x2x2xf32>
  %half = nd.const 5.000000e-01 : f32 -> tensor<4x2x2xf32>
  %mul = nd.binary "mul" %sum, %half : tensor<4x2x2xf32> -> tensor<4x2x2xf32>
  %back = nd.cast %mul : tensor<4x2x2xf32> -> tensor<4x2x2xbf16>
  return %back : tensor<4x2x2xbf16>
}
