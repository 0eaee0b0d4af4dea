"""The tolerance policy: what passes, what does not, and what the message says."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from rung.backends.reference import assert_close
from rung.backends.reference.compare import TOLERANCE


def differs(found: Any, expected: Any, match: str, **options: Any) -> None:
    with pytest.raises(AssertionError, match=match):
        assert_close(found, expected, what="w", **options)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_special_values_agree_with_themselves_only(dtype: Any) -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.0, 3.0]).astype(dtype)
    assert_close(values, values, what="same")
    assert_close(np.array([-0.0]).astype(dtype), np.array([0.0]).astype(dtype), what="zeros")
    for i in range(5):
        for j in range(5):
            if i != j:
                differs(values[i], values[j], "found")
                differs(values[i], values[j], "found", reorder=True) if {i, j} != {3, 4} else None


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_a_few_units_in_the_last_place_pass_and_many_do_not(dtype: Any) -> None:
    eps, one = float(ml_dtypes.finfo(dtype).eps), np.ones(3).astype(dtype)
    assert_close((one.astype(np.float64) * (1 + 2 * eps)).astype(dtype), one, what="close")
    differs((one.astype(np.float64) * (1 + 5000 * eps)).astype(dtype), one, "3 of 3 elements")


def test_reordered_sums_are_measured_by_the_largest_element() -> None:
    expected = np.float32([1000, 1e-3])
    found = expected + np.float32([0, 1e-3])
    differs(found, expected, r"worst at \(1,\)")
    assert_close(found, expected, what="sum", reorder=True)
    differs(found[1:], expected[1:], "found", reorder=True)
    assert_close(found[1:], expected[1:], what="sum", reorder=True, scale=1000)


def test_integers_and_bools_have_to_be_identical() -> None:
    differs(np.int32([1, 2, 3]), np.int32([1, 2, 4]), r"w: 1 of 3 elements of int32 differ, worst at \(2,\): found 3, expected 4")
    differs(np.array([True]), np.array([False]), "found True, expected False")


def test_integers_of_one_width_agree_by_their_bits() -> None:
    assert_close(np.int8([-1, 5]), np.uint8([255, 5]), what="bits")
    differs(np.int8([-1]), np.uint16([255]), r"w: found int8 \(1,\), expected uint16 \(1,\)")


def test_shape_and_dtype_that_differ_are_named() -> None:
    differs(np.zeros((2, 3), np.float32), np.zeros((3, 2), np.float32), r"found float32 \(2, 3\), expected float32 \(3, 2\)")
    differs(np.zeros(2, np.float64), np.zeros(2, np.float32), r"found float64 \(2,\), expected float32 \(2,\)")


def test_worst_element_is_the_one_furthest_over_its_allowance() -> None:
    expected = np.float32([1e6, 1.0, np.nan])
    differs(expected + np.float32([10, 1, 0]), expected, r"2 of 3 .* worst at \(0,\): found 1000010.0, expected 1000000.0")


def test_flushed_subnormals_pass() -> None:
    assert_close(np.float32([0]), np.float32([1e-40]), what="flushed")
    assert_close(np.zeros(0, np.float32), np.zeros(0, np.float32), what="empty")
