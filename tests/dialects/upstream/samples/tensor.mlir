func.func @slices_static_and_dynamic(%a: tensor<37x64xf32>, %t: tensor<64xf32>, %u: tensor<2x?xf32>, %n: index) -> tensor<37x64xf32> {
  %r = scf.forall (%i) in (18) shared_outs(%o = %a) -> (tensor<37x64xf32>) {
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %o[%i, 0] [1, 64] [1, 1] : tensor<64xf32> into tensor<37x64xf32>
      tensor.parallel_insert_slice %u into %o[%i, %n] [2, %n] [1, %n] : tensor<2x?xf32> into tensor<37x64xf32>
    }
  }
  return %r : tensor<37x64xf32>
}
