// every binary kind but shifts on i16: wrap-around, zero divisors, smallest over -1
func.func @main(%x: tensor<5xi16>, %y: tensor<5xi16>) -> (tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi1>, tensor<5xi1>, tensor<5xi1>) {
  %add = nd.binary "add" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %sub = nd.binary "sub" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %mul = nd.binary "mul" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %idiv = nd.binary "idiv" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %mod = nd.binary "mod" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %max = nd.binary "max" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %min = nd.binary "min" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %and = nd.binary "and" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %or = nd.binary "or" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %xor = nd.binary "xor" %x, %y : tensor<5xi16> -> tensor<5xi16>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<5xi16> -> tensor<5xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<5xi16> -> tensor<5xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<5xi16> -> tensor<5xi1>
  return %add, %sub, %mul, %idiv, %mod, %max, %min, %and, %or, %xor, %cmplt, %cmpeq, %cmpne : tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi16>, tensor<5xi1>, tensor<5xi1>, tensor<5xi1>
}
