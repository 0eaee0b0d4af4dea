// sign extension of i8 and i16, zero extension of ui8 and ui16
func.func @main(%x: tensor<15xi8>, %y: tensor<15xui8>, %z: tensor<15xi16>, %w: tensor<15xui16>) -> (tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>, tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>, tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>, tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>) {
  %x_i32 = nd.cast %x : tensor<15xi8> -> tensor<15xi32>
  %x_ui32 = nd.cast %x : tensor<15xi8> -> tensor<15xui32>
  %x_f32 = nd.cast %x : tensor<15xi8> -> tensor<15xf32>
  %x_f16 = nd.cast %x : tensor<15xi8> -> tensor<15xf16>
  %x_i64 = nd.cast %x : tensor<15xi8> -> tensor<15xi64>
  %y_i32 = nd.cast %y : tensor<15xui8> -> tensor<15xi32>
  %y_ui32 = nd.cast %y : tensor<15xui8> -> tensor<15xui32>
  %y_f32 = nd.cast %y : tensor<15xui8> -> tensor<15xf32>
  %y_f16 = nd.cast %y : tensor<15xui8> -> tensor<15xf16>
  %y_i64 = nd.cast %y : tensor<15xui8> -> tensor<15xi64>
  %z_i32 = nd.cast %z : tensor<15xi16> -> tensor<15xi32>
  %z_ui32 = nd.cast %z : tensor<15xi16> -> tensor<15xui32>
  %z_f32 = nd.cast %z : tensor<15xi16> -> tensor<15xf32>
  %z_f16 = nd.cast %z : tensor<15xi16> -> tensor<15xf16>
  %z_i64 = nd.cast %z : tensor<15xi16> -> tensor<15xi64>
  %w_i32 = nd.cast %w : tensor<15xui16> -> tensor<15xi32>
  %w_ui32 = nd.cast %w : tensor<15xui16> -> tensor<15xui32>
  %w_f32 = nd.cast %w : tensor<15xui16> -> tensor<15xf32>
  %w_f16 = nd.cast %w : tensor<15xui16> -> tensor<15xf16>
  %w_i64 = nd.cast %w : tensor<15xui16> -> tensor<15xi64>
  return %x_i32, %x_ui32, %x_f32, %x_f16, %x_i64, %y_i32, %y_ui32, %y_f32, %y_f16, %y_i64, %z_i32, %z_ui32, %z_f32, %z_f16, %z_i64, %w_i32, %w_ui32, %w_f32, %w_f16, %w_i64 : tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>, tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>, tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>, tensor<15xi32>, tensor<15xui32>, tensor<15xf32>, tensor<15xf16>, tensor<15xi64>
}
