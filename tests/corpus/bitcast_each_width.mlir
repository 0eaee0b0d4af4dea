// bits of each float as integers and back
func.func @main(%x: tensor<5xf32>, %h: tensor<6xf16>, %b: tensor<7xbf16>, %d: tensor<3xf64>, %i: tensor<5xi32>, %l: tensor<3xui64>) -> (tensor<5xi32>, tensor<5xui32>, tensor<6xui16>, tensor<7xi16>, tensor<3xi64>, tensor<5xf32>, tensor<3xf64>, tensor<5xf32>) {
  %bits = nd.bitcast %x : tensor<5xf32> -> tensor<5xi32>
  %bits_1 = nd.bitcast %x : tensor<5xf32> -> tensor<5xui32>
  %bits_2 = nd.bitcast %h : tensor<6xf16> -> tensor<6xui16>
  %bits_3 = nd.bitcast %b : tensor<7xbf16> -> tensor<7xi16>
  %bits_4 = nd.bitcast %d : tensor<3xf64> -> tensor<3xi64>
  %bits_5 = nd.bitcast %i : tensor<5xi32> -> tensor<5xf32>
  %bits_6 = nd.bitcast %l : tensor<3xui64> -> tensor<3xf64>
  %bits_7 = nd.bitcast %x : tensor<5xf32> -> tensor<5xui32>
  %bits_8 = nd.bitcast %x : tensor<5xf32> -> tensor<5xui32>
  %c = nd.const 2147483648 : ui32 -> tensor<5xui32>
  %xor = nd.binary "xor" %bits_7, %c : tensor<5xui32> -> tensor<5xui32>
  %bits_9 = nd.bitcast %xor : tensor<5xui32> -> tensor<5xf32>
  return %bits, %bits_1, %bits_2, %bits_3, %bits_4, %bits_5, %bits_6, %bits_9 : tensor<5xi32>, tensor<5xui32>, tensor<6xui16>, tensor<7xi16>, tensor<3xi64>, tensor<5xf32>, tensor<3xf64>, tensor<5xf32>
}
