"""Vector values as grids of registers: awkward sizes, broadcasts, reductions and lane moves, run on PoCL and read as text."""

# ruff: noqa: E501  (lines of MLIR are as long as they are)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.c.parts import Grid, pieces
from rung.backends.errors import BackendError

Array = np.ndarray[Any, np.dtype[Any]]
Lines = Callable[..., list[str]]
Module = Callable[..., str]
Run = Callable[..., list[Array]]

CONSTANTS = """
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c2 = arith.constant 2 : index
%c3 = arith.constant 3 : index
%pad = arith.constant 0.0 : f32
"""


def normal(*shape: int, dtype: Any = np.float32) -> Array:
    return np.random.default_rng(3).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(
    ("extent", "lanes", "expected"),
    [
        (16, 8, ((0, 8), (8, 8))),
        (12, 8, ((0, 8), (8, 4))),
        (7, 8, ((0, 4), (4, 2), (6, 1))),
        (1, 8, ((0, 1),)),
        (3, 1, ((0, 1), (1, 1), (2, 1))),
    ],
)
def test_a_last_dimension_is_cut_into_registers(extent: int, lanes: int, expected: tuple[tuple[int, int], ...]) -> None:
    assert pieces(extent, lanes) == expected


def test_a_grid_finds_the_part_and_lane_of_an_element() -> None:
    grid = Grid.of((3, 11), 8)
    assert grid.count == 9
    assert grid.find((0, 0)) == (0, 0)
    assert grid.find((1, 9)) == (4, 1)
    assert grid.find((2, 10)) == (8, 0)
    with pytest.raises(IndexError, match="lies outside"):
        grid.find((0, 11))


@pytest.mark.parametrize(
    "shape", [(1,), (2,), (3,), (5,), (8,), (11,), (13,), (16,), (17,), (31,), (2, 3), (3, 1), (4, 16), (2, 3, 5)]
)
def test_awkward_shapes_add_elementwise(
    shape: tuple[int, ...], gpu_module: Module, run_kernel: Run, spell: Callable[..., str], nvrtc_accepts: Callable[[str], None]
) -> None:
    dims = "x".join(map(str, shape))
    at, bounds = ", ".join(["%c0"] * len(shape)), ", ".join(["true"] * len(shape))
    text = gpu_module(
        [("x", f"memref<{dims}xf32>"), ("y", f"memref<{dims}xf32>"), ("out", f"memref<{dims}xf32>")],
        CONSTANTS
        + f"""
        %a = vector.transfer_read %x[{at}], %pad {{in_bounds = [{bounds}]}} : memref<{dims}xf32>, vector<{dims}xf32>
        %b = vector.transfer_read %y[{at}], %pad {{in_bounds = [{bounds}]}} : memref<{dims}xf32>, vector<{dims}xf32>
        %p = arith.mulf %a, %b : vector<{dims}xf32>
        %s = arith.addf %p, %a : vector<{dims}xf32>
        vector.transfer_write %s, %out[{at}] {{in_bounds = [{bounds}]}} : vector<{dims}xf32>, memref<{dims}xf32>""",
    )
    x, y = normal(*shape), normal(*shape) + 1
    np.testing.assert_allclose(run_kernel(text, x, y)[0], x * y + x, rtol=1e-6, atol=1e-6)
    nvrtc_accepts(spell(text, "cuda"))


def test_broadcast_operands_are_loaded_once(gpu_module: Module, kernel_lines: Lines, run_kernel: Run) -> None:
    row, column = "affine_map<(d0, d1) -> (0, d1)>", "affine_map<(d0, d1) -> (d0, 0)>"
    text = gpu_module(
        [("x", "memref<2x16xf32>"), ("y", "memref<2x16xf32>"), ("out", "memref<2x16xf32>")],
        CONSTANTS
        + f"""
        %a = vector.transfer_read %x[%c0, %c1], %pad {{in_bounds = [true, true], permutation_map = {column}}} : memref<2x16xf32>, vector<2x16xf32>
        %b = vector.transfer_read %y[%c1, %c0], %pad {{in_bounds = [true, true], permutation_map = {row}}} : memref<2x16xf32>, vector<2x16xf32>
        %p = arith.mulf %a, %b : vector<2x16xf32>
        vector.transfer_write %p, %out[%c0, %c0] {{in_bounds = [true, true]}} : vector<2x16xf32>, memref<2x16xf32>""",
    )
    assert kernel_lines(text) == [
        "float a0 = x[1], a1 = x[17];",
        "float8 b0 = *(const __global float8_u *)(y + 16), b1 = *(const __global float8_u *)(y + 24);",
        "*(__global float8_u *)out = a0 * b0;",
        "*(__global float8_u *)(out + 8) = a0 * b1;",
        "*(__global float8_u *)(out + 16) = a1 * b0;",
        "*(__global float8_u *)(out + 24) = a1 * b1;",
    ]
    x, y = normal(2, 16), normal(2, 16) + 1
    np.testing.assert_array_equal(run_kernel(text, x, y)[0], x[:, 1:2] * y[1:2])


