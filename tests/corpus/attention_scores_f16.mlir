// q @ k.T of three heads in f16, scaled, and the rows' largest: packed operands in a batch, with an epilogue and a later reduce
func.func @main(%q: tensor<3x37x16xf16>, %k: tensor<3x41x16xf16>) -> (tensor<3x37x41xf16>, tensor<3x37xf16>) {
  %q4 = nd.reshape %q : tensor<3x37x16xf16> -> tensor<3x37x1x16xf16>
  %qs = nd.expand %q4 : tensor<3x37x1x16xf16> -> tensor<3x37x41x16xf16>
  %k4 = nd.reshape %k : tensor<3x41x16xf16> -> tensor<3x1x41x16xf16>
  %ks = nd.expand %k4 : tensor<3x1x41x16xf16> -> tensor<3x37x41x16xf16>
  %products = nd.binary "mul" %qs, %ks : tensor<3x37x41x16xf16> -> tensor<3x37x41x16xf16>
  %sums = nd.reduce "sum" %products axes [3] : tensor<3x37x41x16xf16> -> tensor<3x37x41xf16>
  %quarter = nd.const 0.25 : f16 -> tensor<3x37x41xf16>
  %scores = nd.binary "mul" %sums, %quarter : tensor<3x37x41xf16> -> tensor<3x37x41xf16>
  %most = nd.reduce "max" %scores axes [2] : tensor<3x37x41xf16> -> tensor<3x37xf16>
  return %scores, %most : tensor<3x37x41xf16>, tensor<3x37xf16>
}
