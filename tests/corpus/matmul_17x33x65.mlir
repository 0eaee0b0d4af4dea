// matmul as expand, mul, sum; every extent one past a tile
func.func @main(%a: tensor<17x33xf32>, %b: tensor<33x65xf32>) -> tensor<17x65xf32> {
  %a_rows = nd.reshape %a : tensor<17x33xf32> -> tensor<17x33x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<17x33x1xf32> -> tensor<17x33x65xf32>
  %b_cols = nd.reshape %b : tensor<33x65xf32> -> tensor<1x33x65xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x33x65xf32> -> tensor<17x33x65xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<17x33x65xf32> -> tensor<17x33x65xf32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<17x33x65xf32> -> tensor<17x65xf32>
  return %matmul : tensor<17x65xf32>
}
