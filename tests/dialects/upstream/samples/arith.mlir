func.func @vectors(%a: vector<8xf32>, %b: vector<8xf32>, %i: vector<8xi32>, %j: vector<8xi64>, %ix: vector<4x2xindex>, %c: i1) {
  %0 = arith.cmpf olt, %a, %b : vector<8xf32>
  %1 = arith.cmpi slt, %i, %i : vector<8xi32>
  %2 = arith.select %0, %a, %b : vector<8xi1>, vector<8xf32>
  %3 = arith.select %c, %a, %b : vector<8xf32>
  %4 = arith.sitofp %i : vector<8xi32> to vector<8xf32>
  %5 = arith.uitofp %i : vector<8xi32> to vector<8xf32>
  %6 = arith.fptosi %a : vector<8xf32> to vector<8xi32>
  %7 = arith.fptoui %a : vector<8xf32> to vector<8xi32>
  %8 = arith.extsi %i : vector<8xi32> to vector<8xi64>
  %9 = arith.extui %i : vector<8xi32> to vector<8xi64>
  %10 = arith.trunci %j : vector<8xi64> to vector<8xi32>
  %11 = arith.index_cast %ix : vector<4x2xindex> to vector<4x2xi32>
  %12 = arith.index_castui %ix : vector<4x2xindex> to vector<4x2xi32>
  %13 = arith.negf %a fastmath<reassoc> : vector<8xf32>
  %14 = arith.remf %a, %b fastmath<nnan> : vector<8xf32>
  %15 = arith.cmpi ult, %ix, %ix : vector<4x2xindex>
  return
}
func.func @tensors(%t: tensor<4xf32>, %i: tensor<4xi32>) {
  %0 = arith.cmpf olt, %t, %t fastmath<nnan> : tensor<4xf32>
  %1 = arith.select %0, %t, %t : tensor<4xi1>, tensor<4xf32>
  %2 = arith.sitofp %i : tensor<4xi32> to tensor<4xf32>
  return
}
func.func @scalars(%f: f32, %i: i32, %l: i64, %x: index, %c: i1) {
  %0 = arith.cmpf ord, %f, %f : f32
  %1 = arith.cmpi uge, %x, %x : index
  %2 = arith.select %c, %i, %i {note} : i32
  %3 = arith.trunci %l overflow<nsw, nuw> : i64 to i32
  %4 = arith.trunci %l : i64 to i32
  %5 = arith.index_cast %x : index to i64
  %6 = arith.index_castui %l : i64 to index
  %7 = arith.extui %c : i1 to i32
  %8 = arith.remf %f, %f : f32
  return
}
func.func @hexadecimal_floats() {
  %0 = arith.constant dense<0xFF800000> : vector<4xf32>
  %1 = arith.constant dense<[0xFF800000, 1.0, 0x7FC00000]> : vector<3xf32>
  %2 = arith.constant dense<0xFC00> : vector<4xf16>
  %3 = arith.constant dense<0x7F80> : tensor<2x2xbf16>
  %4 = arith.constant dense<[[0xFFF0000000000000], [2.5]]> : tensor<2x1xf64>
  %5 = arith.constant dense<[0x10, 7]> : vector<2xi32>
  return
}