def test_products_of_broadcasts_are_computed_once_for_each_row(gpu_module: Module, kernel_lines: Lines) -> None:
    column = "affine_map<(d0, d1) -> (d0, 0)>"
    text = gpu_module(
        [("x", "memref<2x16xf32>"), ("y", "memref<2x16xf32>"), ("out", "memref<2x16xf32>")],
        CONSTANTS
        + f"""
        %a = vector.transfer_read %x[%c0, %c1], %pad {{in_bounds = [true, true], permutation_map = {column}}} : memref<2x16xf32>, vector<2x16xf32>
        %b = vector.transfer_read %y[%c0, %c1], %pad {{in_bounds = [true, true], permutation_map = {column}}} : memref<2x16xf32>, vector<2x16xf32>
        %p = arith.mulf %a, %b : vector<2x16xf32>
        vector.transfer_write %p, %out[%c0, %c0] {{in_bounds = [true, true]}} : vector<2x16xf32>, memref<2x16xf32>""",
    )
    assert "float p0 = a0 * b0, p1 = a1 * b1;" in kernel_lines(text)


def test_a_transposing_read_gathers_lanes(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("x", "memref<5x3xf32>"), ("out", "memref<3x5xf32>")],
        CONSTANTS
        + """
        %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d1, d0)>} : memref<5x3xf32>, vector<3x5xf32>
        vector.transfer_write %a, %out[%c0, %c0] {in_bounds = [true, true]} : vector<3x5xf32>, memref<3x5xf32>""",
    )
    x = normal(5, 3)
    np.testing.assert_array_equal(run_kernel(text, x)[0], x.T)


def test_a_transposing_write_scatters_lanes(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("x", "memref<5x3xf32>"), ("out", "memref<3x5xf32>")],
        CONSTANTS
        + """
        %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<5x3xf32>, vector<5x3xf32>
        vector.transfer_write %a, %out[%c0, %c0] {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d1, d0)>} : vector<5x3xf32>, memref<3x5xf32>""",
    )
    x = normal(5, 3)
    np.testing.assert_array_equal(run_kernel(text, x)[0], x.T)


def test_a_shifted_store_over_its_own_source_reads_first(gpu_module: Module, kernel_lines: Lines, run_kernel: Run) -> None:
    """Two parts: the second must not read what the first has written."""
    text = gpu_module(
        [("x", "memref<24xf32>"), ("out", "memref<24xf32>")],
        CONSTANTS
        + """
        %b = memref.alloca() : memref<24xf32>
        %all = vector.load %x[%c0] : memref<24xf32>, vector<24xf32>
        vector.store %all, %b[%c0] : memref<24xf32>, vector<24xf32>
        %v = vector.load %b[%c0] : memref<24xf32>, vector<16xf32>
        vector.store %v, %b[%c3] : memref<24xf32>, vector<16xf32>
        %w = vector.load %b[%c0] : memref<24xf32>, vector<24xf32>
        vector.store %w, %out[%c0] : memref<24xf32>, vector<24xf32>""",
    )
    assert "float8 v0 = *(float8_u *)b, v1 = *(float8_u *)(b + 8);" in kernel_lines(text)
    x = normal(24)
    expected = x.copy()
    expected[3:19] = x[:16]
    np.testing.assert_array_equal(run_kernel(text, x)[0], expected)


