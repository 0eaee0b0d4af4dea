// any and all are max and min of bool
func.func @main(%b: tensor<6x5xi1>) -> (tensor<6xi1>, tensor<5xi1>) {
  %max = nd.reduce "max" %b axes [1] : tensor<6x5xi1> -> tensor<6xi1>
  %min = nd.reduce "min" %b axes [0] : tensor<6x5xi1> -> tensor<5xi1>
  return %max, %min : tensor<6xi1>, tensor<5xi1>
}
