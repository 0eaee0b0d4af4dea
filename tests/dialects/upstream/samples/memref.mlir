func.func @copies_and_casts(%a: memref<8xf32>, %b: memref<8xf32, strided<[1], offset: ?>>) {
  memref.copy %a, %b : memref<8xf32> to memref<8xf32, strided<[1], offset: ?>>
  memref.copy %a, %a {note} : memref<8xf32> to memref<8xf32>
  %0 = memref.cast %a : memref<8xf32> to memref<?xf32>
  %1 = memref.cast %0 : memref<?xf32> to memref<*xf32>
  %2 = memref.memory_space_cast %a : memref<8xf32> to memref<8xf32, 1>
  return
}
