"""Loop nests become vectors where the accesses allow it, say why where they do not, and give the same numbers either way."""

from __future__ import annotations

import numpy as np
import pytest
from loop_kernels import Upstream, kernel, reasons, same_numbers, vectorized, widest
from xdsl.utils.exceptions import PassFailedException

from rung.dialects.upstream import make_context, parse
from rung.lowering.loops_to_vector import LoopsToVectorPass


def matmul(m: int, n: int, k: int, lanes: str = "4, 16") -> str:
    return kernel(
        f"""
        %zero = arith.constant 0.0 : f32
        scf.parallel (%i, %j) = (%c0, %c0) to (%c{m}, %c{n}) step (%c1, %c1) {{
          %s = scf.for %k = %c0 to %c{k} step %c1 iter_args(%acc = %zero) -> (f32) {{
            %x = memref.load %p0[%i, %k] : memref<{m}x{k}xf32>
            %y = memref.load %p1[%k, %j] : memref<{k}x{n}xf32>
            %z = arith.mulf %x, %y : f32
            %t = arith.addf %acc, %z fastmath<reassoc> : f32
            scf.yield %t : f32
          }}
          memref.store %s, %p2[%i, %j] : memref<{m}x{n}xf32>
        }} {{vector = array<i64: {lanes}>}}""",
        f"{m}x{k}xf32",
        f"{k}x{n}xf32",
        f"{m}x{n}xf32",
    )


# One past the tile, primes, extents below the lanes, extents that leave 8 lanes and scalars.
@pytest.mark.parametrize(
    ("m", "n", "k"), [(1, 1, 1), (1, 2, 3), (4, 16, 5), (5, 17, 7), (3, 31, 2), (6, 26, 1), (8, 64, 3), (13, 45, 4)]
)
def test_register_tile_keeps_order_of_sums_at_any_size(
    m: int, n: int, k: int, rng: np.random.Generator, mlir_opt: Upstream
) -> None:
    a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
    # bit for bit: a lane adds what the scalar loop added, in the same order
    module = same_numbers(matmul(m, n, k), [a, b], mlir_opt)
    assert not reasons(module)
    assert widest(module) == min(m, 4) * (1 << min(n, 16).bit_length() - 1 if n > 1 else 1)


def test_register_tile_reads_one_side_by_rows_and_the_other_by_columns() -> None:
    text = str(vectorized(matmul(8, 32, 4)))
    assert "permutation_map = affine_map<(d0, d1) -> (d0, 0)>" in text
    assert "permutation_map = affine_map<(d0, d1) -> (0, d1)>" in text
    assert "dense<0.000000e+00> : vector<4x16xf32>" in text


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 33, 67])
def test_elementwise_at_any_extent(n: int, rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        f"""
        scf.parallel (%i) = (%c0) to (%c{n}) step (%c1) {{
          %at = affine.apply affine_map<(d0, d1) -> (d0 * {n} + d1)>(%block, %i)
          %x = memref.load %p0[%at] : memref<{n}xf32>
          %y = memref.load %p1[%i] : memref<{n}xf32>
          %less = arith.cmpf olt, %x, %y : f32
          %small = arith.select %less, %x, %y : f32
          %wide = arith.extf %small : f32 to f64
          %root = math.exp2 %wide : f64
          memref.store %root, %p2[%at] : memref<{n}xf64>
        }} {{vector = array<i64: 16>}}""",
        f"{n}xf32",
        f"{n}xf32",
        f"{n}xf64",
    )
    module = same_numbers(text, [rng.standard_normal(n, np.float32), rng.standard_normal(n, np.float32)], mlir_opt)
    assert widest(module) == (1 if n == 1 else 1 << min(n, 16).bit_length() - 1)


