"""Handles, bodies and failures of scripts: what is used after it was consumed, who takes a failure, and what is said of it."""

# ruff: noqa: E501 - lines of scripts stay whole

from __future__ import annotations

import pytest

from rung.schedules.builder import schedule
from rung.schedules.engine import DefiniteFailure, ScriptError, SilenceableFailure, apply_schedule

from .conftest import MATMUL, ROWS, Agree, computes, located, scheduled, script

MATCH = '  %m = transform.structured.match ops{["linalg.matmul"]} in %root : (A) -> A\n'
GENERICS = '  %g = transform.structured.match ops{["linalg.generic"]} in %root : (A) -> A\n'


def failure(payload: str, text: str, name: str = "") -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        scheduled(payload, text)
    return caught.value


def test_a_consumed_handle_used_later_is_a_definite_error_with_three_notes():
    steps = """  %t, %f = transform.structured.tile_using_forall %m tile_sizes [4] : (A) -> (A, A)
  transform.print %m : A"""
    error = failure(MATMUL, script(MATCH + steps))
    assert isinstance(error.failure, DefiniteFailure)
    assert str(error).splitlines() == [
        "s.mlir:5:3: error: transform.print: operand #0 is a handle invalidated by a previously executed transform op",
        "s.mlir:3:3: note: handle defined here",
        "s.mlir:4:3: note: invalidated by this op that consumes operand #0 and with it all handles to the same payload and to what is nested in it",
        "p.mlir:6:3: note: ancestor payload op: linalg.matmul",
    ]


def test_consuming_a_loop_invalidates_handles_to_what_is_in_it():
    steps = """  %t, %l = transform.structured.tile_using_for %m tile_sizes [4] : (A) -> (A, A)
  transform.loop.unroll %l {factor = 2 : i64} : A
  transform.print %t : A"""
    error = failure(MATMUL, script(MATCH + steps))
    assert "note: ancestor payload op: scf.for" in str(error)


def test_consuming_what_is_inside_leaves_handles_to_what_is_around_valid():
    steps = """  %f = transform.get_parent_op %m {op_name = "func.func"} : (A) -> A
  %t, %l = transform.structured.tile_using_for %m tile_sizes [4] : (A) -> (A, A)
  transform.annotate %f "still" : A"""
    module, _ = scheduled(MATMUL, script(MATCH + steps))
    assert [op.name for op in module.walk() if "still" in op.attributes] == ["func.func"]


def test_one_payload_twice_in_a_consumed_handle_is_refused():
    steps = """  %two = transform.merge_handles %m, %m : A
  %t, %l = transform.structured.tile_using_for %two tile_sizes [4] : (A) -> (A, A)"""
    assert "points to a payload more than once" in str(failure(MATMUL, script(MATCH + steps)))
    scheduled(MATMUL, script(MATCH + steps.replace("merge_handles", "merge_handles deduplicate")))


def test_split_of_too_few_is_silenceable_and_suppressed_by_include():
    extra = """
transform.named_sequence @two(%g: A {transform.readonly}) -> A {
  %a, %b = transform.split_handle %g : (A) -> (A, A)
  transform.annotate %a "reached" : A
  transform.yield %b : A
}"""
    body = MATCH + '  %r = transform.include @two failures({mode}) (%m) : (A) -> A\n  transform.print %r {{name = "r"}} : A'
    module, printed = scheduled(
        MATMUL, script(body.replace("{mode}", "suppress").replace("{{", "{").replace("}}", "}"), extra=extra)
    )
    assert printed == "[[[ IR printer: r ]]]\n" and not any("reached" in op.attributes for op in module.walk())
    error = failure(MATMUL, script(body.replace("{mode}", "propagate").replace("{{", "{").replace("}}", "}"), extra=extra))
    assert isinstance(error.failure, SilenceableFailure)
    assert "handle holds 1 payloads, expected 2, one for each result" in str(error)


def test_a_definite_failure_is_not_suppressed():
    extra = """
transform.named_sequence @bad(%m: A {transform.consumed}) {
  %t, %l = transform.structured.tile_using_for %m tile_sizes [4] : (A) -> (A, A)
  transform.print %m : A
  transform.yield
}"""
    error = failure(MATMUL, script(MATCH + "  transform.include @bad failures(suppress) (%m) : (A) -> ()", extra=extra))
    assert isinstance(error.failure, DefiniteFailure)


def test_include_with_a_parameter_agrees(agree: Agree):
    extra = """
transform.named_sequence @tile(%m: A {transform.consumed}, %p: P {transform.readonly}) -> A {
  %t, %l = transform.structured.tile_using_for %m tile_sizes [%p] : (A, P) -> (A, A)
  transform.yield %l : A
}"""
    steps = """  %p = transform.param.constant 5 : i64 -> P
  %l = transform.include @tile failures(propagate) (%m, %p) : (A, P) -> A
  transform.annotate %l "loop" : A"""
    ours = agree(MATMUL, script(MATCH + steps, extra=extra))
    assert [op.name for op in ours.walk() if "loop" in op.attributes] == ["scf.for"]


def test_foreach_runs_the_body_for_each_and_joins_what_it_yields(agree: Agree):
    steps = """  %ls = transform.foreach %g : A -> A {
  ^bb0(%one: A):
    %t, %l = transform.structured.tile_using_for %one tile_sizes [4] : (A) -> (A, A)
    transform.yield %l : A
  }
  %a, %b = transform.split_handle %ls : (A) -> (A, A)
  transform.annotate %b "second" : A"""
    ours = agree(ROWS, script(GENERICS + steps))
    assert sum(op.name == "scf.for" for op in ours.walk()) == 2


