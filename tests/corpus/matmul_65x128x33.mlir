// one past a tile of 64 and of 32 with a longer contraction
func.func @main(%a: tensor<65x128xf32>, %b: tensor<128x33xf32>) -> tensor<65x33xf32> {
  %a_rows = nd.reshape %a : tensor<65x128xf32> -> tensor<65x128x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<65x128x1xf32> -> tensor<65x128x33xf32>
  %b_cols = nd.reshape %b : tensor<128x33xf32> -> tensor<1x128x33xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x128x33xf32> -> tensor<65x128x33xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<65x128x33xf32> -> tensor<65x128x33xf32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<65x128x33xf32> -> tensor<65x33xf32>
  return %matmul : tensor<65x33xf32>
}
