"""Tensors from nothing, against NumPy."""

import numpy as np
import pytest

from rung import Tensor, dtypes


def same(tensor, expected, dtype):
    assert tensor.dtype.name == dtype
    found = tensor.numpy()
    assert found.shape == np.shape(expected)
    np.testing.assert_array_equal(found, expected)


def test_constants_in_every_way_of_giving_a_shape():
    same(Tensor.zeros(2, 3), np.zeros((2, 3)), "float32")
    same(Tensor.ones((2, 3), dtype="int8"), np.ones((2, 3)), "int8")
    same(Tensor.full((2,), 7), [7, 7], "int32")
    same(Tensor.full(3, 2.5, "float16"), [2.5] * 3, "float16")
    same(Tensor.zeros(), 0.0, "float32")
    same(Tensor.zeros(0, 3), np.zeros((0, 3)), "float32")
    same(Tensor.full((2,), float("nan")), [np.nan, np.nan], "float32")
    same(Tensor.full((2,), -float("inf"), "float64"), [-np.inf] * 2, "float64")


def test_like_takes_shape_and_dtype():
    x = Tensor(np.zeros((2, 3), np.int16))
    same(x.zeros_like(), np.zeros((2, 3)), "int16")
    same(x.ones_like("float64"), np.ones((2, 3)), "float64")
    same(x.full_like(5), np.full((2, 3), 5), "int16")


@pytest.mark.parametrize("args", [(5,), (2, 7), (7, 2, -2), (0, 10, 3), (5, 5), (5, 2), (-3, 4, 2)])
def test_arange_of_integers_is_numpys(args):
    same(Tensor.arange(*args), np.arange(*args), "int32")


@pytest.mark.parametrize("args", [(0, 1, 0.1), (1.5, 4), (1, -1, -0.25)])
def test_arange_of_floats_is_numpys(args):
    tensor = Tensor.arange(*args)
    assert tensor.dtype is dtypes.float32
    np.testing.assert_allclose(tensor.numpy(), np.arange(*args), rtol=1e-6, atol=1e-7)


def test_arange_in_other_dtypes():
    same(Tensor.arange(4, dtype="uint8"), np.arange(4), "uint8")
    same(Tensor.arange(1, 1 << 40, 1 << 39), np.arange(1, 1 << 40, 1 << 39), "int64")
    same(Tensor.arange(2050, dtype="float16"), np.arange(2050).astype(np.float16), "float16")


@pytest.mark.parametrize("steps", [1, 2, 5, 100])
def test_linspace_hits_both_ends(steps):
    found = Tensor.linspace(-1, 3, steps).numpy()
    np.testing.assert_allclose(found, np.linspace(-1, 3, steps), rtol=1e-5, atol=1e-6)
    assert found[0] == -1 and (steps == 1 or found[-1] == 3)


def test_linspace_of_integers_cuts_off_what_is_not_whole():
    same(Tensor.linspace(5, 10, 4, "int32"), np.array([5, 6, 8, 10]), "int32")


def test_eye_is_numpys():
    same(Tensor.eye(3), np.eye(3), "float32")
    same(Tensor.eye(2, 4, dtype="bool"), np.eye(2, 4).astype(bool), "bool")


def test_bad_sizes_and_values_are_refused():
    with pytest.raises(ValueError, match=r"zeros: shape is \(2, -1\), expected no negative extent"):
        Tensor.zeros(2, -1)
    with pytest.raises(ValueError, match="step from 0 to 3 is 0"):
        Tensor.arange(0, 3, 0)
    with pytest.raises(OverflowError, match="-1 does not fit uint8"):
        Tensor.full((2,), -1, "uint8")
    with pytest.raises(TypeError):
        Tensor.zeros(2.5)
