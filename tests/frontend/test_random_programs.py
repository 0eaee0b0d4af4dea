"""Random chains of operations, each step beside NumPy's: what no single test of one operation would combine."""

import numpy as np
import pytest

from rung import Tensor


def reshape(rng, x, y):
    factors = [d for d in range(1, y.size + 1) if y.size % d == 0]
    first = int(rng.choice(factors))
    return x.reshape(first, -1), y.reshape(first, -1)


def permute(rng, x, y):
    order = [int(a) for a in rng.permutation(y.ndim)]
    return x.permute(order), y.transpose(order)


def pad(rng, x, y):
    pairs = [tuple(int(n) for n in rng.integers(0, 3, 2)) for _ in y.shape]
    return x.pad(pairs, value=1.5), np.pad(y, pairs, constant_values=1.5)


def take(rng, x, y):
    key = tuple(slice(*sorted(int(n) for n in rng.integers(0, d + 1, 2)), int(rng.integers(1, 4))) for d in y.shape)
    key = tuple(k if len(range(*k.indices(d))) else slice(None) for k, d in zip(key, y.shape))
    return x[key], y[key]


def flip(rng, x, y):
    axis = int(rng.integers(y.ndim))
    return x.flip(axis), np.flip(y, axis)


def roll(rng, x, y):
    axis, by = int(rng.integers(y.ndim)), int(rng.integers(-3, 4))
    return x.roll(by, axis), np.roll(y, by, axis)


def cat(rng, x, y):
    axis = int(rng.integers(y.ndim))
    return Tensor.cat([x, x * 2], axis), np.concatenate([y, y * 2], axis)


def mix(rng, x, y):
    return x * 0.5 + x.flip(0), y * np.float32(0.5) + np.flip(y, 0)


def choose(rng, x, y):
    return (x < 0.3).where(x.abs(), -x), np.where(y < np.float32(0.3), abs(y), -y)


def widen(rng, x, y):
    return x.unsqueeze(0) + x.unsqueeze(1)[:2], y[None] + y[:, None][:2]


def total(rng, x, y):
    axis = int(rng.integers(y.ndim))
    return x.sum(axis, keepdim=True) * 0.25, y.sum(axis, keepdims=True) * np.float32(0.25)


def peak(rng, x, y):
    axis = int(rng.integers(y.ndim))
    return x - x.max(axis, keepdim=True), y - y.max(axis, keepdims=True)


STEPS = [reshape, permute, pad, take, flip, roll, cat, mix, choose, widen, total, peak]


@pytest.mark.parametrize("seed", range(40))
def test_a_random_chain_is_numpys(seed):
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(tuple(int(n) for n in rng.choice([1, 2, 3, 5, 7], rng.integers(1, 4)))).astype(np.float32)
    x, names = Tensor(y, name="x"), []
    for _ in range(6):
        step = STEPS[rng.integers(len(STEPS))]
        if y.size * 8 > 20_000 and step in (cat, pad, widen):
            continue
        x, y = step(rng, x, y)
        names.append(step.__name__)
        assert x.shape == y.shape, names
    np.testing.assert_allclose(x.numpy(), y, rtol=1e-4, atol=1e-4, err_msg=" ".join(names))
