// f64 narrowed to each float, and to integers
func.func @main(%x: tensor<11xf64>) -> (tensor<11xf32>, tensor<11xf16>, tensor<11xbf16>, tensor<11xi32>, tensor<11xi16>, tensor<11xi1>) {
  %x_f32 = nd.cast %x : tensor<11xf64> -> tensor<11xf32>
  %x_f16 = nd.cast %x : tensor<11xf64> -> tensor<11xf16>
  %x_bf16 = nd.cast %x : tensor<11xf64> -> tensor<11xbf16>
  %x_i32 = nd.cast %x : tensor<11xf64> -> tensor<11xi32>
  %x_i16 = nd.cast %x : tensor<11xf64> -> tensor<11xi16>
  %x_i1 = nd.cast %x : tensor<11xf64> -> tensor<11xi1>
  return %x_f32, %x_f16, %x_bf16, %x_i32, %x_i16, %x_i1 : tensor<11xf32>, tensor<11xf16>, tensor<11xbf16>, tensor<11xi32>, tensor<11xi16>, tensor<11xi1>
}
