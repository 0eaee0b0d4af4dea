// narrow integers widened before they are multiplied
func.func @main(%a: tensor<9x13xi8>, %b: tensor<13x6xi8>) -> tensor<9x6xi32> {
  %wide_a = nd.cast %a : tensor<9x13xi8> -> tensor<9x13xi32>
  %wide_b = nd.cast %b : tensor<13x6xi8> -> tensor<13x6xi32>
  %a_rows = nd.reshape %wide_a : tensor<9x13xi32> -> tensor<9x13x1xi32>
  %a_rows_1 = nd.expand %a_rows : tensor<9x13x1xi32> -> tensor<9x13x6xi32>
  %b_cols = nd.reshape %wide_b : tensor<13x6xi32> -> tensor<1x13x6xi32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x13x6xi32> -> tensor<9x13x6xi32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<9x13x6xi32> -> tensor<9x13x6xi32>
  %matmul = nd.reduce "sum" %products axes [1] : tensor<9x13x6xi32> -> tensor<9x6xi32>
  return %matmul : tensor<9x6xi32>
}
