// compare with an unsigned iota, cast to f32
// input 0 in 0 .. 11
func.func @main(%labels: tensor<21xui8>) -> tensor<21x10xf32> {
  %labels_1 = nd.reshape %labels : tensor<21xui8> -> tensor<21x1xui8>
  %labels_2 = nd.expand %labels_1 : tensor<21x1xui8> -> tensor<21x10xui8>
  %index = nd.iota 1 -> tensor<21x10xui8>
  %cmpeq = nd.binary "cmpeq" %labels_2, %index : tensor<21x10xui8> -> tensor<21x10xi1>
  %one_hot = nd.cast %cmpeq : tensor<21x10xi1> -> tensor<21x10xf32>
  return %one_hot : tensor<21x10xf32>
}
