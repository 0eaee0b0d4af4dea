// A matrix product as nd sees it: expand, mul, sum. There is no matmul op; the compiler finds the register tile by itself.
func.func @main(%a: tensor<512x512xf32>, %b: tensor<512x512xf32>) -> tensor<512x512xf32> {
  %rows = nd.reshape %a : tensor<512x512xf32> -> tensor<512x1x512xf32>
  %a3 = nd.expand %rows : tensor<512x1x512xf32> -> tensor<512x512x512xf32>
  %bt = nd.permute %b [1, 0] : tensor<512x512xf32> -> tensor<512x512xf32>
  %columns = nd.reshape %bt : tensor<512x512xf32> -> tensor<1x512x512xf32>
  %b3 = nd.expand %columns : tensor<1x512x512xf32> -> tensor<512x512x512xf32>
  %products = nd.binary "mul" %a3, %b3 : tensor<512x512x512xf32> -> tensor<512x512x512xf32>
  %product = nd.reduce "sum" %products axes [2] : tensor<512x512x512xf32> -> tensor<512x512xf32>
  return %product : tensor<512x512xf32>
}
