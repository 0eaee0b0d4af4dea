"""What kernels look like: one expression where one is meant, names from the program, loops kept, order kept where it matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.errors import BackendError

Lines = Callable[..., list[str]]
Module = Callable[..., str]
Run = Callable[..., list[np.ndarray[Any, Any]]]

ROW = [("x", "memref<8xf32>"), ("out", "memref<8xf32>")]
INDICES = """
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c2 = arith.constant 2 : index
%c8 = arith.constant 8 : index
"""


def test_product_and_sum_are_one_expression(gpu_module: Module, kernel_lines: Lines) -> None:
    text = gpu_module(
        [("x", "memref<8xf32>"), ("y", "memref<8xf32>"), ("out", "memref<f32>")],
        INDICES
        + """
        %zero = arith.constant 0.0 : f32
        %s = scf.for %k = %c0 to %c8 step %c1 iter_args(%acc = %zero) -> (f32) {
          %a = memref.load %x[%k] : memref<8xf32>
          %b = memref.load %y[%k] : memref<8xf32>
          %m = arith.mulf %a, %b : f32
          %n = arith.addf %acc, %m : f32
          scf.yield %n : f32
        }
        memref.store %s, %out[] : memref<f32>""",
    )
    assert kernel_lines(text) == [
        "float acc = 0.0f;",
        "for (int k = 0; k < 8; k++) {",
        "acc += x[k] * y[k];",
        "}",
        "out[0] = acc;",
    ]


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ("%s = arith.subf %a, %b : f32\n%r = arith.subf %c, %s : f32", "c - (a - b)"),
        ("%s = arith.subf %a, %b : f32\n%r = arith.subf %s, %c : f32", "a - b - c"),
        ("%s = arith.addf %a, %b : f32\n%r = arith.addf %c, %s : f32", "c + (a + b)"),
        ("%s = arith.mulf %a, %b : f32\n%r = arith.divf %c, %s : f32", "c / (a * b)"),
        ("%s = arith.addf %a, %b : f32\n%r = arith.mulf %s, %c : f32", "(a + b) * c"),
        ("%s = arith.negf %a : f32\n%r = arith.negf %s : f32", "- -a"),
        ("%s = arith.negf %a : f32\n%r = arith.mulf %s, %b : f32", "-a * b"),
        ("%k = arith.constant -2.0 : f32\n%r = arith.subf %a, %k : f32", "a - -2.0f"),
        ("%s = arith.cmpf olt, %a, %b : f32\n%r = arith.select %s, %a, %c : f32", "a < b ? a : c"),
        (
            "%s = arith.cmpf olt, %a, %b : f32\n%t = arith.select %s, %a, %b : f32\n%r = arith.addf %t, %c : f32",
            "(a < b ? a : b) + c",
        ),
    ],
)
def test_parentheses_are_those_that_c_needs(ops: str, expected: str, gpu_module: Module, kernel_lines: Lines) -> None:
    loads = "\n".join(
        f"%{n} = memref.load %x[%c{i}] : memref<8xf32>\nmemref.store %{n}, %out[%c{i}] : memref<8xf32>"
        for n, i in (("a", 0), ("b", 1), ("c", 2))
    )
    lines = kernel_lines(gpu_module(ROW, f"{INDICES}\n{loads}\n{ops}\nmemref.store %r, %out[%c8] : memref<8xf32>"))
    assert lines[-1] == f"out[8] = {expected};"


def test_subscripts_are_written_by_dimension(gpu_module: Module, kernel_lines: Lines) -> None:
    text = gpu_module(
        [("x", "memref<37x512xf32>"), ("out", "memref<37x512xf32>")],
        INDICES
        + """
        %b = gpu.block_id x
        %r = affine.apply affine_map<(d0) -> (d0 * 4 + 3)>(%b)
        scf.for %k = %c0 to %c8 step %c2 {
          %m = affine.apply affine_map<(d0) -> (7 - d0)>(%k)
          %v = memref.load %x[%r, %m] : memref<37x512xf32>
          memref.store %v, %out[%c1, %k] : memref<37x512xf32>
        }""",
        grid=(9, 1, 1),
    )
    assert kernel_lines(text) == [
        "int b = get_group_id(0);",
        "int r = b * 4 + 3;",
        "for (int k = 0; k < 8; k += 2) {",
        "out[k + 512] = x[r * 512 + 7 - k];",
        "}",
    ]


@pytest.mark.parametrize(
    ("map_", "expected"),
    [
        ("d0 floordiv 4", "i / 4"),
        ("d0 mod 4", "i % 4"),
        ("(d0 * 8 + 4) floordiv 4", "i * 2 + 1"),
        ("(d0 * 8) mod 4", "0"),
        ("d0 ceildiv 4", "(i + 3) / 4"),
        ("d0 floordiv 4 * 4 + d0 mod 4", "i / 4 * 4 + i % 4"),
        ("d0 floordiv 128", "0"),
        ("d0 mod 128", "i"),
        ("(d0 - 5) floordiv 4", "rung_floor_divide_int(i - 5, 4)"),
        ("(d0 - 5) mod 4", "rung_floor_remainder_int(i - 5, 4)"),
    ],
)
def test_affine_division_is_plain_where_nothing_is_negative(
    map_: str, expected: str, gpu_module: Module, kernel_lines: Lines, run_kernel: Run
) -> None:
    text = gpu_module(
        [("out", "memref<100xi32>")],
        f"""
        %i = gpu.block_id x
        %r = affine.apply affine_map<(d0) -> ({map_})>(%i)
        %v = arith.index_cast %r : index to i32
        memref.store %v, %out[%i] : memref<100xi32>""",
        grid=(100, 1, 1),
    )
    assert kernel_lines(text)[-1] == f"out[i] = {expected};"
    meant = map_.replace("ceildiv", "//-").replace("floordiv", "//").replace("mod", "%")
    d0 = np.arange(100)
    expect = -(-d0 // 4) if "//-" in meant else eval(meant, {"d0": d0})
    np.testing.assert_array_equal(run_kernel(text)[0], np.broadcast_to(expect, 100))


def test_indices_are_int_where_they_fit_and_long_where_not(gpu_module: Module, kernel_lines: Lines) -> None:
    def first_line(rows: int) -> str:
        type_ = f"memref<{rows}x65536xi8>"
        body = f"""
        %i = gpu.block_id x
        %v = memref.load %x[%i, %i] : {type_}
        memref.store %v, %x[%i, %i] : {type_}"""
        return kernel_lines(gpu_module([("x", type_)], body, grid=(rows, 1, 1)))[0]

    assert first_line(32768) == "int i = get_group_id(0);"
    assert first_line(32769) == "long i = get_group_id(0);"


def test_an_index_from_data_is_long(gpu_module: Module, kernel_lines: Lines, run_kernel: Run) -> None:
    """A guard `index < n` must see the number that was loaded, not its low bits."""
    text = gpu_module(
        [("x", "memref<8xi64>"), ("out", "memref<8xi64>")],
        INDICES
        + """
        scf.for %k = %c0 to %c8 step %c1 {
          %v = memref.load %x[%k] : memref<8xi64>
          %i = arith.index_cast %v : i64 to index
          %ok = arith.cmpi ult, %i, %c8 : index
          %w = scf.if %ok -> (i64) {
            %in = memref.load %x[%i] : memref<8xi64>
            scf.yield %in : i64
          } else {
            %none = arith.constant -1 : i64
            scf.yield %none : i64
          }
          memref.store %w, %out[%k] : memref<8xi64>
        }""",
    )
    assert "for (long k = 0; k < 8; k++) {" in kernel_lines(text)
    x = np.array([3, -1, 2**32 + 1, 7, 8, 0, -(2**40), 1], np.int64)
    expected = [x[i] if 0 <= i < 8 else -1 for i in x]
    assert run_kernel(text, x)[0].tolist() == expected


def test_a_guarded_load_becomes_a_conditional(gpu_module: Module, kernel_lines: Lines) -> None:
    text = gpu_module(
        ROW,
        INDICES
        + """
        scf.for %k = %c0 to %c8 step %c1 {
          %ok = arith.cmpi sge, %k, %c2 : index
          %pad = arith.constant 0.5 : f32
          %v = scf.if %ok -> (f32) {
            %at = affine.apply affine_map<(d0) -> (d0 - 2)>(%k)
            %in = memref.load %x[%at] : memref<8xf32>
            scf.yield %in : f32
          } else {
            scf.yield %pad : f32
          }
          memref.store %v, %out[%k] : memref<8xf32>
        }""",
    )
    assert "out[k] = k >= 2 ? x[k - 2] : 0.5f;" in kernel_lines(text)


def test_branches_that_store_stay_branches(gpu_module: Module, kernel_lines: Lines) -> None:
    text = gpu_module(
        ROW,
        INDICES
        + """
        %i = gpu.thread_id x
        %first = arith.cmpi eq, %i, %c0 : index
        scf.if %first {
          %v = memref.load %x[%c0] : memref<8xf32>
          memref.store %v, %out[%c1] : memref<8xf32>
        } else {
          %v = memref.load %x[%c1] : memref<8xf32>
          memref.store %v, %out[%c0] : memref<8xf32>
        }""",
        block=(8, 1, 1),
    )
    assert kernel_lines(text)[1:] == [
        "if (i == 0) {",
        "out[1] = x[0];",
        "} else {",
        "out[0] = x[1];",
        "}",
    ]


def test_a_load_does_not_move_past_a_store_to_its_memory(gpu_module: Module, kernel_lines: Lines, run_kernel: Run) -> None:
    text = gpu_module(
        [("x", "memref<8xf32>"), ("out", "memref<8xf32>")],
        INDICES
        + """
        %b = memref.alloca() : memref<2xf32>
        %v = memref.load %x[%c0] : memref<8xf32>
        memref.store %v, %b[%c0] : memref<2xf32>
        %old = memref.load %b[%c0] : memref<2xf32>
        %w = memref.load %x[%c1] : memref<8xf32>
        memref.store %w, %b[%c0] : memref<2xf32>
        %new = memref.load %b[%c0] : memref<2xf32>
        %d = arith.subf %new, %old : f32
        memref.store %d, %out[%c0] : memref<8xf32>""",
    )
    assert kernel_lines(text) == [
        "float __attribute__((aligned(32))) b[2];",
        "b[0] = x[0];",
        "float old = b[0];",
        "b[0] = x[1];",
        "out[0] = b[0] - old;",
    ]
    x = np.arange(8, dtype=np.float32) ** 2 + 3
    assert run_kernel(text, x)[0][0] == 1


def test_a_load_does_not_move_into_a_loop_that_stores(gpu_module: Module, kernel_lines: Lines) -> None:
    text = gpu_module(
        ROW,
        INDICES
        + """
        %v = memref.load %out[%c0] : memref<8xf32>
        scf.for %k = %c0 to %c8 step %c1 {
          %w = memref.load %x[%k] : memref<8xf32>
          memref.store %w, %out[%k] : memref<8xf32>
        }
        memref.store %v, %out[%c1] : memref<8xf32>""",
    )
    assert kernel_lines(text)[0] == "float v = out[0];"


def test_a_load_moves_past_a_store_to_other_memory(gpu_module: Module, kernel_lines: Lines) -> None:
    text = gpu_module(
        ROW,
        INDICES
        + """
        %v = memref.load %x[%c0] : memref<8xf32>
        %k = arith.constant 2.0 : f32
        memref.store %k, %out[%c0] : memref<8xf32>
        memref.store %v, %out[%c1] : memref<8xf32>""",
    )
    assert kernel_lines(text) == ["out[0] = 2.0f;", "out[1] = x[0];"]


def test_loop_variables_that_swap_keep_their_old_values(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("out", "memref<3xi32>")],
        INDICES
        + """
        %one = arith.constant 1 : i32
        %two = arith.constant 2 : i32
        %three = arith.constant 3 : i32
        %r:3 = scf.for %k = %c0 to %c8 step %c1 iter_args(%a = %one, %b = %two, %c = %three) -> (i32, i32, i32) {
          %s = arith.addi %b, %c : i32
          scf.yield %b, %a, %s : i32, i32, i32
        }
        memref.store %r#0, %out[%c0] : memref<3xi32>
        memref.store %r#1, %out[%c1] : memref<3xi32>
        memref.store %r#2, %out[%c2] : memref<3xi32>""",
    )
    a, b, c = 1, 2, 3
    for _ in range(8):
        a, b, c = b, a, b + c
    assert run_kernel(text)[0].tolist() == [a, b, c]


