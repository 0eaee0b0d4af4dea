// every binary kind that takes floats, on bf16; mod as fmod
func.func @main(%x: tensor<31xbf16>, %y: tensor<31xbf16>) -> (tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xbf16>) {
  %abs = nd.unary "abs" %x : tensor<31xbf16>
  %add = nd.binary "add" %x, %y : tensor<31xbf16> -> tensor<31xbf16>
  %sub = nd.binary "sub" %x, %y : tensor<31xbf16> -> tensor<31xbf16>
  %mul = nd.binary "mul" %x, %y : tensor<31xbf16> -> tensor<31xbf16>
  %div = nd.binary "div" %x, %y : tensor<31xbf16> -> tensor<31xbf16>
  %mod = nd.binary "mod" %x, %y : tensor<31xbf16> -> tensor<31xbf16>
  %max = nd.binary "max" %x, %y : tensor<31xbf16> -> tensor<31xbf16>
  %min = nd.binary "min" %x, %y : tensor<31xbf16> -> tensor<31xbf16>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<31xbf16> -> tensor<31xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<31xbf16> -> tensor<31xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<31xbf16> -> tensor<31xi1>
  %pow = nd.binary "pow" %abs, %y : tensor<31xbf16> -> tensor<31xbf16>
  return %add, %sub, %mul, %div, %mod, %max, %min, %cmplt, %cmpeq, %cmpne, %pow : tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xbf16>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xbf16>
}
