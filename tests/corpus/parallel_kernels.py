"""Correct kernels of every rung, small and awkward, that the seeded faults are made from."""

from __future__ import annotations

HEAD = """
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %c8 = arith.constant 8 : index
    %zero = arith.constant 0.0 : f32
    %pad = arith.constant 0.0 : f32"""


def function(signature: str, body: str) -> str:
    return f"func.func @f({signature}) attributes {{outs = 1 : i64}} {{{HEAD}\n{body}\n    return\n}}"


def kernel(
    parameters: str,
    body: str,
    *,
    grid: tuple[int, int, int],
    block: tuple[int, int, int],
    workgroup: str = "",
    host: str = "",
    launch: str = "",
) -> str:
    """A module with a host function `@f` of one launch, and the kernel `@k::@g` with the same parameters; the last is the out."""
    names = ", ".join(f"%{part.split(':')[0].strip().removeprefix('%')} : {part.split(':')[1]}" for part in split(parameters))
    sizes = [f"arith.constant {size} : index" for size in (*grid, *block)]
    consts = "\n".join(f"    %s{i} = {size}" for i, size in enumerate(sizes))
    launches = launch or f"gpu.launch_func @k::@g blocks in (%s0, %s1, %s2) threads in (%s3, %s4, %s5) args({names})"
    shared = f" workgroup({workgroup})" if workgroup else ""
    known_block, known_grid = (", ".join(map(str, size)) for size in (block, grid))
    return f"""module attributes {{gpu.container_module}} {{
  func.func @f({parameters}) attributes {{outs = 1 : i64}} {{
{consts}
    {host}
    {launches}
    return
  }}
  gpu.module @k {{
    gpu.func @g({parameters}){shared} kernel
        attributes {{known_block_size = array<i32: {known_block}>, known_grid_size = array<i32: {known_grid}>}} {{{HEAD}
      %b = gpu.block_id x
      %by = gpu.block_id y
      %t = gpu.thread_id x
      %ty = gpu.thread_id y
      %i = gpu.global_id x
      {body}
      gpu.return
    }}
  }}
}}"""