def test_loop_variables_computed_from_each_other_read_old_values(gpu_module: Module, run_kernel: Run) -> None:
    text = gpu_module(
        [("out", "memref<2x3xi32>")],
        INDICES
        + """
        %a0 = arith.constant dense<[1, 2, 3]> : vector<3xi32>
        %b0 = arith.constant dense<[5, 7, 9]> : vector<3xi32>
        %r:2 = scf.for %k = %c0 to %c8 step %c1 iter_args(%a = %a0, %b = %b0) -> (vector<3xi32>, vector<3xi32>) {
          %x = arith.addi %b, %a : vector<3xi32>
          %y = arith.subi %a, %b : vector<3xi32>
          scf.yield %x, %y : vector<3xi32>, vector<3xi32>
        }
        vector.store %r#0, %out[%c0, %c0] : memref<2x3xi32>, vector<3xi32>
        vector.store %r#1, %out[%c1, %c0] : memref<2x3xi32>, vector<3xi32>""",
    )
    a, b = np.array([1, 2, 3]), np.array([5, 7, 9])
    for _ in range(8):
        a, b = b + a, a - b
    np.testing.assert_array_equal(run_kernel(text)[0], np.stack([a, b]))


@pytest.mark.parametrize("name", ["double", "a.b"])
def test_a_kernel_name_that_c_cannot_have_is_refused(name: str, gpu_module: Module, spell: Callable[..., str]) -> None:
    text = gpu_module(ROW, "", kernel=f'"{name}"')
    with pytest.raises(BackendError, match=f"opencl: kernel name @{name} is no C identifier"):
        spell(text)


