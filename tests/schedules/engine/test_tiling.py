"""Tiling by scripts: numbers as before and as mlir-opt's, remainders, and what is refused."""

# ruff: noqa: E501 - lines of scripts stay whole

from __future__ import annotations

import pytest
from xdsl.dialects import scf

from rung.dialects.upstream.scf import ForallOp
from rung.schedules.engine import ScriptError

from .conftest import MATMUL, ROWS, Agree, computes, scheduled, script

MATCH = '  %m = transform.structured.match ops{["linalg.matmul"]} in %root : (A) -> A\n'
LAST = '  %g = transform.structured.match ops{["linalg.generic"]} in %root : (A) -> A\n  %sum, %m = transform.split_handle %g : (A) -> (A, A)\n'


@pytest.mark.parametrize(
    "step",
    [
        "%t, %f = transform.structured.tile_using_forall %m tile_sizes [4, 8] : (A) -> (A, A)",
        "%t, %f = transform.structured.tile_using_forall %m num_threads [5, 2] (mapping = [#gpu.block<y>, #gpu.block<x>]) : (A) -> (A, A)",
        "%t, %f = transform.structured.tile_using_forall %m tile_sizes [0, 4] : (A) -> (A, A)",
        "%t, %l:3 = transform.structured.tile_using_for %m tile_sizes [4, 8, 3] : (A) -> (A, A, A, A)",
        "%t, %l:3 = transform.structured.tile_using_for %m tile_sizes [10, 4, 6] interchange = [2, 0, 1] : (A) -> (A, A, A, A)",
        "%t, %l = transform.structured.tile_using_for %m tile_sizes [0, 0, 4] : (A) -> (A, A)",
        "%p = transform.param.constant 4 : i64 -> P\n  %t, %l = transform.structured.tile_using_for %m tile_sizes [%p] : (A, P) -> (A, A)",
    ],
)
def test_matmul_tiled_at_dividing_sizes_computes_what_mlir_opt_does(agree: Agree, step: str):
    agree(MATMUL, script(MATCH + "  " + step))


def test_generic_with_index_and_broadcast_tiled_twice_agrees(agree: Agree):
    steps = """  %t, %f = transform.structured.tile_using_forall %m tile_sizes [4, 0] : (A) -> (A, A)
  %u, %l:2 = transform.structured.tile_using_for %t tile_sizes [2, 5] interchange = [1, 0] : (A) -> (A, A, A)
  %s, %k = transform.structured.tile_using_for %sum tile_sizes [0, 5] : (A) -> (A, A)"""
    agree(ROWS, script(LAST + steps))


def test_sizes_that_do_not_divide_leave_static_regions_that_handles_hold_in_order(agree: Agree):
    body = (
        MATCH
        + """  %t, %f = transform.structured.tile_using_forall %m tile_sizes [8, 6] : (A) -> (A, A)
  %u, %l:2 = transform.structured.tile_using_for %t tile_sizes [0, 4, 5] interchange = [0, 2, 1] : (A) -> (A, A, A)
  transform.annotate %f "grid" : A
  transform.annotate %u "tile" : A"""
    )
    ours = agree(MATMUL, script(body), upstream=False)
    foralls = [op for op in ours.walk() if isinstance(op, ForallOp)]
    assert [op.static_bounds() for op in foralls] == [
        [(0, 16, 8), (0, 12, 6)],
        [(0, 16, 8), (12, 16, 4)],
        [(16, 20, 4), (0, 12, 6)],
        [(16, 20, 4), (12, 16, 4)],
    ]
    assert all("grid" in op.attributes for op in foralls)
    tiles = [op for op in ours.walk() if op.name == "linalg.matmul"]
    assert len(tiles) == 12 and all("tile" in op.attributes for op in tiles)


def test_interchange_puts_the_reduction_outermost(agree: Agree):
    body = (
        MATCH
        + "  %t, %l:3 = transform.structured.tile_using_for %m tile_sizes [4, 8, 3] interchange = [2, 0, 1] : (A) -> (A, A, A, A)"
    )
    ours = agree(MATMUL, script(body))
    outer = next(op for op in ours.walk() if isinstance(op, scf.ForOp))
    assert outer.body.block.args[0].name_hint == "i2"


