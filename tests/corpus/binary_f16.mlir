// every binary kind that takes floats, on f16; mod as fmod
func.func @main(%x: tensor<33xf16>, %y: tensor<33xf16>) -> (tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xi1>, tensor<33xi1>, tensor<33xi1>, tensor<33xf16>) {
  %abs = nd.unary "abs" %x : tensor<33xf16>
  %add = nd.binary "add" %x, %y : tensor<33xf16> -> tensor<33xf16>
  %sub = nd.binary "sub" %x, %y : tensor<33xf16> -> tensor<33xf16>
  %mul = nd.binary "mul" %x, %y : tensor<33xf16> -> tensor<33xf16>
  %div = nd.binary "div" %x, %y : tensor<33xf16> -> tensor<33xf16>
  %mod = nd.binary "mod" %x, %y : tensor<33xf16> -> tensor<33xf16>
  %max = nd.binary "max" %x, %y : tensor<33xf16> -> tensor<33xf16>
  %min = nd.binary "min" %x, %y : tensor<33xf16> -> tensor<33xf16>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<33xf16> -> tensor<33xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<33xf16> -> tensor<33xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<33xf16> -> tensor<33xi1>
  %pow = nd.binary "pow" %abs, %y : tensor<33xf16> -> tensor<33xf16>
  return %add, %sub, %mul, %div, %mod, %max, %min, %cmplt, %cmpeq, %cmpne, %pow : tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xf16>, tensor<33xi1>, tensor<33xi1>, tensor<33xi1>, tensor<33xf16>
}
