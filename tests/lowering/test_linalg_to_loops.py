"""Loops keep the numbers; groups share their leading loops where that is safe; the schedule's lanes reach the loops."""

import numpy as np
import pytest
from linalg_kernels import KERNELS, matmul, softmax
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.lowering.linalg_to_loops import LinalgToLoopsPass, clamp
from rung.passes.linalg_bufferize import LinalgBufferizePass
from rung.passes.loops_fold_subviews import LoopsFoldSubviewsPass
from rung.passes.loops_forward_stores import LoopsForwardStoresPass
from rung.schedules.nests import Group, kernels
from rung.schedules.schedule import Schedule
from rung.schedules.tiling import tile_to_forall

DOWN = (LinalgBufferizePass, LinalgToLoopsPass, LoopsFoldSubviewsPass, LoopsForwardStoresPass)


def looped(text: str, tile: tuple[int, ...] | None = None, schedule: Schedule | None = None, passes: int = 2) -> ModuleOp:
    """The module after the first `passes` of DOWN, its kernel tiled before."""
    module = parse(text)
    for func in kernels(module):
        if schedule is not None:
            func.attributes["schedule"], tile = schedule.attribute(), schedule.tile
        assert tile is not None
        tile_to_forall(func, tile)
    for make in DOWN[:passes]:
        make().apply(make_context(), module)
        module.verify()
    return module


def count(module: ModuleOp, *kinds: type) -> int:
    return sum(isinstance(op, kinds) for op in module.walk())


def lanes(module: ModuleOp) -> list[list[int]]:
    """The `vector` attributes on the loops, outermost first."""
    found = [op.attributes["vector"] for op in module.walk() if "vector" in op.attributes]
    return [list(each.get_values()) for each in found if isinstance(each, DenseArrayBase)]


