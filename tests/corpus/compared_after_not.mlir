// C compilers take `!a == b` for a slip of the pen
func.func @main(%a: tensor<7xi1>, %b: tensor<7xi1>) -> (tensor<7xi1>, tensor<7xi1>, tensor<7xi1>, tensor<7xi1>) {
  %na = nd.unary "not" %a {realize} : tensor<7xi1>
  %nb = nd.unary "not" %b : tensor<7xi1>
  %ma = nd.unary "not" %a : tensor<7xi1>
  %eq = nd.binary "cmpeq" %ma, %b : tensor<7xi1> -> tensor<7xi1>
  %lt = nd.binary "cmplt" %ma, %nb : tensor<7xi1> -> tensor<7xi1>
  %xor = nd.binary "xor" %a, %nb : tensor<7xi1> -> tensor<7xi1>
  return %na, %eq, %lt, %xor : tensor<7xi1>, tensor<7xi1>, tensor<7xi1>, tensor<7xi1>
}
