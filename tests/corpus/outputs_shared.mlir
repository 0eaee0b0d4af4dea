// several outputs over one shared subexpression, one returned twice, an argument unused
func.func @main(%x: tensor<5x7xf32>, %unused: tensor<3xi8>) -> (tensor<5x7xf32>, tensor<7xf32>, tensor<5xf32>, tensor<5x7xf32>) {
  %exp2 = nd.unary "exp2" %x : tensor<5x7xf32>
  %sum = nd.reduce "sum" %exp2 axes [0] : tensor<5x7xf32> -> tensor<7xf32>
  %max = nd.reduce "max" %exp2 axes [1] : tensor<5x7xf32> -> tensor<5xf32>
  return %exp2, %sum, %max, %exp2 : tensor<5x7xf32>, tensor<7xf32>, tensor<5xf32>, tensor<5x7xf32>
}
