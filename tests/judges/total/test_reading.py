"""The model of a function: places, accesses and their index maps, as a proof or a count reads them."""

from __future__ import annotations

from rung.dialects.upstream import parse
from rung.judges.total.model import Function
from rung.judges.total.reading import read_module


def read(text: str, name: str = "f") -> Function:
    function = read_module(parse(text)).functions[name]
    assert not function.problems
    return function


def points(function: Function, number: int) -> int:
    return function.accesses[number].domain().to_isl().count_val().to_python()


def test_tiled_loops_give_one_dim_a_loop_and_a_linear_index() -> None:
    function = read("""func.func @f(%x: memref<16x5xf32>, %o: memref<5x16xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c5 = arith.constant 5 : index
      scf.forall (%t) = (0) to (16) step (4) {
        scf.for %j = %c0 to %c5 step %c1 {
          %v = vector.load %x[%t, %j] : memref<16x5xf32>, vector<1xf32>
          vector.transfer_write %v, %o[%j, %t] {in_bounds = [true]} : vector<1xf32>, memref<5x16xf32>
        }
      }
      return
    }""")
    read_, write = function.accesses
    assert [place.kind for place in write.place.chain] == ["function", "forall", "for"]
    assert [str(i) for i in read_.index] == ["4*t", "j"] and [str(i) for i in write.index] == ["j", "4*t"]
    assert (write.kind, write.root.name, write.root.is_out, write.root.space) == ("write", "o", True, "global")
    assert points(function, 1) == 4 * 5


def test_loop_whose_bound_is_an_outer_index_has_a_triangular_domain() -> None:
    function = read("""func.func @f(%x: memref<7xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c7 = arith.constant 7 : index
      scf.for %i = %c0 to %c7 step %c1 {
        scf.for %j = %c0 to %i step %c1 { %v = memref.load %x[%j] : memref<7xf32> }
      }
      return
    }""")
    assert points(function, 0) == 21


def test_guard_and_its_opposite_divide_the_iterations() -> None:
    function = read("""func.func @f(%x: memref<20xf32>) {
      %c3 = arith.constant 3 : index
      %c9 = arith.constant 9 : index
      scf.forall (%i) in (20) {
        %a = arith.cmpi sge, %i, %c3 : index
        %b = arith.cmpi slt, %i, %c9 : index
        %both = arith.andi %a, %b : i1
        scf.if %both { %v = memref.load %x[%i] : memref<20xf32> } else { %v = memref.load %x[%i] : memref<20xf32> }
      }
      return
    }""")
    assert (points(function, 0), points(function, 1)) == (6, 14)


def test_quotient_and_remainder_become_derived_dims_that_add_no_points() -> None:
    function = read("""func.func @f(%x: memref<3x7xf32>) {
      scf.forall (%i) in (21) {
        %q = affine.apply affine_map<(d0) -> (d0 floordiv 7)>(%i)
        %r = affine.apply affine_map<(d0) -> (d0 mod 7)>(%i)
        %v = memref.load %x[%q, %r] : memref<3x7xf32>
      }
      return
    }""")
    (access,) = function.accesses
    assert [dim.kind for dim in access.domain().dims] == ["forall", "derived"]
    assert points(function, 0) == 21


def test_kernel_has_dims_for_blocks_and_threads_and_a_phase_for_each_barrier() -> None:
    function = read(
        """module attributes {gpu.container_module} {
      gpu.module @k {
        gpu.func @g(%x: memref<8xf32>) workgroup(%w: memref<4xf32, #gpu.address_space<workgroup>>) kernel
            attributes {known_block_size = array<i32: 4, 1, 1>, known_grid_size = array<i32: 2, 1, 1>} {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %c3 = arith.constant 3 : index
          %i = gpu.global_id x
          %t = gpu.thread_id x
          scf.for %k = %c0 to %c3 step %c1 {
            %v = memref.load %x[%i] : memref<8xf32>
            gpu.barrier
            memref.store %v, %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
            gpu.barrier
          }
          memref.store %f, %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
          gpu.return
        }
      }
    }""".replace("%c0 =", "%f = arith.constant 1.0 : f32\n%c0 =", 1),
        "k::g",
    )
    assert (function.grid, function.block, len(function.barriers)) == ((2, 1, 1), (4, 1, 1), 2)
    assert [str(access.phase) for access in function.accesses] == ["2*k", "2*k + 1", "6"]
    assert str(function.accesses[0].index[0]) == "4*block_x + thread_x"
    assert [access.root.space for access in function.accesses] == ["global", "workgroup", "workgroup"]
    assert points(function, 0) == 2 * 4 * 3


def test_lane_of_a_transfer_that_is_not_in_bounds_touches_only_what_is_there() -> None:
    function = read("""func.func @f(%x: memref<10xf32>) {
      %pad = arith.constant 0.0 : f32
      scf.forall (%i) = (0) to (10) step (4) {
        %v = vector.transfer_read %x[%i], %pad : memref<10xf32>, vector<4xf32>
      }
      return
    }""")
    assert points(function, 0) == 10


def test_number_read_from_memory_is_unknown_and_may_be_anything_its_type_holds() -> None:
    function = read("""func.func @f(%at: memref<6xi8>, %x: memref<11xf32>) {
      scf.forall (%i) in (6) {
        %a = memref.load %at[%i] : memref<6xi8>
        %b = arith.index_cast %a : i8 to index
        %v = memref.load %x[%b] : memref<11xf32>
      }
      return
    }""")
    (dim,) = (dim for dim in function.accesses[1].domain().dims if dim.kind == "unknown")
    assert (dim.name, dim.low, dim.high) == ("a", -128, 127)
    assert not function.accesses[1].domain().exact


def test_op_without_a_rule_is_a_problem_that_names_it() -> None:
    text = """func.func @f(%x: memref<4xf32>) {
      %z = arith.constant 1.0 : f32
      linalg.fill ins(%z : f32) outs(%x : memref<4xf32>)
      return
    }"""
    (problem,) = read_module(parse(text)).functions["f"].problems
    assert (problem.op.name, problem.reason) == ("linalg.fill", "it is of a rung above loops, expected loops, vector or gpu")
