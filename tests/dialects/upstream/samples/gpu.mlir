// A host that launches in every form, and a kernel that holds every op of gpu that the overlay spells.
module attributes {gpu.container_module} {
  func.func @host(%x: memref<37x1024xf32>, %out: memref<37xf32>) {
    %c1 = arith.constant 1 : index
    %c37 = arith.constant 37 : index
    %bytes = arith.constant 128 : i32
    %one = arith.constant 1 : i64
    gpu.launch_func @kernels::@every_op blocks in (%c37, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<37x1024xf32>, %out : memref<37xf32>)
    gpu.launch_func @kernels::@every_op blocks in (%one, %one, %one) threads in (%one, %one, %one) : i64 dynamic_shared_memory_size %bytes args(%x : memref<37x1024xf32>, %out : memref<37xf32>) {note}
    %before = gpu.wait async
    %after = gpu.launch_func async [%before] @kernels::@every_op clusters in (%c1, %c1, %c1) blocks in (%c37, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<37x1024xf32>, %out : memref<37xf32>)
    gpu.wait [%after]
    gpu.launch_func @kernels::@no_arguments blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
    %m = gpu.alloc () : memref<4xf32>
    %d, %token = gpu.alloc async [%before] host_shared (%c1, %c37) : memref<?x?xf32>
    %l = gpu.alloc (%c1)[%c37] : memref<?xf32, affine_map<(d0)[s0] -> (d0 + s0)>>
    gpu.memcpy %m, %m : memref<4xf32>, memref<4xf32>
    %f = arith.constant 0.0 : f32
    %set = gpu.memset async [%token] %m, %f : memref<4xf32>, f32
    %copied = gpu.memcpy async %m, %m : memref<4xf32>, memref<4xf32> {note}
    gpu.dealloc %m : memref<4xf32>
    %freed = gpu.dealloc async [%set, %copied] %d : memref<?x?xf32>
    return
  }
  gpu.module @kernels attributes {note} {
    gpu.func @every_op(%x: memref<37x1024xf32> {llvm.noalias}, %out: memref<37xf32>) workgroup(%shared : memref<32xf32, #gpu.address_space<workgroup>>) private(%own : memref<4xf32, #gpu.address_space<private>>) kernel attributes {known_block_size = array<i32: 1, 1, 1>, known_grid_size = array<i32: 37, 1, 1>} {
      %block = gpu.block_id x
      %thread = gpu.thread_id y upper_bound 32
      %block_size = gpu.block_dim z
      %grid_size = gpu.grid_dim x
      %global = gpu.global_id x
      %lane = gpu.lane_id upper_bound 32
      %lane_free = gpu.lane_id
      %subgroup = gpu.subgroup_id : index
      %subgroup_size = gpu.subgroup_size upper_bound 64 : index
      %subgroups = gpu.num_subgroups : index
      gpu.barrier
      %f = arith.constant 1.0 : f32
      %offset = arith.constant 1 : i32
      %width = arith.constant 32 : i32
      %a, %a_ok = gpu.shuffle xor %f, %offset, %width : f32
      %b, %b_ok = gpu.shuffle down %f, %offset, %width : f32
      %c, %c_ok = gpu.shuffle up %f, %offset, %width : f32
      %d, %d_ok = gpu.shuffle idx %f, %offset, %width : f32
      %sum = gpu.subgroup_reduce add %f : (f32) -> f32
      %max = gpu.subgroup_reduce maximumf %f uniform cluster(size = 8, stride = 2) : (f32) -> f32
      %all = gpu.all_reduce add %f uniform {
      } : (f32) -> f32
      %by_body = gpu.all_reduce %f {
      ^bb0(%l: f32, %r: f32):
        %s = arith.addf %l, %r : f32
        gpu.yield %s : f32
      } : (f32) -> f32
      gpu.return
    }
    gpu.func @no_arguments() kernel {
      gpu.return
    }
    gpu.func @of_the_device(%x: f32) -> f32 {
      gpu.return %x : f32
    }
  }
  gpu.module @empty {
  }
}
