"""Generalize, interchange and fusion by scripts: numbers as before and as mlir-opt's."""

# ruff: noqa: E501 - lines of scripts stay whole

from __future__ import annotations

import pytest

from rung.dialects.upstream.scf import ForallOp
from rung.schedules.engine import ScriptError

from .conftest import MATMUL, ROWS, Agree, scheduled, script

MATCH = '  %m = transform.structured.match ops{["linalg.matmul"]} in %root : (A) -> A\n'
FILL = '  %fill = transform.structured.match ops{["linalg.fill"]} in %root : (A) -> A\n'
BOTH = '  %g = transform.structured.match ops{["linalg.generic"]} in %root : (A) -> A\n  %sum, %out = transform.split_handle %g : (A) -> (A, A)\n'


def test_generalize_then_interchange_of_a_matmul_agrees(agree: Agree):
    steps = """  %g = transform.structured.generalize %m : (A) -> A
  %i = transform.structured.interchange %g iterator_interchange = [2, 0, 1] : (A) -> A
  %t, %l:3 = transform.structured.tile_using_for %i tile_sizes [3, 4, 8] : (A) -> (A, A, A, A)"""
    ours = agree(MATMUL, script(MATCH + steps))
    (generic,) = [op for op in ours.walk() if op.name == "linalg.generic"]
    assert [str(kind.data.value) for kind in generic.iterator_types] == ["reduction", "parallel", "parallel"]  # pyright: ignore


def test_interchange_renumbers_linalg_index(agree: Agree):
    agree(ROWS, script(BOTH + "  %i = transform.structured.interchange %out iterator_interchange = [1, 0] : (A) -> A"))


def test_interchange_of_a_named_op_asks_for_generalize():
    text = script(MATCH + "  %i = transform.structured.interchange %m iterator_interchange = [1, 0, 2] : (A) -> A")
    with pytest.raises(ScriptError, match=r"payload is linalg\.matmul, expected linalg\.generic"):
        scheduled(MATMUL, text)


def test_fill_fused_into_the_forall_is_computed_in_each_tile(agree: Agree):
    steps = """  %t, %f = transform.structured.tile_using_forall %m tile_sizes [4, 8] : (A) -> (A, A)
  %a, %b = transform.structured.fuse_into_containing_op %fill into %f : (A, A) -> (A, A)
  transform.annotate %a "here" : A"""
    ours = agree(MATMUL, script(MATCH + FILL + steps))
    (fill,) = [op for op in ours.walk() if op.name == "linalg.fill"]
    assert isinstance(fill.parent_op(), ForallOp) and "here" in fill.attributes


def test_fill_fused_into_the_regions_of_a_remainder_fills_each(agree: Agree):
    steps = """  %t, %f = transform.structured.tile_using_forall %m tile_sizes [8, 6] : (A) -> (A, A)
  %a, %b = transform.structured.fuse_into_containing_op %fill into %f : (A, A) -> (A, A)"""
    ours = agree(MATMUL, script(MATCH + FILL + steps), upstream=False)
    fills = [op for op in ours.walk() if op.name == "linalg.fill"]
    assert len(fills) == 4 and all(isinstance(op.parent_op(), ForallOp) for op in fills)


def test_fill_is_not_fused_into_one_region_of_several():
    steps = """  %t, %f = transform.structured.tile_using_forall %m tile_sizes [8] : (A) -> (A, A)
  %main, %rest = transform.split_handle %f : (A) -> (A, A)
  %a, %b = transform.structured.fuse_into_containing_op %fill into %main : (A, A) -> (A, A)"""
    with pytest.raises(ScriptError, match=r"the loops use no result of linalg\.fill that could be computed in them"):
        scheduled(MATMUL, script(MATCH + FILL + steps))


@pytest.mark.parametrize(("size", "upstream"), [(4, True), (5, False)])
def test_a_chain_of_producers_is_fused_one_after_the_other(agree: Agree, size: int, upstream: bool):
    steps = f"""  %t, %f = transform.structured.tile_using_forall %out tile_sizes [{size}] : (A) -> (A, A)
  %a, %f1 = transform.structured.fuse_into_containing_op %sum into %f : (A, A) -> (A, A)
  %b, %f2 = transform.structured.fuse_into_containing_op %fill into %f1 : (A, A) -> (A, A)"""
    ours = agree(ROWS, script(BOTH + FILL + steps), upstream=upstream)
    (body,) = [op for op in ours.ops if op.name == "func.func"]
    outside = [op.name for op in body.regions[0].block.ops]
    assert "linalg.generic" not in outside and "linalg.fill" not in outside


def test_fusion_into_a_sequential_loop_computes_what_it_reads(agree: Agree):
    steps = """  %t, %l = transform.structured.tile_using_for %out tile_sizes [3] : (A) -> (A, A)
  %a, %b = transform.structured.fuse_into_containing_op %sum into %l : (A, A) -> (A, A)"""
    agree(ROWS, script(BOTH + steps))


def test_fusion_consumes_the_producer():
    steps = """  %t, %f = transform.structured.tile_using_forall %m tile_sizes [4, 8] : (A) -> (A, A)
  %a, %b = transform.structured.fuse_into_containing_op %fill into %f : (A, A) -> (A, A)
  transform.print %fill : A"""
    with pytest.raises(ScriptError, match="invalidated by a previously executed transform op"):
        scheduled(MATMUL, script(MATCH + FILL + steps))
