"""Knobs of scripts: what may be chosen, what fits, and scripts that are bound."""

from __future__ import annotations

import numpy as np
import pytest

from rung.schedules.engine import ScriptError
from rung.schedules.engine.space import SpaceError, bind, space

from .conftest import MATMUL, Agree, located, scheduled, script

KNOBS = """  %m = transform.structured.match ops{["linalg.matmul"]} in %root : (A) -> A
  %rows = transform.tune.knob<"rows"> options = [2, 4, 10] -> P
  %columns = transform.tune.knob<"columns"> options = {lb = 4 : i64, ub = 16 : i64, step = 4 : i64} -> P
  transform.smt.constrain_params(%rows, %columns) : (P, P) -> () {
  ^bb0(%r: !smt.int, %c: !smt.int):
    %area = smt.int.mul %r, %c
    %most = smt.int.constant 40
    %fits = smt.int.cmp le %area, %most
    smt.assert %fits
    %sixteen = smt.int.constant 16
    %rest = smt.int.mod %sixteen, %c
    %zero = smt.int.constant 0
    %divides = smt.eq %rest, %zero : !smt.int
    smt.assert %divides
    smt.yield
  }
  %t, %f = transform.structured.tile_using_forall %m tile_sizes [%rows, %columns] : (A, P, P) -> (A, A)
  transform.tune.alternatives<"inner"> {
    %k = transform.tune.knob<"k"> options = [3, 4] -> P
    %u, %l = transform.structured.tile_using_for %t tile_sizes [0, 0, %k] : (A, P) -> (A, A)
    transform.yield
  }, {
    transform.yield
  }"""


def test_space_has_each_legal_choice_once():
    found = space(located(script(KNOBS)))
    assert [(knob.name, knob.options) for knob in found.knobs] == [
        ("rows", (2, 4, 10)),
        ("columns", (4, 8, 12, 16)),
        ("inner", (0, 1)),
        ("k", (3, 4)),
    ]
    points = list(found.points())
    tiles = {(point["rows"], point["columns"]) for point in points}
    assert tiles == {(2, 4), (2, 8), (2, 16), (4, 4), (4, 8), (10, 4)}
    assert len(points) == len(tiles) * 3  # k only where its region is chosen
    assert all(("k" in point) == (point["inner"] == 0) for point in points)
    assert len({tuple(sorted(point.items())) for point in points}) == len(points)


def test_samples_are_legal_and_repeat_with_their_seed():
    found = space(located(script(KNOBS)))
    legal = list(found.points())
    drawn = [found.sample(np.random.default_rng(seed)) for seed in range(20)]
    assert all(each in legal for each in drawn) and len({str(each) for each in drawn}) > 5
    assert found.sample(np.random.default_rng(3)) == drawn[3]


def test_a_bound_script_runs_here_and_upstream_but_for_its_constraints(agree: Agree):
    bound = bind(located(script(KNOBS)), {"rows": 4, "columns": 8, "inner": 0, "k": 3})
    text = str(bound).replace("builtin.module", "module")
    agree(MATMUL, text, upstream=False)
    without = text[: text.index("    transform.smt.constrain_params")] + text[text.index("    %t, %f") :]
    agree(MATMUL, without)


def test_bind_fills_in_selected_and_nothing_else():
    whole = script(KNOBS)
    bound = str(bind(located(whole), {"rows": 4, "inner": 1}))
    before = str(located(whole))
    changed = [(a, b) for a, b in zip(before.splitlines(), bound.splitlines(), strict=True) if a != b]
    assert len(changed) == 2
    assert changed[0][1].replace(" = 4 : i64 from", "") == changed[0][0]
    assert changed[1][1].replace(" selected_region = 1", "") == changed[1][0]


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"row": 4}, "no knob is named 'row', expected one of rows, columns, inner, k"),
        ({"rows": 5}, "'rows' is 5, expected one of [2, 4, 10]"),
        ({"inner": 2}, "'inner' is 2, expected one of [0, 1]"),
        ({"rows": 10, "columns": 8}, "constraint does not hold for rows = 10, columns = 8"),
    ],
)
def test_a_choice_outside_the_space_is_refused(choice: dict[str, int], says: str):
    with pytest.raises(SpaceError) as caught:
        bind(located(script(KNOBS)), choice)
    assert says in str(caught.value)


def test_two_knobs_of_a_name_are_refused():
    twice = '  %a = transform.tune.knob<"t"> options = [1, 2] -> P\n  %b = transform.tune.knob<"t"> options = [1, 3] -> P'
    with pytest.raises(SpaceError, match=r's\.mlir:4:3: a second knob is named "t", the first at s\.mlir:3:3'):
        space(located(script(twice)))


def test_a_constraint_that_does_not_hold_stops_the_script_with_the_assertion():
    text = str(script(KNOBS)).replace('"rows"> options', '"rows"> = 10 : i64 from options')
    text = text.replace('"columns"> options', '"columns"> = 8 : i64 from options')
    with pytest.raises(ScriptError, match=r"constraint does not hold for \[10, 8\]\ns\.mlir:11:5: note: this assertion is false"):
        scheduled(MATMUL, text)
