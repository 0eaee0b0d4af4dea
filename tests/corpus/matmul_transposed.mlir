// the right operand is read transposed
func.func @main(%a: tensor<5x7xf32>, %b: tensor<9x7xf32>) -> tensor<5x9xf32> {
  %bt = nd.permute %b [1, 0] : tensor<9x7xf32> -> tensor<7x9xf32>
  %a_rows = nd.reshape %a : tensor<5x7xf32> -> tensor<5x7x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<5x7x1xf32> -> tensor<5x7x9xf32>
  %b_cols = nd.reshape %bt : tensor<7x9xf32> -> tensor<1x7x9xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x7x9xf32> -> tensor<5x7x9xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<5x7x9xf32> -> tensor<5x7x9xf32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<5x7x9xf32> -> tensor<5x9xf32>
  return %matmul : tensor<5x9xf32>
}
