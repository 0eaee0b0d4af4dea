// bool to every type is 0 or 1
func.func @main(%b: tensor<7xi1>) -> (tensor<7xi8>, tensor<7xi16>, tensor<7xi32>, tensor<7xi64>, tensor<7xui8>, tensor<7xui16>, tensor<7xui32>, tensor<7xui64>, tensor<7xf16>, tensor<7xbf16>, tensor<7xf32>, tensor<7xf64>) {
  %b_i8 = nd.cast %b : tensor<7xi1> -> tensor<7xi8>
  %b_i16 = nd.cast %b : tensor<7xi1> -> tensor<7xi16>
  %b_i32 = nd.cast %b : tensor<7xi1> -> tensor<7xi32>
  %b_i64 = nd.cast %b : tensor<7xi1> -> tensor<7xi64>
  %b_ui8 = nd.cast %b : tensor<7xi1> -> tensor<7xui8>
  %b_ui16 = nd.cast %b : tensor<7xi1> -> tensor<7xui16>
  %b_ui32 = nd.cast %b : tensor<7xi1> -> tensor<7xui32>
  %b_ui64 = nd.cast %b : tensor<7xi1> -> tensor<7xui64>
  %b_f16 = nd.cast %b : tensor<7xi1> -> tensor<7xf16>
  %b_bf16 = nd.cast %b : tensor<7xi1> -> tensor<7xbf16>
  %b_f32 = nd.cast %b : tensor<7xi1> -> tensor<7xf32>
  %b_f64 = nd.cast %b : tensor<7xi1> -> tensor<7xf64>
  return %b_i8, %b_i16, %b_i32, %b_i64, %b_ui8, %b_ui16, %b_ui32, %b_ui64, %b_f16, %b_bf16, %b_f32, %b_f64 : tensor<7xi8>, tensor<7xi16>, tensor<7xi32>, tensor<7xi64>, tensor<7xui8>, tensor<7xui16>, tensor<7xui32>, tensor<7xui64>, tensor<7xf16>, tensor<7xbf16>, tensor<7xf32>, tensor<7xf64>
}
