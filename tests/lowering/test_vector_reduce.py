"""Reductions in lanes: every kind at awkward extents, special values anywhere, and the reason where the order has to stay."""

from __future__ import annotations

import numpy as np
import pytest
from loop_kernels import Array, Upstream, kernel, reasons, same_numbers, vectorized, widest

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
