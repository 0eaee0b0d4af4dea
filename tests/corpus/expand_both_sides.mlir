// an outer sum: both operands broadcast along different axes
func.func @main(%x: tensor<1x7xf32>, %y: tensor<5x1xf32>) -> tensor<5x7xf32> {
  %wide = nd.expand %x : tensor<1x7xf32> -> tensor<5x7xf32>
  %tall = nd.expand %y : tensor<5x1xf32> -> tensor<5x7xf32>
  %add = nd.binary "add" %wide, %tall : tensor<5x7xf32> -> tensor<5x7xf32>
  return %add : tensor<5x7xf32>
}
