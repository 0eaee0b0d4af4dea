// the absolute value of a negated unsigned number is that number: 65532 for 4, not 4
func.func @main(%x: tensor<5xui16>) -> tensor<5xui16> {
  %n = nd.unary "neg" %x : tensor<5xui16>
  %a = nd.unary "abs" %n : tensor<5xui16>
  return %a : tensor<5xui16>
}
