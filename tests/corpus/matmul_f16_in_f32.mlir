// f16 operands, f32 accumulation, f16 result
func.func @main(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>) -> tensor<8x8xf16> {
  %wide_a = nd.cast %a : tensor<8x16xf16> -> tensor<8x16xf32>
  %wide_b = nd.cast %b : tensor<16x8xf16> -> tensor<16x8xf32>
  %a_rows = nd.reshape %wide_a : tensor<8x16xf32> -> tensor<8x16x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<8x16x1xf32> -> tensor<8x16x8xf32>
  %b_cols = nd.reshape %wide_b : tensor<16x8xf32> -> tensor<1x16x8xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x16x8xf32> -> tensor<8x16x8xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<8x16x8xf32> -> tensor<8x16x8xf32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<8x16x8xf32> -> tensor<8x8xf32>
  %matmul_f16 = nd.cast %matmul : tensor<8x8xf32> -> tensor<8x8xf16>
  return %matmul_f16 : tensor<8x8xf16>
}