def test_alternatives_put_the_scope_back_where_the_first_fails(agree: Agree):
    body = """  %f = transform.structured.match ops{["func.func"]} in %root : (A) -> A
  %r = transform.alternatives %f : A -> A {
  ^bb0(%s: A):
    %m = transform.structured.match ops{["linalg.matmul"]} in %s : (A) -> A
    %t, %l = transform.structured.tile_using_for %m tile_sizes [4] : (A) -> (A, A)
    %x, %y = transform.split_handle %t : (A) -> (A, A)
    transform.yield %l : A
  }, {
  ^bb0(%s: A):
    %m = transform.structured.match ops{["linalg.matmul"]} in %s : (A) -> A
    %t, %l = transform.structured.tile_using_for %m tile_sizes [0, 8] : (A) -> (A, A)
    transform.yield %l : A
  }
  transform.annotate %r "chosen" : A"""
    ours = agree(MATMUL, script(body))
    (loop,) = [op for op in ours.walk() if op.name == "scf.for"]
    assert "chosen" in loop.attributes and loop.body.block.args[0].name_hint == "i1"  # pyright: ignore


@pytest.mark.parametrize(
    ("payload", "steps", "says"),
    [
        (MATMUL, MATCH + '  %c = transform.cast %m : A to !transform.op<"scf.for">', "payload is linalg.matmul, expected scf.for"),
        (MATMUL, MATCH + '  %c = transform.get_parent_op %m {op_name = "scf.for"} : (A) -> A', "could not find a parent op"),
        (MATMUL, MATCH + "  %c = transform.get_producer_of_operand %m[0] : (A) -> A", "operand number 0: it is a block argument"),
        (MATMUL, MATCH + "  %c = transform.get_producer_of_operand %m[3] : (A) -> A", "operand number is 3, expected 0 to 2"),
        (ROWS, GENERICS + "  %c = transform.get_consumers_of_result %g[0] : (A) -> A", "handle holds 2 ops, expected exactly one"),
        (MATMUL, MATCH + "  %c = transform.loop.coalesce %m : (A) -> A", '"transform.loop.coalesce" is legal upstream, not supported here'),
        (MATMUL, MATCH + '  %k = transform.tune.knob<"t"> options = [4, 8] -> P', 'non-deterministic choice "t" is only resolved'),
        (MATMUL, "  %e = transform.param.constant 4 : i64 -> P\n  %f = transform.param.constant 5 : i64 -> P\n  transform.match.param.cmpi ge %e, %f : P",
         "found parameter 4, expected one greater than or equal to 5"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_what_was_found_and_expected(payload: str, steps: str, says: str):
    error = failure(payload, script(steps))
    assert says in str(error) and str(error).startswith("s.mlir:")


def test_navigation_finds_producers_and_consumers():
    steps = """  %a, %b = transform.split_handle %g : (A) -> (A, A)
  %p = transform.get_producer_of_operand %b[1] : (A) -> A
  transform.annotate %p "producer" : A
  %c = transform.get_consumers_of_result %a[0] : (A) -> A
  transform.annotate %c "consumer" : A
  %n = transform.num_associations %g : (A) -> P
  transform.debug.emit_param_as_remark %n, "generics" : P
  transform.debug.emit_remark_at %b, "here" : A"""
    module, printed = scheduled(ROWS, script(GENERICS + steps))
    first, second = [op for op in module.walk() if op.name == "linalg.generic"]
    assert "producer" in first.attributes and "consumer" in second.attributes
    assert printed.splitlines()[0].endswith("remark: generics 2") and printed.splitlines()[1] == "p.mlir:15:3: remark: here"


def test_a_script_without_main_is_told_with_its_place():
    with pytest.raises(Exception, match=r"s\.mlir:1:1: error: found no transform\.named_sequence @__transform_main"):
        apply_schedule(located(MATMUL), located("module attributes {transform.with_named_sequence} {}"))


def test_a_script_of_the_builder_runs_as_its_text_does(agree: Agree):
    with schedule() as s:
        tiled, grid = s.match("linalg.matmul").tile_using_forall(tile_sizes=[4, s.knob("n", [4, 8], 8)])
        s.match("linalg.fill").fuse_into_containing_op(grid)
        tiled.tile_using_for(tile_sizes=[0, 0, s.param(3)])
    ours = agree(MATMUL, str(s.module).replace("builtin.module", "module"))
    direct = located(MATMUL)
    apply_schedule(direct, s.module)
    assert str(direct) == str(ours) and len(computes(direct)) == 1


def test_a_sequence_that_includes_itself_is_refused():
    extra = """
transform.named_sequence @again(%m: A {transform.readonly}) {
  transform.include @again failures(propagate) (%m) : (A) -> ()
  transform.yield
}"""
    error = failure(MATMUL, script(MATCH + "  transform.include @again failures(propagate) (%m) : (A) -> ()", extra=extra))
    assert "@again includes itself, expected no recursion" in str(error)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("transform.print %m {skip_regions} : A", "skip_regions is legal upstream, not supported here"),
        ("%t, %l = transform.structured.tile_using_for %m tile_sizes [%m] : (A, A) -> (A, A)", "a handle in place of a number is legal upstream"),
        ("%t, %l = transform.structured.tile_using_for %m tile_sizes [[4]] : (A) -> (A, A)", "scalable sizes are legal upstream, not supported here"),
    ],
)  # fmt: skip
def test_parts_of_an_op_that_are_not_done_are_refused_by_name(step: str, says: str):
    assert says in str(failure(MATMUL, script(MATCH + "  " + step)))
