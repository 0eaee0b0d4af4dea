// zeros between the elements, as a transposed convolution wants them
func.func @main(%x: tensor<7xf32>) -> tensor<13xf32> {
  %x_1 = nd.reshape %x : tensor<7xf32> -> tensor<7x1xf32>
  %spread = nd.pad %x_1 low [0, 0] high [0, 1] value 0.000000e+00 : f32 : tensor<7x1xf32> -> tensor<7x2xf32>
  %spread_1 = nd.reshape %spread : tensor<7x2xf32> -> tensor<14xf32>
  %shrunk = nd.shrink %spread_1 start [0] stop [13] step [1] : tensor<14xf32> -> tensor<13xf32>
  return %shrunk : tensor<13xf32>
}