def test_softmax_rows_reduce_and_normalise_inside_scalar_row_loops(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        %zero = arith.constant 0.0 : f32
        %low = arith.constant 0xFF800000 : f32
        scf.parallel (%i) = (%c0) to (%c3) step (%c1) {
          %m = scf.for %r = %c0 to %c45 step %c1 iter_args(%b = %low) -> (f32) {
            %x = memref.load %p0[%i, %r] : memref<3x45xf32>
            %u = arith.maximumf %x, %b : f32
            scf.yield %u : f32
          } {vector = array<i64: 32>}
          %s = scf.for %r = %c0 to %c45 step %c1 iter_args(%a = %zero) -> (f32) {
            %x = memref.load %p0[%i, %r] : memref<3x45xf32>
            %d = arith.subf %x, %m : f32
            %e = math.exp2 %d : f32
            %t = arith.addf %a, %e fastmath<reassoc> : f32
            scf.yield %t : f32
          } {vector = array<i64: 16>}
          scf.parallel (%j) = (%c0) to (%c45) step (%c1) {
            %x = memref.load %p0[%i, %j] : memref<3x45xf32>
            %d = arith.subf %x, %m : f32
            %e = math.exp2 %d : f32
            %q = arith.divf %e, %s : f32
            memref.store %q, %p1[%i, %j] : memref<3x45xf32>
          } {vector = array<i64: 8>}
        }""",
        "3x45xf32",
        "3x45xf32",
    )
    module = same_numbers(text, [rng.standard_normal((3, 45), np.float32)], mlir_opt, rtol=2e-6)
    assert not reasons(module)
    printed = str(module)
    assert printed.count("vector.broadcast %m : f32") <= 4  # spread once where it is known, not in the loops
    assert "vector<32xf32>" in printed and "vector<16xf32>" in printed and "vector<8xf32>" in printed


def test_guard_on_the_rows_leaves_the_columns_vectors(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        %zero = arith.constant 0.25 : f32
        scf.parallel (%i, %j) = (%c0, %c0) to (%c5, %c19) step (%c1, %c1) {
          %above = affine.apply affine_map<(d0) -> (d0 - 1)>(%i)
          %inside = arith.cmpi sge, %above, %c0 : index
          %x = scf.if %inside -> (f32) {
            %y = memref.load %p0[%above, %j] : memref<4x19xf32>
            scf.yield %y : f32
          } else {
            scf.yield %zero : f32
          }
          memref.store %x, %p1[%i, %j] : memref<5x19xf32>
        } {vector = array<i64: 4, 16>}""",
        "4x19xf32",
        "5x19xf32",
    )
    module = same_numbers(text, [rng.random((4, 19), np.float32)], mlir_opt)
    assert widest(module) == 16
    assert reasons(module) == ["has arith.cmpi of an index that depends on %i"]


def test_scalar_that_all_lanes_share_is_loaded_once(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        scf.parallel (%i, %j) = (%c0, %c0) to (%c2, %c16) step (%c1, %c1) {
          %x = memref.load %p0[%i] : memref<2xf32>
          %y = arith.negf %x : f32
          %z = memref.load %p1[%j] : memref<16xf32>
          %s = arith.addf %y, %z : f32
          memref.store %s, %p2[%i, %j] : memref<2x16xf32>
        } {vector = array<i64: 1, 16>}""",
        "2xf32",
        "16xf32",
        "2x16xf32",
    )
    printed = str(same_numbers(text, [rng.random(2, np.float32), rng.random(16, np.float32)], mlir_opt))
    assert "arith.negf %x : f32" in printed and "vector.broadcast %y : f32 to vector<16xf32>" in printed


def test_scalar_used_first_inside_of_a_loop_is_spread_before_it(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        %zero = arith.constant 0.0 : f32
        scf.parallel (%m) = (%c0) to (%c3) step (%c1) {
          scf.parallel (%i) = (%c0) to (%c16) step (%c1) {
            %x = memref.load %p0[%m] : memref<3xf32>
            %s = scf.for %r = %c0 to %c4 step %c1 iter_args(%acc = %zero) -> (f32) {
              %y = memref.load %p1[%r, %i] : memref<4x16xf32>
              %z = arith.mulf %x, %y : f32
              %t = arith.addf %acc, %z : f32
              scf.yield %t : f32
            }
            %d = arith.subf %s, %x : f32
            memref.store %d, %p2[%m, %i] : memref<3x16xf32>
          } {vector = array<i64: 16>}
        }""",
        "3xf32",
        "4x16xf32",
        "3x16xf32",
    )
    module = same_numbers(text, [rng.random(3, np.float32), rng.random((4, 16), np.float32)], mlir_opt)
    assert str(module).count("vector.broadcast") == 1


