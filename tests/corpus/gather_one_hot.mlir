// gather as iota, compare, select, sum; indices out of range give 0
// input 1 in -1 .. 11
func.func @main(%table: tensor<11x3xf32>, %at: tensor<6xi32>) -> tensor<6x3xf32> {
  %at_1 = nd.reshape %at : tensor<6xi32> -> tensor<6x1x1xi32>
  %at_2 = nd.expand %at_1 : tensor<6x1x1xi32> -> tensor<6x11x3xi32>
  %row = nd.iota 1 -> tensor<6x11x3xi32>
  %hit = nd.binary "cmpeq" %at_2, %row : tensor<6x11x3xi32> -> tensor<6x11x3xi1>
  %table_1 = nd.reshape %table : tensor<11x3xf32> -> tensor<1x11x3xf32>
  %table_2 = nd.expand %table_1 : tensor<1x11x3xf32> -> tensor<6x11x3xf32>
  %zero = nd.const 0.000000e+00 : f32 -> tensor<6x11x3xf32>
  %chosen = nd.select %hit, %table_2, %zero : tensor<6x11x3xi1>, tensor<6x11x3xf32>
  %gathered = nd.reduce "sum" %chosen axes [1] : tensor<6x11x3xf32> -> tensor<6x3xf32>
  return %gathered : tensor<6x3xf32>
}
