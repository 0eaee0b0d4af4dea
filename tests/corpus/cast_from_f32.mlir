// f32 to each type; magnitudes kept small enough for the integers
func.func @main(%x: tensor<23xf32>) -> (tensor<23xf16>, tensor<23xbf16>, tensor<23xf64>, tensor<23xi32>, tensor<23xi8>, tensor<23xi64>, tensor<23xi1>, tensor<23xui8>) {
  %x_f16 = nd.cast %x : tensor<23xf32> -> tensor<23xf16>
  %x_bf16 = nd.cast %x : tensor<23xf32> -> tensor<23xbf16>
  %x_f64 = nd.cast %x : tensor<23xf32> -> tensor<23xf64>
  %x_i32 = nd.cast %x : tensor<23xf32> -> tensor<23xi32>
  %x_i8 = nd.cast %x : tensor<23xf32> -> tensor<23xi8>
  %x_i64 = nd.cast %x : tensor<23xf32> -> tensor<23xi64>
  %x_i1 = nd.cast %x : tensor<23xf32> -> tensor<23xi1>
  %abs = nd.unary "abs" %x : tensor<23xf32>
  %abs_ui8 = nd.cast %abs : tensor<23xf32> -> tensor<23xui8>
  return %x_f16, %x_bf16, %x_f64, %x_i32, %x_i8, %x_i64, %x_i1, %abs_ui8 : tensor<23xf16>, tensor<23xbf16>, tensor<23xf64>, tensor<23xi32>, tensor<23xi8>, tensor<23xi64>, tensor<23xi1>, tensor<23xui8>
}
