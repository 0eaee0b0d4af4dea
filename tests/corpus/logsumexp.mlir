// a row group whose result is itself a reduce with an epilogue
func.func @main(%x: tensor<50x7xf32>) -> tensor<50xf32> {
  %max = nd.reduce "max" %x axes [1] : tensor<50x7xf32> -> tensor<50xf32>
  %max_1 = nd.reshape %max : tensor<50xf32> -> tensor<50x1xf32>
  %max_2 = nd.expand %max_1 : tensor<50x1xf32> -> tensor<50x7xf32>
  %shifted = nd.binary "sub" %x, %max_2 : tensor<50x7xf32> -> tensor<50x7xf32>
  %exp2 = nd.unary "exp2" %shifted : tensor<50x7xf32>
  %sum = nd.reduce "sum" %exp2 axes [1] : tensor<50x7xf32> -> tensor<50xf32>
  %log2 = nd.unary "log2" %sum : tensor<50xf32>
  %logsumexp = nd.binary "add" %log2, %max : tensor<50xf32> -> tensor<50xf32>
  return %logsumexp : tensor<50xf32>
}
