// every binary kind but shifts on i8: wrap-around, zero divisors, smallest over -1
func.func @main(%x: tensor<37xi8>, %y: tensor<37xi8>) -> (tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi1>, tensor<37xi1>, tensor<37xi1>) {
  %add = nd.binary "add" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %sub = nd.binary "sub" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %mul = nd.binary "mul" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %idiv = nd.binary "idiv" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %mod = nd.binary "mod" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %max = nd.binary "max" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %min = nd.binary "min" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %and = nd.binary "and" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %or = nd.binary "or" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %xor = nd.binary "xor" %x, %y : tensor<37xi8> -> tensor<37xi8>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<37xi8> -> tensor<37xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<37xi8> -> tensor<37xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<37xi8> -> tensor<37xi1>
  return %add, %sub, %mul, %idiv, %mod, %max, %min, %and, %or, %xor, %cmplt, %cmpeq, %cmpne : tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi8>, tensor<37xi1>, tensor<37xi1>, tensor<37xi1>
}
