// every binary kind but shifts on ui64: wrap-around, zero divisors, smallest over -1
func.func @main(%x: tensor<9xui64>, %y: tensor<9xui64>) -> (tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xi1>, tensor<9xi1>, tensor<9xi1>) {
  %add = nd.binary "add" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %sub = nd.binary "sub" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %mul = nd.binary "mul" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %idiv = nd.binary "idiv" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %mod = nd.binary "mod" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %max = nd.binary "max" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %min = nd.binary "min" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %and = nd.binary "and" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %or = nd.binary "or" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %xor = nd.binary "xor" %x, %y : tensor<9xui64> -> tensor<9xui64>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<9xui64> -> tensor<9xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<9xui64> -> tensor<9xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<9xui64> -> tensor<9xi1>
  return %add, %sub, %mul, %idiv, %mod, %max, %min, %and, %or, %xor, %cmplt, %cmpeq, %cmpne : tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xui64>, tensor<9xi1>, tensor<9xi1>, tensor<9xi1>
}
