"""Accesses at indices from memory get a guard; all others stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
from parallel_kernels import KERNELS, function
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.compile import compile_module
from rung.dialects.upstream import make_context, parse
from rung.frontend.runtime import HostBuffer
from rung.judges.structure import check_module
from rung.judges.total import verify_total
from rung.passes.loops_guard_accesses import LoopsGuardAccessesPass

GATHER = function(
    "%at: memref<6xi32>, %x: memref<5x11xf32>, %o: memref<6xf32>",
    """
    scf.forall (%i) in (6) {
      %n = memref.load %at[%i] : memref<6xi32>
      %k = arith.index_cast %n : i32 to index
      %v = memref.load %x[%k, %i] : memref<5x11xf32>
      memref.store %v, %o[%i] : memref<6xf32>
    }""",
)


def guarded(text: str) -> str:
    module = parse(text)
    LoopsGuardAccessesPass().apply(make_context(), module)
    check_module(module, "loops")
    return str(module)


def test_load_at_an_index_from_memory_is_guarded_along_that_axis_only() -> None:
    assert not verify_total(parse(GATHER)).total
    text = guarded(GATHER)
    report = verify_total(parse(text))
    assert report.total and report.data_dependent == 1
    assert text.count("arith.cmpi") == 2
    x = np.random.default_rng(0).standard_normal((5, 11)).astype(np.float32)
    at = np.array([0, 4, 5, -1, 2**31 - 1, 3], np.int32)
    (out,) = evaluate(parse(text), "f", [at, x])
    want = [x[0, 0], x[4, 1], 0, 0, 0, x[3, 5]]
    np.testing.assert_array_equal(out, np.array(want, np.float32))


def test_load_along_two_axes_from_memory_is_guarded_along_both() -> None:
    text = GATHER.replace("%x[%k, %i]", "%x[%k, %k]")
    assert guarded(text).count("arith.cmpi") == 4
    assert verify_total(parse(guarded(text))).total


def test_store_at_an_index_from_memory_is_guarded_though_it_may_still_race() -> None:
    text = GATHER.replace("%x[%k, %i]", "%x[%c0, %i]").replace("%o[%i]", "%o[%k]")
    kinds = {finding.kind for finding in verify_total(parse(guarded(text))).findings}
    assert "bounds" not in kinds and "race" in kinds
    (out,) = evaluate(parse(guarded(text)), "f", [np.array([5, 4, -3, 2, 99, 0], np.int32), np.ones((5, 11), np.float32)])
    assert np.isnan(out).tolist() == [False, True, False, True, False, False]


@pytest.mark.parametrize("name", ["table of indices behind a guard", "index kept within by max and min", "matmul of loops"])
def test_access_that_is_proved_stays(name: str) -> None:
    assert guarded(KERNELS[name]) == str(parse(KERNELS[name]))


def test_access_at_loop_indices_that_leaves_its_memref_stays_for_the_judge() -> None:
    text = KERNELS["matmul of loops"].replace("%c0 to %c5 step", "%c0 to %c8 step")
    assert guarded(text) == str(parse(text))


def test_access_through_a_view_that_it_may_leave_is_refused() -> None:
    text = GATHER.replace(
        "%v = memref.load %x[%k, %i] : memref<5x11xf32>",
        "%s = memref.subview %x[%k, 0] [1, 11] [1, 1] : memref<5x11xf32> to memref<11xf32, strided<[1], offset: ?>>\n"
        "%v = memref.load %s[%i] : memref<11xf32, strided<[1], offset: ?>>",
    )
    with pytest.raises(PassFailedException, match="goes through a view that it may leave"):
        guarded(text)


EXTRACT = """func.func @main(%at: tensor<6xi32>, %x: tensor<11x3xf32>) -> tensor<6x3xf32> {
  %e = tensor.empty() : tensor<6x3xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
      iterator_types = ["parallel", "parallel"]} ins(%at : tensor<6xi32>) outs(%e : tensor<6x3xf32>) {
  ^bb0(%n: i32, %o: f32):
    %k = arith.index_cast %n : i32 to index
    %j = linalg.index 1 : index
    %v = tensor.extract %x[%k, %j] : tensor<11x3xf32>
    linalg.yield %v : f32
  } -> tensor<6x3xf32>
  return %r : tensor<6x3xf32>
}"""


def test_gather_on_linalg_compiles_proved_and_gives_zeros_out_of_bounds(pocl: None) -> None:
    x = np.random.default_rng(1).standard_normal((11, 3)).astype(np.float32)
    at = np.array([10, 0, 11, -1, -(2**31), 7], np.int32)
    program = compile_module(parse(EXTRACT), "opencl", cache=False)
    (out,) = program.run([HostBuffer(at), HostBuffer(x)])
    want = np.where(((at >= 0) & (at < 11))[:, None], x[np.clip(at, 0, 10)], 0)
    np.testing.assert_array_equal(out.numpy(), want)
    assert dict(program.pass_seconds)["total"] > 0