def test_sums_of_integers_are_unsigned_so_that_they_may_wrap(gpu_module: Module, kernel_lines: Lines, run_kernel: Run) -> None:
    text = gpu_module(
        [("x", "memref<8xi32>"), ("out", "memref<i32>")],
        INDICES
        + """
        %zero = arith.constant 0 : i32
        %s = scf.for %k = %c0 to %c8 step %c1 iter_args(%acc = %zero) -> (i32) {
          %a = memref.load %x[%k] : memref<8xi32>
          %n = arith.addi %acc, %a : i32
          scf.yield %n : i32
        }
        memref.store %s, %out[] : memref<i32>""",
    )
    assert kernel_lines(text)[:3] == ["uint acc = 0u;", "for (int k = 0; k < 8; k++) {", "acc += x[k];"]
    assert run_kernel(text, np.full(8, 2**30, np.int32))[0] == 0


def test_names_come_from_the_program_and_avoid_keywords(gpu_module: Module, spell: Callable[..., str]) -> None:
    text = gpu_module(
        [("float", "memref<8xf32>"), ("global", "memref<8xf32>"), ("out", "memref<8xf32>")],
        """
        %barrier = gpu.block_id x
        %for = memref.load %float[%barrier] : memref<8xf32>
        memref.store %for, %global[%barrier] : memref<8xf32>
        memref.store %for, %out[%barrier] : memref<8xf32>""",
        grid=(8, 1, 1),
        outs=2,
    )
    source = spell(text)
    assert (
        "void k(const __global float *restrict float_1, __global float *restrict global_1, __global float *restrict out) {"
        in source
    )
    assert "int barrier_1 = get_group_id(0);" in source
    assert "float for_1 = float_1[barrier_1];" in source


