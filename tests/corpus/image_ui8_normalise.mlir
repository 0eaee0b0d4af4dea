// bytes to floats, scaled, clipped, back to bytes
func.func @main(%x: tensor<17x17xui8>) -> tensor<17x17xui8> {
  %wide = nd.cast %x : tensor<17x17xui8> -> tensor<17x17xi32>
  %pixel = nd.cast %wide : tensor<17x17xi32> -> tensor<17x17xf32>
  %gain = nd.const 1.500000e+00 : f32 -> tensor<17x17xf32>
  %bright = nd.binary "mul" %pixel, %gain : tensor<17x17xf32> -> tensor<17x17xf32>
  %low = nd.const 0.000000e+00 : f32 -> tensor<17x17xf32>
  %max = nd.binary "max" %bright, %low : tensor<17x17xf32> -> tensor<17x17xf32>
  %high = nd.const 2.550000e+02 : f32 -> tensor<17x17xf32>
  %clipped = nd.binary "min" %max, %high : tensor<17x17xf32> -> tensor<17x17xf32>
  %clipped_ui8 = nd.cast %clipped : tensor<17x17xf32> -> tensor<17x17xui8>
  return %clipped_ui8 : tensor<17x17xui8>
}
