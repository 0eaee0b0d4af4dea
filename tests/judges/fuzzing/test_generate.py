"""What the generator makes, and what its programs mean."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rung.backends.reference import evaluate
from rung.judges.fuzzing import IllConditioned, Node, Program, generate, shadow
from rung.judges.fuzzing.bounds import Shadow
from rung.judges.fuzzing.case import wrong
from rung.judges.fuzzing.coverage import ELEMENTS, NAMES, Coverage, allowed
from rung.judges.fuzzing.hunt import SMALL
from rung.judges.fuzzing.program import joined
from rung.judges.fuzzing.shadow import difference


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.integers(0, 2**63).map(generate))
def test_the_evaluator_agrees_with_the_shadow(program):
    module = program.module()
    module.verify()
    assert wrong(program, shadow(program), evaluate(module, "main", program.inputs)) is None


def test_a_seed_is_one_program():
    assert str(generate(7).module()) == str(generate(7).module()) != str(generate(8).module())
    for one, other in zip(generate(7).inputs, generate(7).inputs):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def coverage():
    found = Coverage()
    found.add(generate(seed) for seed in range(2000))
    return found


def test_every_op_occurs_with_every_type_that_nd_allows(coverage):
    assert coverage.missing() == []


def test_casts_join_nearly_all_types(coverage):
    assert len(coverage.casts) >= 0.9 * len(ELEMENTS) * (len(ELEMENTS) - 1)


def test_ranks_0_to_5_and_one_to_five_results_occur(coverage):
    assert set(coverage.ranks) == set(range(6))
    assert set(coverage.results) >= set(range(1, 6))


@pytest.mark.parametrize("what", ["data", "a constant"])
@pytest.mark.parametrize("value", ["NaN", "infinite", "-0.0", "subnormal", "the largest float", "an integer limit"])
def test_values_that_are_easily_forgotten_occur(coverage, what, value):
    assert coverage.features[f"{what} {value}"] > 0


@pytest.mark.parametrize(
    "feature", ["an extent 0", "an extent 1", "a prime extent", "a step", "a padding that is not 0", "a value to store"]
)
def test_awkward_shapes_and_movements_occur_in_one_program_of_fifty(coverage, feature):
    assert coverage.features[feature] >= 40


def test_what_nd_allows_is_what_its_verifiers_say():
    assert {("unary sqrt", "f16"), ("binary shl", "ui64"), ("reduce max", "i1"), ("iota", "i8")} <= allowed()
    assert (
        not {("unary sqrt", "i32"), ("binary shl", "f32"), ("reduce sum", "i1"), ("iota", "f32"), ("bitcast", "i1")} & allowed()
    )
    assert {name for name, _ in allowed()} == set(NAMES)


def test_coverage_comes_back_from_json_and_adds_up(coverage):
    back = Coverage.from_json(coverage.as_json())
    assert back == coverage
    back += coverage
    assert back.results.total() == 2 * coverage.results.total() and coverage.results.total() == 2000
    assert "casts between types" in back.table()


def test_joined_programs_keep_their_results():
    programs = [generate(seed, SMALL) for seed in range(5)]
    whole = joined(programs)
    assert wrong(whole, shadow(whole), evaluate(whole.module(), "main", whole.inputs)) is None
    assert len(whole.outputs) == sum(len(program.outputs) for program in programs)


# What the shadow is sure of


def constant(value, element="f32"):
    return Node("const", element, (1,), (), {"value": value})


def of(op, *nodes, element="f32", **about):
    return Program((*nodes, Node(op, element, (1,), tuple(range(len(nodes))), about)), (len(nodes),))


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(of("binary", constant(1.0), constant(0.0), kind="div"), id="division by zero"),
        pytest.param(of("binary", constant(3e38), constant(3e38), kind="add"), id="overflow"),
        pytest.param(of("unary", constant(-1.0), kind="sqrt"), id="root of a negative number"),
        pytest.param(of("cast", constant(300.0), element="i8"), id="cast of what does not fit"),
        pytest.param(of("bitcast", constant(0.0), element="i32"), id="bits of a zero, whose sign is nobody's"),
    ],
)
def test_what_targets_may_do_differently_is_refused(program):
    with pytest.raises(IllConditioned):
        shadow(program)


def test_a_sum_of_an_infinity_and_what_may_overflow_to_the_other_is_refused():
    source = Node("input", "f32", (3,), (), {"data": np.array([np.inf, -3e38, -3e38], np.float32)})
    total = Node("reduce", "f32", (), (0,), {"kind": "sum", "axes": [0]})
    with pytest.raises(IllConditioned, match="near the largest"):
        shadow(Program((source, total), (1,)))
    plain = Node("input", "f32", (3,), (), {"data": np.array([np.inf, -3.0, 2.0], np.float32)})
    assert shadow(Program((plain, total), (1,)))[-1].data == np.inf


def test_a_comparison_of_rounded_neighbours_is_refused():
    third = Node("unary", "f32", (1,), (0,), {"kind": "recip"})
    compare = Node("binary", "i1", (1,), (1, 1), {"kind": "cmpeq"})
    with pytest.raises(IllConditioned, match="neighbours"):
        shadow(Program((constant(3.0), third, compare), (2,)))


def test_whole_numbers_are_exact_and_thirds_are_bounded():
    exact, bounded = (shadow(of("binary", constant(2.0), constant(c), kind=k))[-1] for c, k in ((3.0, "mul"), (3.0, "div")))
    assert exact.error is None and exact.data == 6
    assert bounded.error is not None and 0 < bounded.error[0] < 1e-6


def test_differences_name_place_and_bound():
    want = Shadow(np.array([1.0, 2.0], np.longdouble), np.array([0.0, 0.25], np.longdouble))
    assert difference(np.array([1, 2.2], np.float32), want, "f32") is None
    assert (
        difference(np.array([1, 2.5], np.float32), want, "f32") == "1 of 2 elements are wrong; at [1] 2.5, expected 2.0 +- 0.25"
    )
    assert difference(np.array([1, 2], np.int32), want, "f32") == "is int32(2,), expected float32(2,)"