def test_sibling_loops_share_names(gpu_module: Module, kernel_lines: Lines) -> None:
    loop = """
        scf.for %i = %c0 to %c8 step %c1 {
          %v = memref.load %x[%i] : memref<8xf32>
          memref.store %v, %out[%i] : memref<8xf32>
        }"""
    assert kernel_lines(gpu_module(ROW, INDICES + loop + loop))[::3] == [
        "for (int i = 0; i < 8; i++) {",
        "for (int i = 0; i < 8; i++) {",
    ]


def test_the_comment_tells_shapes_and_sizes(gpu_module: Module, spell: Callable[..., str]) -> None:
    text = gpu_module([("x", "memref<4x8xf32>"), ("out", "memref<4xi1>")], "", grid=(4, 2, 1), block=(8, 1, 1))
    # nothing writes `out` here, so it is an input like any other
    assert "// k: x 4x8xf32, out 4xi1; 4x2 blocks of 8 threads" in spell(text)


def test_unused_values_leave_no_trace(gpu_module: Module, kernel_lines: Lines) -> None:
    text = gpu_module(
        ROW,
        INDICES
        + """
        %v = memref.load %x[%c0] : memref<8xf32>
        %w = arith.addf %v, %v : f32
        %u = memref.load %x[%c1] : memref<8xf32>
        memref.store %u, %out[%c0] : memref<8xf32>""",
    )
    lines = kernel_lines(text)
    assert lines[-1] == "out[0] = x[1];"
    assert not any("+" in line for line in lines)


