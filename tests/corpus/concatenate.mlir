// cat as two pads and an add
func.func @main(%x: tensor<5xf32>, %y: tensor<4xf32>) -> tensor<9xf32> {
  %left = nd.pad %x low [0] high [4] value 0.000000e+00 : f32 : tensor<5xf32> -> tensor<9xf32>
  %right = nd.pad %y low [5] high [0] value 0.000000e+00 : f32 : tensor<4xf32> -> tensor<9xf32>
  %add = nd.binary "add" %left, %right : tensor<9xf32> -> tensor<9xf32>
  return %add : tensor<9xf32>
}
