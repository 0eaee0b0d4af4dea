// two contractions with relu between: three reduces deep
func.func @main(%x: tensor<7x12xf32>, %w1: tensor<12x9xf32>, %b1: tensor<9xf32>, %w2: tensor<9x4xf32>) -> tensor<7x4xf32> {
  %a_rows = nd.reshape %x : tensor<7x12xf32> -> tensor<7x12x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<7x12x1xf32> -> tensor<7x12x9xf32>
  %b_cols = nd.reshape %w1 : tensor<12x9xf32> -> tensor<1x12x9xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x12x9xf32> -> tensor<7x12x9xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<7x12x9xf32> -> tensor<7x12x9xf32>
  %hidden = nd.reduce "sum" %products axes [1] : tensor<7x12x9xf32> -> tensor<7x9xf32>
  %b1_1 = nd.reshape %b1 : tensor<9xf32> -> tensor<1x9xf32>
  %b1_2 = nd.expand %b1_1 : tensor<1x9xf32> -> tensor<7x9xf32>
  %biased = nd.binary "add" %hidden, %b1_2 : tensor<7x9xf32> -> tensor<7x9xf32>
  %zero = nd.const 0.000000e+00 : f32 -> tensor<7x9xf32>
  %relu = nd.binary "max" %biased, %zero : tensor<7x9xf32> -> tensor<7x9xf32>
  %a_rows_2 = nd.reshape %relu : tensor<7x9xf32> -> tensor<7x9x1xf32>
  %a_rows_3 = nd.expand %a_rows_2 : tensor<7x9x1xf32> -> tensor<7x9x4xf32>
  %b_cols_2 = nd.reshape %w2 : tensor<9x4xf32> -> tensor<1x9x4xf32>
  %b_cols_3 = nd.expand %b_cols_2 : tensor<1x9x4xf32> -> tensor<7x9x4xf32>
  %products_1 = nd.binary "mul" %a_rows_3, %b_cols_3 : tensor<7x9x4xf32> -> tensor<7x9x4xf32>
  %logits = nd.reduce "sum" %products_1 axes [1] : tensor<7x9x4xf32> -> tensor<7x4xf32>
  return %logits : tensor<7x4xf32>
}
