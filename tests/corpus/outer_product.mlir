// no reduce: an expand on either side and mul
func.func @main(%a: tensor<11xf32>, %b: tensor<3xf32>) -> tensor<11x3xf32> {
  %a_1 = nd.reshape %a : tensor<11xf32> -> tensor<11x1xf32>
  %a_2 = nd.expand %a_1 : tensor<11x1xf32> -> tensor<11x3xf32>
  %b_1 = nd.reshape %b : tensor<3xf32> -> tensor<1x3xf32>
  %b_2 = nd.expand %b_1 : tensor<1x3xf32> -> tensor<11x3xf32>
  %outer = nd.binary "mul" %a_2, %b_2 : tensor<11x3xf32> -> tensor<11x3xf32>
  return %outer : tensor<11x3xf32>
}
