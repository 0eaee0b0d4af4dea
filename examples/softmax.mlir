// A softmax over rows (to base 2): two reductions and an elementwise quotient, which become one kernel of three passes over a row.
func.func @main(%x: tensor<4096x1024xf32>) -> tensor<4096x1024xf32> {
  %max = nd.reduce "max" %x axes [1] : tensor<4096x1024xf32> -> tensor<4096xf32>
  %max1 = nd.reshape %max : tensor<4096xf32> -> tensor<4096x1xf32>
  %max2 = nd.expand %max1 : tensor<4096x1xf32> -> tensor<4096x1024xf32>
  %shifted = nd.binary "sub" %x, %max2 : tensor<4096x1024xf32> -> tensor<4096x1024xf32>
  %power = nd.unary "exp2" %shifted : tensor<4096x1024xf32>
  %sum = nd.reduce "sum" %power axes [1] : tensor<4096x1024xf32> -> tensor<4096xf32>
  %sum1 = nd.reshape %sum : tensor<4096xf32> -> tensor<4096x1xf32>
  %sum2 = nd.expand %sum1 : tensor<4096x1xf32> -> tensor<4096x1024xf32>
  %softmax = nd.binary "div" %power, %sum2 : tensor<4096x1024xf32> -> tensor<4096x1024xf32>
  return %softmax : tensor<4096x1024xf32>
}
