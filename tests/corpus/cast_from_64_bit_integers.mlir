// 64-bit integers to f32 and f64 round once, also above 2**63
func.func @main(%x: tensor<13xi64>, %y: tensor<13xui64>) -> (tensor<13xf32>, tensor<13xf64>, tensor<13xbf16>, tensor<13xi32>, tensor<13xui32>, tensor<13xi8>, tensor<13xi1>, tensor<13xf32>, tensor<13xf64>, tensor<13xbf16>, tensor<13xi32>, tensor<13xui32>, tensor<13xi8>, tensor<13xi1>) {
  %x_f32 = nd.cast %x : tensor<13xi64> -> tensor<13xf32>
  %x_f64 = nd.cast %x : tensor<13xi64> -> tensor<13xf64>
  %x_bf16 = nd.cast %x : tensor<13xi64> -> tensor<13xbf16>
  %x_i32 = nd.cast %x : tensor<13xi64> -> tensor<13xi32>
  %x_ui32 = nd.cast %x : tensor<13xi64> -> tensor<13xui32>
  %x_i8 = nd.cast %x : tensor<13xi64> -> tensor<13xi8>
  %x_i1 = nd.cast %x : tensor<13xi64> -> tensor<13xi1>
  %y_f32 = nd.cast %y : tensor<13xui64> -> tensor<13xf32>
  %y_f64 = nd.cast %y : tensor<13xui64> -> tensor<13xf64>
  %y_bf16 = nd.cast %y : tensor<13xui64> -> tensor<13xbf16>
  %y_i32 = nd.cast %y : tensor<13xui64> -> tensor<13xi32>
  %y_ui32 = nd.cast %y : tensor<13xui64> -> tensor<13xui32>
  %y_i8 = nd.cast %y : tensor<13xui64> -> tensor<13xi8>
  %y_i1 = nd.cast %y : tensor<13xui64> -> tensor<13xi1>
  return %x_f32, %x_f64, %x_bf16, %x_i32, %x_ui32, %x_i8, %x_i1, %y_f32, %y_f64, %y_bf16, %y_i32, %y_ui32, %y_i8, %y_i1 : tensor<13xf32>, tensor<13xf64>, tensor<13xbf16>, tensor<13xi32>, tensor<13xui32>, tensor<13xi8>, tensor<13xi1>, tensor<13xf32>, tensor<13xf64>, tensor<13xbf16>, tensor<13xi32>, tensor<13xui32>, tensor<13xi8>, tensor<13xi1>
}
