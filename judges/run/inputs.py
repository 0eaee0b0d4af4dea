"""Arguments made to find mistakes: rounds of arrays, each round another kind of trouble, the same for the same seed.

What a parameter gets depends on the seed, the round, its position, its shape and the bits of its elements, and on nothing else:
it is the same for `tensor<4xui8>` on nd, for `memref<4xi8>` on loops, and for a reproducer that begins in between.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute

from rung.backends.reference.values import Array, DType, dtype_of, element_type, is_float_dtype, is_shaped, shape_of

from .chains import digits

ROUNDS = {
    "plain": "normal floats, small integers",
    "sprinkled": "the same, with a few special values among them, so that a reduction over one row does not spoil all rows",
    "dense": "special values only, so that every pair of them meets",
    "wide": "floats of every magnitude, integers of every bit pattern",
    "uniform": "one special value everywhere in a parameter, another one in the next",
    "tame": "positive numbers and small positive integers: tried where the program gives the other rounds no meaning",
}
"""Each kind of input, and what is in it. Special values of floats: NaN, infinities, both zeros, the smallest and largest
subnormal, the smallest and largest normal, one and a half; of integers: the limits, -1, 0, 1 and the width; of bools: both."""

EXTENT = 4
"""What a dynamic extent becomes."""


def make(parameters: list[Attribute], kind: str, seed: int) -> list[Any]:
    """One array (of rank 0 for a scalar) for each parameter type. Raises Unsupported for an element type without a NumPy twin."""
    return [_one(type_, kind, [seed, crc32(kind.encode()), at]) for at, type_ in enumerate(parameters)]


def _one(type_: Attribute, kind: str, seed: list[int]) -> Array:
    dtype = dtype_of(type_)
    shape = tuple(EXTENT if extent < 0 else extent for extent in shape_of(type_)) if is_shaped(type_) else ()
    rng = np.random.default_rng(seed)
    if isinstance(element_type(type_), IndexType):
        return np.asarray(rng.integers(0, 4, shape), dtype)  # sizes, bounds, addresses: a wild one would only be refused
    if dtype == np.bool_:
        return np.full(shape, rng.integers(0, 2) == 1) if kind == "uniform" else rng.integers(0, 2, shape).astype(np.bool_)
    specials = special_values(dtype)
    if kind == "uniform":
        return np.full(shape, rng.choice(specials), dtype)
    if kind == "dense":
        return rng.choice(specials, shape)
    if kind == "wide":
        return _wide(rng, dtype, shape)
    data = _plain(rng, dtype, shape, tame=kind == "tame")
    if kind == "sprinkled" and data.size:
        count = data.size // 4 if data.size <= 64 else int(np.sqrt(data.size))
        flat = data.reshape(-1).copy()
        flat[rng.choice(data.size, max(count, 1), replace=False)] = rng.choice(specials, max(count, 1))
        data = flat.reshape(shape)
    return data


def special_values(dtype: DType) -> Array:
    """The values of a number type at which passes go wrong."""
    if is_float_dtype(dtype):
        info = digits(dtype)
        least, tiny, most = float(info.smallest_subnormal), float(info.smallest_normal), float(info.max)
        numbers = [np.nan, np.inf, -np.inf, 0.0, -0.0, least, tiny - least, tiny, -tiny, most, -most, 1.0, -1.0, 0.5]
        return np.array(numbers).astype(dtype)
    bits = dtype.itemsize * 8
    low = 1 << (bits - 1)
    words = [0, 1, (1 << bits) - 1, low, low - 1, bits, 2]
    return np.array(words, f"u{dtype.itemsize}").view(dtype)


def _plain(rng: np.random.Generator, dtype: DType, shape: tuple[int, ...], *, tame: bool) -> Array:
    if is_float_dtype(dtype):
        data = np.asarray(rng.standard_normal(shape))
        return (np.abs(data) + 0.5 if tame else data).astype(dtype)
    data = np.asarray(rng.integers(1, 5, shape) if tame else rng.integers(-8, 9, shape))
    return data.astype(f"i{dtype.itemsize}").view(dtype)


def _wide(rng: np.random.Generator, dtype: DType, shape: tuple[int, ...]) -> Array:
    count = int(np.prod(shape, dtype=np.int64))
    if not is_float_dtype(dtype):
        return np.frombuffer(rng.bytes(count * dtype.itemsize), dtype).reshape(shape)
    info = digits(dtype)
    exponents = rng.uniform(np.log2(float(info.smallest_subnormal)), np.log2(float(info.max)), shape)
    return np.asarray(np.copysign(np.exp2(exponents), rng.standard_normal(shape))).astype(dtype)
