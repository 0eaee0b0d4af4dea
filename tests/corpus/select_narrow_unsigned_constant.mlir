// 255 as a literal of a narrow unsigned type, chosen into a signed variable
func.func @main(%x: tensor<5xi8>, %n: tensor<5xi8>, %c: tensor<5xi1>, %u: tensor<5xui16>) -> (tensor<5xi8>, tensor<9xui16>) {
  %s = nd.binary "shl" %x, %n : tensor<5xi8> -> tensor<5xi8>
  %minus = nd.const -1 : i8 -> tensor<5xi8>
  %y = nd.select %c, %s, %minus : tensor<5xi1>, tensor<5xi8>
  %p = nd.pad %u low [0] high [4] value 0 : ui16 : tensor<5xui16> -> tensor<9xui16>
  %q = nd.unary "not" %p : tensor<9xui16>
  return %y, %q : tensor<5xi8>, tensor<9xui16>
}
