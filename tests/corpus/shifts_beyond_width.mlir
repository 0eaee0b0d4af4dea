// shifts by the width and more, and by negative amounts
// input 1 in -2 .. 40
// input 3 in 0 .. 12
// input 5 in -1 .. 70
func.func @main(%x: tensor<40xi32>, %by: tensor<40xi32>, %u: tensor<23xui8>, %w: tensor<23xui8>, %l: tensor<11xi64>, %m: tensor<11xi64>) -> (tensor<40xi32>, tensor<40xi32>, tensor<23xui8>, tensor<23xui8>, tensor<11xi64>, tensor<11xi64>) {
  %shl = nd.binary "shl" %x, %by : tensor<40xi32> -> tensor<40xi32>
  %shr = nd.binary "shr" %x, %by : tensor<40xi32> -> tensor<40xi32>
  %shl_1 = nd.binary "shl" %u, %w : tensor<23xui8> -> tensor<23xui8>
  %shr_1 = nd.binary "shr" %u, %w : tensor<23xui8> -> tensor<23xui8>
  %shl_2 = nd.binary "shl" %l, %m : tensor<11xi64> -> tensor<11xi64>
  %shr_2 = nd.binary "shr" %l, %m : tensor<11xi64> -> tensor<11xi64>
  return %shl, %shr, %shl_1, %shr_1, %shl_2, %shr_2 : tensor<40xi32>, tensor<40xi32>, tensor<23xui8>, tensor<23xui8>, tensor<11xi64>, tensor<11xi64>
}
