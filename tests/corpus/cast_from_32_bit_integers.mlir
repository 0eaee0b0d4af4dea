// integers keep their low bits when narrowed; to f32 they round to nearest even, to f16 they overflow to infinity
func.func @main(%x: tensor<29xi32>, %y: tensor<29xui32>) -> (tensor<29xf32>, tensor<29xf16>, tensor<29xbf16>, tensor<29xf64>, tensor<29xi8>, tensor<29xui8>, tensor<29xi64>, tensor<29xui64>, tensor<29xi1>, tensor<29xf32>, tensor<29xf16>, tensor<29xbf16>, tensor<29xf64>, tensor<29xi8>, tensor<29xui8>, tensor<29xi64>, tensor<29xui64>, tensor<29xi1>) {
  %x_f32 = nd.cast %x : tensor<29xi32> -> tensor<29xf32>
  %x_f16 = nd.cast %x : tensor<29xi32> -> tensor<29xf16>
  %x_bf16 = nd.cast %x : tensor<29xi32> -> tensor<29xbf16>
  %x_f64 = nd.cast %x : tensor<29xi32> -> tensor<29xf64>
  %x_i8 = nd.cast %x : tensor<29xi32> -> tensor<29xi8>
  %x_ui8 = nd.cast %x : tensor<29xi32> -> tensor<29xui8>
  %x_i64 = nd.cast %x : tensor<29xi32> -> tensor<29xi64>
  %x_ui64 = nd.cast %x : tensor<29xi32> -> tensor<29xui64>
  %x_i1 = nd.cast %x : tensor<29xi32> -> tensor<29xi1>
  %y_f32 = nd.cast %y : tensor<29xui32> -> tensor<29xf32>
  %y_f16 = nd.cast %y : tensor<29xui32> -> tensor<29xf16>
  %y_bf16 = nd.cast %y : tensor<29xui32> -> tensor<29xbf16>
  %y_f64 = nd.cast %y : tensor<29xui32> -> tensor<29xf64>
  %y_i8 = nd.cast %y : tensor<29xui32> -> tensor<29xi8>
  %y_ui8 = nd.cast %y : tensor<29xui32> -> tensor<29xui8>
  %y_i64 = nd.cast %y : tensor<29xui32> -> tensor<29xi64>
  %y_ui64 = nd.cast %y : tensor<29xui32> -> tensor<29xui64>
  %y_i1 = nd.cast %y : tensor<29xui32> -> tensor<29xi1>
  return %x_f32, %x_f16, %x_bf16, %x_f64, %x_i8, %x_ui8, %x_i64, %x_ui64, %x_i1, %y_f32, %y_f16, %y_bf16, %y_f64, %y_i8, %y_ui8, %y_i64, %y_ui64, %y_i1 : tensor<29xf32>, tensor<29xf16>, tensor<29xbf16>, tensor<29xf64>, tensor<29xi8>, tensor<29xui8>, tensor<29xi64>, tensor<29xui64>, tensor<29xi1>, tensor<29xf32>, tensor<29xf16>, tensor<29xbf16>, tensor<29xf64>, tensor<29xi8>, tensor<29xui8>, tensor<29xi64>, tensor<29xui64>, tensor<29xi1>
}