def test_results_that_nobody_asks_for_leave_no_trace(
    gpu_module: Module, kernel_lines: Lines, nvrtc_accepts: Any, spell: Any
) -> None:
    text = gpu_module(
        ROW,
        INDICES
        + """
        %zero = arith.constant 0.0 : f32
        %r:2 = scf.for %k = %c0 to %c8 step %c1 iter_args(%a = %zero, %b = %zero) -> (f32, f32) {
          %v = memref.load %x[%k] : memref<8xf32>
          %c = arith.addf %a, %v : f32
          %d = arith.addf %b, %c : f32
          scf.yield %c, %d : f32, f32
        }
        memref.store %r#0, %out[%c0] : memref<8xf32>""",
    )
    assert kernel_lines(text) == [
        "float a = 0.0f;",
        "for (int k = 0; k < 8; k++) {",
        "float c = a + x[k];",
        "a = c;",
        "}",
        "out[0] = a;",
    ]
    nvrtc_accepts(spell(text, "cuda"))


def test_an_integer_compared_with_itself_is_a_constant(gpu_module: Module, kernel_lines: Lines, run_kernel: Run) -> None:
    """clang warns of `i < i`; of floats it is the test for NaN and stays."""
    text = gpu_module(
        [("x", "memref<8xi32>"), ("y", "memref<8xf32>"), ("out", "memref<4xi1>")],
        INDICES
        + """
        %i = memref.load %x[%c0] : memref<8xi32>
        %f = memref.load %y[%c0] : memref<8xf32>
        %a = arith.cmpi sge, %i, %i : i32
        %b = arith.cmpi ult, %i, %i : i32
        %c = arith.cmpf une, %f, %f : f32
        memref.store %a, %out[%c0] : memref<4xi1>
        memref.store %b, %out[%c1] : memref<4xi1>
        memref.store %c, %out[%c2] : memref<4xi1>""",
    )
    assert kernel_lines(text)[-3:] == ["out[0] = true;", "out[1] = false;", "out[2] = f != f;"]
    assert run_kernel(text, np.zeros(8, np.int32), np.full(8, np.nan, np.float32))[0][:3].tolist() == [True, False, True]


def test_strided_and_offset_memrefs_are_addressed(gpu_module: Module, kernel_lines: Lines) -> None:
    strided = "memref<4x4xf32, strided<[16, 2], offset: 3>>"
    text = gpu_module(
        [("x", "memref<64xf32>"), ("out", "memref<64xf32>")],
        INDICES
        + f"""
        %i = gpu.block_id x
        %m = memref.alloca() : {strided}
        %v = memref.load %x[%i] : memref<64xf32>
        memref.store %v, %m[%i, %c1] : {strided}
        %w = memref.load %m[%i, %c2] : {strided}
        memref.store %w, %out[%i] : memref<64xf32>""",
        grid=(4, 1, 1),
    )
    lines = kernel_lines(text)
    assert "m[i * 16 + 5] = x[i];" in lines
    assert "out[i] = m[i * 16 + 7];" in lines


