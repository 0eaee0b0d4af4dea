// sums accumulate in the element type unless cast; f64 product
func.func @main(%x: tensor<3x17xf16>, %y: tensor<3x17xbf16>, %d: tensor<9x4xf64>) -> (tensor<3xf16>, tensor<3xf16>, tensor<3xbf16>, tensor<17xbf16>, tensor<4xf64>) {
  %max = nd.reduce "max" %x axes [1] : tensor<3x17xf16> -> tensor<3xf16>
  %x_f32 = nd.cast %x : tensor<3x17xf16> -> tensor<3x17xf32>
  %sum = nd.reduce "sum" %x_f32 axes [1] : tensor<3x17xf32> -> tensor<3xf32>
  %sum_f16 = nd.cast %sum : tensor<3xf32> -> tensor<3xf16>
  %y_f32 = nd.cast %y : tensor<3x17xbf16> -> tensor<3x17xf32>
  %sum_1 = nd.reduce "sum" %y_f32 axes [1] : tensor<3x17xf32> -> tensor<3xf32>
  %sum_bf16 = nd.cast %sum_1 : tensor<3xf32> -> tensor<3xbf16>
  %min = nd.reduce "min" %y axes [0] : tensor<3x17xbf16> -> tensor<17xbf16>
  %prod = nd.reduce "prod" %d axes [0] : tensor<9x4xf64> -> tensor<4xf64>
  return %max, %sum_f16, %sum_bf16, %min, %prod : tensor<3xf16>, tensor<3xf16>, tensor<3xbf16>, tensor<17xbf16>, tensor<4xf64>
}
