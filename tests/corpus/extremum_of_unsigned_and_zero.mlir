// Larger and smaller of unsigned numbers and 0: a comparison with 0 that NVRTC calls pointless
func.func @main(%x: tensor<37xui32>, %y: tensor<37xui8>) -> (tensor<37xui32>, tensor<37xui32>, tensor<37xui8>) {
  %zero = nd.const 0 : ui32 -> tensor<37xui32>
  %least = nd.binary "min" %x, %zero {realize} : tensor<37xui32> -> tensor<37xui32>
  %most = nd.binary "max" %zero, %x {realize} : tensor<37xui32> -> tensor<37xui32>
  %byte = nd.const 0 : ui8 -> tensor<37xui8>
  %small = nd.binary "max" %y, %byte {realize} : tensor<37xui8> -> tensor<37xui8>
  return %least, %most, %small : tensor<37xui32>, tensor<37xui32>, tensor<37xui8>
}