REDUCTIONS: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "add": ("f32 i32", np.sum),
    "mul": ("f32 i32", np.prod),
    "minimumf": ("f32", np.min),
    "maximumf": ("f32", np.max),
    "minnumf": ("f32", np.fmin.reduce),
    "maxnumf": ("f32", np.fmax.reduce),
    "minsi": ("i32", np.min),
    "maxsi": ("i32", np.max),
    "minui": ("i32", lambda x: np.min(x.view(np.uint32)).view(np.int32)),
    "maxui": ("i32", lambda x: np.max(x.view(np.uint32)).view(np.int32)),
    "and": ("i32", np.bitwise_and.reduce),
    "or": ("i32", np.bitwise_or.reduce),
    "xor": ("i32", np.bitwise_xor.reduce),
}


@pytest.mark.parametrize("lanes", [1, 3, 8, 13, 32])
@pytest.mark.parametrize("element", ["f32", "i32"])
def test_reductions_of_every_kind(
    element: str, lanes: int, gpu_module: Module, run_kernel: Run, spell: Callable[..., str], nvrtc_accepts: Callable[[str], None]
) -> None:
    kinds = [kind for kind, (types, _) in REDUCTIONS.items() if element in types.split()]
    fast = " fastmath<reassoc>" if element == "f32" else ""
    body = CONSTANTS + f"%v = vector.load %x[%c0] : memref<{lanes}x{element}>, vector<{lanes}x{element}>\n"
    for number, kind in enumerate(kinds):
        body += f"%r{number} = vector.reduction <{kind}>, %v{fast} : vector<{lanes}x{element}> into {element}\n"
        body += f"memref.store %r{number}, %out{number}[%c0] : memref<1x{element}>\n"
    params = [("x", f"memref<{lanes}x{element}>"), *((f"out{n}", f"memref<1x{element}>") for n in range(len(kinds)))]
    text = gpu_module(params, body, outs=len(kinds))
    x = normal(lanes) if element == "f32" else np.random.default_rng(1).integers(-(2**31), 2**31, lanes).astype(np.int32)
    for kind, found in zip(kinds, run_kernel(text, x)):
        expected = np.asarray(REDUCTIONS[kind][1](x)).astype(x.dtype)
        np.testing.assert_allclose(found[0], expected, rtol=1e-5, err_msg=kind)
    nvrtc_accepts(spell(text, "cuda"))


def test_a_sum_that_may_not_be_reordered_goes_lane_by_lane(gpu_module: Module, run_kernel: Run) -> None:
    """In order the two large numbers absorb the small ones; any tree gives another sum."""
    text = gpu_module(
        [("x", "memref<16xf32>"), ("out", "memref<1xf32>")],
        CONSTANTS
        + """
        %v = vector.load %x[%c0] : memref<16xf32>, vector<16xf32>
        %start = arith.constant 1.0 : f32
        %r = vector.reduction <add>, %v, %start : vector<16xf32> into f32
        memref.store %r, %out[%c0] : memref<1xf32>""",
    )
    x = np.array([1e8, *[1.5] * 14, -1e8], np.float32)
    expected = np.float32(1)
    for value in x:
        expected += value
    assert run_kernel(text, x)[0][0] == expected != x.sum()


def test_a_reduction_starts_from_its_accumulator(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("x", "memref<11xi32>"), ("out", "memref<1xi32>")],
        CONSTANTS
        + """
        %v = vector.load %x[%c0] : memref<11xi32>, vector<11xi32>
        %start = arith.constant 1000 : i32
        %r = vector.reduction <add>, %v, %start : vector<11xi32> into i32
        memref.store %r, %out[%c0] : memref<1xi32>""",
    )
    assert run_kernel(text, np.arange(11, dtype=np.int32))[0][0] == 1055


def test_conditions_may_be_carried_by_a_loop_and_reduced(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("x", "memref<44xf32>"), ("any", "memref<11xi1>"), ("all", "memref<1xi1>")],
        CONSTANTS
        + """
        %c11 = arith.constant 11 : index
        %c44 = arith.constant 44 : index
        %no = arith.constant dense<false> : vector<11xi1>
        %limit = arith.constant dense<1.0> : vector<11xf32>
        %seen = scf.for %i = %c0 to %c44 step %c11 iter_args(%acc = %no) -> (vector<11xi1>) {
          %v = vector.load %x[%i] : memref<44xf32>, vector<11xf32>
          %big = "arith.cmpf"(%v, %limit) <{predicate = 2 : i64, fastmath = #arith.fastmath<none>}> : (vector<11xf32>, vector<11xf32>) -> vector<11xi1>
          %or = arith.ori %acc, %big : vector<11xi1>
          scf.yield %or : vector<11xi1>
        }
        vector.store %seen, %any[%c0] : memref<11xi1>, vector<11xi1>
        %every = vector.reduction <and>, %seen : vector<11xi1> into i1
        memref.store %every, %all[%c0] : memref<1xi1>""",
        outs=2,
    )
    for shift in (0.0, 2.5):
        x = normal(44) + np.float32(shift)
        seen = (x.reshape(4, 11) > 1).any(0)
        found, every = run_kernel(text, x)
        assert found.tolist() == seen.tolist()
        assert every[0] == seen.all()


