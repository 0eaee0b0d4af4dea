"""Loops, patterns and passes by scripts: numbers as before and as mlir-opt's."""

# ruff: noqa: E501 - lines of scripts stay whole

from __future__ import annotations

import pytest
from xdsl.dialects import scf

from rung.schedules.engine import ScriptError

from .conftest import MATMUL, ROWS, Agree, scheduled, script

TILED = """  %m = transform.structured.match ops{["linalg.matmul"]} in %root : (A) -> A
  %t, %l:2 = transform.structured.tile_using_for %m tile_sizes [4, 0, 3] : (A) -> (A, A, A)
"""
FOR = '  %for = transform.cast %l#0 : A to !transform.op<"scf.for">\n'


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
def test_unroll_with_and_without_iterations_left_over_agrees(agree: Agree, factor: int):
    agree(MATMUL, script(TILED + f"  transform.loop.unroll %l#0 {{factor = {factor} : i64}} : A"))


def test_unroll_by_more_than_the_iterations_is_refused():
    with pytest.raises(ScriptError, match="factor is 6, expected at most 5, the iterations of the loop"):
        scheduled(MATMUL, script(TILED + "  transform.loop.unroll %l#0 {factor = 6 : i64} : A"))


def test_peel_front_splits_the_first_iteration_off(agree: Agree):
    steps = (
        FOR
        + """  %main, %first = transform.loop.peel %for {peel_front = true} : (!transform.op<"scf.for">) -> (A, A)
  transform.annotate %first "first" : A"""
    )
    ours = agree(MATMUL, script(TILED + steps))
    (first,) = [op for op in ours.walk() if "first" in op.attributes]
    assert isinstance(first, scf.ForOp)


def test_peel_of_what_divides_keeps_the_loop_or_fails_where_that_is_asked():
    peel = '  %main, %rest = transform.loop.peel %for : (!transform.op<"scf.for">) -> (A, A)\n  transform.print %rest {name = "rest"} : A'
    _, printed = scheduled(MATMUL, script(TILED + FOR + peel))
    assert printed == "[[[ IR printer: rest ]]]\n"
    with pytest.raises(ScriptError, match="loop has no partial iteration to split off"):
        scheduled(MATMUL, script(TILED + FOR + peel.replace("%for :", "%for {fail_if_already_divisible = true} :")))


COUNT = """
func.func @main(%x: tensor<11xf32>) -> tensor<11xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c11 = arith.constant 11 : index
  %r = scf.for %i = %c0 to %c11 step %c4 iter_args(%o = %x) -> (tensor<11xf32>) {
    %e = tensor.extract %x[%i] : tensor<11xf32>
    %d = arith.addf %e, %e : f32
    %n = tensor.insert %d into %o[%i] : tensor<11xf32>
    scf.yield %n : tensor<11xf32>
  }
  return %r : tensor<11xf32>
}"""


def test_peel_splits_the_partial_iteration_off(agree: Agree):
    steps = """  %l = transform.structured.match interface{LoopLikeInterface} in %root : (A) -> A
  %for = transform.cast %l : A to !transform.op<"scf.for">
  %main, %rest = transform.loop.peel %for : (!transform.op<"scf.for">) -> (A, A)
  transform.annotate %rest "rest" : A"""
    ours = agree(COUNT, script(steps))
    assert sum(isinstance(op, scf.ForOp) for op in ours.walk()) == 2


ON_MEMREFS = """
func.func @main(%x: memref<6x4xf32>, %y: memref<6x4xf32>) attributes {outs = 1 : i64} {
  scf.forall (%i, %j) in (6, 4) {
    %v = memref.load %x[%i, %j] : memref<6x4xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %y[%i, %j] : memref<6x4xf32>
  }
  return
}"""


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("%l:2 = transform.loop.forall_to_for %f : (A) -> (A, A)", "scf.for"),
        ("%l = transform.loop.forall_to_parallel %f : (A) -> A", "scf.parallel"),
    ],
)
def test_a_forall_on_memrefs_becomes_other_loops(step: str, name: str):
    import numpy as np

    from rung.backends.reference.evaluate import evaluate

    text = script(f'  %f = transform.structured.match ops{{["scf.forall"]}} in %root : (A) -> A\n  {step}')
    module, _ = scheduled(ON_MEMREFS, text)
    assert name in [op.name for op in module.walk()] and "scf.forall" not in [op.name for op in module.walk()]
    x = np.random.default_rng(1).standard_normal((6, 4)).astype(np.float32)
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], x + x)


def test_a_forall_on_tensors_stays():
    steps = """  %m = transform.structured.match ops{["linalg.matmul"]} in %root : (A) -> A
  %t, %f = transform.structured.tile_using_forall %m tile_sizes [4] : (A) -> (A, A)
  %l = transform.loop.forall_to_for %f : (A) -> A"""
    with pytest.raises(ScriptError, match=r"scf\.forall has tensors as results, expected a bufferized one"):
        scheduled(MATMUL, script(steps))


def test_cse_and_canonicalization_keep_numbers_and_handles(agree: Agree):
    steps = """  %f = transform.get_parent_op %l#0 {op_name = "func.func"} : (A) -> A
  transform.loop.unroll %l#1 {factor = 2 : i64} : A
  transform.apply_patterns to %f { transform.apply_patterns.canonicalization } : A
  transform.apply_cse to %f : A
  transform.annotate %l#0 "outer" : A"""
    ours = agree(MATMUL, script(TILED + steps))
    (outer,) = [op for op in ours.walk() if "outer" in op.attributes]
    assert isinstance(outer, scf.ForOp)


def test_cse_merges_two_generics_and_a_handle_follows():
    twice = ROWS.replace("  %e1 = tensor.empty", "  %e2 = tensor.empty() : tensor<12xf32>\n  %e1 = tensor.empty")
    steps = """  %f = transform.structured.match ops{["func.func"]} in %root : (A) -> A
  %e = transform.structured.match ops{["tensor.empty"]} in %root : (A) -> A
  transform.apply_cse to %f : A
  %n = transform.num_associations %e : (A) -> P
  transform.debug.emit_param_as_remark %n : P"""
    _, printed = scheduled(twice, script(steps))
    assert printed.endswith("remark: 2\n")


def test_a_pass_of_rung_runs_by_its_name():
    steps = """  %m = transform.apply_registered_pass "canonicalize" to %root : (A) -> A
  %f = transform.structured.match ops{["func.func"]} in %m : (A) -> A
  transform.annotate %f "done" : A"""
    module, _ = scheduled(MATMUL, script(steps, mark="consumed"))
    assert [op.name for op in module.walk() if "done" in op.attributes] == ["func.func"]


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ('%m = transform.apply_registered_pass "loops-to-dust" to %root : (A) -> A', "unknown pass 'loops-to-dust'"),
        ('%f = transform.structured.match ops{["func.func"]} in %root : (A) -> A\n  %m = transform.apply_registered_pass "cse" to %f : (A) -> A', "payload is func.func, expected builtin.module"),
        ('%m = transform.apply_registered_pass "cse" with options = {"max" = 3 : i64} to %root : (A) -> A', "options of cse do not fit"),
        ("transform.apply_patterns to %root { transform.apply_patterns.vector.lower_masks } : A", '"transform.apply_patterns.vector.lower_masks" is legal upstream, not supported here'),
    ],
)  # fmt: skip
def test_passes_and_patterns_that_cannot_run_are_named(step: str, says: str):
    with pytest.raises(ScriptError) as caught:
        scheduled(MATMUL, script("  " + step, mark="consumed"))
    assert says in str(caught.value)
