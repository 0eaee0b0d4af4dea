"""The static count of a kernel's cost: equal to what the counting evaluator measures, and to what one counts by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from corpus import program, programs
from xdsl.dialects.builtin import ModuleOp

from rung.backends.machine import MACHINES
from rung.dialects.upstream import make_context, parse
from rung.judges.cost import Cost, CostError, cost
from rung.judges.cost.counting import Measured, measure
from rung.passes.runner import PassRunner
from rung.pipeline import PIPELINE

NAMES = [each.name for each in programs()]
LONG = ("sum_100003", "matmul_65x128x33")
SIDES = [
    pytest.param(name, machine, marks=() if (number + side) % 2 == 0 and name not in LONG else pytest.mark.slow)
    for number, name in enumerate(NAMES)
    for side, machine in enumerate(("cpu", "nvidia"))
]
"""Every program is counted as one machine has it; as the other has it, where slow tests run."""


def rungs(module: ModuleOp, machine: str) -> Iterator[tuple[str, ModuleOp]]:
    """The module at the end of each rung below linalg."""
    context, runner = make_context(), PassRunner(crash_dir=None)
    for step, following in zip(PIPELINE, (*PIPELINE[1:], None)):
        runner.run(context, module, [step.make(MACHINES[machine])], {step.name: step.rung})
        if step.rung in ("loops", "vector", "gpu") and (following is None or following.rung != step.rung):
            yield step.rung, module


def assert_equal(counted: dict[str, Cost], measured: dict[str, Measured], where: str) -> None:
    for name, found in counted.items():
        seen = measured.get(name)
        if seen is None:
            continue  # of another entry than @main
        label = f"{where}: @{name}"
        assert found.exact and found.distinct_exact, label
        assert found.launches == seen.launches, label
        assert {key: n * found.launches for key, n in found.work.items()} == {k: n for k, n in seen.work.items() if n}, label
        assert found.distinct_read * found.launches == seen.distinct["read"], label
        assert found.distinct_written * found.launches == seen.distinct["written"], label


@pytest.mark.parametrize(("name", "machine"), SIDES)
def test_counts_what_the_evaluator_measures(name: str, machine: str, verdict: Callable[..., None]) -> None:
    each = program(name)
    inputs = each.inputs()
    for rung, module in rungs(each.module(), machine):
        counted, measured = cost(module), measure(module, "main", inputs)
        assert measured.keys() - {"main"} <= counted.keys()  # the host's own copies are no kernel's
        assert_equal(counted, measured, f"{name}, {rung} for {machine}")
        verdict(f"rung {rung}", "cost")


MATMUL = """
func.func @main(%a: tensor<{m}x{k}xf32>, %b: tensor<{k}x{n}xf32>) -> tensor<{m}x{n}xf32> {{
  %rows = nd.reshape %a : tensor<{m}x{k}xf32> -> tensor<{m}x1x{k}xf32>
  %a3 = nd.expand %rows : tensor<{m}x1x{k}xf32> -> tensor<{m}x{n}x{k}xf32>
  %bt = nd.permute %b [1, 0] : tensor<{k}x{n}xf32> -> tensor<{n}x{k}xf32>
  %columns = nd.reshape %bt : tensor<{n}x{k}xf32> -> tensor<1x{n}x{k}xf32>
  %b3 = nd.expand %columns : tensor<1x{n}x{k}xf32> -> tensor<{m}x{n}x{k}xf32>
  %products = nd.binary "mul" %a3, %b3 : tensor<{m}x{n}x{k}xf32> -> tensor<{m}x{n}x{k}xf32>
  %product = nd.reduce "sum" %products axes [2] : tensor<{m}x{n}x{k}xf32> -> tensor<{m}x{n}xf32>
  return %product : tensor<{m}x{n}xf32>
}}
"""


@pytest.mark.parametrize("machine", ["cpu", "nvidia"])
@pytest.mark.parametrize(("m", "n", "k"), [(512, 512, 512), (2048, 2048, 2048), (129, 67, 1000)])
def test_matmul_is_2mnk_flops_and_each_matrix_once(m: int, n: int, k: int, machine: str) -> None:
    for rung, module in rungs(parse(MATMUL.format(m=m, n=n, k=k)), machine):
        start = time.perf_counter()
        found = cost(module)
        assert time.perf_counter() - start < 1, rung
        assert sum(each.flops for each in found.values()) == 2 * m * n * k
        assert sum(each.distinct_written for each in found.values()) == 4 * m * n
        if len(found) == 1:
            (whole,) = found.values()
            assert whole.distinct_read == 4 * (m * k + k * n)
            assert whole.intensity == 2 * m * n * k / (4 * (m * k + k * n + m * n))
            assert whole.accessed > whole.compulsory


def test_softmax_by_hand() -> None:
    """A row of n takes n max; n sub, mul, exp2 and add for the sum; n sub, mul, exp2 and div for the result."""
    rows, n = 37, 10
    _, module = next(rungs(program("softmax_rows").module(), "cpu"))
    (found,) = cost(module).values()
    assert found.flops == rows * 7 * n and found.calls == {"exp2": 2 * rows * n}
    assert found.read["global"] == 4 * 3 * rows * n and found.written["global"] == 4 * rows * n
    assert found.distinct_read == found.distinct_written == 4 * rows * n


# Kernels written at the rung they are counted on

PAD = """
func.func private @pad(%x: memref<10xf32>, %out: memref<16xf32>) attributes {kernel, outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c10 = arith.constant 10 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (16) {
    %at = affine.apply affine_map<(d0) -> (d0 - 3)>(%i)
    %low = arith.cmpi sge, %at, %c0 : index
    %high = arith.cmpi slt, %at, %c10 : index
    %inside = arith.andi %low, %high : i1
    %v = scf.if %inside -> (f32) {
      %loaded = memref.load %x[%at] : memref<10xf32>
      %twice = arith.addf %loaded, %loaded : f32
      scf.yield %twice : f32
    } else {
      %root = math.sin %zero : f32
      scf.yield %root : f32
    }
    memref.store %v, %out[%i] : memref<16xf32>
  }
  return
}
func.func @main(%x: memref<10xf32>, %out: memref<16xf32>) attributes {outs = 1 : i64} {
  func.call @pad(%x, %out) : (memref<10xf32>, memref<16xf32>) -> ()
  return
}
"""


def test_guard_of_a_pad_by_hand() -> None:
    (found,) = cost(parse(PAD)).values()
    assert found.flops == 10 and found.calls == {"sin": 6}
    assert found.read["global"] == 40 and found.written["global"] == 64
    assert found.distinct_read == 40 and found.distinct_written == 64
    assert found.index == 16 * 3 and found.integer == 16  # an apply and two comparisons; the andi of truths
    assert_equal(cost(parse(PAD)), measure(parse(PAD), "main", [np.ones(10, np.float32)]), "pad")


GPU = """
module attributes {gpu.container_module} {
  func.func @main(%x: memref<1000xf32>, %out: memref<1000xf32>) attributes {outs = 1 : i64} {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c128 = arith.constant 128 : index
    gpu.launch_func @kernels::@twice blocks in (%c8, %c1, %c1) threads in (%c128, %c1, %c1)
      args(%x : memref<1000xf32>, %out : memref<1000xf32>)
    gpu.launch_func @kernels::@twice blocks in (%c8, %c1, %c1) threads in (%c128, %c1, %c1)
      args(%x : memref<1000xf32>, %out : memref<1000xf32>)
    return
  }
  gpu.module @kernels {
    gpu.func @twice(%x: memref<1000xf32>, %out: memref<1000xf32>)
        workgroup(%tile: memref<128xf32, #gpu.address_space<workgroup>>)
        kernel attributes {known_block_size = array<i32: 128, 1, 1>, known_grid_size = array<i32: 8, 1, 1>} {
      %c1000 = arith.constant 1000 : index
      %c127 = arith.constant 127 : index
      %zero = arith.constant 0.0 : f32
      %b = gpu.block_id x
      %t = gpu.thread_id x
      %i = affine.apply affine_map<(d0, d1) -> (d0 * 128 + d1)>(%b, %t)
      %own = memref.alloca() : memref<2xf32>
      %inside = arith.cmpi ult, %i, %c1000 : index
      scf.if %inside {
        %v = memref.load %x[%i] : memref<1000xf32>
        memref.store %v, %tile[%t] : memref<128xf32, #gpu.address_space<workgroup>>
      }
      gpu.barrier
      %mirror = arith.subi %c127, %t : index
      scf.if %inside {
        %v = memref.load %tile[%t] : memref<128xf32, #gpu.address_space<workgroup>>
        %c0 = arith.constant 0 : index
        memref.store %v, %own[%c0] : memref<2xf32>
        memref.store %v, %out[%i] : memref<1000xf32>
      }
      gpu.return
    }
  }
}
"""


def test_levels_of_memory_are_counted_apart_and_launches_are_counted() -> None:
    (found,) = cost(parse(GPU)).values()
    assert found.read == {"global": 4000, "workgroup": 4000, "private": 0}
    assert found.written == {"global": 4000, "workgroup": 4000, "private": 4000}
    assert found.launches == 2 and found.compulsory == 8000
    assert_equal(cost(parse(GPU)), measure(parse(GPU), "main", [np.ones(1000, np.float32)]), "gpu")


GATHER = """
func.func private @gather(%x: memref<50xf32>, %at: memref<20xi32>, %out: memref<20xf32>) attributes {kernel, outs = 1 : i64} {
  %c50 = arith.constant 50 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (20) {
    %raw = memref.load %at[%i] : memref<20xi32>
    %row = arith.index_cast %raw : i32 to index
    %inside = arith.cmpi ult, %row, %c50 : index
    %v = scf.if %inside -> (f32) {
      %loaded = memref.load %x[%row] : memref<50xf32>
      scf.yield %loaded : f32
    } else {
      scf.yield %zero : f32
    }
    memref.store %v, %out[%i] : memref<20xf32>
  }
  return
}
func.func @main(%x: memref<50xf32>, %at: memref<20xi32>, %out: memref<20xf32>) attributes {outs = 1 : i64} {
  func.call @gather(%x, %at, %out) : (memref<50xf32>, memref<20xi32>, memref<20xf32>) -> ()
  return
}
"""


def test_data_dependent_guard_gives_a_bound_that_is_said_to_be_one() -> None:
    (found,) = cost(parse(GATHER)).values()
    assert not found.exact and not found.distinct_exact and found.notes
    assert found.read["global"] == 20 * 4 + 20 * 4
    # of x no more than the 20 elements that 20 iterations can read
    assert found.distinct_read == 80 + 80 and found.distinct_written == 80
    inputs = [np.ones(50, np.float32), np.array([-1, 99] * 10, np.int32)]
    measured = measure(parse(GATHER), "main", inputs)["gather"]
    assert measured.work["read", "global"] == 80 and measured.distinct == {"read": 80, "written": 80}


@pytest.mark.parametrize("type_", ["i8", "i16", "i64"])
def test_gather_by_any_integer_is_counted(type_: str) -> None:
    (found,) = cost(parse(GATHER.replace("i32", type_))).values()
    assert not found.exact and found.read["global"] == 20 * int(type_[1:]) // 8 + 20 * 4


def test_data_dependent_index_without_a_guard_leaves_the_work_exact() -> None:
    text = GATHER.replace("arith.cmpi ult, %row, %c50 : index", "arith.constant true")
    (found,) = cost(parse(text)).values()
    assert found.exact and not found.distinct_exact


TRIANGLE = """
func.func @rows(%x: memref<64x64xf32>, %out: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (64) {
    %end = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)
    %s = scf.for %j = %c0 to %end step %c1 iter_args(%acc = %zero) -> (f32) {
      %v = memref.load %x[%i, %j] : memref<64x64xf32>
      %n = arith.addf %acc, %v : f32
      scf.yield %n : f32
    }
    memref.store %s, %out[%i] : memref<64xf32>
  }
  return
}
"""


def test_bounds_that_depend_on_outer_loops() -> None:
    found = cost(parse(TRIANGLE))["rows"]
    assert found.flops == 64 * 65 // 2 and found.distinct_read == 4 * 64 * 65 // 2


def test_transfer_that_broadcasts_reads_an_element_once() -> None:
    text = """