def test_loop_index_as_data(mlir_opt: Upstream) -> None:
    text = kernel(
        """
        scf.parallel (%i, %j) = (%c0, %c0) to (%c5, %c27) step (%c1, %c1) {
          %index = affine.apply affine_map<(d0) -> (d0 * 3 + 2)>(%j)
          %x = arith.index_cast %index : index to i8
          memref.store %x, %p0[%i, %j] : memref<5x27xi8>
        } {vector = array<i64: 4, 16>}""",
        "5x27xi8",
    )
    assert widest(same_numbers(text, [], mlir_opt)) == 64


def test_transposed_write_keeps_columns_contiguous(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        scf.parallel (%i, %j) = (%c0, %c0) to (%c6, %c16) step (%c1, %c1) {
          %x = memref.load %p0[%i, %c0, %j] : memref<6x1x16xf32>
          memref.store %x, %p1[%c0, %i, %c0, %j] : memref<1x6x1x16xf32>
        } {vector = array<i64: 4, 16>}""",
        "6x1x16xf32",
        "1x6x1x16xf32",
    )
    module = same_numbers(text, [rng.random((6, 1, 16), np.float32)], mlir_opt)
    assert "affine_map<(d0, d1, d2, d3) -> (d1, d3)>" in str(module)


def parallel(body: str, *types: str, shape: tuple[int, int] = (4, 16)) -> str:
    upper = f"%c{shape[0]}, %c{shape[1]}"
    return kernel(
        f"scf.parallel (%i, %j) = (%c0, %c0) to ({upper}) step (%c1, %c1) {{{body}}} {{vector = array<i64: 4, 16>}}", *types
    )


COPY = "memref.store %x, %p1[%i, %j] : memref<4x16xf32>"
DECLINED = {
    "writes_columns": (
        "%x = memref.load %p0[%i, %j] : memref<4x16xf32> memref.store %x, %p1[%j, %i, %c0] : memref<16x4x1xf32>",
        ["4x16xf32", "16x4x1xf32"],
        "writes %p1 across its rows along %j",
    ),
    "writes_one_place": (
        "%x = memref.load %p0[%i, %j] : memref<4x16xf32> memref.store %x, %p1[%i, %c0] : memref<4x1xf32>",
        ["4x16xf32", "4x1xf32"],
        "writes %p1 at the same place for all %j",
    ),
    "reads_every_other": (
        f"%k = affine.apply affine_map<(d0) -> (d0 * 2)>(%j) %x = memref.load %p0[%i, %k] : memref<4x32xf32> {COPY}",
        ["4x32xf32", "4x16xf32"],
        "reads %p0 with stride 2 along %j",
    ),
    "reads_backwards": (
        f"%k = affine.apply affine_map<(d0) -> (-d0 + 15)>(%j) %x = memref.load %p0[%i, %k] : memref<4x16xf32> {COPY}",
        ["4x16xf32", "4x16xf32"],
        "reads %p0 with stride -1 along %j",
    ),
    "reads_a_diagonal": (
        f"%x = memref.load %p0[%j, %j] : memref<16x16xf32> {COPY}",
        ["16x16xf32", "4x16xf32"],
        "reads a diagonal of %p0 along %j",
    ),
    "divides_the_index": (
        f"%k = affine.apply affine_map<(d0) -> (d0 floordiv 3)>(%j) %x = memref.load %p0[%i, %k] : memref<4x6xf32> {COPY}",
        ["4x6xf32", "4x16xf32"],
        "reads %p0 at an index that is not affine in %j",
    ),
    "index_from_memory": (
        f"""%n = memref.load %p0[%j] : memref<16xi32> %k = arith.index_cast %n : i32 to index
            %x = memref.load %p2[%k] : memref<16xf32> {COPY}""",
        ["16xi32", "4x16xf32", "16xf32"],
        "reads %p2 at an index that is not affine in %j",
    ),
    "index_divided_as_data": (
        """%k = affine.apply affine_map<(d0) -> (d0 mod 3)>(%j) %n = arith.index_cast %k : index to i32
            %x = arith.sitofp %n : i32 to f32 memref.store %x, %p1[%i, %j] : memref<4x16xf32>""",
        ["1xf32", "4x16xf32"],
        "uses as data an index that divides %j",
    ),
    "guard_along_lanes": (
        f"""%in = arith.cmpi slt, %j, %c8 : index %f = memref.load %p0[%i, %j] : memref<4x16xf32>
            %x = scf.if %in -> (f32) {{scf.yield %f : f32}} else {{%z = arith.constant 0.0 : f32 scf.yield %z : f32}} {COPY}""",
        ["4x16xf32", "4x16xf32"],
        "has arith.cmpi of an index that depends on %j",
    ),
    "guard_from_data": (
        f"""%f = memref.load %p0[%i, %j] : memref<4x16xf32> %z = arith.constant 0.0 : f32 %in = arith.cmpf olt, %f, %z : f32
            %x = scf.if %in -> (f32) {{scf.yield %f : f32}} else {{scf.yield %z : f32}} {COPY}""",
        ["4x16xf32", "4x16xf32"],
        "has a guard that depends on %i, %j",
    ),
    "bools_in_memory": (
        f"%t = memref.load %p0[%i, %j] : memref<4x16xi1> %n = arith.uitofp %t : i1 to f32 {COPY.replace('%x', '%n')}",
        ["4x16xi1", "4x16xf32"],
        "reads or writes i1 memory along %i, %j",
    ),
    "buffer_of_its_own": (
        f"""%q = memref.alloca() : memref<1xf32> %f = memref.load %p0[%i, %j] : memref<4x16xf32>
            memref.store %f, %q[%c0] : memref<1xf32> %x = memref.load %q[%c0] : memref<1xf32> {COPY}""",
        ["4x16xf32", "4x16xf32"],
        "has memref.alloca, which has no lanes: %i, %j",
    ),
}


@pytest.mark.parametrize("case", DECLINED)
def test_nest_stays_scalar_with_the_reason(case: str, rng: np.random.Generator, mlir_opt: Upstream) -> None:
    body, types, reason = DECLINED[case]
    text = parallel(body, *types).replace("outs = 1", f"outs = {len(types)}")
    module = vectorized(text)
    mlir_opt(module)
    (found,) = reasons(module)
    assert found.partition("; ")[0] == reason  # then why the rows cannot be lanes either
    assert widest(module) == 1


@pytest.mark.parametrize("lanes", ["1, 16", "8, 8", "4, 16"])
@pytest.mark.parametrize(("m", "n"), [(8, 16), (5, 19), (3, 2)])
def test_columns_are_read_in_rows_and_turned_or_lane_by_lane(
    m: int, n: int, lanes: str, rng: np.random.Generator, mlir_opt: Upstream
) -> None:
    text = kernel(
        f"""
        scf.parallel (%i, %j) = (%c0, %c0) to (%c{m}, %c{n}) step (%c1, %c1) {{
          %x = memref.load %p0[%j, %c1, %i] : memref<{n}x2x{m}xf32>
          %y = memref.load %p1[%i, %j] : memref<{m}x{n}xf32>
          %z = arith.subf %x, %y : f32
          memref.store %z, %p2[%i, %j] : memref<{m}x{n}xf32>
        }} {{vector = array<i64: {lanes}>}}""",
        f"{n}x2x{m}xf32",
        f"{m}x{n}xf32",
        f"{m}x{n}xf32",
    )
    arguments = [rng.standard_normal((n, 2, m), np.float32), rng.standard_normal((m, n), np.float32)]
    module = same_numbers(text, arguments, mlir_opt)
    assert not reasons(module)
    assert ("vector.transpose" in str(module)) == (lanes != "1, 16")


@pytest.mark.parametrize("k", [7, 32, 45])
def test_rows_times_rows_reduces_in_lanes_where_that_is_contiguous(k: int, rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = matmul(4, 16, k).replace("%p1[%k, %j]", "%p1[%j, %k]").replace(f"memref<{k}x16xf32>", f"memref<16x{k}xf32>")
    a, b = rng.standard_normal((4, k), np.float32), rng.standard_normal((16, k), np.float32)
    module = same_numbers(text.replace(f"%p1: memref<{k}x16xf32>", f"%p1: memref<16x{k}xf32>"), [a, b], mlir_opt, rtol=1e-4)
    if k == 7:  # too short to be worth it: the columns are lanes, read one by one
        assert not reasons(module) and widest(module) == 64
    else:
        assert reasons(module) == ["reads %p1 across its rows along %j; reads %p0 across its rows along %i"]
        assert widest(module) == 32 and "vector.reduction <add>" in str(module)


def test_columns_read_along_rows_only_lose_the_rows(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    body = f"""%k = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%i, %j) %x = memref.load %p0[%k] : memref<19xf32> {COPY}"""
    module = same_numbers(parallel(body, "19xf32", "4x16xf32"), [rng.random(19, np.float32)], mlir_opt)
    assert reasons(module) == ["reads %p0 at an index that also has %j: %i"]
    assert widest(module) == 16


def test_loops_inside_a_vector_nest_stay_loops_of_vectors(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        %half = arith.constant 0.5 : f32
        scf.parallel (%i) = (%c0) to (%c21) step (%c1) {
          scf.parallel (%m, %n) = (%c0, %c0) to (%c2, %c3) step (%c1, %c1) {
            %x = memref.load %p0[%m, %n, %i] : memref<2x3x21xf32>
            %y = arith.mulf %x, %half : f32
            memref.store %y, %p1[%m, %n, %i] : memref<2x3x21xf32>
          }
          scf.for %m = %c0 to %c2 step %c1 {
            %x = memref.load %p1[%m, %c0, %i] : memref<2x3x21xf32>
            memref.store %x, %p2[%m, %i] : memref<2x21xf32>
          }
        } {vector = array<i64: 16>}""",
        "2x3x21xf32",
        "2x3x21xf32",
        "2x21xf32",
        outs=2,
    )
    module = same_numbers(text, [rng.random((2, 3, 21), np.float32)], mlir_opt)
    assert not reasons(module) and widest(module) == 16


