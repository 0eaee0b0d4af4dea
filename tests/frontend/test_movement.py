"""Movement against NumPy, on shapes with extents of 0 and 1."""

import numpy as np
import pytest

from rung import Tensor

DATA = np.random.default_rng(3).standard_normal((2, 3, 5)).astype(np.float32)


def same(tensor, expected):
    assert tensor.shape == expected.shape
    np.testing.assert_array_equal(tensor.numpy(), expected)


@pytest.mark.parametrize("shape", [(30,), (5, 6), (-1, 10), (1, 2, 1, 15), (3, -1, 2)])
def test_reshape_is_numpys(shape):
    same(Tensor(DATA).reshape(*shape), DATA.reshape(shape))
    same(Tensor(DATA).view(shape), DATA.reshape(shape))


def test_reshape_of_nothing_and_of_one():
    same(Tensor(np.zeros((0, 3), np.float32)).reshape(3, 0), np.zeros((3, 0)))
    same(Tensor([[4.0]]).reshape(()), np.float32(4.0).reshape(()))
    x = Tensor(DATA)
    assert x.reshape(2, 3, 5) is x


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 7), r"reshape: \(2, 3, 5\) to \(4, 7\): 30 elements do not fill 28"),
        ((-1, 4), r"30 elements are not a multiple of 4"),
        ((-1, -1), "at most one -1"),
        ((-2, 15), "no other negative"),
        ((0, -1), "not a multiple of 0"),
    ],
)
def test_reshape_to_what_does_not_fit_names_both_shapes(shape, message):
    with pytest.raises(ValueError, match=message):
        Tensor(DATA).reshape(shape)


def test_flatten_and_unflatten():
    x = Tensor(DATA)
    same(x.flatten(), DATA.reshape(-1))
    same(x.flatten(1), DATA.reshape(2, 15))
    same(x.flatten(0, 1), DATA.reshape(6, 5))
    same(Tensor(2.0).flatten(), np.array([2.0], np.float32))
    same(Tensor.zeros(2, 0, 3).flatten(1), np.zeros((2, 0)))
    same(x.flatten().unflatten(0, (5, -1)), DATA.reshape(5, 6))
    same(x.unflatten(-1, (5, 1)), DATA.reshape(2, 3, 5, 1))
    with pytest.raises(ValueError, match="start 2 is behind end 1"):
        x.flatten(2, 1)


def test_squeeze_and_unsqueeze():
    data = DATA.reshape(1, 6, 1, 5)
    x = Tensor(data)
    same(x.squeeze(), data.squeeze())
    same(x.squeeze(0), data.squeeze(0))
    same(x.squeeze((0, -2)), data.squeeze((0, 2)))
    same(x.squeeze(1), data)  # not of extent 1: left alone, as in torch
    same(x.unsqueeze(0), data[None])
    same(x.unsqueeze(-1), data[..., None])
    same(x.unsqueeze(-5), data[None])
    with pytest.raises(IndexError, match="unsqueeze: axis 5 is out of range"):
        x.unsqueeze(5)


def test_permutations_are_numpys():
    x = Tensor(DATA)
    same(x.permute(2, 0, 1), DATA.transpose(2, 0, 1))
    same(x.permute((1, -1, 0)), DATA.transpose(1, 2, 0))
    same(x.transpose(0, 2), DATA.swapaxes(0, 2))
    same(x.transpose(), DATA.swapaxes(1, 2))
    same(x.T, DATA.T)
    same(x.mT, DATA.swapaxes(-1, -2))
    same(x.movedim(0, -1), np.moveaxis(DATA, 0, -1))
    same(Tensor(1.0).T, np.float32(1.0).reshape(()))
    with pytest.raises(ValueError, match=r"permute: order \(0, 0, 1\) of shape \(2, 3, 5\)"):
        x.permute(0, 0, 1)
    with pytest.raises(IndexError, match=r"transpose: axis 3 is out of range for shape \(2, 3, 5\), expected -3 to 2"):
        x.transpose(0, 3)


