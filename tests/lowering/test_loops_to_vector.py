"""Loop nests become vectors where the accesses allow it, say why where they do not, and give the same numbers either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.scf import ParallelOp
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.lowering.loops_to_vector import LoopsToVectorPass

Array = np.ndarray[Any, np.dtype[Any]]
Upstream = Callable[..., str]

CONSTANTS = "\n".join(f"%c{n} = arith.constant {n} : index" for n in (*range(68), 100, 1024))


def kernel(body: str, *types: str, outs: int = 1) -> str:
    """A kernel @k with parameters %p0, %p1, .. of these memref types and index constants %c0 .. %c67."""
    parameters = ", ".join(f"%p{place}: memref<{type_}>" for place, type_ in enumerate(types))
    head = f"func.func @k({parameters}) attributes {{kernel, outs = {outs} : i64}}"
    return f"{head} {{\n{CONSTANTS}\nscf.forall (%block) in (1) {{\n{body}\n}}\nreturn\n}}"


def vectorized(text: str) -> ModuleOp:
    module = parse(text)
    LoopsToVectorPass().apply(make_context(), module)
    module.verify()
    assert not any(isinstance(op, ParallelOp) for op in module.walk())
    return module


def reasons(module: ModuleOp) -> list[str]:
    found = [op.attributes.get("scalar") for op in module.walk()]
    return [reason.data for reason in found if isinstance(reason, StringAttr)]


def widest(module: ModuleOp) -> int:
    """The most lanes in any value."""
    sizes = [1]
    for op in module.walk():
        for result in op.results:
            shape = getattr(result.type, "get_shape", None)
            if result.type.name == "vector" and shape is not None:
                sizes.append(int(np.prod(shape())))
    return max(sizes)


def same_numbers(text: str, arguments: Sequence[Array], upstream: Upstream, rtol: float = 0) -> ModuleOp:
    """The kernel vectorized; it computes what the loops computed, in any order of the blocks, and upstream accepts it."""
    want = evaluate(parse(text), "k", arguments)
    module = vectorized(text)
    upstream(module)
    got = evaluate(module, "k", arguments)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, rtol=rtol, equal_nan=True)
    return module


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


REDUCE = {
    "arith.addf": ("f32", "fastmath<reassoc>", "1.5"),
    "arith.mulf": ("f32", "fastmath<reassoc>", "1.0"),
    "arith.maximumf": ("f32", "", "0xFF800000"),
    "arith.minimumf": ("f32", "", "0x7F800000"),
    "arith.maxnumf": ("f32", "", "0xFF800000"),
    "arith.minnumf": ("f32", "", "0.5"),
    "arith.addi": ("i32", "", "5"),
    "arith.muli": ("i32", "", "3"),
    "arith.maxsi": ("i32", "", "-2147483648"),
    "arith.maxui": ("i32", "", "0"),
    "arith.minsi": ("i32", "", "2147483647"),
    "arith.minui": ("i32", "", "-1"),
    "arith.andi": ("i32", "", "-1"),
    "arith.ori": ("i32", "", "0"),
    "arith.xori": ("i32", "", "7"),
}


def reduce(op: str, n: int, lanes: int = 32, start: str | None = None) -> str:
    type_, flags, default = REDUCE[op]
    return kernel(
        f"""
        %start = arith.constant {start or default} : {type_}
        %s = scf.for %r = %c0 to %c{n} step %c1 iter_args(%acc = %start) -> ({type_}) {{
          %x = memref.load %p0[%r] : memref<{n}x{type_}>
          %t = {op} %acc, %x {flags} : {type_}
          scf.yield %t : {type_}
        }} {{vector = array<i64: {lanes}>}}
        memref.store %s, %p1[%c0] : memref<1x{type_}>""",
        f"{n}x{type_}",
        f"1x{type_}",
    )


def numbers(type_: str, n: int, rng: np.random.Generator) -> Array:
    if type_ == "i32":
        return rng.integers(-(2**31), 2**31, n, np.int32)
    return (1 + rng.standard_normal(n) / 8).astype(np.float32)


@pytest.mark.parametrize("n", [1, 2, 8, 31, 32, 45, 67])
@pytest.mark.parametrize("op", REDUCE)
def test_reduction_at_any_extent(op: str, n: int, rng: np.random.Generator, mlir_opt: Upstream) -> None:
    type_ = REDUCE[op][0]
    exact = type_ == "i32" or op[6:9] in ("max", "min")
    module = same_numbers(reduce(op, n), [numbers(type_, n, rng)], mlir_opt, rtol=0 if exact else 2e-6)
    assert widest(module) == (1 if n == 1 else 1 << min(n, 32).bit_length() - 1)


@pytest.mark.parametrize("op", ["arith.maximumf", "arith.minimumf", "arith.maxnumf", "arith.minnumf", "arith.addf"])
@pytest.mark.parametrize("special", [(np.nan,), (np.inf,), (-np.inf,), (np.nan, -np.inf)])
def test_special_values_anywhere_in_a_reduction(
    op: str, special: tuple[float, ...], rng: np.random.Generator, mlir_opt: Upstream
) -> None:
    for places in (range(45), (0,), (31,), (33, 2), (44,)):  # everywhere, first lanes, narrow lanes, scalar rest
        values = numbers("f32", 45, rng)
        values[list(places)] = np.resize(special, len(places))
        same_numbers(reduce(op, 45), [values], mlir_opt, rtol=2e-6)


def test_lanes_of_a_sum_start_from_minus_zero() -> None:
    # 0.0 is no identity: it would turn a sum of nothing but -0.0 into 0.0
    assert "dense<-0.000000e+00> : vector<32xf32>" in str(vectorized(reduce("arith.addf", 64, start="1.0")))


def test_a_neutral_start_is_broadcast_and_not_combined_again() -> None:
    assert str(vectorized(reduce("arith.addf", 64, start="0.0"))).count("arith.addf") == 1
    assert str(vectorized(reduce("arith.addf", 64, start="1.0"))).count("arith.addf") == 2
    assert str(vectorized(reduce("arith.maximumf", 64, start="1.0"))).count("arith.maximumf") == 1


def window(rows: int, columns: int, where: str) -> str:
    """A reduction over two loops, lanes asked for along the outer or the inner one."""
    outer, inner = ("{vector = array<i64: 8>}", "") if where == "outer" else ("", "{vector = array<i64: 8>}")
    index = "%i, %j" if where == "inner" else "%j, %i"
    shape = f"{rows}x{columns}xf32" if where == "inner" else f"{columns}x{rows}xf32"
    return kernel(
        f"""
        %start = arith.constant 0.5 : f32
        %s = scf.for %i = %c0 to %c{rows} step %c1 iter_args(%a = %start) -> (f32) {{
          %row = scf.for %j = %c0 to %c{columns} step %c1 iter_args(%b = %a) -> (f32) {{
            %x = memref.load %p0[{index}] : memref<{shape}>
            %t = arith.addf %b, %x fastmath<reassoc> : f32
            scf.yield %t : f32
          }} {inner}
          scf.yield %row : f32
        }} {outer}
        memref.store %s, %p1[%c0] : memref<1xf32>""",
        shape,
        "1xf32",
    )


@pytest.mark.parametrize(("rows", "columns", "where"), [(3, 16, "inner"), (3, 20, "inner"), (5, 9, "inner"), (19, 3, "outer")])
def test_nested_reduction(rows: int, columns: int, where: str, rng: np.random.Generator, mlir_opt: Upstream) -> None:
    shape = (rows, columns) if where == "inner" else (columns, rows)
    module = same_numbers(window(rows, columns, where), [rng.random(shape, np.float32)], mlir_opt, rtol=2e-6)
    assert widest(module) == (4 if columns == 20 else 8)  # 20 = 5 * 4 leaves no remainder inside
    assert not reasons(module)


def test_nested_reduction_carries_the_vector_through_the_outer_loop() -> None:
    text = str(vectorized(window(3, 16, "inner")))
    assert text.count("vector.reduction") == 1
    assert text.index("vector.reduction") > text.rindex("scf.yield")
    # 9 leaves a remainder in each row: the lanes are combined there
    text = str(vectorized(window(5, 9, "inner")))
    assert text.index("vector.reduction") < text.index("scf.yield")


def test_two_accumulators_in_one_loop(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = kernel(
        """
        %zero = arith.constant 0.0 : f32
        %low = arith.constant 0xFF800000 : f32
        %s, %m = scf.for %r = %c0 to %c45 step %c1 iter_args(%a = %zero, %b = %low) -> (f32, f32) {
          %x = memref.load %p0[%r] : memref<45xf32>
          %t = arith.addf %a, %x fastmath<reassoc> : f32
          %u = arith.maximumf %x, %b : f32
          scf.yield %t, %u : f32, f32
        } {vector = array<i64: 16>}
        %d = arith.subf %m, %s : f32
        memref.store %d, %p1[%c0] : memref<1xf32>""",
        "45xf32",
        "1xf32",
    )
    assert widest(same_numbers(text, [rng.random(45, np.float32)], mlir_opt, rtol=2e-6)) == 16


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


REDUCE_DECLINED = {
    "no_reassoc": ("%t = arith.addf %acc, %x : f32", "", "arith.addf of %acc has no fastmath<reassoc>"),
    "difference": ("%t = arith.subf %acc, %x : f32", "", "%acc is not combined once by a reduction"),
    "used_twice": ("%t = arith.addf %acc, %acc fastmath<reassoc> : f32", "", "%acc is not combined once by a reduction"),
    "read_on_its_way": (
        "%t = arith.maximumf %acc, %x : f32 memref.store %t, %p1[%c0] : memref<1xf32>",
        "",
        "%acc is read on its way",
    ),
    "stores": (
        "%t = arith.maximumf %acc, %x : f32 memref.store %x, %p1[%c0] : memref<1xf32>",
        "",
        "loop %r stores while it reduces",
    ),
    "strided": ("%t = arith.maximumf %acc, %x : f32", "2", "reads %p0 with stride 2 along %r"),
}


@pytest.mark.parametrize("case", REDUCE_DECLINED)
def test_reduction_stays_scalar_with_the_reason(case: str, mlir_opt: Upstream) -> None:
    combine, stride, reason = REDUCE_DECLINED[case]
    text = kernel(
        f"""
        %start = arith.constant 0.0 : f32
        %s = scf.for %r = %c0 to %c32 step %c1 iter_args(%acc = %start) -> (f32) {{
          %k = affine.apply affine_map<(d0) -> (d0 * {stride or 1})>(%r)
          %x = memref.load %p0[%k] : memref<64xf32>
          {combine}
          scf.yield %t : f32
        }} {{vector = array<i64: 8>}}
        memref.store %s, %p2[%c0] : memref<1xf32>""",
        "64xf32",
        "1xf32",
        "1xf32",
        outs=2,
    )
    module = vectorized(text)
    mlir_opt(module)
    assert reasons(module) == [reason]
    assert widest(module) == 1


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
