"""The same workloads in NumPy, PyTorch, JAX and tinygrad, each as its users write them. A peer that is not installed is left out.

Two modes, never mixed in one ratio: `fresh` allocates its result on every call, `preallocated` writes where it wrote before. JAX
cannot be handed an output and has only the first; tinygrad replays a captured graph into its own buffers and has only the second.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# The peers are optional and reached through import_module, so pyright knows no types of theirs.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from .workloads import Array, Workload


@dataclass(frozen=True)
class Side:
    """One peer's version of one workload. A mode it lacks is None; `result` gives the last result as NumPy."""

    fresh: Callable[[], Any] | None
    preallocated: Callable[[], Any] | None
    result: Callable[[Any], Array]


def numpy_side(work: Workload, arrays: list[Array]) -> Side:
    out = work.numpy(*arrays)
    into = work.numpy_out
    preallocated = None if into is None else lambda: into(*arrays, out)
    return Side(lambda: work.numpy(*arrays), preallocated, np.asarray)


def torch_side(work: Workload, arrays: list[Array]) -> Side:
    torch: Any = import_module("torch")
    f: Any = import_module("torch.nn.functional")
    xs = [torch.from_numpy(a) for a in arrays]
    fresh: dict[str, Callable[..., Any]] = {
        "matmul": lambda a, b: a @ b,
        "conv": lambda x, w: f.conv2d(x, w, padding=1),
        "dwconv": lambda x, w: f.conv2d(x, w[:, None], padding=1, groups=64),
        "attn": lambda q, k, v: f.scaled_dot_product_attention(q[None], k[None], v[None])[0],
        "mlp": lambda x, a, b, c: ((x @ a).relu() @ b).relu() @ c,
        "chain": lambda x: torch.tanh(1.5 * x + 0.5) * 0.7 + torch.relu(x),
        "softmax": lambda x: torch.softmax(x, -1),
        "lnorm": lambda x: f.layer_norm(x, x.shape[-1:]),
        "sum": lambda x: x.sum(),
        "colsum": lambda x: x.sum(0),
        "transp": lambda x: x.t().contiguous(),
    }
    into: dict[str, Callable[..., Any]] = {
        "matmul": lambda a, b, out: torch.matmul(a, b, out=out),
        "softmax": lambda x, out: torch.softmax(x, -1, out=out),
        "colsum": lambda x, out: torch.sum(x, 0, out=out),
        "transp": lambda x, out: out.copy_(x.t()),
        "chain": lambda x, out: torch.tanh(torch.mul(x, 1.5, out=out).add_(0.5), out=out).mul_(0.7).add_(torch.relu(x)),
    }
    kind = work.name if work.name in fresh else "matmul"
    run, write = fresh[kind], into.get(kind)
    out = run(*xs).clone()
    return Side(lambda: run(*xs), None if write is None else partial(write, *xs, out), lambda r: r.numpy())


def jax_side(work: Workload, arrays: list[Array]) -> Side:
    jax: Any = import_module("jax")
    jnp: Any = import_module("jax.numpy")
    lax: Any = import_module("jax.lax")

    def lnorm(x: Any) -> Any:
        c = x - x.mean(-1, keepdims=True)
        return c / jnp.sqrt((c * c).mean(-1, keepdims=True) + 1e-5)

    def attn(q: Any, k: Any, v: Any) -> Any:
        return jax.nn.softmax(q @ k.transpose(0, 2, 1) * 0.125, -1) @ v

    functions: dict[str, Callable[..., Any]] = {
        "conv": lambda x, w: lax.conv(x, w, (1, 1), "SAME"),
        "dwconv": lambda x, w: lax.conv_general_dilated(x, w[:, None], (1, 1), "SAME", feature_group_count=64),
        "attn": attn,
        "mlp": lambda x, a, b, c: jax.nn.relu(jax.nn.relu(x @ a) @ b) @ c,
        "chain": lambda x: jnp.tanh(1.5 * x + 0.5) * 0.7 + jax.nn.relu(x),
        "softmax": lambda x: jax.nn.softmax(x, -1),
        "lnorm": lnorm,
        "sum": jnp.sum,
        "colsum": lambda x: x.sum(0),
        "transp": lambda x: x.T,
    }
    run = jax.jit(functions.get(work.name, jnp.matmul))
    xs = [jax.device_put(a) for a in arrays]
    return Side(lambda: run(*xs).block_until_ready(), None, np.asarray)


def tinygrad_side(work: Workload, arrays: list[Array]) -> Side:
    tensor: Any = import_module("tinygrad").Tensor
    jit: Any = import_module("tinygrad").TinyJit
    functions: dict[str, Callable[..., Any]] = {
        "conv": lambda x, w: x.conv2d(w, padding=1),
        "dwconv": lambda x, w: x.conv2d(w.reshape(64, 1, 3, 3), padding=1, groups=64),
        "attn": lambda q, k, v: q.scaled_dot_product_attention(k, v),
        "mlp": lambda x, a, b, c: ((x @ a).relu() @ b).relu() @ c,
        "chain": lambda x: (1.5 * x + 0.5).tanh() * 0.7 + x.relu(),
        "softmax": lambda x: x.softmax(-1),
        "lnorm": lambda x: x.layernorm(),
        "sum": lambda x: x.sum(),
        "colsum": lambda x: x.sum(0),
        "transp": lambda x: x.T.contiguous(),
    }
    function = functions.get(work.name, lambda a, b: a @ b)
    device: Any = import_module("tinygrad").Device
    xs = [tensor(a).realize() for a in arrays]

    def body(*inputs: Any) -> Any:
        return function(*inputs).contiguous().realize()

    captured = jit(body)

    def run() -> Any:
        out = captured(*xs)
        device[device.DEFAULT].synchronize()
        return out

    return Side(None, run, lambda r: r.numpy())


PEERS: dict[str, Callable[[Workload, list[Array]], Side]] = {
    "numpy": numpy_side,
    "torch": torch_side,
    "jax": jax_side,
    "tinygrad": tinygrad_side,
}


def installed() -> list[str]:
    """The peers of this environment."""
    return [name for name in PEERS if find_spec(name) is not None]
