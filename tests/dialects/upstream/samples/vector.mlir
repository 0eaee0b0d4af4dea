func.func @rearranged(%a: vector<4x8xf32>, %s: f32) {
  %0 = vector.transpose %a, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
  %1 = vector.shape_cast %a : vector<4x8xf32> to vector<32xf32>
  %2 = vector.step : vector<8xindex>
  %3 = vector.from_elements %s, %s, %s, %s : vector<2x2xf32>
  %4:4 = vector.to_elements %3 : vector<2x2xf32>
  return
}
func.func @parts(%a: vector<4x8xf32>, %row: vector<2xf32>) {
  %0 = vector.extract_strided_slice %a {offsets = [0, 2], sizes = [2, 4], strides = [1, 1]} : vector<4x8xf32> to vector<2x4xf32>
  %1 = vector.extract_strided_slice %a {offsets = [1], sizes = [2], strides = [1]} : vector<4x8xf32> to vector<2x8xf32>
  %2 = vector.insert_strided_slice %0, %a {offsets = [0, 2], strides = [1, 1]} : vector<2x4xf32> into vector<4x8xf32>
  %3 = vector.insert_strided_slice %row, %a {offsets = [0, 2], strides = [1]} : vector<2xf32> into vector<4x8xf32>
  return
}
func.func @indexed(%m: memref<64x64xf32>, %i: index, %idx: vector<8xindex>, %idx32: vector<8xi32>, %mask: vector<8xi1>, %y: vector<8xf32>) {
  %0 = vector.gather %m[%i, %i] [%idx], %mask, %y : memref<64x64xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  %1 = vector.gather %m[%i, %i] [%idx32], %mask, %y : memref<64x64xf32>, vector<8xi32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  vector.scatter %m[%i, %i] [%idx], %mask, %y : memref<64x64xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32>
  return
}
func.func @combined(%a: vector<4x8xf32>, %b: vector<8x16xf32>, %c: vector<4x16xf32>, %x: vector<4xf32>, %y: vector<8xf32>, %s: f32) {
  %0 = vector.multi_reduction <add>, %a, %x [1] : vector<4x8xf32> to vector<4xf32>
  %1 = vector.multi_reduction <maximumf>, %a, %s [0, 1] : vector<4x8xf32> to f32
  %2 = vector.contract {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} %a, %b, %c : vector<4x8xf32>, vector<8x16xf32> into vector<4x16xf32>
  %3 = vector.contract {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"], kind = #vector.kind<maximumf>} %y, %y, %s : vector<8xf32>, vector<8xf32> into f32
  %4 = vector.outerproduct %x, %y : vector<4xf32>, vector<8xf32>
  %5 = vector.outerproduct %x, %y, %a {kind = #vector.kind<maxnumf>} : vector<4xf32>, vector<8xf32>
  %6 = vector.outerproduct %x, %s : vector<4xf32>, f32
  %7 = vector.reduction <add>, %y, %s fastmath<reassoc> : vector<8xf32> into f32
  return
}
