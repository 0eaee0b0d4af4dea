// On CUDA lanes of i64 and ui32 were divided as int: the template for lanes saw no scalar form but the one before it.
func.func @main(%a: tensor<64x64xi32>, %b: tensor<64x64xi32>, %c: tensor<64x64xi64>, %d: tensor<64x64xi64>, %e: tensor<64x64xui32>, %f: tensor<64x64xui32>)
    -> (tensor<64x64xi32>, tensor<64x64xi64>, tensor<64x64xui32>) {
  %ab = nd.binary "idiv" %a, %b : tensor<64x64xi32> -> tensor<64x64xi32>
  %cd = nd.binary "idiv" %c, %d : tensor<64x64xi64> -> tensor<64x64xi64>
  %ef = nd.binary "mod" %e, %f : tensor<64x64xui32> -> tensor<64x64xui32>
  %eg = nd.binary "idiv" %ef, %f : tensor<64x64xui32> -> tensor<64x64xui32>
  %whole = nd.binary "idiv" %e, %f : tensor<64x64xui32> -> tensor<64x64xui32>
  %sum = nd.binary "add" %eg, %whole : tensor<64x64xui32> -> tensor<64x64xui32>
  return %ab, %cd, %sum : tensor<64x64xi32>, tensor<64x64xi64>, tensor<64x64xui32>
}
