// sums and products wrap; smallest and largest of signed and unsigned
func.func @main(%x: tensor<7x9xi32>, %y: tensor<5x33xi8>, %u: tensor<3x6xui16>, %v: tensor<4x3xui64>, %w: tensor<2x5xi64>) -> (tensor<7xi32>, tensor<9xi32>, tensor<5xi8>, tensor<33xi8>, tensor<6xui16>, tensor<3xui16>, tensor<3xui64>, tensor<3xui64>, tensor<2xi64>) {
  %prod = nd.reduce "prod" %x axes [1] : tensor<7x9xi32> -> tensor<7xi32>
  %max = nd.reduce "max" %x axes [0] : tensor<7x9xi32> -> tensor<9xi32>
  %sum = nd.reduce "sum" %y axes [1] : tensor<5x33xi8> -> tensor<5xi8>
  %min = nd.reduce "min" %y axes [0] : tensor<5x33xi8> -> tensor<33xi8>
  %sum_1 = nd.reduce "sum" %u axes [0] : tensor<3x6xui16> -> tensor<6xui16>
  %max_1 = nd.reduce "max" %u axes [1] : tensor<3x6xui16> -> tensor<3xui16>
  %max_2 = nd.reduce "max" %v axes [0] : tensor<4x3xui64> -> tensor<3xui64>
  %min_1 = nd.reduce "min" %v axes [0] : tensor<4x3xui64> -> tensor<3xui64>
  %prod_1 = nd.reduce "prod" %w axes [1] : tensor<2x5xi64> -> tensor<2xi64>
  return %prod, %max, %sum, %min, %sum_1, %max_1, %max_2, %min_1, %prod_1 : tensor<7xi32>, tensor<9xi32>, tensor<5xi8>, tensor<33xi8>, tensor<6xui16>, tensor<3xui16>, tensor<3xui64>, tensor<3xui64>, tensor<2xi64>
}
