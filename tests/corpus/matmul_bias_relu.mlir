// matmul with an elementwise epilogue: broadcast bias, then max with 0
func.func @main(%a: tensor<19x8xf32>, %b: tensor<8x23xf32>, %bias: tensor<23xf32>) -> tensor<19x23xf32> {
  %a_rows = nd.reshape %a : tensor<19x8xf32> -> tensor<19x8x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<19x8x1xf32> -> tensor<19x8x23xf32>
  %b_cols = nd.reshape %b : tensor<8x23xf32> -> tensor<1x8x23xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x8x23xf32> -> tensor<19x8x23xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<19x8x23xf32> -> tensor<19x8x23xf32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<19x8x23xf32> -> tensor<19x23xf32>
  %bias_1 = nd.reshape %bias : tensor<23xf32> -> tensor<1x23xf32>
  %bias_2 = nd.expand %bias_1 : tensor<1x23xf32> -> tensor<19x23xf32>
  %biased = nd.binary "add" %matmul, %bias_2 : tensor<19x23xf32> -> tensor<19x23xf32>
  %zero = nd.const 0.000000e+00 : f32 -> tensor<19x23xf32>
  %relu = nd.binary "max" %biased, %zero : tensor<19x23xf32> -> tensor<19x23xf32>
  return %relu : tensor<19x23xf32>
}
