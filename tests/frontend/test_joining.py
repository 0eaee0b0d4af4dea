"""cat, stack, split, chunk and roll against NumPy."""

import numpy as np
import pytest

from rung import Tensor

RNG = np.random.default_rng(2)
A = RNG.standard_normal((2, 3, 5)).astype(np.float32)
B = RNG.standard_normal((2, 1, 5)).astype(np.float32)


def same(tensor, expected):
    assert tensor.shape == expected.shape
    np.testing.assert_array_equal(tensor.numpy(), expected)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_cat_is_numpys_concatenate(count):
    pieces = [A[:, : 1 + i % 3] for i in range(count)]
    same(Tensor.cat([Tensor(p) for p in pieces], 1), np.concatenate(pieces, 1))
    same(Tensor.cat([Tensor(p) for p in pieces], axis=-2), np.concatenate(pieces, 1))


def test_cat_keeps_every_float_as_it_is():
    data = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45], np.float32)
    found = Tensor.cat([Tensor(data), Tensor(data[::-1])]).numpy()
    assert found.tobytes() == np.concatenate([data, data[::-1]]).tobytes()


def test_cat_of_bools_integers_mixtures_and_nothing():
    same(Tensor.cat([Tensor([True, False]), Tensor([True])]), np.array([True, False, True]))
    mixed = Tensor.cat([Tensor(np.array([-1], np.int8)), Tensor(np.array([200], np.uint8))])
    assert mixed.dtype.name == "int16" and mixed.tolist() == [-1, 200]
    same(Tensor.cat([Tensor(A[:0]), Tensor(A)]), A)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Tensor.cat([]), "cat: found no tensors"),
        (lambda: Tensor.cat([Tensor(A), Tensor(B)], 0), r"cat: shapes \(2, 3, 5\) and \(2, 1, 5\) differ beside axis 0"),
        (lambda: Tensor.cat([Tensor(A), Tensor(A[0])]), "differ beside axis 0"),
        (lambda: Tensor.cat([Tensor(1.0), Tensor(2.0)]), "use stack"),
        (lambda: Tensor.stack([Tensor(A), Tensor(B)]), r"stack: shapes \(2, 3, 5\) and \(2, 1, 5\) differ"),
        (lambda: Tensor(A).split(0), "split: size is 0"),
        (lambda: Tensor(A).split([1, 1], 1), r"split: sizes \[1, 1\] for axis 1 of shape \(2, 3, 5\), expected a sum of 3"),
        (lambda: Tensor(A).chunk(0), "chunk: count is 0"),
        (lambda: Tensor(A).roll((1, 2)), "roll: 2 shifts for 1 axes"),
        (lambda: Tensor(A).roll((1, 2), 0), "roll: 2 shifts for 1 axes"),
    ],
)
def test_pieces_that_do_not_fit_are_refused(act, message):
    with pytest.raises(ValueError, match=message):
        act()


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_stack_is_numpys(axis):
    same(Tensor.stack([Tensor(A), Tensor(A + 1), Tensor(A * 2)], axis), np.stack([A, A + 1, A * 2], axis))
    same(Tensor.stack([Tensor(1.0), Tensor(2.0)]), np.array([1.0, 2.0], np.float32))


def test_split_and_chunk():
    x = Tensor(A)
    for found, expected in zip(x.split(2, 2), np.split(A, [2, 4], 2), strict=True):
        same(found, expected)
    for found, expected in zip(x.split([3, 0, 2], -1), np.split(A, [3, 3], 2), strict=True):
        same(found, expected)
    assert [piece.shape for piece in x.chunk(2, 2)] == [(2, 3, 3), (2, 3, 2)]
    assert [piece.shape[0] for piece in x.chunk(4)] == [1, 1]
    assert [piece.shape for piece in Tensor.zeros(0, 2).split(3)] == [(0, 2)]


@pytest.mark.parametrize(
    ("shifts", "axis"), [(1, 0), (-2, 2), (7, 1), (0, 1), ((1, -1), (0, 2)), (3, None), ((3,), None), (3, (0, 1))]
)
def test_roll_is_numpys(shifts, axis):
    same(Tensor(A).roll(shifts, axis), np.roll(A, shifts, axis))


def test_cat_and_stack_of_anything_but_a_list_of_tensors_say_so():
    x = Tensor(A)
    for join in (Tensor.cat, Tensor.stack):
        with pytest.raises(TypeError, match="found Tensor, expected a list of tensors"):
            join(x, x)
        with pytest.raises(TypeError, match="number 1 is ndarray, expected a tensor"):
            join([x, A])
        with pytest.raises(ValueError, match="found no tensors"):
            join([])
