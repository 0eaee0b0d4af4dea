"""Matrix products against NumPy."""

import ml_dtypes
import numpy as np
import pytest

from rung import Tensor
from rung.frontend.shapes import ArgumentError

RNG = np.random.default_rng(4)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((7,), (7,)),
        ((3, 4), (4,)),
        ((4,), (4, 5)),
        ((3, 4), (4, 5)),
        ((1, 1), (1, 1)),
        ((2, 3, 4), (2, 4, 5)),
        ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 4, 5)),
        ((4,), (2, 4, 5)),
        ((2, 3, 4), (4,)),
        ((5, 1, 3, 4), (2, 4, 6)),
        ((17, 31), (31, 13)),
        ((3, 0), (0, 2)),
        ((0, 3), (3, 2)),
    ],
)
def test_matmul_is_numpys(a, b):
    x, y = RNG.standard_normal(a).astype(np.float32), RNG.standard_normal(b).astype(np.float32)
    expected = x @ y
    for found in (Tensor(x) @ Tensor(y), Tensor(x) @ y, x @ Tensor(y), Tensor(x).dot(Tensor(y))):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_matmul_of_integers_wraps_in_its_dtype_and_of_bools_is_any_of_and():
    a = RNG.integers(0, 255, (3, 40)).astype(np.uint8)
    found = Tensor(a) @ Tensor(a.T)
    assert found.dtype.name == "uint8"
    np.testing.assert_array_equal(found.numpy(), a @ a.T)
    b = RNG.integers(0, 2, (3, 4)).astype(bool)
    np.testing.assert_array_equal((Tensor(b) @ Tensor(b.T)).numpy(), b @ b.T)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16], ids=["float16", "bfloat16"])
def test_matmul_of_half_floats_is_computed_in_float32(dtype):
    a, b = RNG.standard_normal((4, 3000)).astype(dtype), RNG.standard_normal((3000, 5)).astype(dtype)
    found = (Tensor(a) @ Tensor(b)).numpy()
    assert found.dtype == dtype
    wide = a.astype(np.float64) @ b.astype(np.float64)
    np.testing.assert_allclose(found.astype(np.float64), wide, rtol=float(ml_dtypes.finfo(dtype).eps), atol=1e-4)


def test_matmul_promotes():
    assert (Tensor(np.ones((2, 2), np.int32)) @ Tensor(np.ones((2, 2), np.float16))).dtype.name == "float16"


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ((3, 4), (5, 6), r"matmul: \(3, 4\) @ \(5, 6\): inner extents 4 and 5 differ"),
        ((4,), (5,), r"\(4,\) @ \(5,\): inner extents 4 and 5 differ"),
        ((), (5,), r"\(\) @ \(5,\): expected at least one axis on both sides"),
        ((2, 3, 4), (3, 4, 5), r"matmul: shapes \(2,\) and \(3,\) do not broadcast"),
    ],
)
def test_matmul_of_what_does_not_fit_names_both_shapes(a, b, message):
    for kind in (ValueError, RuntimeError):  # NumPy's and torch's
        with pytest.raises(kind, match=message):
            Tensor.ones(*a) @ Tensor.ones(*b)
    with pytest.raises(ArgumentError):
        Tensor.ones(*a) @ Tensor.ones(*b)


def test_nearest_neighbours_by_distance_and_argmin():
    train, test = RNG.standard_normal((31, 8)).astype(np.float32), RNG.standard_normal((7, 8)).astype(np.float32)
    x, y = Tensor(test), Tensor(train)
    distance = x.square().sum(1, keepdim=True) - 2 * (x @ y.T) + y.square().sum(1)
    expected = ((test[:, None] - train[None]) ** 2).sum(-1).argmin(1)
    np.testing.assert_array_equal(distance.argmin(1).numpy(), expected)
