"""The loader of the corpus: its programs are legal, its data is hard, seeded and within the bounds that a program asks for."""

import numpy as np
import pytest
from corpus import Program, assert_same, make_inputs, parse, program, programs

from rung.dialects.nd.base import shape_of


def test_there_are_at_least_sixty_programs_each_with_a_reason() -> None:
    assert len(programs()) >= 60
    assert all(each.module_text.startswith("// ") and len(each.awkward) > 12 for each in programs())
    assert len({each.awkward for each in programs()}) == len(programs())


@pytest.mark.parametrize("each", programs(), ids=lambda p: p.name)
def test_programs_are_small_and_rank_at_most_8(each: Program) -> None:
    points = [int(np.prod(shape_of(r))) for op in each.module().walk() for r in op.results]
    assert max(points) <= 300_000
    assert all(len(shape_of(r)) <= 8 for op in each.module().walk() for r in op.results)


def test_the_corpus_is_awkward_in_every_way_it_promises() -> None:
    shapes = [shape_of(r) for p in programs() for op in p.module().walk() for r in op.results]
    extents = {d for shape in shapes for d in shape}
    assert {0, 1, 7, 13, 17, 33, 65, 1009} <= extents
    assert {len(shape) for shape in shapes} >= {0, 1, 2, 3, 4, 5}


def test_data_is_seeded_and_special_values_are_on_request() -> None:
    each = program("binary_f32")
    a, b = each.inputs(3), each.inputs(3)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, each.inputs(4))
    assert np.isfinite(a).all()
    special = np.concatenate([array for seed in range(4) for array in each.inputs(seed, special=True)])
    assert np.isnan(special).any() and np.isinf(special).any() and (special == 0).any()


@pytest.mark.parametrize("name", ["binary_i8", "binary_i64", "binary_ui64", "binary_ui8"])
def test_integers_reach_both_limits_and_zero(name: str) -> None:
    data = np.concatenate([array for seed in range(8) for array in program(name).inputs(seed)])
    limits = np.iinfo(data.dtype)
    assert {int(data.min()), int(data.max())} == {limits.min, limits.max}
    assert (data == 0).any()


def test_bounds_written_in_a_program_are_kept() -> None:
    each = program("gather_one_hot")
    assert each.ranges == {1: (-1, 11)}
    table, at = each.inputs(1)
    assert table.dtype == np.float32
    assert at.min() >= -1 and at.max() <= 11 and len(set(at.tolist())) > 2


def test_a_module_is_fresh_each_time() -> None:
    each = program("rank0_add")
    assert each.module() is not each.module()


def test_inputs_of_another_function() -> None:
    module = program("two_entries").module()
    assert len(make_inputs(module)) == 1
    assert len(make_inputs(module, function="other")) == 2


def test_comparison_names_what_differs() -> None:
    one = [np.array([1.0, np.nan], np.float32)]
    assert_same(one, [np.array([1.0 + 1e-6, np.nan], np.float32)])
    with pytest.raises(AssertionError, match="result 0"):
        assert_same(one, [np.array([1.0 + 1e-6, np.nan], np.float32)], exact=True)
    with pytest.raises(AssertionError, match=r"result 0 is float32\(2,\), expected float64\(2,\)"):
        assert_same(one, [one[0].astype(np.float64)])
    with pytest.raises(AssertionError, match="1 results, expected 2"):
        assert_same(one, [*one, *one])
    with pytest.raises(AssertionError):
        assert_same([np.array([3], np.int32)], [np.array([4], np.int32)])


def test_parse_reports_where_a_program_is_wrong() -> None:
    with pytest.raises(Exception, match=r"bad\.mlir"):
        parse("func.func @f( {", "bad.mlir")
