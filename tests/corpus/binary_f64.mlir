// every binary kind that takes floats, on f64; mod as fmod
func.func @main(%x: tensor<3xf64>, %y: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf64>) {
  %abs = nd.unary "abs" %x : tensor<3xf64>
  %add = nd.binary "add" %x, %y : tensor<3xf64> -> tensor<3xf64>
  %sub = nd.binary "sub" %x, %y : tensor<3xf64> -> tensor<3xf64>
  %mul = nd.binary "mul" %x, %y : tensor<3xf64> -> tensor<3xf64>
  %div = nd.binary "div" %x, %y : tensor<3xf64> -> tensor<3xf64>
  %mod = nd.binary "mod" %x, %y : tensor<3xf64> -> tensor<3xf64>
  %max = nd.binary "max" %x, %y : tensor<3xf64> -> tensor<3xf64>
  %min = nd.binary "min" %x, %y : tensor<3xf64> -> tensor<3xf64>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<3xf64> -> tensor<3xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<3xf64> -> tensor<3xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<3xf64> -> tensor<3xi1>
  %pow = nd.binary "pow" %abs, %y : tensor<3xf64> -> tensor<3xf64>
  return %add, %sub, %mul, %div, %mod, %max, %min, %cmplt, %cmpeq, %cmpne, %pow : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf64>
}
