// a @ b.T of 40x24 and 33x24: what is read along the lanes lies apart in memory, so a tile transposes its part first
func.func @main(%a: tensor<40x24xf32>, %b: tensor<33x24xf32>) -> tensor<40x33xf32> {
  %rows = nd.reshape %a : tensor<40x24xf32> -> tensor<40x1x24xf32>
  %a3 = nd.expand %rows : tensor<40x1x24xf32> -> tensor<40x33x24xf32>
  %columns = nd.reshape %b : tensor<33x24xf32> -> tensor<1x33x24xf32>
  %b3 = nd.expand %columns : tensor<1x33x24xf32> -> tensor<40x33x24xf32>
  %products = nd.binary "mul" %a3, %b3 : tensor<40x33x24xf32> -> tensor<40x33x24xf32>
  %product = nd.reduce "sum" %products axes [2] : tensor<40x33x24xf32> -> tensor<40x33xf32>
  return %product : tensor<40x33xf32>
}
