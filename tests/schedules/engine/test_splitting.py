"""split_reduction by scripts: numbers as before and as mlir-opt's, and what is refused."""

# ruff: noqa: E501 - lines of scripts stay whole

from __future__ import annotations

import pytest

from rung.schedules.engine import ScriptError

from .conftest import ROWS, Agree, scheduled, script

SUM = """  %g = transform.structured.match ops{["linalg.generic"]} in %root : (A) -> A
  %sum, %out = transform.split_handle %g : (A) -> (A, A)
"""
SPLIT = "  %i, %f, %s, %c = transform.structured.split_reduction %sum {OPTIONS} : (A) -> (A, A, A, A)"


@pytest.mark.parametrize(
    "options",
    [
        "split_factor = 5 : i64",
        "split_factor = 2 : i64, insert_split_dimension = 1 : i64",
        "split_factor = 2 : i64, inner_parallel",
        "split_factor = 5 : i64, insert_split_dimension = 1 : i64, inner_parallel",
    ],
)
def test_a_declared_reduction_split_in_parts_agrees(agree: Agree, options: str):
    ours = agree(ROWS, script(SUM + SPLIT.replace("OPTIONS", options)))
    assert sum(op.name == "linalg.generic" for op in ours.walk()) == 3


@pytest.mark.parametrize("combiner", ["arith.maximumf %acc, %a", "arith.mulf %acc, %a fastmath<fast>"])
def test_other_combiners_begin_with_their_neutral_element(agree: Agree, combiner: str):
    payload = ROWS.replace("arith.addf %acc, %a fastmath<reassoc>", combiner).replace("0.0 : f32", "1.0 : f32")
    agree(payload, script(SUM + SPLIT.replace("OPTIONS", "split_factor = 5 : i64")), tolerance=1e-4)


@pytest.mark.parametrize(
    ("payload", "options", "says"),
    [
        (ROWS.replace(" fastmath<reassoc>", ""), "split_factor = 5 : i64", "arith.addf that combines has no fastmath<reassoc>"),
        (ROWS, "split_factor = 3 : i64", "split factor is 3, expected at least 2, dividing 10, the extent of d1"),
        (ROWS, "split_factor = 2 : i64, insert_split_dimension = 2 : i64", "split dimension is 2, expected 0 to 1"),
        (ROWS, "split_factor = 2 : i64, use_alloc", "use_alloc and use_scaling_algorithm are legal upstream, not supported here"),
        (ROWS.replace("arith.addf %acc, %a fastmath<reassoc>", "arith.subf %acc, %a"), "split_factor = 2 : i64", "arith.subf combines, expected one of"),
    ],
)  # fmt: skip
def test_a_reduction_that_may_not_be_split_so_is_refused(payload: str, options: str, says: str):
    with pytest.raises(ScriptError) as caught:
        scheduled(payload, script(SUM + SPLIT.replace("OPTIONS", options)))
    assert says in str(caught.value)


def test_unchecked_an_undeclared_reduction_is_split_as_upstream_does():
    text = script(SUM + SPLIT.replace("OPTIONS", "split_factor = 5 : i64"))
    scheduled(ROWS.replace(" fastmath<reassoc>", ""), text, check="off")


def test_an_elementwise_op_has_nothing_to_split():
    with pytest.raises(ScriptError, match="has 1 results and 0 reduction dims, expected one of each"):
        scheduled(ROWS, script(SUM + SPLIT.replace("OPTIONS", "split_factor = 5 : i64").replace("%sum", "%out")))
