// f16 and bf16 to each other, wider floats, integers and bool
func.func @main(%x: tensor<9xf16>, %y: tensor<9xbf16>) -> (tensor<9xbf16>, tensor<9xf32>, tensor<9xf64>, tensor<9xi32>, tensor<9xi1>, tensor<9xf16>, tensor<9xf32>, tensor<9xf64>, tensor<9xi16>, tensor<9xi1>) {
  %x_bf16 = nd.cast %x : tensor<9xf16> -> tensor<9xbf16>
  %x_f32 = nd.cast %x : tensor<9xf16> -> tensor<9xf32>
  %x_f64 = nd.cast %x : tensor<9xf16> -> tensor<9xf64>
  %x_i32 = nd.cast %x : tensor<9xf16> -> tensor<9xi32>
  %x_i1 = nd.cast %x : tensor<9xf16> -> tensor<9xi1>
  %y_f16 = nd.cast %y : tensor<9xbf16> -> tensor<9xf16>
  %y_f32 = nd.cast %y : tensor<9xbf16> -> tensor<9xf32>
  %y_f64 = nd.cast %y : tensor<9xbf16> -> tensor<9xf64>
  %y_i16 = nd.cast %y : tensor<9xbf16> -> tensor<9xi16>
  %y_i1 = nd.cast %y : tensor<9xbf16> -> tensor<9xi1>
  return %x_bf16, %x_f32, %x_f64, %x_i32, %x_i1, %y_f16, %y_f32, %y_f64, %y_i16, %y_i1 : tensor<9xbf16>, tensor<9xf32>, tensor<9xf64>, tensor<9xi32>, tensor<9xi1>, tensor<9xf16>, tensor<9xf32>, tensor<9xf64>, tensor<9xi16>, tensor<9xi1>
}
