"""The table of workloads: shapes, the work in them, and the NumPy that defines the right answer.

All float32. GF counts multiply and add; GB/s counts each input and output byte once, as the least a kernel could move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Workload:
    """One row of the table."""

    name: str
    says: str
    inputs: tuple[tuple[int, ...], ...]
    unit: str
    """"GF" or "GB/s"."""
    work: float
    """Operations or bytes of one run, in the unit's 1e9."""
    numpy: Callable[..., Array]
    """The defining computation, as a NumPy user would write it; allocates its result."""
    numpy_out: Callable[..., Array] | None = None
    """The same into `out=`, where NumPy can."""
    tolerance: float = 1e-4

    def arrays(self) -> list[Array]:
        """The inputs: normal data, the same in every process."""
        rng = np.random.default_rng(0)
        return [rng.standard_normal(shape, dtype=np.float32) for shape in self.inputs]


def matmul(a: Array, b: Array) -> Array:
    return a @ b


def matmul_out(a: Array, b: Array, out: Array) -> Array:
    return np.matmul(a, b, out=out)


def conv(x: Array, w: Array) -> Array:
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = sliding_window_view(padded, (3, 3), (2, 3))  # n, c, h, w, 3, 3
    return np.tensordot(windows, w, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)


def depthwise(x: Array, w: Array) -> Array:
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    height, width = x.shape[2:]
    out = np.zeros_like(x)
    for i in range(3):
        for j in range(3):
            out += padded[:, :, i : i + height, j : j + width] * w[:, i, j, None, None]
    return out


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_out(x: Array, out: Array) -> Array:
    np.subtract(x, x.max(-1, keepdims=True), out=out)
    np.exp(out, out=out)
    return np.divide(out, out.sum(-1, keepdims=True), out=out)


def layernorm(x: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(1e-5))


def attention(q: Array, k: Array, v: Array) -> Array:
    return softmax((q @ k.transpose(0, 2, 1)) * np.float32(0.125)) @ v


def mlp(x: Array, w1: Array, w2: Array, w3: Array) -> Array:
    h = np.maximum(x @ w1, 0)
    return np.maximum(h @ w2, 0) @ w3


def chain(x: Array) -> Array:
    return np.tanh(np.float32(1.5) * x + np.float32(0.5)) * np.float32(0.7) + np.maximum(x, 0)


def chain_out(x: Array, out: Array) -> Array:
    np.multiply(x, np.float32(1.5), out=out)
    out += np.float32(0.5)
    np.tanh(out, out=out)
    out *= np.float32(0.7)
    out += np.maximum(x, 0)
    return out


def total(x: Array) -> Array:
    return np.asarray(x.sum())


def column_sums(x: Array) -> Array:
    return x.sum(0)


def transpose(x: Array) -> Array:
    return np.ascontiguousarray(x.T)


def transpose_out(x: Array, out: Array) -> Array:
    np.copyto(out, x.T)
    return out


def _gf(*extents: int) -> float:
    return 2 * float(np.prod(extents, dtype=np.float64)) / 1e9


def _gb(*elements: int) -> float:
    return 4 * sum(elements) / 1e9


M = 1 << 20
WORKLOADS: dict[str, Workload] = {
    row.name: row
    for row in (
        *(
            Workload(f"mm{n}", f"{n}x{n} matmul", ((n, n), (n, n)), "GF", _gf(n, n, n), matmul, matmul_out, 1e-3)
            for n in (256, 512, 1024, 2048)
        ),
        Workload("bmm64", "64 of 64x64x64", ((64, 64, 64), (64, 64, 64)), "GF", _gf(64, 64, 64, 64), matmul, matmul_out),
        Workload(
            "conv", "1x64x56x56 by 64x64x3x3", ((1, 64, 56, 56), (64, 64, 3, 3)), "GF", _gf(56, 56, 64, 64, 9), conv, None, 1e-3
        ),
        Workload("dwconv", "the same, depthwise", ((1, 64, 56, 56), (64, 3, 3)), "GF", _gf(56, 56, 64, 9), depthwise),
        Workload("attn", "8 heads, 512x64", ((8, 512, 64),) * 3, "GF", 2 * _gf(8, 512, 512, 64), attention),
        Workload(
            "mlp",
            "784-512-256-10, batch 128, forward",
            ((128, 784), (784, 512), (512, 256), (256, 10)),
            "GF",
            _gf(128, 784 * 512 + 512 * 256 + 2560),
            mlp,
            None,
            1e-3,
        ),
        Workload("chain", "tanh(1.5x + 0.5)*0.7 + relu(x), 16M", ((16 * M,),), "GB/s", _gb(32 * M), chain, chain_out),
        Workload("softmax", "rows of 4096x1024", ((4096, 1024),), "GB/s", _gb(8 * M), softmax, softmax_out),
        Workload("lnorm", "rows of 4096x1024", ((4096, 1024),), "GB/s", _gb(8 * M), layernorm),
        Workload("sum", "16M", ((16 * M,),), "GB/s", _gb(16 * M), total, None, 1e-3),
        Workload("colsum", "columns of 4096x4096", ((4096, 4096),), "GB/s", _gb(16 * M), column_sums, None, 1e-3),
        Workload("transp", "4096x4096", ((4096, 4096),), "GB/s", _gb(32 * M), transpose, transpose_out),
    )
}