def test_expand_and_broadcast_to():
    row = DATA[0, :1]
    x = Tensor(row)
    same(x.expand(4, 5), np.broadcast_to(row, (4, 5)))
    same(x.expand(2, -1, -1), np.broadcast_to(row, (2, 1, 5)))
    same(x.broadcast_to(2, 3, 5), np.broadcast_to(row, (2, 3, 5)))
    same(x.broadcast_to((0, 5)), np.broadcast_to(row, (0, 5)))
    with pytest.raises(ValueError, match=r"shapes \(2, 3, 5\) and \(2, 4, 5\) do not broadcast: \(3, 4\) meet on one axis"):
        Tensor(DATA).expand(2, 4, 5)
    with pytest.raises(ValueError, match=r"shape \(2, 3, 5\) does not repeat to \(3, 5\)"):
        Tensor(DATA).broadcast_to(3, 5)


def test_pad_takes_torchs_flat_order_and_pairs():
    x = Tensor(DATA)
    same(x.pad((1, 2)), np.pad(DATA, ((0, 0), (0, 0), (1, 2))))
    same(x.pad((1, 2, 0, 3), value=-1.5), np.pad(DATA, ((0, 0), (0, 3), (1, 2)), constant_values=-1.5))
    same(x.pad([(1, 0), None, (0, 2)]), np.pad(DATA, ((1, 0), (0, 0), (0, 2))))
    same(x.pad((-1, 2)), np.pad(DATA[..., 1:], ((0, 0), (0, 0), (0, 2))))
    same(x.pad([None, (1, -2), None]), np.pad(DATA[:, :1], ((0, 0), (1, 0), (0, 0))))
    same(x.pad((1, 1), value=float("-inf")), np.pad(DATA, ((0, 0), (0, 0), (1, 1)), constant_values=-np.inf))
    assert x.pad(()) is x


@pytest.mark.parametrize(
    ("padding", "message"),
    [
        ((1, 2, 3), r"3 amounts for shape \(2, 3, 5\)"),
        ((1,) * 8, "8 amounts"),
        ([(1, 1)], "1 pairs"),
        ((-3, -3), "span"),
    ],
)
def test_bad_padding_names_the_shape(padding, message):
    with pytest.raises(ValueError, match=message):
        Tensor(DATA).pad(padding)


def test_a_pad_value_must_fit_the_dtype():
    with pytest.raises(OverflowError, match="256 does not fit uint8"):
        Tensor(np.ones(3, np.uint8)).pad((1, 1), value=256)


def test_shrink_and_narrow():
    x = Tensor(DATA)
    same(x.shrink([(0, 1), None, (2, 5)]), DATA[:1, :, 2:])
    same(x.shrink([(1, 1), None, None]), DATA[1:1])
    same(x.narrow(2, 1, 3), DATA[..., 1:4])
    with pytest.raises(ValueError, match=r"span \(2, 6\) of shape \(2, 3, 5\), expected 0 <= from <= to <= 5"):
        x.shrink([None, None, (2, 6)])
    with pytest.raises(ValueError, match="1 spans"):
        x.shrink([None])


def test_flip_is_numpys():
    x = Tensor(DATA)
    same(x.flip(), np.flip(DATA))
    assert x.flip(()) is x
    same(x.flip(1), np.flip(DATA, 1))
    same(x.flip(0, -1), np.flip(DATA, (0, 2)))
    same(x.flip((0, 2)), np.flip(DATA, (0, 2)))
    with pytest.raises(ValueError, match="name an axis twice"):
        x.flip(0, -3)


def test_repeat_and_tile_are_numpys_tile():
    x = Tensor(DATA)
    same(x.repeat(2, 1, 3), np.tile(DATA, (2, 1, 3)))
    same(x.repeat(2, 1, 1, 1), np.tile(DATA, (2, 1, 1, 1)))
    same(x.repeat(0, 1, 1), np.tile(DATA, (0, 1, 1)))
    same(x.tile(2), np.tile(DATA, 2))
    same(x.tile((2, 1, 1, 2)), np.tile(DATA, (2, 1, 1, 2)))
    with pytest.raises(ValueError, match="expected a number for each axis"):
        x.repeat(2)
