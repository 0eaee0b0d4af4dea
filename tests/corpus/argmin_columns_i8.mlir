// argmin with ties, over the leading axis
// input 0 in -2 .. 2
func.func @main(%x: tensor<4x6xi8>) -> tensor<6xi32> {
  %min = nd.reduce "min" %x axes [0] : tensor<4x6xi8> -> tensor<6xi8>
  %min_1 = nd.reshape %min : tensor<6xi8> -> tensor<1x6xi8>
  %min_2 = nd.expand %min_1 : tensor<1x6xi8> -> tensor<4x6xi8>
  %hit = nd.binary "cmpeq" %x, %min_2 : tensor<4x6xi8> -> tensor<4x6xi1>
  %n = nd.const 4 : i32 -> tensor<4x6xi32>
  %index = nd.iota 0 -> tensor<4x6xi32>
  %left = nd.binary "sub" %n, %index : tensor<4x6xi32> -> tensor<4x6xi32>
  %zero = nd.const 0 : i32 -> tensor<4x6xi32>
  %candidate = nd.select %hit, %left, %zero : tensor<4x6xi1>, tensor<4x6xi32>
  %most_left = nd.reduce "max" %candidate axes [0] : tensor<4x6xi32> -> tensor<6xi32>
  %n_1 = nd.const 4 : i32 -> tensor<6xi32>
  %argmin = nd.binary "sub" %n_1, %most_left : tensor<6xi32> -> tensor<6xi32>
  return %argmin : tensor<6xi32>
}
