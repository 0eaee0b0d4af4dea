// a reshape of a transpose: the index needs div and mod
func.func @main(%x: tensor<7x12xf32>) -> tensor<4x21xf32> {
  %transposed = nd.permute %x [1, 0] : tensor<7x12xf32> -> tensor<12x7xf32>
  %transposed_1 = nd.reshape %transposed : tensor<12x7xf32> -> tensor<4x21xf32>
  %twice = nd.binary "add" %transposed_1, %transposed_1 : tensor<4x21xf32> -> tensor<4x21xf32>
  return %twice : tensor<4x21xf32>
}
