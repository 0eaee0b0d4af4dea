// every binary kind but shifts on ui16: wrap-around, zero divisors, smallest over -1
func.func @main(%x: tensor<7xui16>, %y: tensor<7xui16>) -> (tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xi1>, tensor<7xi1>, tensor<7xi1>) {
  %add = nd.binary "add" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %sub = nd.binary "sub" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %mul = nd.binary "mul" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %idiv = nd.binary "idiv" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %mod = nd.binary "mod" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %max = nd.binary "max" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %min = nd.binary "min" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %and = nd.binary "and" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %or = nd.binary "or" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %xor = nd.binary "xor" %x, %y : tensor<7xui16> -> tensor<7xui16>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<7xui16> -> tensor<7xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<7xui16> -> tensor<7xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<7xui16> -> tensor<7xi1>
  return %add, %sub, %mul, %idiv, %mod, %max, %min, %and, %or, %xor, %cmplt, %cmpeq, %cmpne : tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xui16>, tensor<7xi1>, tensor<7xi1>, tensor<7xi1>
}