def test_accumulator_that_lanes_share_stays_a_scalar(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        %zero = arith.constant 0.0 : f32
        scf.parallel (%i) = (%c0) to (%c16) step (%c1) {
          %s, %n = scf.for %r = %c0 to %c5 step %c1 iter_args(%a = %zero, %q = %zero) -> (f32, f32) {
            %x = memref.load %p0[%r] : memref<5xf32>
            %t = arith.addf %a, %x : f32
            %y = memref.load %p1[%i] : memref<16xf32>
            %z = arith.mulf %y, %q : f32
            %u = arith.addf %z, %t : f32
            scf.yield %t, %u : f32, f32
          }
          %d = arith.divf %n, %s : f32
          memref.store %d, %p2[%i] : memref<16xf32>
        } {vector = array<i64: 16>}""",
        "5xf32",
        "16xf32",
        "16xf32",
    )
    module = same_numbers(text, [rng.random(5, np.float32), rng.random(16, np.float32)], mlir_opt)
    assert "-> (f32, vector<16xf32>)" in str(module)


def test_lanes_for_another_number_of_loops_are_refused() -> None:
    with pytest.raises(PassFailedException, match=r"vector of scf.parallel in @k is array<i64: 8>, expected 2 of i64"):
        vectorized(matmul(4, 16, 2, lanes="8"))


def test_dynamic_bounds_stay_scalar_with_the_reason(mlir_opt: Upstream) -> None:
    text = kernel(
        """
        %n = affine.apply affine_map<(d0) -> (d0 + 3)>(%block)
        scf.parallel (%i) = (%c0) to (%n) step (%c1) {
          %x = memref.load %p0[%i] : memref<8xf32>
          memref.store %x, %p1[%i] : memref<8xf32>
        } {vector = array<i64: 8>}""",
        "8xf32",
        "8xf32",
    )
    module = vectorized(text)
    mlir_opt(module)
    assert reasons(module) == ["has loop bounds that are not static"]


def test_schedule_stands_in_where_no_loop_asks(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = matmul(8, 32, 3).replace("{vector = array<i64: 4, 16>}", "")
    assert widest(vectorized(text)) == 1
    schedule = "schedule = {vector = array<i64: 4, 16>}"
    assert widest(vectorized(text.replace("outs = 1 : i64}", f"outs = 1 : i64, {schedule}}}"))) == 64


def test_functions_that_are_no_kernels_are_left_alone() -> None:
    module = parse(matmul(8, 32, 3).replace("kernel, ", ""))
    before = str(module)
    LoopsToVectorPass().apply(make_context(), module)
    assert str(module) == before
