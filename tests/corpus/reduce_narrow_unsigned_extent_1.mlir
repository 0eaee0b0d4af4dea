// the largest value as a literal of a narrow unsigned type, stored where memory is signed
func.func @main(%x: tensor<1xui16>, %y: tensor<1xui8>) -> (tensor<ui16>,tensor<ui8>) {
  %1 = nd.reduce "min" %x axes [0] {realize} : tensor<1xui16> -> tensor<ui16>
  %2 = nd.reduce "min" %y axes [0] {realize} : tensor<1xui8> -> tensor<ui8>
  return %1, %2 : tensor<ui16>, tensor<ui8>
}
