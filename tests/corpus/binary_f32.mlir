// every binary kind that takes floats, on f32; mod as fmod
func.func @main(%x: tensor<65xf32>, %y: tensor<65xf32>) -> (tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xi1>, tensor<65xi1>, tensor<65xi1>, tensor<65xf32>) {
  %abs = nd.unary "abs" %x : tensor<65xf32>
  %add = nd.binary "add" %x, %y : tensor<65xf32> -> tensor<65xf32>
  %sub = nd.binary "sub" %x, %y : tensor<65xf32> -> tensor<65xf32>
  %mul = nd.binary "mul" %x, %y : tensor<65xf32> -> tensor<65xf32>
  %div = nd.binary "div" %x, %y : tensor<65xf32> -> tensor<65xf32>
  %mod = nd.binary "mod" %x, %y : tensor<65xf32> -> tensor<65xf32>
  %max = nd.binary "max" %x, %y : tensor<65xf32> -> tensor<65xf32>
  %min = nd.binary "min" %x, %y : tensor<65xf32> -> tensor<65xf32>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<65xf32> -> tensor<65xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<65xf32> -> tensor<65xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<65xf32> -> tensor<65xi1>
  %pow = nd.binary "pow" %abs, %y : tensor<65xf32> -> tensor<65xf32>
  return %add, %sub, %mul, %div, %mod, %max, %min, %cmplt, %cmpeq, %cmpne, %pow : tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xf32>, tensor<65xi1>, tensor<65xi1>, tensor<65xi1>, tensor<65xf32>
}
