// a @ b.T of integers: a packed operand whose lanes are no floats, in tiles that leave edges
func.func @main(%a: tensor<67x19xi32>, %b: tensor<35x19xi32>) -> tensor<67x35xi32> {
  %rows = nd.reshape %a : tensor<67x19xi32> -> tensor<67x1x19xi32>
  %a3 = nd.expand %rows : tensor<67x1x19xi32> -> tensor<67x35x19xi32>
  %columns = nd.reshape %b : tensor<35x19xi32> -> tensor<1x35x19xi32>
  %b3 = nd.expand %columns : tensor<1x35x19xi32> -> tensor<67x35x19xi32>
  %products = nd.binary "mul" %a3, %b3 : tensor<67x35x19xi32> -> tensor<67x35x19xi32>
  %product = nd.reduce "sum" %products axes [2] : tensor<67x35x19xi32> -> tensor<67x35xi32>
  return %product : tensor<67x35xi32>
}
