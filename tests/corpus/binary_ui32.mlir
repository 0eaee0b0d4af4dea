// every binary kind but shifts on ui32: wrap-around, zero divisors, smallest over -1
func.func @main(%x: tensor<17xui32>, %y: tensor<17xui32>) -> (tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xi1>, tensor<17xi1>, tensor<17xi1>) {
  %add = nd.binary "add" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %sub = nd.binary "sub" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %mul = nd.binary "mul" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %idiv = nd.binary "idiv" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %mod = nd.binary "mod" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %max = nd.binary "max" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %min = nd.binary "min" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %and = nd.binary "and" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %or = nd.binary "or" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %xor = nd.binary "xor" %x, %y : tensor<17xui32> -> tensor<17xui32>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<17xui32> -> tensor<17xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<17xui32> -> tensor<17xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<17xui32> -> tensor<17xi1>
  return %add, %sub, %mul, %idiv, %mod, %max, %min, %and, %or, %xor, %cmplt, %cmpeq, %cmpne : tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xui32>, tensor<17xi1>, tensor<17xi1>, tensor<17xi1>
}
