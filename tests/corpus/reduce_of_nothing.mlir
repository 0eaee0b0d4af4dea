// each combiner over an axis of extent 0 gives its neutral element
func.func @main(%x: tensor<0x5xf32>, %i: tensor<3x0xi32>, %u: tensor<0xui8>, %b: tensor<0x2xi1>) -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<ui8>, tensor<ui8>, tensor<2xi1>, tensor<2xi1>) {
  %sum = nd.reduce "sum" %x axes [0] : tensor<0x5xf32> -> tensor<5xf32>
  %prod = nd.reduce "prod" %x axes [0] : tensor<0x5xf32> -> tensor<5xf32>
  %max = nd.reduce "max" %x axes [0] : tensor<0x5xf32> -> tensor<5xf32>
  %min = nd.reduce "min" %x axes [0] : tensor<0x5xf32> -> tensor<5xf32>
  %sum_1 = nd.reduce "sum" %i axes [1] : tensor<3x0xi32> -> tensor<3xi32>
  %prod_1 = nd.reduce "prod" %i axes [1] : tensor<3x0xi32> -> tensor<3xi32>
  %max_1 = nd.reduce "max" %i axes [1] : tensor<3x0xi32> -> tensor<3xi32>
  %min_1 = nd.reduce "min" %i axes [1] : tensor<3x0xi32> -> tensor<3xi32>
  %max_2 = nd.reduce "max" %u axes [0] : tensor<0xui8> -> tensor<ui8>
  %min_2 = nd.reduce "min" %u axes [0] : tensor<0xui8> -> tensor<ui8>
  %max_3 = nd.reduce "max" %b axes [0] : tensor<0x2xi1> -> tensor<2xi1>
  %min_3 = nd.reduce "min" %b axes [0] : tensor<0x2xi1> -> tensor<2xi1>
  return %sum, %prod, %max, %min, %sum_1, %prod_1, %max_1, %min_1, %max_2, %min_2, %max_3, %min_3 : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<ui8>, tensor<ui8>, tensor<2xi1>, tensor<2xi1>
}
