// pairwise distances, then argmin: the main job in small
func.func @main(%x: tensor<13x6xf32>, %y: tensor<33x6xf32>) -> (tensor<13xi32>, tensor<13x33xf32>) {
  %yt = nd.permute %y [1, 0] : tensor<33x6xf32> -> tensor<6x33xf32>
  %a_rows = nd.reshape %x : tensor<13x6xf32> -> tensor<13x6x1xf32>
  %a_rows_1 = nd.expand %a_rows : tensor<13x6x1xf32> -> tensor<13x6x33xf32>
  %b_cols = nd.reshape %yt : tensor<6x33xf32> -> tensor<1x6x33xf32>
  %b_cols_1 = nd.expand %b_cols : tensor<1x6x33xf32> -> tensor<13x6x33xf32>
  %products = nd.binary "mul" %a_rows_1, %b_cols_1 : tensor<13x6x33xf32> -> tensor<13x6x33xf32>
  %dot = nd.reduce "sum" %products axes [1] : tensor<13x6x33xf32> -> tensor<13x33xf32>
  %x_sq = nd.binary "mul" %x, %x : tensor<13x6xf32> -> tensor<13x6xf32>
  %x_norm = nd.reduce "sum" %x_sq axes [1] : tensor<13x6xf32> -> tensor<13xf32>
  %y_sq = nd.binary "mul" %y, %y : tensor<33x6xf32> -> tensor<33x6xf32>
  %y_norm = nd.reduce "sum" %y_sq axes [1] : tensor<33x6xf32> -> tensor<33xf32>
  %x_norm_1 = nd.reshape %x_norm : tensor<13xf32> -> tensor<13x1xf32>
  %x_norm_2 = nd.expand %x_norm_1 : tensor<13x1xf32> -> tensor<13x33xf32>
  %y_norm_1 = nd.reshape %y_norm : tensor<33xf32> -> tensor<1x33xf32>
  %y_norm_2 = nd.expand %y_norm_1 : tensor<1x33xf32> -> tensor<13x33xf32>
  %norms = nd.binary "add" %x_norm_2, %y_norm_2 : tensor<13x33xf32> -> tensor<13x33xf32>
  %two = nd.const 2.000000e+00 : f32 -> tensor<13x33xf32>
  %cross = nd.binary "mul" %dot, %two : tensor<13x33xf32> -> tensor<13x33xf32>
  %distance = nd.binary "sub" %norms, %cross : tensor<13x33xf32> -> tensor<13x33xf32>
  %min = nd.reduce "min" %distance axes [1] : tensor<13x33xf32> -> tensor<13xf32>
  %min_1 = nd.reshape %min : tensor<13xf32> -> tensor<13x1xf32>
  %min_2 = nd.expand %min_1 : tensor<13x1xf32> -> tensor<13x33xf32>
  %hit = nd.binary "cmpeq" %distance, %min_2 : tensor<13x33xf32> -> tensor<13x33xi1>
  %n = nd.const 33 : i32 -> tensor<13x33xi32>
  %index = nd.iota 1 -> tensor<13x33xi32>
  %left = nd.binary "sub" %n, %index : tensor<13x33xi32> -> tensor<13x33xi32>
  %zero = nd.const 0 : i32 -> tensor<13x33xi32>
  %candidate = nd.select %hit, %left, %zero : tensor<13x33xi1>, tensor<13x33xi32>
  %most_left = nd.reduce "max" %candidate axes [1] : tensor<13x33xi32> -> tensor<13xi32>
  %n_1 = nd.const 33 : i32 -> tensor<13xi32>
  %argmin = nd.binary "sub" %n_1, %most_left : tensor<13xi32> -> tensor<13xi32>
  return %argmin, %distance : tensor<13xi32>, tensor<13x33xf32>
}