func.func @f(%x: memref<64xf32>, %out: memref<4x16xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0], %zero {in_bounds = [true, true], permutation_map = affine_map<(d0) -> (0, d0)>}
    : memref<64xf32>, vector<4x16xf32>
  vector.transfer_write %v, %out[%c0, %c0] {in_bounds = [true, true]} : vector<4x16xf32>, memref<4x16xf32>
  return
}
"""
    found = cost(parse(text))["f"]
    assert found.read["global"] == 64 and found.written["global"] == 256 and found.distinct_read == 64


EDGE = """
func.func private @edge(%x: memref<21xf32>, %out: memref<21xf32>) attributes {kernel, outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c24 = arith.constant 24 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) = (0) to (24) step (8) {
    MASK
    %v = vector.transfer_read %x[%i], %zero READ : memref<21xf32>, vector<8xf32>
    vector.transfer_write %v, %out[%i] WRITE : vector<8xf32>, memref<21xf32>
  }
  return
}
func.func @main(%x: memref<21xf32>, %out: memref<21xf32>) attributes {outs = 1 : i64} {
  func.call @edge(%x, %out) : (memref<21xf32>, memref<21xf32>) -> ()
  return
}
"""


def test_lanes_outside_of_memory_are_not_counted() -> None:
    module = parse(EDGE.replace("MASK", "").replace("READ", "").replace("WRITE", ""))
    (found,) = cost(module).values()
    assert found.read["global"] == found.written["global"] == 4 * 21 and found.compulsory == 8 * 21
    assert_equal({"edge": found}, measure(module, "main", [np.ones(21, np.float32)]), "edge")


def test_lanes_that_a_mask_leaves_out_are_not_counted() -> None:
    mask = """%c21 = arith.constant 21 : index
    %left = arith.subi %c21, %i : index
    %mask = vector.create_mask %left : vector<8xi1>"""
    text = EDGE.replace("MASK", mask).replace("READ", ", %mask {in_bounds = [true]}").replace("%zero ,", "%zero,")
    module = parse(text.replace("WRITE", ", %mask {in_bounds = [true]}").replace("[%i] ,", "[%i],"))
    (found,) = cost(module).values()
    assert found.read["global"] == found.written["global"] == 4 * 21 and found.exact
    assert_equal({"edge": found}, measure(module, "main", [np.ones(21, np.float32)]), "edge")


def test_overlapping_accesses_count_once_in_the_distinct_bytes() -> None:
    text = """
func.func @f(%x: memref<100xf32>, %out: memref<32xf32>) {
  scf.forall (%i) in (32) {
    %a = affine.apply affine_map<(d0) -> (3 * d0)>(%i)
    %b = affine.apply affine_map<(d0) -> (2 * d0)>(%i)
    %u = memref.load %x[%a] : memref<100xf32>
    %v = memref.load %x[%b] : memref<100xf32>
    %s = arith.addf %u, %v : f32
    memref.store %s, %out[%i] : memref<32xf32>
  }
  return
}
"""
    found = cost(parse(text))["f"]
    assert found.read["global"] == 4 * 64
    assert found.distinct_read == 4 * len({3 * i for i in range(32)} | {2 * i for i in range(32)})


def test_loop_whose_count_depends_on_data_is_refused_by_name() -> None:
    text = """
func.func @f(%n: memref<1xindex>, %out: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %end = memref.load %n[%c0] : memref<1xindex>
  scf.for %i = %c0 to %end step %c1 {
    memref.store %zero, %out[%i] : memref<8xf32>
  }
  return
}
"""
    with pytest.raises(CostError, match=r"scf\.for: how often it runs depends on data"):
        cost(parse(text))