def test_bools_in_memory_select_wider_elements(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("c", "memref<13xi1>"), ("x", "memref<13xf64>"), ("out", "memref<13xf64>")],
        CONSTANTS
        + """
        %m = vector.load %c[%c0] : memref<13xi1>, vector<13xi1>
        %v = vector.load %x[%c0] : memref<13xf64>, vector<13xf64>
        %n = arith.negf %v : vector<13xf64>
        %r = "arith.select"(%m, %v, %n) : (vector<13xi1>, vector<13xf64>, vector<13xf64>) -> vector<13xf64>
        vector.store %r, %out[%c0] : memref<13xf64>, vector<13xf64>""",
    )
    c, x = np.arange(13) % 3 == 1, normal(13, dtype=np.float64)
    np.testing.assert_array_equal(run_kernel(text, c, x)[0], np.where(c, x, -x))


def test_a_scalar_condition_selects_whole_vectors(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("c", "memref<2xi1>"), ("x", "memref<12xf32>"), ("out", "memref<12xf32>")],
        CONSTANTS
        + """
        %m = memref.load %c[%c1] : memref<2xi1>
        %v = vector.load %x[%c0] : memref<12xf32>, vector<12xf32>
        %zero = arith.constant dense<7.0> : vector<12xf32>
        %r = arith.select %m, %v, %zero : vector<12xf32>
        vector.store %r, %out[%c0] : memref<12xf32>, vector<12xf32>""",
    )
    x = normal(12)
    assert run_kernel(text, np.array([False, True]), x)[0].tolist() == x.tolist()
    assert run_kernel(text, np.array([True, False]), x)[0].tolist() == [7] * 12


LANE_OPS = {
    "extract row": ("vector<3x11xf32>", '%r = vector.extract %v[1] : vector<11xf32> from vector<3x11xf32>', "11", lambda x: x[1]),
    "extract element": ("vector<3x11xf32>", "%e = vector.extract %v[2, 9] : f32 from vector<3x11xf32>\n%r = vector.broadcast %e : f32 to vector<11xf32>", "11", lambda x: np.full(11, x[2, 9])),
    "insert row": ("vector<3x11xf32>", "%e = vector.extract %v[2] : vector<11xf32> from vector<3x11xf32>\n%r = vector.insert %e, %v [0] : vector<11xf32> into vector<3x11xf32>", "3x11", lambda x: np.stack([x[2], x[1], x[2]])),
    "insert element": ("vector<3x11xf32>", "%e = vector.extract %v[2, 9] : f32 from vector<3x11xf32>\n%r = vector.insert %e, %v [0, 3] : f32 into vector<3x11xf32>", "3x11", lambda x: np.where(np.arange(33).reshape(3, 11) == 3, x[2, 9], x)),
    "broadcast rows": ("vector<3x11xf32>", "%e = vector.extract %v[1] : vector<11xf32> from vector<3x11xf32>\n%r = vector.broadcast %e : vector<11xf32> to vector<2x11xf32>", "2x11", lambda x: np.stack([x[1], x[1]])),
    "shuffle": ("vector<11xf32>", "%r = vector.shuffle %v, %v [0, 12, 5, 21, 10] : vector<11xf32>, vector<11xf32>", "5", lambda x: x[[0, 1, 5, 10, 10]]),
    "fma": ("vector<11xf32>", "%r = vector.fma %v, %v, %v : vector<11xf32>", "11", lambda x: x * x + x),
    "bitcast": ("vector<11xf32>", "%i = vector.bitcast %v : vector<11xf32> to vector<11xi32>\n%o = arith.constant dense<1> : vector<11xi32>\n%j = arith.xori %i, %o : vector<11xi32>\n%r = vector.bitcast %j : vector<11xi32> to vector<11xf32>", "11", lambda x: (x.view(np.int32) ^ 1).view(np.float32)),
    "uneven constant": ("vector<11xf32>", "%k = arith.constant dense<[0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.]> : vector<11xf32>\n%r = arith.addf %v, %k : vector<11xf32>", "11", lambda x: x + np.arange(11, dtype=np.float32)),
}  # fmt: skip


