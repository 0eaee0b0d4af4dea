"""Kernels and launches: ids, guards, grids, shared kernels; the numbers are those of the forall, in any order of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.dialects.upstream import gpu, make_context, parse
from rung.lowering.vector_to_gpu import VectorToGpuPass

Array = np.ndarray[Any, np.dtype[Any]]
Upstream = Callable[..., str]


def on_gpu(text: str) -> ModuleOp:
    module = parse(text)
    VectorToGpuPass().apply(make_context(), module)
    module.verify()
    return module


def kernels(module: ModuleOp) -> list[gpu.FuncOp]:
    return [op for op in module.walk() if isinstance(op, gpu.FuncOp)]


def launches(module: ModuleOp) -> list[gpu.LaunchFuncOp]:
    return [op for op in module.walk() if isinstance(op, gpu.LaunchFuncOp)]


def sizes(kernel: gpu.FuncOp) -> tuple[list[int], list[int]]:
    """Grid and block along x, y, z."""
    grid, block = kernel.known_grid_size, kernel.known_block_size
    assert isinstance(grid, DenseArrayBase) and isinstance(block, DenseArrayBase)
    return list(grid.get_values()), list(block.get_values())


def box(bounds: list[tuple[int, int, int]], threads: list[int] | None = None) -> str:
    """A kernel that copies the points of a box, doubled, one tile of 1 each."""
    ivs = ", ".join(f"%i{k}" for k in range(len(bounds)))
    lower, upper, step = (", ".join(str(bound[k]) for bound in bounds) for k in range(3))
    shape = "x".join(str(bound[1]) for bound in bounds) + "xf32"
    schedule = f", schedule = {{threads = array<i64: {', '.join(map(str, threads))}>}}" if threads else ""
    return f"""
      func.func @main(%x: memref<{shape}>, %out: memref<{shape}>) attributes {{outs = 1 : i64}} {{
        func.call @double(%x, %out) : (memref<{shape}>, memref<{shape}>) -> ()
        return
      }}
      func.func private @double(%x: memref<{shape}>, %out: memref<{shape}>) attributes {{kernel, outs = 1 : i64{schedule}}} {{
        %two = arith.constant 2.0 : f32
        scf.forall ({ivs}) = ({lower}) to ({upper}) step ({step}) {{
          %a = memref.load %x[{ivs}] : memref<{shape}>
          %b = arith.mulf %a, %two : f32
          memref.store %b, %out[{ivs}] : memref<{shape}>
        }}
        return
      }}"""


BOXES = [
    ([(0, 5, 1)], None, ([5, 1, 1], [1, 1, 1])),
    ([(0, 1, 1)], None, ([1, 1, 1], [1, 1, 1])),
    ([(0, 3, 1), (0, 7, 1)], None, ([7, 3, 1], [1, 1, 1])),
    ([(0, 3, 1), (0, 7, 1)], [2, 4], ([2, 2, 1], [4, 2, 1])),
    ([(0, 8, 1)], [8], ([1, 1, 1], [8, 1, 1])),
    ([(0, 2, 1), (0, 3, 1), (0, 4, 1), (0, 5, 1)], None, ([5, 4, 6], [1, 1, 1])),
    ([(0, 2, 1), (0, 3, 1), (0, 4, 1), (0, 5, 1)], [2, 2, 3, 2], ([3, 2, 2], [2, 3, 4])),
    ([(0, 2, 1), (0, 1, 1), (0, 3, 1), (0, 2, 1), (0, 1, 1)], [1, 1, 2, 1, 1], ([1, 2, 4], [1, 1, 2])),
]


@pytest.mark.parametrize(("bounds", "threads", "want"), BOXES)
def test_every_point_is_done_once(
    bounds: list[tuple[int, int, int]],
    threads: list[int] | None,
    want: tuple[list[int], list[int]],
    rng: np.random.Generator,
    mlir_opt: Upstream,
) -> None:
    module = on_gpu(box(bounds, threads))
    mlir_opt(module)
    x = rng.standard_normal([upper for _, upper, _ in bounds], np.float32)
    for order in ("forward", "reversed", "shuffled"):
        (got,) = evaluate(module, "main", [x], thread_order=order)
        np.testing.assert_array_equal(got, 2 * x)
    (kernel,) = kernels(module)
    assert sizes(kernel) == want


@pytest.mark.parametrize("threads", [None, [1, 2], [2, 4]])
def test_lower_bounds_and_steps(threads: list[int] | None, rng: np.random.Generator, mlir_opt: Upstream) -> None:
    module = on_gpu(box([(1, 6, 2), (2, 13, 4)], threads))
    mlir_opt(module)
    x = rng.standard_normal((6, 13), np.float32)
    (got,) = evaluate(module, "main", [x], thread_order="shuffled")
    np.testing.assert_array_equal(got[1::2, 2::4], 2 * x[1::2, 2::4])
    assert np.isnan(got[0]).all()  # where the forall writes nothing, the poison stays


def test_a_guard_stands_only_where_threads_are_left_over() -> None:
    assert "scf.if" not in str(on_gpu(box([(0, 8, 1)], [4])))
    assert str(on_gpu(box([(0, 9, 1)], [4]))).count("scf.if") == 1


def test_index_of_a_tile_folds_into_the_maps_that_use_it() -> None:
    text = """
      func.func @main(%x: memref<12xf32>, %out: memref<12xf32>) attributes {kernel, outs = 1 : i64} {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c4 = arith.constant 4 : index
        scf.forall (%i0) = (0) to (12) step (4) {
          scf.for %i = %c0 to %c4 step %c1 {
            %ii = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%i0, %i)
            %a = memref.load %x[%ii] : memref<12xf32>
            memref.store %a, %out[%ii] : memref<12xf32>
          }
        }
        return
      }"""
    module = on_gpu(text)
    (apply,) = (op for op in module.walk() if isinstance(op, ApplyOp))
    assert str(apply.map) == "affine_map<(d0, d1) -> (((d0 * 4) + d1))>"
    assert [operand.name_hint for operand in apply.operands] == ["block_id_x", "i"]


def test_only_inner_dims_of_z_need_a_remainder() -> None:
    text = str(on_gpu(box([(0, 2, 1), (0, 3, 1), (0, 4, 1), (0, 5, 1)])))
    assert "(d0 floordiv 3)" in text and "(d0 mod 3)" in text and text.count("mod") - text.count("module") == 1
    assert " mod " not in str(on_gpu(box([(0, 1, 1), (0, 3, 1), (0, 4, 1), (0, 5, 1)])))


def test_one_block_needs_no_id() -> None:
    text = str(on_gpu(box([(3, 4, 1)])))
    assert "gpu.block_id" not in text and "%c3 = arith.constant 3 : index" in text


def test_parameters_that_a_kernel_does_not_use_are_dropped(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = """
      func.func @main(%x: memref<4xf32>, %y: memref<4xf32>, %out: memref<4xf32>) attributes {outs = 1 : i64} {
        func.call @second(%x, %y, %out) : (memref<4xf32>, memref<4xf32>, memref<4xf32>) -> ()
        return
      }
      func.func private @second(%x: memref<4xf32>, %y: memref<4xf32>, %out: memref<4xf32>) attributes {kernel, outs = 1 : i64} {
        scf.forall (%i) in (4) {
          %a = memref.load %y[%i] : memref<4xf32>
          memref.store %a, %out[%i] : memref<4xf32>
        }
        return
      }"""
    module = on_gpu(text)
    mlir_opt(module)
    (launch,) = launches(module)
    assert [value.name_hint for value in launch.kernel_operands] == ["y", "out"]
    x, y = rng.standard_normal((2, 4), np.float32)
    np.testing.assert_array_equal(evaluate(module, "main", [x, y])[0], y)


EDGES = """
  func.func @main(%x: memref<10xf32>, %out: memref<10xf32>) attributes {outs = 1 : i64} {
    func.call @f(%x, %out) : (memref<10xf32>, memref<10xf32>) -> ()
    return
  }
  func.func private @f(%x: memref<10xf32>, %out: memref<10xf32>) attributes {kernel, outs = 1 : i64} {
    scf.forall (%i) in (8) {
      %a = memref.load %x[%i] : memref<10xf32>
      memref.store %a, %out[%i] : memref<10xf32>
    }
    scf.forall (%i) = (8) to (10) step (1) {
      %a = memref.load %x[%i] : memref<10xf32>
      memref.store %a, %out[%i] : memref<10xf32>
    }
    return
  }"""


def test_each_region_is_a_kernel_of_its_own(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    module = on_gpu(EDGES)
    mlir_opt(module)
    assert [kernel.sym_name.data for kernel in kernels(module)] == ["f", "f_edge1"]
    assert [str(launch.kernel) for launch in launches(module)] == ["@kernels::@f", "@kernels::@f_edge1"]
    x = rng.standard_normal(10, np.float32)
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], x)


def test_an_edge_does_not_take_the_name_of_another_kernel() -> None:
    other = box([(0, 3, 1)]).replace("@main", "@other").replace("@double", "@f_edge1")
    names = [kernel.sym_name.data for kernel in kernels(on_gpu(EDGES + other))]
    assert sorted(names) == ["f", "f_edge1", "f_edge1_"]


def test_equal_kernels_are_kept_once_and_others_are_not(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    one = box([(0, 6, 1)])
    twin = one.replace("@double", "@twin").replace("@main", "@second")
    triple = one.replace("@double", "@triple").replace("@main", "@third").replace("2.0", "3.0")
    module = on_gpu(one + twin + triple)
    mlir_opt(module)
    assert [kernel.sym_name.data for kernel in kernels(module)] == ["double", "triple"]
    x = rng.standard_normal(6, np.float32)
    for entry, factor in (("main", 2), ("second", 2), ("third", 3)):
        np.testing.assert_array_equal(evaluate(module, entry, [x])[0], np.float32(factor) * x)


def test_a_kernel_that_is_called_twice_is_made_once(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    text = box([(0, 6, 1)]).replace(
        "func.call @double(%x, %out)",
        """%t = memref.alloc() : memref<6xf32>
        func.call @double(%x, %t) : (memref<6xf32>, memref<6xf32>) -> ()
        func.call @double(%t, %out)""",
    )
    module = on_gpu(text)
    mlir_opt(module)
    assert len(kernels(module)) == 1 and len(launches(module)) == 2
    x = rng.standard_normal(6, np.float32)
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], 4 * x)


def test_a_public_kernel_becomes_the_host_of_its_own_launches(rng: np.random.Generator, mlir_opt: Upstream) -> None:
    (text,) = (part for part in box([(0, 6, 1)]).split("func.func private") if "kernel" in part)
    module = on_gpu("func.func" + text.replace("@double", "@main"))
    mlir_opt(module)
    assert [kernel.sym_name.data for kernel in kernels(module)] == ["main"]
    assert "kernel," not in str(module).partition("gpu.module")[0]
    x = rng.standard_normal(6, np.float32)
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], 2 * x)


def test_grids_too_long_for_y_and_z_go_along_x() -> None:
    (kernel,) = kernels(on_gpu(box([(0, 70000, 1), (0, 2, 1)])))
    assert sizes(kernel)[0] == [140000, 1, 1]
    (kernel,) = kernels(on_gpu(box([(0, 300, 1), (0, 300, 1), (0, 2, 1), (0, 2, 1)])))
    assert sizes(kernel)[0] == [360000, 1, 1]
    (kernel,) = kernels(on_gpu(box([(0, 70000, 1)])))
    assert sizes(kernel)[0] == [70000, 1, 1]


def test_a_region_without_iterations_is_not_launched() -> None:
    assert not launches(on_gpu(box([(0, 0, 1)])))


def test_a_grid_beyond_every_limit_is_refused() -> None:
    with pytest.raises(PassFailedException, match="grid has 4294967296 blocks, expected at most 2147483647"):
        on_gpu(box([(0, 65536, 1), (0, 65536, 1)]))


def test_work_outside_of_the_forall_is_refused() -> None:
    text = EDGES.replace("scf.forall (%i) in (8) {", "%c0 = arith.constant 0 : index\nscf.for %i = %c0 to %c0 step %c0 {", 1)
    with pytest.raises(PassFailedException, match=r"@f has scf.for outside of scf.forall"):
        on_gpu(text)


def test_a_buffer_shared_by_all_iterations_is_refused() -> None:
    text = """
      func.func @main(%out: memref<4xf32>) attributes {kernel, outs = 1 : i64} {
        %t = memref.alloca() : memref<4xf32>
        scf.forall (%i) in (4) {
          %a = memref.load %t[%i] : memref<4xf32>
          memref.store %a, %out[%i] : memref<4xf32>
        }
        return
      }"""
    with pytest.raises(PassFailedException, match=r"scf.forall in @main uses memref.alloca from outside"):
        on_gpu(text)


def test_bounds_that_are_values_are_refused() -> None:
    text = """
      func.func @main(%out: memref<4xf32>, %n: index) attributes {kernel} {
        scf.forall (%i) in (%n) {
          %a = arith.constant 1.0 : f32
          memref.store %a, %out[%i] : memref<4xf32>
        }
        return
      }"""
    with pytest.raises(PassFailedException, match=r"in @main bound 0 of scf.forall is a value"):
        on_gpu(text)


def test_a_forall_in_a_function_that_is_no_kernel_is_refused() -> None:
    with pytest.raises(PassFailedException, match=r"scf.forall is left in @double, which has no attribute kernel"):
        on_gpu(box([(0, 4, 1)]).replace("kernel, ", ""))
