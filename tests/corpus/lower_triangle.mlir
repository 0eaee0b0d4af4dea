// iota against iota, both ways
func.func @main(%x: tensor<6x6xi64>) -> tensor<6x6xi64> {
  %row = nd.iota 0 -> tensor<6x6xi64>
  %col = nd.iota 1 -> tensor<6x6xi64>
  %upper = nd.binary "cmplt" %row, %col : tensor<6x6xi64> -> tensor<6x6xi1>
  %zero = nd.const 0 : i64 -> tensor<6x6xi64>
  %tril = nd.select %upper, %zero, %x : tensor<6x6xi1>, tensor<6x6xi64>
  return %tril : tensor<6x6xi64>
}