@pytest.mark.parametrize("name", LANE_OPS)
def test_lanes_move(
    name: str, gpu_module: Module, run_kernel: Run, spell: Callable[..., str], nvrtc_accepts: Callable[[str], None]
) -> None:
    type_, op, out, expected = LANE_OPS[name]
    source = type_.replace("vector", "memref")
    at = ", ".join(["%c0"] * (source.count("x")))
    to = ", ".join(["%c0"] * (out.count("x") + 1))
    text = gpu_module(
        [("x", source), ("out", f"memref<{out}xf32>")],
        CONSTANTS
        + f"""
        %v = vector.load %x[{at}] : {source}, {type_}
        {op}
        vector.store %r, %out[{to}] : memref<{out}xf32>, vector<{out}xf32>""",
    )
    x = normal(3, 11) if "3x11" in type_ else normal(11)
    np.testing.assert_allclose(run_kernel(text, x)[0], expected(x), rtol=1e-6)
    nvrtc_accepts(spell(text, "cuda"))


@pytest.mark.parametrize(
    ("element", "register"), [("f32", "float8"), ("f64", "double4"), ("i8", "uchar16"), ("i16", "ushort16"), ("i64", "ulong4")]
)
def test_registers_are_as_wide_as_the_machine(element: str, register: str, gpu_module: Module, kernel_lines: Lines) -> None:
    add = "arith.addf" if element[0] == "f" else "arith.addi"
    text = gpu_module(
        [("x", f"memref<32x{element}>"), ("out", f"memref<32x{element}>")],
        CONSTANTS
        + f"""
        %v = vector.load %x[%c0] : memref<32x{element}>, vector<32x{element}>
        %a = {add} %v, %v : vector<32x{element}>
        %b = {add} %a, %a : vector<32x{element}>
        vector.store %b, %out[%c0] : memref<32x{element}>, vector<32x{element}>""",
    )
    assert any(line.startswith(f"{register} a0 = ") for line in kernel_lines(text))


def test_cuda_loads_whole_registers_only_where_they_are_aligned(
    gpu_module: Module, kernel_lines: Lines, spell: Callable[..., str]
) -> None:
    text = gpu_module(
        [("x", "memref<5x8xf32>"), ("y", "memref<40xf32>"), ("out", "memref<5x8xf32>")],
        CONSTANTS
        + """
        %i = gpu.block_id x
        %a = vector.load %x[%i, %c0] : memref<5x8xf32>, vector<4xf32>
        %b = vector.load %y[%i] : memref<40xf32>, vector<4xf32>
        %s = arith.addf %a, %b : vector<4xf32>
        vector.store %s, %out[%i, %c1] : memref<5x8xf32>, vector<4xf32>""",
        grid=(5, 1, 1),
    )
    assert kernel_lines(text, "cuda")[-1] == (
        "rung_store<f32x4>((out + i * 8 + 1), *(const f32x4 *)(x + i * 8) + rung_load<f32x4>(y + i));"
    )


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("%v = vector.transfer_read %x[%c0], %pad : memref<16xf32>, vector<8xf32>", "vector.transfer_read that may leave its memory"),
        ("%v = vector.load %x[%c0] : memref<16xf32>, vector<8xf32>\n%i = gpu.block_id x\n%e = vector.extract %v[%i] : f32 from vector<8xf32>\nmemref.store %e, %x[%c0] : memref<16xf32>", "vector.extract at a position that is not constant"),
    ],
)  # fmt: skip
def test_what_has_no_rule_is_named(op: str, message: str, gpu_module: Module, spell: Callable[..., str]) -> None:
    text = gpu_module([("x", "memref<16xf32>")], f"{CONSTANTS}{op}", outs=0, grid=(8, 1, 1))
    with pytest.raises(BackendError, match=f"opencl: no rule for {message}.* in kernel @k"):
        spell(text)