def agrees(name: str, module: ModuleOp, rng: np.random.Generator) -> None:
    inputs = KERNELS[name].inputs(rng)
    (got,) = evaluate(module, "k", inputs, thread_order="shuffled")
    np.testing.assert_allclose(got, KERNELS[name].want(*inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("passes", [2, 3, 4])
@pytest.mark.parametrize("name", KERNELS)
def test_tiled_kernel_keeps_numbers_and_upstream_accepts(name: str, passes: int, rng, mlir_opt) -> None:
    module = looped(KERNELS[name].text, KERNELS[name].tile, passes=passes)
    assert "linalg." not in str(module)
    mlir_opt(module)
    agrees(name, module, rng)


@pytest.mark.parametrize("name", KERNELS)
def test_whole_tile_and_tile_of_one_keep_numbers(name: str, rng) -> None:
    extents = Group.of(next(kernels(parse(KERNELS[name].text)))).spine_extents
    for tile in (extents, tuple(min(e, 1) for e in extents)):
        agrees(name, looped(KERNELS[name].text, tile, passes=4), rng)


@pytest.mark.parametrize("name", KERNELS)
def test_untiled_public_function_keeps_numbers(name: str, rng, mlir_opt) -> None:
    module = looped(KERNELS[name].text.replace("private @k", "@k").replace("kernel, ", ""), passes=4)
    mlir_opt(module)
    agrees(name, module, rng)


def test_group_shares_one_parallel_and_its_intermediates_vanish() -> None:
    module = looped(softmax(8, 16), (4,), passes=4)
    outer = [op for op in module.walk() if isinstance(op, scf.ParallelOp)]
    assert len(outer) == 2 and outer[1].parent_op() is outer[0]
    assert count(module, scf.ForOp) == 2 and count(module, memref.AllocaOp) == 0
    assert count(module, memref.StoreOp) == 1 and count(module, memref.LoadOp) == 3


def test_epilogue_stays_in_the_register_of_its_matmul() -> None:
    module = looped(matmul(8, 8, 8, epilogue=True), (4, 8), passes=4)
    assert count(module, scf.ParallelOp) == 1 and count(module, memref.AllocaOp) == 0 and count(module, memref.StoreOp) == 1


def test_loop_of_one_iteration_is_straight_code() -> None:
    module = looped(softmax(8, 16), (1,))
    assert count(module, scf.ParallelOp) == 1 and count(module, scf.ForOp) == 2
    assert count(looped(KERNELS["full_sum_one"].text, ()), scf.ParallelOp, scf.ForOp) == 0


def test_reduction_starts_from_the_constant_of_its_fill() -> None:
    module = looped(matmul(8, 8, 8), (8, 8))
    assert count(module, memref.StoreOp) == 1 and count(module, memref.LoadOp) == 2


def test_operand_without_the_inner_index_is_loaded_outside() -> None:
    module = looped(softmax(8, 16), (4,))
    for op in module.walk():
        if isinstance(op, scf.ForOp):
            assert all(len(load.indices) == 2 for load in op.walk() if isinstance(load, memref.LoadOp))


def test_lanes_reach_the_loops_they_name() -> None:
    assert lanes(looped(matmul(64, 64, 64), schedule=Schedule((32, 32), (4, 16), (0, 1), (1, 1)))) == [[4, 16]]
    assert lanes(looped(softmax(8, 64), schedule=Schedule((4,), (32,), (1,), (1,)))) == [[32], [32], [32]]
    assert lanes(looped(softmax(8, 64), schedule=Schedule((4,)))) == []


def test_lanes_are_clamped_in_an_edge() -> None:
    schedule = Schedule((32, 32), (4, 16), (0, 1), (1, 1))
    found = lanes(looped(matmul(35, 42, 8), schedule=schedule))
    assert found == [[4, 16], [4, 8], [3, 16], [3, 8]]


def test_clamp_takes_powers_of_two_inside_and_divisors_outside() -> None:
    assert [clamp(16, extent, last=True) for extent in (64, 16, 15, 7, 1)] == [16, 16, 8, 4, 1]
    assert [clamp(12, extent, last=True) for extent in (12, 11, 5)] == [12, 8, 4]
    assert [clamp(4, extent, last=False) for extent in (8, 9, 5, 3, 2, 1)] == [4, 3, 4, 3, 2, 1]


ROWS = "affine_map<(d0, d1) -> (d0, d1)>"
TRANSPOSED = "affine_map<(d0, d1) -> (d1, d0)>"


def two_ops(read: str, between: str = "") -> str:
    """In a forall on memrefs: t = x + x, then y = t read by the map `read`."""
    body = "{{\n ^bb0(%a: f32, %o: f32):\n {}\n linalg.yield {} : f32\n }}"
    kinds = 'iterator_types = ["parallel", "parallel"]'
    first = body.format("%s = arith.addf %a, %a : f32", "%s")
    return f"""
    func.func @k(%x: memref<4x4xf32>, %y: memref<4x4xf32>) attributes {{outs = 1 : i64, spine = 2 : i64}} {{
      %one = arith.constant 1.0 : f32
      scf.forall (%i) in (1) {{
        %t = memref.alloca() : memref<4x4xf32>
        linalg.fill ins(%one : f32) outs(%t : memref<4x4xf32>)
        {between}
        linalg.generic {{indexing_maps = [{ROWS}, {ROWS}], {kinds}}} ins(%x : memref<4x4xf32>) outs(%t : memref<4x4xf32>) {first}
        linalg.generic {{indexing_maps = [{read}, {ROWS}], {kinds}}}
          ins(%t : memref<4x4xf32>) outs(%y : memref<4x4xf32>) {body.format("", "%a")}
      }}
      return
    }}"""


def lowered(text: str) -> ModuleOp:
    module = parse(text)
    LinalgToLoopsPass().apply(make_context(), module)
    module.verify()
    return module


def test_intermediate_read_at_the_same_point_is_fused(rng) -> None:
    module = lowered(two_ops(ROWS))
    assert count(module, scf.ParallelOp) == 1
    x = rng.standard_normal((4, 4)).astype(np.float32)
    np.testing.assert_array_equal(evaluate(module, "k", [x])[0], 2 * x)


def test_intermediate_read_at_another_point_keeps_its_own_loops(rng) -> None:
    module = lowered(two_ops(TRANSPOSED))
    assert count(module, scf.ParallelOp) == 2
    x = rng.standard_normal((4, 4)).astype(np.float32)
    np.testing.assert_array_equal(evaluate(module, "k", [x])[0], 2 * x.T)


def test_other_work_between_the_ops_keeps_their_order(rng) -> None:
    module = lowered(two_ops(ROWS, "%c0 = arith.constant 0 : index\n %v = memref.load %t[%c0, %c0] : memref<4x4xf32>"))
    assert count(module, scf.ParallelOp) == 3
    x = rng.standard_normal((4, 4)).astype(np.float32)
    np.testing.assert_array_equal(evaluate(module, "k", [x])[0], 2 * x)


def test_fill_that_another_op_reads_is_kept(rng) -> None:
    copy = f'linalg.generic {{indexing_maps = [{ROWS}, {ROWS}], iterator_types = ["parallel", "parallel"]}}'
    copy += " ins(%t : memref<4x4xf32>) outs(%y : memref<4x4xf32>) {\n ^bb0(%a: f32, %o: f32):\n linalg.yield %a : f32\n }"
    text = two_ops(ROWS, copy).replace("outs = 1", "other = 1")
    module = lowered(text)
    assert count(module, memref.StoreOp) == 4
    x, y = rng.standard_normal((2, 4, 4)).astype(np.float32)
    evaluate(module, "k", [x, y])
    np.testing.assert_array_equal(y, 2 * x)


def test_fill_of_which_only_a_part_is_written_is_kept(rng) -> None:
    module = lowered("""
    func.func @k(%x: memref<4xf32>, %y: memref<7xf32>) attributes {outs = 1 : i64, spine = 1 : i64} {
      %one = arith.constant 1.0 : f32
      scf.forall (%i) in (1) {
        linalg.fill ins(%one : f32) outs(%y : memref<7xf32>)
        linalg.generic {
          indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0 * 2)>], iterator_types = ["parallel"]
        } ins(%x : memref<4xf32>) outs(%y : memref<7xf32>) {
        ^bb0(%a: f32, %o: f32):
          linalg.yield %a : f32
        }
      }
      return
    }""")
    x = rng.standard_normal(4).astype(np.float32)
    want = np.ones(7, np.float32)
    want[::2] = x
    np.testing.assert_array_equal(evaluate(module, "k", [x])[0], want)


def test_tensors_are_refused() -> None:
    with pytest.raises(PassFailedException, match=r"linalg.generic in @k: linalg-to-loops needs memrefs; run linalg-bufferize"):
        lowered(KERNELS["transpose_5x9"].text)


def test_two_results_are_refused() -> None:
    with pytest.raises(PassFailedException, match="has 2 outs, expected 1"):
        lowered("""
    func.func @k(%x: memref<4xf32>, %y: memref<4xf32>, %z: memref<4xf32>) {
      linalg.generic {
        indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
        iterator_types = ["parallel"]
      } ins(%x : memref<4xf32>) outs(%y, %z : memref<4xf32>, memref<4xf32>) {
      ^bb0(%a: f32, %o: f32, %p: f32):
        linalg.yield %a, %a : f32, f32
      }
      return
    }""")


def test_named_op_without_rule_is_told() -> None:
    with pytest.raises(PassFailedException, match=r"linalg-to-loops has no rule for linalg.matmul"):
        lowered("""
    func.func @k(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
      linalg.matmul ins(%x, %x : memref<4x4xf32>, memref<4x4xf32>) outs(%y : memref<4x4xf32>)
      return
    }""")
