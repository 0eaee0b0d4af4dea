"""Arrays that kernels work on: NumPy arrays of the caller's, and aligned ones of our own that are used again when freed."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from ..pool import Pool, size_class
from .memory import ALIGNMENT_BYTES

_pool: Pool[NDArray[np.uint8]] = Pool()


class HostBuffer:
    """An array in this process. Memory of ours goes back to the pool with it, or with the last array made from it."""

    __slots__ = ("__weakref__", "address", "dtype", "memory", "shape")

    def __init__(self, memory: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any]):
        self.memory, self.shape, self.dtype = memory, shape, dtype
        self.address: int = memory.ctypes.data

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """As bytes, so that an array made from it keeps this object alive, whatever its dtype."""
        return {"shape": (self.nbytes,), "typestr": "|u1", "data": (self.address, True), "version": 3}

    def numpy(self) -> NDArray[Any]:
        if self.nbytes == 0:
            return np.empty(self.shape, self.dtype)
        return np.asarray(self).view(self.dtype).reshape(self.shape)

    def __repr__(self) -> str:
        return f"HostBuffer({self.dtype}{list(self.shape)})"


def empty(shape: Sequence[int], dtype: Any) -> HostBuffer:
    """A buffer from the pool; its contents are not defined."""
    shape, dtype = tuple(shape), np.dtype(dtype)
    size = size_class(prod(shape) * dtype.itemsize)
    memory = _pool.take(size)
    if memory is None:
        memory = aligned(size)
    buffer = HostBuffer(memory, shape, dtype)
    finalize(buffer, _pool.give_back, memory, size).atexit = False
    return buffer


def wrap(array: NDArray[Any]) -> HostBuffer:
    """The array's own memory, if it is contiguous; else a copy."""
    array = np.ascontiguousarray(array).reshape(array.shape)
    return HostBuffer(array, array.shape, array.dtype)


def aligned(size: int) -> NDArray[np.uint8]:
    raw = np.empty(size + ALIGNMENT_BYTES, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT_BYTES
    return raw[start : start + size]
