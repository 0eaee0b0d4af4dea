// neg and abs of the smallest i8 wrap; not of signed, unsigned and bool
func.func @main(%x: tensor<19xi8>, %y: tensor<3xui16>, %b: tensor<7xi1>) -> (tensor<19xi8>, tensor<19xi8>, tensor<19xi8>, tensor<3xui16>, tensor<3xui16>, tensor<7xi1>) {
  %neg = nd.unary "neg" %x : tensor<19xi8>
  %abs = nd.unary "abs" %x : tensor<19xi8>
  %not = nd.unary "not" %x : tensor<19xi8>
  %neg_1 = nd.unary "neg" %y : tensor<3xui16>
  %not_1 = nd.unary "not" %y : tensor<3xui16>
  %not_2 = nd.unary "not" %b : tensor<7xi1>
  return %neg, %abs, %not, %neg_1, %not_1, %not_2 : tensor<19xi8>, tensor<19xi8>, tensor<19xi8>, tensor<3xui16>, tensor<3xui16>, tensor<7xi1>
}
