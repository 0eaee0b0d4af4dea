// the side of a select that is not taken is NaN
func.func @main(%x: tensor<4x11xf32>) -> tensor<4x11xf32> {
  %zero = nd.const 0.000000e+00 : f32 -> tensor<4x11xf32>
  %cmplt = nd.binary "cmplt" %x, %zero : tensor<4x11xf32> -> tensor<4x11xi1>
  %sqrt = nd.unary "sqrt" %x : tensor<4x11xf32>
  %select = nd.select %cmplt, %zero, %sqrt : tensor<4x11xi1>, tensor<4x11xf32>
  return %select : tensor<4x11xf32>
}
