"""Reductions against NumPy: axes, keepdim, dtypes, ties, NaN, nothing at all."""

import numpy as np
import pytest

from rung import Tensor

RNG = np.random.default_rng(5)
DATA = RNG.standard_normal((3, 7, 4)).astype(np.float32)
INTS = RNG.integers(-100, 100, (3, 7, 4)).astype(np.int32)
AXES = [None, 0, 1, -1, (0, 2), (-1, 0, 1), ()]


def close(tensor, expected, rtol=1e-5, atol=1e-6):
    assert tensor.shape == np.shape(expected)
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean"])
def test_reductions_are_numpys(name, axis, keepdim):
    close(getattr(Tensor(DATA), name)(axis, keepdim), getattr(np, name)(DATA, axis=axis, keepdims=keepdim))


@pytest.mark.parametrize("axis", [None, 1, (0, 2)])
@pytest.mark.parametrize("correction", [0, 1])
def test_variance_and_deviation_are_numpys_with_ddof(axis, correction):
    close(Tensor(DATA).var(axis, correction=correction), DATA.var(axis, ddof=correction))
    close(Tensor(DATA).std(axis, keepdim=True, correction=correction), DATA.std(axis, ddof=correction, keepdims=True))
    far = DATA + 1000  # one pass over squares would lose all digits here
    close(Tensor(far).var(axis, correction=correction), far.astype(np.float64).var(axis, ddof=correction), rtol=1e-3)


def test_sums_of_integers_do_not_wrap_in_their_own_dtype():
    small = np.full(1000, 100, np.int8)
    assert Tensor(small).sum().item() == 100_000
    assert Tensor(small > 0).sum().item() == 1000
    assert Tensor(INTS).sum(dtype="int32").dtype.name == "int32"
    np.testing.assert_array_equal(Tensor(INTS).sum(1).numpy(), INTS.sum(1))
    close(Tensor(INTS).mean(1), INTS.mean(1))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_floats_are_summed_in_float32(dtype):
    ones = Tensor.ones(5000, dtype=dtype)  # summed in bfloat16, 256 + 1 is 256
    assert ones.sum().dtype.name == dtype
    assert ones.sum().item() == pytest.approx(5000, rel=4e-3)
    assert ones.mean().item() == 1
    assert (ones * 300).mean().item() == 300  # the sum overflows float16
    assert ones.sum(dtype="float32").item() == 5000


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
def test_any_and_all_are_numpys(axis):
    data = RNG.integers(0, 3, (3, 7, 4))
    np.testing.assert_array_equal(Tensor(data).any(axis).numpy(), (data != 0).any(axis))
    np.testing.assert_array_equal(Tensor(data.astype(np.float32)).all(axis).numpy(), (data != 0).all(axis))
    assert Tensor([float("nan")]).any().item() is True


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_argmax_and_argmin_are_numpys_with_ties(axis, keepdim):
    for data in (DATA, np.round(DATA), INTS, INTS > 0, INTS.astype(np.uint8)):
        for name in ("argmax", "argmin"):
            found = getattr(Tensor(data), name)(axis, keepdim)
            expected = getattr(np, name)(data, axis=axis, keepdims=keepdim)
            assert found.dtype.name == "int64" and found.shape == expected.shape
            np.testing.assert_array_equal(found.numpy(), expected)


def test_argmax_takes_the_first_nan_and_survives_infinities_and_a_number():
    assert Tensor([1.0, float("nan"), 3.0, float("nan")]).argmax().item() == 1
    assert Tensor([1.0, float("nan"), 3.0, float("nan")]).argmin().item() == 1
    assert Tensor([-float("inf")] * 3).argmax().item() == 0
    assert Tensor(np.array([np.iinfo(np.int64).min] * 2)).argmax().item() == 0
    assert Tensor(5.0).argmax().item() == 0
    assert Tensor(5.0).argmax(0, keepdim=True).shape == ()


def test_extremes_let_nan_through():
    data = DATA.copy()
    data[1, 2, 3] = np.nan
    np.testing.assert_array_equal(Tensor(data).max(1).numpy(), data.max(1))
    np.testing.assert_array_equal(Tensor(data).min((0, 2)).numpy(), data.min((0, 2)))


def test_reductions_of_nothing():
    empty = Tensor.zeros(0, 3)
    assert empty.sum().item() == 0 and empty.prod(0).tolist() == [1, 1, 1]
    assert empty.any().item() is False and empty.all(0).tolist() == [True] * 3
    assert np.isnan(empty.mean(0).numpy()).all()
    assert empty.max(1).shape == (0,)
    for act in (empty.max, empty.min, lambda: empty.max(0), empty.argmax, lambda: empty.argmin(0)):
        with pytest.raises(ValueError, match=r"(arg)?m(ax|in): axes \(0.*\) of shape \(0.* are empty"):
            act()


def test_bad_axes_are_index_errors_that_name_the_shape():
    x = Tensor(DATA)
    with pytest.raises(IndexError, match=r"sum: axis 3 is out of range for shape \(3, 7, 4\), expected -3 to 2"):
        x.sum(3)
    with pytest.raises(IndexError, match="argmax: axis -4"):
        x.argmax(-4)
    with pytest.raises(ValueError, match=r"mean: axes \[0, -3\] of shape \(3, 7, 4\) name an axis twice"):
        x.mean((0, -3))


@pytest.mark.parametrize("ord", [1, 2, 3, 0, float("inf"), -float("inf")])
@pytest.mark.parametrize("axis", [0, -1])
def test_norm_is_numpys(ord, axis):
    close(Tensor(DATA).norm(ord, axis), np.linalg.norm(DATA, ord, axis), rtol=1e-4)
    if ord == 2:
        close(Tensor(DATA).norm(), np.linalg.norm(DATA.ravel()), rtol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 7, 256, 257, 1000])
def test_cumsum_is_numpys_on_both_sides_of_a_chunk(count):
    data = RNG.standard_normal((2, count)).astype(np.float32)
    close(Tensor(data).cumsum(1), data.astype(np.float64).cumsum(1), rtol=1e-4, atol=1e-4)
    close(Tensor(data.T).cumsum(0), data.T.astype(np.float64).cumsum(0), rtol=1e-4, atol=1e-4)
    ints = RNG.integers(-5, 5, count).astype(np.int8)
    np.testing.assert_array_equal(Tensor(ints).cumsum(0).numpy(), ints.astype(np.int64).cumsum())


def test_cumsum_keeps_what_stands_before_an_infinity_and_cumprod_multiplies():
    data = np.array([1, 2, np.inf, 3], np.float32)
    np.testing.assert_array_equal(Tensor(data).cumsum(0).numpy(), data.cumsum())
    close(Tensor(DATA).cumprod(1), DATA.cumprod(1), rtol=1e-4)
    assert Tensor(2.0).cumsum(0).item() == 2
    assert Tensor.zeros(0, 2).cumsum(0).shape == (0, 2)


def test_axis_that_is_no_integer_is_refused():
    for axis in (1.0, "0", (0, None)):
        with pytest.raises(TypeError, match=r"sum: axis is .*, expected an integer"):
            Tensor(np.ones((2, 3), np.float32)).sum(axis)
