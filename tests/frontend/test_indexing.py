"""Basic indexing and its assignment against NumPy."""

import numpy as np
import pytest

from rung import Tensor

DATA = np.random.default_rng(6).standard_normal((4, 5, 6)).astype(np.float32)
S = np.s_

KEYS = [
    S[0], S[-1], S[2, 3, 1], S[..., 0], S[1:3], S[:, 1:4], S[::2], S[1::3], S[::-1], S[:, ::-2], S[3:0:-1], S[-3:-1], S[10:],
    S[2:2], S[:, None], S[None], S[..., None, 1], S[0, ..., -1], S[None, 1:, None, ::-1, 2], S[...],
    S[:, :, 5:1:-3], S[::7, ::-7], S[:],
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=map(str, KEYS))
def test_getitem_is_numpys(key):
    found = Tensor(DATA)[key]
    assert found.shape == DATA[key].shape
    np.testing.assert_array_equal(found.numpy(), DATA[key])


@pytest.mark.parametrize("key", KEYS, ids=map(str, KEYS))
def test_setitem_is_numpys(key):
    expected = DATA.copy()
    value = np.random.default_rng(1).standard_normal(DATA[key].shape).astype(np.float32)
    expected[key] = value
    x = Tensor(DATA)
    before = x + 0
    x[key] = Tensor(value)
    np.testing.assert_array_equal(x.numpy(), expected)
    np.testing.assert_array_equal(before.numpy(), DATA)
    x[key] = 7
    expected[key] = 7
    np.testing.assert_array_equal(x.numpy(), expected)


def test_setitem_on_a_slice_of_a_dimension_uses_the_operator_in_place():
    x = Tensor(np.arange(6, dtype=np.int32))
    x[1:4] += 10
    assert x.tolist() == [0, 11, 12, 13, 4, 5]
    x[::2] = x[::2] * 2
    assert x.tolist() == [0, 11, 24, 13, 8, 5]


def test_setitem_refuses_what_does_not_fit():
    x = Tensor(np.arange(6))
    with pytest.raises(ValueError, match=r"broadcast_to: shape \(2,\)|shapes \(2,\) and \(3,\)"):
        x[:3] = np.array([1, 2])
    with pytest.raises(TypeError, match="setitem: float32 into int64"):
        x[0] = 1.5


def test_a_tensor_is_an_index_and_tensors_iterate():
    x = Tensor(DATA)
    np.testing.assert_array_equal(x[Tensor(2)].numpy(), DATA[2])
    rows = list(x)
    assert len(rows) == 4
    np.testing.assert_array_equal(rows[3].numpy(), DATA[3])


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (4, IndexError, r"index 4 is out of bounds for axis 0 of shape \(4, 5, 6\)"),
        ((0, -6), IndexError, "index -6 is out of bounds for axis 1"),
        ((0, 0, 0, 0), IndexError, r"too many indices: 4 for shape \(4, 5, 6\), expected at most 3"),
        ((..., ...), IndexError, "2 ellipses"),
        (1.5, TypeError, "found float, expected integers, slices, None and ..."),
        (True, TypeError, "found bool"),
        ([0, 1], TypeError, "found list"),
        (slice(0, 4, 0), ValueError, "step"),
    ],
)
def test_bad_indices_are_named(key, error, message):
    with pytest.raises(error, match=message):
        Tensor(DATA)[key]


@pytest.mark.parametrize("key", [np.array([0, 1]), [0, 1], np.array([True, False]), Tensor(np.array([1, 0]))])
def test_array_of_indices_is_refused_by_name(key):
    with pytest.raises(TypeError, match="indices or a mask, expected integers"):
        Tensor(np.ones((2, 3), np.float32))[key]