def test_subviews_print_nothing(gpu_module: Module, kernel_lines: Lines) -> None:
    slice_ = "memref<2x4xf32, strided<[8, 2], offset: ?>>"
    text = gpu_module(
        [("x", "memref<8x8xf32>"), ("out", "memref<8x8xf32>")],
        INDICES
        + f"""
        %i = gpu.block_id x
        %s = memref.subview %x[%i, 1] [2, 4] [1, 2] : memref<8x8xf32> to {slice_}
        %row = memref.subview %s[1, 0] [1, 4] [1, 1] : {slice_} to memref<4xf32, strided<[2], offset: ?>>
        %v = memref.load %row[%c2] : memref<4xf32, strided<[2], offset: ?>>
        memref.store %v, %out[%i, %c0] : memref<8x8xf32>""",
        grid=(4, 1, 1),
    )
    assert kernel_lines(text)[-1] == "out[i * 8] = x[(i + 1) * 8 + 5];"


def test_shared_memory_and_barriers(
    gpu_module: Module, spell: Callable[..., str], run_kernel: Run, nvrtc_accepts: Callable[[str], None]
) -> None:
    """Reverse a row through workgroup memory: wrong in any order of threads without the barrier."""
    space = "memref<64xf32, #gpu.address_space<workgroup>>"
    text = gpu_module(
        [("x", "memref<4x64xf32>"), ("out", "memref<4x64xf32>")],
        f"""
        %i = gpu.block_id x
        %j = gpu.thread_id x
        %v = memref.load %x[%i, %j] : memref<4x64xf32>
        memref.store %v, %tile[%j] : {space}
        gpu.barrier
        %m = affine.apply affine_map<(d0) -> (63 - d0)>(%j)
        %w = memref.load %tile[%m] : {space}
        memref.store %w, %out[%i, %j] : memref<4x64xf32>""",
        grid=(4, 1, 1),
        block=(64, 1, 1),
        shared=f"%tile: {space}",
    )
    source = spell(text)
    assert "__local float __attribute__((aligned(32))) tile[64];" in source
    assert "barrier(CLK_LOCAL_MEM_FENCE);" in source
    cuda = spell(text, "cuda")
    assert "__shared__ float __align__(16) tile[64];" in cuda
    nvrtc_accepts(cuda)
    x = np.random.default_rng(0).standard_normal((4, 64), np.float32)
    np.testing.assert_array_equal(run_kernel(text, x)[0], x[:, ::-1])


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("%r = math.erf %h : f16", "no rule for math.erf on f16 in kernel @k"),
        ("%r = arith.addf %h, %h : f16", "no rule for arith.addf on f16, which is stored but not computed with in kernel @k"),
        ("%r = math.fpowi %f, %n : f32, i32", "no rule for math.fpowi in kernel @k"),
        (
            "%r = arith.addi %w, %w : i128",
            "no C type for i128, expected i1, i8 to i64, f16, bf16, f32, f64 or index in kernel @k",
        ),
    ],
)
@pytest.mark.parametrize("target", ["opencl", "cuda"])
def test_what_cannot_be_spelled_is_named(
    op: str, message: str, target: str, gpu_module: Module, spell: Callable[..., str]
) -> None:
    type_ = op.rsplit(": ", 1)[1].split(",")[0]
    text = gpu_module(
        [("o", f"memref<1x{type_}>")],
        f"""
        %c0 = arith.constant 0 : index
        %h = arith.constant 1.0 : f16
        %f = arith.constant 1.0 : f32
        %n = arith.constant 1 : i32
        {"%w = arith.constant 1 : i128" if "i128" in op else ""}
        {op}
        memref.store %r, %o[%c0] : memref<1x{type_}>""",
    )
    with pytest.raises(BackendError) as caught:
        spell(text, target)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{target}: ")


def test_printing_needs_no_driver(gpu_module: Module) -> None:
    """A subprocess that may not import pyopencl, cupy or cuda spells both languages."""
    import subprocess
    import sys

    code = """
import sys
for name in ("pyopencl", "cupy", "cuda", "cuda.bindings"):
    sys.modules[name] = None
from rung.backends.target import target
from rung.dialects.upstream import parse
text = sys.stdin.read()
for name in ("opencl", "cuda"):
    assert "out[0] = x[0]" in target(name).spell(parse(text))
print(target("opencl").available(), "|", target("cuda").available())
"""
    text = gpu_module(ROW, INDICES + "%v = memref.load %x[%c0] : memref<8xf32>\nmemref.store %v, %out[%c0] : memref<8xf32>")
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "pyopencl is not installed | cupy is not installed"
