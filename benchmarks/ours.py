"""The same workloads in rung, written with Tensor; inputs lie on the device, and results come from its pool of buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from rung import Tensor
from rung.backends.target import target
from rung.compile import compile_module
from rung.frontend.runtime import HostBuffer
from rung.ladder import module_of

from .peers import Side
from .workloads import Array, Workload


def windows(x: Tensor, axis: int, size: int) -> Tensor:
    """Every run of `size` neighbours along an axis, on a new axis before it: (.., n, ..) -> (.., size, n - size + 1, ..).

    Repeated rows of n + 1 start one further each time; nothing is copied, because all of it becomes an index map.
    """
    n = x.shape[axis]
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    repeats = -(-size * (n + 1) // n)
    flat = x.unsqueeze(axis).expand(*before, repeats, n, *after).reshape(*before, repeats * n, *after)
    rows = flat.narrow(axis, 0, size * (n + 1)).reshape(*before, size, n + 1, *after)
    return rows.narrow(axis + 1, 0, n - size + 1)


def patches(x: Tensor) -> Tensor:
    """The 3x3 neighbourhood of each pixel, zeros outside: (n, c, h, w) -> (n, c, 3, h, 3, w)."""
    padded = x.pad(((0, 0), (0, 0), (1, 1), (1, 1)))
    return windows(windows(padded, 3, 3), 2, 3)


def conv(x: Tensor, w: Tensor) -> Tensor:
    channels_out, channels = w.shape[:2]
    weight = w.reshape(1, channels_out, channels, 3, 1, 3, 1)
    return (patches(x).unsqueeze(1) * weight).sum((2, 3, 5))


def depthwise(x: Tensor, w: Tensor) -> Tensor:
    return (patches(x) * w.reshape(1, w.shape[0], 3, 1, 3, 1)).sum((2, 4))


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.permute(0, 2, 1) * 0.125).softmax(-1) @ v


def mlp(x: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return ((x @ a).relu() @ b).relu() @ c


def chain(x: Tensor) -> Tensor:
    return (1.5 * x + 0.5).tanh() * 0.7 + x.relu()


def softmax(x: Tensor) -> Tensor:
    return x.softmax(-1)


def column_sums(x: Tensor) -> Tensor:
    return x.sum(0)


def transpose(x: Tensor) -> Tensor:
    return x.T


EXPRESSIONS: dict[str, Callable[..., Tensor]] = {
    "conv": conv,
    "dwconv": depthwise,
    "attn": attention,
    "mlp": mlp,
    "chain": chain,
    "softmax": softmax,
    "lnorm": Tensor.layernorm,
    "sum": Tensor.sum,
    "colsum": column_sums,
    "transp": transpose,
}
"""What each workload is; those not named are a matmul."""


def program_of(work: Workload, arrays: list[Array]) -> ModuleOp:
    """The workload as a module on the nd rung."""
    tensors = [Tensor.from_numpy(array, name=name) for array, name in zip(arrays, "xyzw", strict=False)]
    return module_of(EXPRESSIONS.get(work.name, Tensor.matmul)(*tensors))


OURS = ("opencl", "cpu")
"""Our targets that run on a CPU; where a peer is compared with rung, it is with the faster of them."""


def rung_side(work: Workload, arrays: list[Array], target_name: str) -> Side:
    program = compile_module(program_of(work, arrays), target_name)
    inputs = [HostBuffer(array) for array in arrays]

    def run() -> Any:
        (result,) = program.run(inputs)
        program.executable.finish()
        return result

    return Side(run, run, lambda result: result.numpy())


def device_name() -> str:
    """The device that our kernels run on, and its driver."""
    return ", ".join(target("opencl").fingerprint().splitlines()[1:4])
