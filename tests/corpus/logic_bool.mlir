// every binary kind that takes bool: max is or, min is and, false is less than true
func.func @main(%x: tensor<31xi1>, %y: tensor<31xi1>) -> (tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>) {
  %and = nd.binary "and" %x, %y : tensor<31xi1> -> tensor<31xi1>
  %or = nd.binary "or" %x, %y : tensor<31xi1> -> tensor<31xi1>
  %xor = nd.binary "xor" %x, %y : tensor<31xi1> -> tensor<31xi1>
  %max = nd.binary "max" %x, %y : tensor<31xi1> -> tensor<31xi1>
  %min = nd.binary "min" %x, %y : tensor<31xi1> -> tensor<31xi1>
  %cmplt = nd.binary "cmplt" %x, %y : tensor<31xi1> -> tensor<31xi1>
  %cmpeq = nd.binary "cmpeq" %x, %y : tensor<31xi1> -> tensor<31xi1>
  %cmpne = nd.binary "cmpne" %x, %y : tensor<31xi1> -> tensor<31xi1>
  return %and, %or, %xor, %max, %min, %cmplt, %cmpeq, %cmpne : tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>, tensor<31xi1>
}
