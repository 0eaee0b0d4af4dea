// matrix times vector
func.func @main(%a: tensor<33x17xf32>, %v: tensor<17xf32>) -> tensor<33xf32> {
  %v_1 = nd.reshape %v : tensor<17xf32> -> tensor<1x17xf32>
  %v_2 = nd.expand %v_1 : tensor<1x17xf32> -> tensor<33x17xf32>
  %products = nd.binary "mul" %a, %v_2 : tensor<33x17xf32> -> tensor<33x17xf32>
  %matvec = nd.reduce "sum" %products axes [1] : tensor<33x17xf32> -> tensor<33xf32>
  return %matvec : tensor<33xf32>
}
