// a contraction feeding a row group: it must not be computed again for each use
func.func @main(%x: tensor<40x9xf32>, %y: tensor<9x40xf32>) -> tensor<40x40xf32> {
  %a_rows = nd.reshape %x : tensor<40x9xf32> -> tensor<40x9x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<40x9x1xf32> -> tensor<40x9x40xf32>
  %b_cols = nd.reshape %y : tensor<9x40xf32> -> tensor<1x9x40xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x9x40xf32> -> tensor<40x9x40xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<40x9x40xf32> -> tensor<40x9x40xf32>
  %scores = nd.reduce "sum" %products axes [1] : tensor<40x9x40xf32> -> tensor<40x40xf32>
  %max = nd.reduce "max" %scores axes [1] : tensor<40x40xf32> -> tensor<40xf32>
  %max_1 = nd.reshape %max : tensor<40xf32> -> tensor<40x1xf32>
  %max_2 = nd.expand %max_1 : tensor<40x1xf32> -> tensor<40x40xf32>
  %shifted = nd.binary "sub" %scores, %max_2 : tensor<40x40xf32> -> tensor<40x40xf32>
  %exp2 = nd.unary "exp2" %shifted : tensor<40x40xf32>
  %sum = nd.reduce "sum" %exp2 axes [1] : tensor<40x40xf32> -> tensor<40xf32>
  %sum_1 = nd.reshape %sum : tensor<40xf32> -> tensor<40x1xf32>
  %sum_2 = nd.expand %sum_1 : tensor<40x1xf32> -> tensor<40x40xf32>
  %softmax = nd.binary "div" %exp2, %sum_2 : tensor<40x40xf32> -> tensor<40x40xf32>
  return %softmax : tensor<40x40xf32>
}
