// argmax as max, compare, iota, max: first winner
func.func @main(%x: tensor<34x11xf32>) -> tensor<34xi32> {
  %max = nd.reduce "max" %x axes [1] : tensor<34x11xf32> -> tensor<34xf32>
  %max_1 = nd.reshape %max : tensor<34xf32> -> tensor<34x1xf32>
  %max_2 = nd.expand %max_1 : tensor<34x1xf32> -> tensor<34x11xf32>
  %hit = nd.binary "cmpeq" %x, %max_2 : tensor<34x11xf32> -> tensor<34x11xi1>
  %n = nd.const 11 : i32 -> tensor<34x11xi32>
  %index = nd.iota 1 -> tensor<34x11xi32>
  %left = nd.binary "sub" %n, %index : tensor<34x11xi32> -> tensor<34x11xi32>
  %zero = nd.const 0 : i32 -> tensor<34x11xi32>
  %candidate = nd.select %hit, %left, %zero : tensor<34x11xi1>, tensor<34x11xi32>
  %most_left = nd.reduce "max" %candidate axes [1] : tensor<34x11xi32> -> tensor<34xi32>
  %n_1 = nd.const 11 : i32 -> tensor<34xi32>
  %argmax = nd.binary "sub" %n_1, %most_left : tensor<34xi32> -> tensor<34xi32>
  return %argmax : tensor<34xi32>
}