def test_mapping_is_kept_on_each_forall():
    body = (
        MATCH + "  %t, %f = transform.structured.tile_using_forall %m tile_sizes [8] (mapping = [#gpu.block<x>]) : (A) -> (A, A)"
    )
    module, _ = scheduled(MATMUL, script(body))
    foralls = [op for op in module.walk() if isinstance(op, ForallOp)]
    assert len(foralls) == 2 and all(str(op.mapping) == "[#gpu.block<x>]" for op in foralls)


def test_parallel_tiling_of_a_reduction_is_refused_with_the_ir_around_it_and_done_unchecked():
    text = script(MATCH + "  %t, %f = transform.structured.tile_using_forall %m tile_sizes [0, 0, 4] : (A) -> (A, A)")
    with pytest.raises(ScriptError) as caught:
        scheduled(MATMUL, text)
    message = str(caught.value)
    assert message.startswith(
        "s.mlir:4:3: error: transform.structured.tile_using_forall: racy: d2 of linalg.matmul is a reduction"
    )
    assert ">   %r = linalg.matmul" in message and "__here" not in message
    module, _ = scheduled(MATMUL, text, check="off")
    (forall,) = [op for op in module.walk() if isinstance(op, ForallOp)]
    assert forall.static_bounds() == [(0, 12, 4)]


OVERLAP = """
func.func @main(%x: tensor<6x4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>],
      iterator_types = ["parallel", "parallel"]} ins(%x : tensor<6x4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}"""


@pytest.mark.parametrize(
    ("payload", "step", "says"),
    [
        (MATMUL, "tile_using_forall %m tile_sizes [21] : (A) -> (A, A)", "tile size 0 is 21, expected 0 to 20"),
        (MATMUL, "tile_using_forall %m tile_sizes [-4] : (A) -> (A, A)", "tile size 0 is -4, expected 0 to 20"),
        (MATMUL, "tile_using_forall %m tile_sizes [0, 0] : (A) -> (A, A)", "all sizes are 0"),
        (MATMUL, "tile_using_forall %m tile_sizes [4, 4, 4, 4] : (A) -> (A, A)", "4 sizes are given, expected at most 3"),
        (MATMUL, "tile_using_forall %m tile_sizes [4, 4] (mapping = [#gpu.block<x>]) : (A) -> (A, A)", "mapping has 1 entries"),
        (MATMUL, "tile_using_forall %m num_threads [2] tile_sizes [4] : (A) -> (A, A)", "both num_threads and tile_sizes"),
        (OVERLAP, "tile_using_forall %m tile_sizes [2] : (A) -> (A, A)", "overlapping writes: out 0 of linalg.generic"),
    ],
)  # fmt: skip
def test_tiling_that_does_not_fit_is_refused(payload: str, step: str, says: str):
    find = MATCH if payload is MATMUL else MATCH.replace("linalg.matmul", "linalg.generic")
    with pytest.raises(ScriptError, match=r"transform\.structured\.tile_using_forall") as caught:
        scheduled(payload, script(f"{find}  %t, %f = transform.structured.{step}"))
    assert says in str(caught.value)


def test_a_function_is_no_structured_op():
    body = """  %f = transform.structured.match ops{["func.func"]} in %root : (A) -> A
  %t, %l = transform.structured.tile_using_for %f tile_sizes [4] : (A) -> (A, A)"""
    with pytest.raises(ScriptError, match=r"payload is func\.func, expected a structured op"):
        scheduled(MATMUL, script(body))


def test_tiling_nothing_gives_empty_handles():
    body = """  %m = transform.structured.match ops{["linalg.conv"]} in %root : (A) -> A
  %t, %f = transform.structured.tile_using_forall %m tile_sizes [4] : (A) -> (A, A)
  transform.print %t {name = "none"} : A"""
    module, printed = scheduled(MATMUL, script(body))
    assert printed == "[[[ IR printer: none ]]]\n"
    assert computes(module)[0].shape == (20, 16)