def split(parameters: str) -> list[str]:
    """Parameters between the commas that stand outside of brackets."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(parameters):
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(parameters[start:at])
            start = at + 1
    return [*found, parameters[start:]]


SHARED = "#gpu.address_space<workgroup>"

KERNELS: dict[str, str] = {
    "tiles with an edge": function(
        "%x: memref<19xf32>, %o: memref<19xf32>",
        """
    scf.forall (%t) = (0) to (16) step (8) {
      scf.parallel (%j) = (%c0) to (%c8) step (%c1) {
        %a = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%t, %j)
        %v = memref.load %x[%a] : memref<19xf32>
        memref.store %v, %o[%a] : memref<19xf32>
      }
    }
    scf.forall (%t) = (16) to (19) step (3) {
      scf.parallel (%j) = (%c0) to (%c3) step (%c1) {
        %a = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%t, %j)
        %v = memref.load %x[%a] : memref<19xf32>
        memref.store %v, %o[%a] : memref<19xf32>
      }
    }""",
    ),
    "matmul of loops": function(
        "%x: memref<8x5xf32>, %y: memref<5x12xf32>, %o: memref<8x12xf32>",
        """
    scf.forall (%p, %q) = (0, 0) to (8, 12) step (4, 3) {
      scf.parallel (%i, %j) = (%c0, %c0) to (%c4, %c3) step (%c1, %c1) {
        %r = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%p, %i)
        %c = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%q, %j)
        %s = scf.for %k = %c0 to %c5 step %c1 iter_args(%acc = %zero) -> (f32) {
          %a = memref.load %x[%r, %k] : memref<8x5xf32>
          %b = memref.load %y[%k, %c] : memref<5x12xf32>
          %m = arith.mulf %a, %b : f32
          %n = arith.addf %acc, %m : f32
          scf.yield %n : f32
        }
        memref.store %s, %o[%r, %c] : memref<8x12xf32>
      }
    }""",
    ),
    "sum in place": function(
        "%x: memref<6x5xf32>, %o: memref<6xf32>",
        """
    scf.forall (%i) in (6) {
      memref.store %zero, %o[%i] : memref<6xf32>
      scf.for %k = %c0 to %c5 step %c1 {
        %a = memref.load %x[%i, %k] : memref<6x5xf32>
        %acc = memref.load %o[%i] : memref<6xf32>
        %n = arith.addf %acc, %a : f32
        memref.store %n, %o[%i] : memref<6xf32>
      }
    }""",
    ),
    "transposed by vectors": function(
        "%x: memref<8x12xf32>, %o: memref<12x8xf32>",
        """
    scf.forall (%p, %q) = (0, 0) to (8, 12) step (4, 4) {
      %v = vector.transfer_read %x[%p, %q], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d1, d0)>}
          : memref<8x12xf32>, vector<4x4xf32>
      vector.transfer_write %v, %o[%q, %p] {in_bounds = [true, true]} : vector<4x4xf32>, memref<12x8xf32>
    }""",
    ),
    "clipped vectors": function(
        "%x: memref<10xf32>, %o: memref<10xf32>",
        """
    scf.forall (%p) = (0) to (10) step (4) {
      %v = vector.transfer_read %x[%p], %pad {in_bounds = [false]} : memref<10xf32>, vector<4xf32>
      vector.transfer_write %v, %o[%p] {in_bounds = [false]} : vector<4xf32>, memref<10xf32>
    }""",
    ),
    "masked vectors": function(
        "%x: memref<10xf32>, %o: memref<10xf32>",
        """
    %c10 = arith.constant 10 : index
    %none = arith.constant dense<0.0> : vector<4xf32>
    scf.forall (%p) = (0) to (10) step (4) {
      %left = arith.subi %c10, %p : index
      %m = vector.create_mask %left : vector<4xi1>
      %v = vector.maskedload %x[%p], %m, %none : memref<10xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
      vector.maskedstore %o[%p], %m, %v : memref<10xf32>, vector<4xi1>, vector<4xf32>
    }""",
    ),
    "rows with private memory": function(
        "%x: memref<7x5xf32>, %o: memref<7x5xf32>",
        """
    scf.forall (%i) in (7) {
      %b = memref.alloca() : memref<5xf32>
      %row = memref.subview %x[%i, 0] [1, 5] [1, 1] : memref<7x5xf32> to memref<5xf32, strided<[1], offset: ?>>
      scf.for %k = %c0 to %c5 step %c1 {
        %a = memref.load %row[%k] : memref<5xf32, strided<[1], offset: ?>>
        memref.store %a, %b[%k] : memref<5xf32>
      }
      scf.for %k = %c0 to %c5 step %c1 {
        %a = memref.load %b[%k] : memref<5xf32>
        memref.store %a, %o[%i, %k] : memref<7x5xf32>
      }
    }""",
    ),
    "lower triangle": function(
        "%x: memref<5x5xf32>, %o: memref<5x5xf32>",
        """
    scf.forall (%i) in (5) {
      %next = arith.addi %i, %c1 : index
      scf.for %j = %c0 to %next step %c1 {
        %a = memref.load %x[%i, %j] : memref<5x5xf32>
        memref.store %a, %o[%i, %j] : memref<5x5xf32>
      }
      scf.for %j = %next to %c5 step %c1 { memref.store %zero, %o[%i, %j] : memref<5x5xf32> }
    }""",
    ),
    "reshape by div and mod": function(
        "%x: memref<21xf32>, %o: memref<3x7xf32>",
        """
    scf.forall (%i) in (21) {
      %r = affine.apply affine_map<(d0) -> (d0 floordiv 7)>(%i)
      %c = affine.apply affine_map<(d0) -> (d0 mod 7)>(%i)
      %a = memref.load %x[%i] : memref<21xf32>
      memref.store %a, %o[%r, %c] : memref<3x7xf32>
    }""",
    ),
    "two sides of a branch": function(
        "%x: memref<4xf32>, %o: memref<9xf32>",
        """
    scf.forall (%i) in (9) {
      %low = arith.cmpi slt, %i, %c4 : index
      scf.if %low {
        %a = memref.load %x[%i] : memref<4xf32>
        memref.store %a, %o[%i] : memref<9xf32>
      } else {
        memref.store %zero, %o[%i] : memref<9xf32>
      }
    }""",
    ),
    "table of indices behind a guard": function(
        "%at: memref<6xi32>, %x: memref<11xf32>, %o: memref<6xf32>",
        """
    %c11 = arith.constant 11 : index
    scf.forall (%i) in (6) {
      %n = memref.load %at[%i] : memref<6xi32>
      %k = arith.index_cast %n : i32 to index
      %low = arith.cmpi sge, %k, %c0 : index
      %high = arith.cmpi slt, %k, %c11 : index
      %inside = arith.andi %low, %high : i1
      %v = scf.if %inside -> (f32) {
        %a = memref.load %x[%k] : memref<11xf32>
        scf.yield %a : f32
      } else {
        scf.yield %zero : f32
      }
      memref.store %v, %o[%i] : memref<6xf32>
    }""",
    ),
    "index kept within by max and min": function(
        "%at: memref<6xi32>, %x: memref<11xf32>, %o: memref<6xf32>",
        """
    %c10 = arith.constant 10 : index
    scf.forall (%i) in (6) {
      %n = memref.load %at[%i] : memref<6xi32>
      %k = arith.index_cast %n : i32 to index
      %low = arith.maxsi %k, %c0 : index
      %in = arith.minsi %low, %c10 : index
      %a = memref.load %x[%in] : memref<11xf32>
      memref.store %a, %o[%i] : memref<6xf32>
    }""",
    ),
    "gathered lanes behind a mask": function(
        "%at: memref<8xi32>, %x: memref<8x11xf32>, %o: memref<8xf32>",
        """
    %none = arith.constant dense<0.0> : vector<8xf32>
    %bound = arith.constant dense<11> : vector<8xi32>
    %i0 = arith.constant 0 : i32
    scf.forall (%r) in (1) {
      %n = vector.transfer_read %at[%c0], %i0 {in_bounds = [true]} : memref<8xi32>, vector<8xi32>
      %m = arith.cmpi ult, %n, %bound : vector<8xi32>
      %k = arith.index_cast %n : vector<8xi32> to vector<8xindex>
      %v = vector.gather %x[%c3, %c0] [%k], %m, %none
          : memref<8x11xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>
      vector.transfer_write %v, %o[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
    }""",
    ),
    "guarded surplus threads": kernel(
        "%x: memref<50xf32>, %o: memref<50xf32>",
        """%c50 = arith.constant 50 : index
      %inside = arith.cmpi slt, %i, %c50 : index
      scf.if %inside {
        %v = memref.load %x[%i] : memref<50xf32>
        memref.store %v, %o[%i] : memref<50xf32>
      }""",
        grid=(4, 1, 1),
        block=(16, 1, 1),
    ),
    "padded window": kernel(
        "%x: memref<9xf32>, %o: memref<9xf32>",
        """%c9 = arith.constant 9 : index
      %inside = arith.cmpi slt, %t, %c9 : index
      scf.if %inside {
        %s = scf.for %k = %c0 to %c3 step %c1 iter_args(%acc = %zero) -> (f32) {
          %at = affine.apply affine_map<(d0, d1) -> (d0 + d1 - 1)>(%t, %k)
          %low = arith.cmpi sge, %at, %c0 : index
          %high = arith.cmpi slt, %at, %c9 : index
          %ok = arith.andi %low, %high : i1
          %v = scf.if %ok -> (f32) {
            %a = memref.load %x[%at] : memref<9xf32>
            scf.yield %a : f32
          } else {
            scf.yield %zero : f32
          }
          %n = arith.addf %acc, %v : f32
          scf.yield %n : f32
        }
        memref.store %s, %o[%t] : memref<9xf32>
      }""",
        grid=(1, 1, 1),
        block=(16, 1, 1),
    ),
    "exchange in workgroup memory": kernel(
        "%x: memref<8xf32>, %o: memref<8xf32>",
        f"""%v = memref.load %x[%i] : memref<8xf32>
      memref.store %v, %w[%t] : memref<4xf32, {SHARED}>
      gpu.barrier
      %u = arith.subi %c3, %t : index
      %r = memref.load %w[%u] : memref<4xf32, {SHARED}>
      memref.store %r, %o[%i] : memref<8xf32>""",
        grid=(2, 1, 1),
        block=(4, 1, 1),
        workgroup=f"%w: memref<4xf32, {SHARED}>",
    ),
    "tree of sums": kernel(
        "%x: memref<16xf32>, %o: memref<2xf32>",
        f"""%v = memref.load %x[%i] : memref<16xf32>
      memref.store %v, %w[%t] : memref<8xf32, {SHARED}>
      gpu.barrier
      %four = arith.cmpi slt, %t, %c4 : index
      scf.if %four {{
        %p = affine.apply affine_map<(d0) -> (d0 + 4)>(%t)
        %a = memref.load %w[%t] : memref<8xf32, {SHARED}>
        %q = memref.load %w[%p] : memref<8xf32, {SHARED}>
        %n = arith.addf %a, %q : f32
        memref.store %n, %w[%t] : memref<8xf32, {SHARED}>
      }}
      gpu.barrier
      %first = arith.cmpi eq, %t, %c0 : index
      scf.if %first {{
        %s = scf.for %k = %c0 to %c4 step %c1 iter_args(%acc = %zero) -> (f32) {{
          %a = memref.load %w[%k] : memref<8xf32, {SHARED}>
          %n = arith.addf %acc, %a : f32
          scf.yield %n : f32
        }}
        memref.store %s, %o[%b] : memref<2xf32>
      }}""",
        grid=(2, 1, 1),
        block=(8, 1, 1),
        workgroup=f"%w: memref<8xf32, {SHARED}>",
    ),
    "tiles of a matmul in workgroup memory": kernel(
        "%x: memref<8x12xf32>, %y: memref<12x8xf32>, %o: memref<8x8xf32>",
        f"""%row = affine.apply affine_map<(d0, d1) -> (d0 * 4 + d1)>(%by, %ty)
      %column = affine.apply affine_map<(d0, d1) -> (d0 * 4 + d1)>(%b, %t)
      %sum = scf.for %k = %c0 to %c3 step %c1 iter_args(%acc = %zero) -> (f32) {{
        %kx = affine.apply affine_map<(d0, d1) -> (d0 * 4 + d1)>(%k, %t)
        %ky = affine.apply affine_map<(d0, d1) -> (d0 * 4 + d1)>(%k, %ty)
        %a = memref.load %x[%row, %kx] : memref<8x12xf32>
        memref.store %a, %wx[%ty, %t] : memref<4x4xf32, {SHARED}>
        %q = memref.load %y[%ky, %column] : memref<12x8xf32>
        memref.store %q, %wy[%ty, %t] : memref<4x4xf32, {SHARED}>
        gpu.barrier
        %part = scf.for %l = %c0 to %c4 step %c1 iter_args(%acc1 = %acc) -> (f32) {{
          %m = memref.load %wx[%ty, %l] : memref<4x4xf32, {SHARED}>
          %n = memref.load %wy[%l, %t] : memref<4x4xf32, {SHARED}>
          %mn = arith.mulf %m, %n : f32
          %z = arith.addf %acc1, %mn : f32
          scf.yield %z : f32
        }}
        gpu.barrier  // before the next tile
        scf.yield %part : f32
      }}
      memref.store %sum, %o[%row, %column] : memref<8x8xf32>""",
        grid=(2, 2, 1),
        block=(4, 4, 1),
        workgroup=f"%wx: memref<4x4xf32, {SHARED}>, %wy: memref<4x4xf32, {SHARED}>",
    ),
    "two buffers in turn": kernel(
        "%x: memref<4xf32>, %o: memref<4xf32>",
        f"""%v = memref.load %x[%t] : memref<4xf32>
      memref.store %v, %w[%c0, %t] : memref<2x4xf32, {SHARED}>
      gpu.barrier
      scf.for %k = %c0 to %c5 step %c1 {{
        %now = affine.apply affine_map<(d0) -> (d0 mod 2)>(%k)
        %then = affine.apply affine_map<(d0) -> ((d0 + 1) mod 2)>(%k)
        %u = arith.subi %c3, %t : index
        %a = memref.load %w[%now, %u] : memref<2x4xf32, {SHARED}>
        memref.store %a, %w[%then, %t] : memref<2x4xf32, {SHARED}>
        gpu.barrier
      }}
      %r = memref.load %w[%c1, %t] : memref<2x4xf32, {SHARED}>
      memref.store %r, %o[%t] : memref<4xf32>""",
        grid=(1, 1, 1),
        block=(4, 1, 1),
        workgroup=f"%w: memref<2x4xf32, {SHARED}>",
    ),
    "threads along two dims of ids": kernel(
        "%x: memref<12x4xf32>, %o: memref<12x4xf32>",
        """%z = gpu.thread_id z
      %r = affine.apply affine_map<(d0, d1) -> ((d0 floordiv 3) * 6 + d1)>(%z, %ty)
      %c = affine.apply affine_map<(d0) -> (d0 mod 3)>(%z)
      %j = affine.apply affine_map<(d0, d1, d2) -> (d0 * 6 + d1 * 2 + d2)>(%b, %c, %t)
      %row = affine.apply affine_map<(d0, d1) -> ((d0 floordiv 3) * 2 + d1)>(%z, %ty)
      %low = affine.apply affine_map<(d0) -> (d0 floordiv 4)>(%j)
      %high = affine.apply affine_map<(d0) -> (d0 mod 4)>(%j)
      %at = affine.apply affine_map<(d0, d1) -> (d0 * 3 + d1)>(%row, %low)
      %v = memref.load %x[%at, %high] : memref<12x4xf32>
      memref.store %v, %o[%at, %high] : memref<12x4xf32>""",
        grid=(2, 1, 1),
        block=(2, 2, 6),
    ),
    "arena of the host": kernel(
        "%x: memref<8xf32>, %o: memref<8xf32>",
        """%v = memref.load %x[%i] : memref<8xf32>
      memref.store %v, %o[%i] : memref<8xf32>""",
        grid=(2, 1, 1),
        block=(4, 1, 1),
        host="""%arena = memref.alloc() : memref<64xi8>
    %h0 = arith.constant 0 : index
    %h32 = arith.constant 32 : index
    %p = memref.view %arena[%h0][] : memref<64xi8> to memref<8xf32>
    %q = memref.view %arena[%h32][] : memref<64xi8> to memref<8xf32>
    gpu.launch_func @k::@g blocks in (%s0, %s1, %s2) threads in (%s3, %s4, %s5) args(%x : memref<8xf32>, %p : memref<8xf32>)
    gpu.launch_func @k::@g blocks in (%s0, %s1, %s2) threads in (%s3, %s4, %s5) args(%p : memref<8xf32>, %q : memref<8xf32>)""",
        launch="gpu.launch_func @k::@g blocks in (%s0, %s1, %s2) threads in (%s3, %s4, %s5) "
        "args(%q : memref<8xf32>, %o : memref<8xf32>)",
    ),
    "functions that call": f"""func.func private @g(%x: memref<8xf32>, %o: memref<8xf32>) attributes {{outs = 1 : i64}} {{{HEAD}
    scf.forall (%i) in (8) {{
      %v = memref.load %x[%i] : memref<8xf32>
      memref.store %v, %o[%i] : memref<8xf32>
    }}
    return
  }}
  func.func @f(%x: memref<8xf32>, %o: memref<8xf32>) attributes {{outs = 1 : i64}} {{
    %a = memref.alloc() : memref<8xf32>
    func.call @g(%x, %a) : (memref<8xf32>, memref<8xf32>) -> ()
    func.call @g(%a, %o) : (memref<8xf32>, memref<8xf32>) -> ()
    return
  }}""",
}
"""Name of each kernel: its text. All are proved total."""
