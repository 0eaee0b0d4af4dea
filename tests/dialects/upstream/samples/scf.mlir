func.func @forall_on_tensors(%a: tensor<8x4xf32>, %n: index) -> tensor<8x4xf32> {
  %r = scf.forall (%i, %j) in (8, %n) shared_outs(%o = %a) -> (tensor<8x4xf32>) {
    %s = tensor.extract_slice %o[%i, %j] [1, 1] [1, 1] : tensor<8x4xf32> to tensor<1x1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i, %j] [1, 1] [1, 1] : tensor<1x1xf32> into tensor<8x4xf32>
    }
  } {mapping = [#gpu.block<x>, #gpu.thread<linear_dim_0>]}
  return %r : tensor<8x4xf32>
}
func.func @forall_with_steps_two_outs(%a: tensor<64xf32>, %b: tensor<64xf32>, %t: tensor<16xf32>, %low: index, %step: index) {
  %r:2 = scf.forall (%i) = (%low) to (64) step (%step) shared_outs(%o = %a, %p = %b) -> (tensor<64xf32>, tensor<64xf32>) {
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %o[%i] [16] [1] : tensor<16xf32> into tensor<64xf32>
      tensor.parallel_insert_slice %t into %p[%i] [16] [1] : tensor<16xf32> into tensor<64xf32>
    }
  } {mapping = [#gpu.warp<x>]}
  return
}
func.func @forall_on_memrefs(%m: memref<512xf32>, %f: f32) {
  scf.forall (%i) = (0) to (512) step (64) {
    memref.store %f, %m[%i] : memref<512xf32>
  }
  scf.forall (%i) in (37) {
  }
  return
}
func.func @parallel(%m: memref<8xf32>, %f: f32) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c8, %c8) step (%c1, %c1) {
    memref.store %f, %m[%i] : memref<8xf32>
  }
  %r = scf.parallel (%i) = (%c0) to (%c8) step (%c1) init (%f) -> f32 {
    %v = memref.load %m[%i] : memref<8xf32>
    scf.reduce(%v : f32) {
    ^bb0(%l: f32, %rr: f32):
      %s = arith.addf %l, %rr : f32
      scf.reduce.return %s : f32
    }
  }
  %r2:2 = scf.parallel (%i) = (%c0) to (%c8) step (%c1) init (%f, %f) -> (f32, f32) {
    %v = memref.load %m[%i] : memref<8xf32>
    scf.reduce(%v, %v : f32, f32) {
    ^bb0(%l: f32, %rr: f32):
      scf.reduce.return %l : f32
    }, {
    ^bb0(%l: f32, %rr: f32):
      scf.reduce.return %l : f32
    }
  } {note}
  return
}
