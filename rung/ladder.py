"""A program at every rung, kept as text: what `rung ladder` prints, the demo counts and the notebooks show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, Region

from rung.backends.machine import Machine
from rung.backends.target import Target
from rung.dialects.upstream import gpu, make_context
from rung.frontend import graph
from rung.frontend.tensor import Tensor
from rung.pipeline import LADDER, lower

SAYS = {
    "nd": "what to compute",
    "linalg": "which kernels, over which index space",
    "loops": "in which order, in which memory",
    "vector": "in which registers",
    "gpu": "which block, which thread",
    "source": "for which machine",
}
"""Each rung and the question it answers, top to bottom."""


@dataclass(frozen=True)
class Piece:
    """One kernel at one rung: its text, and how many ops it holds (lines of code, for source text)."""

    text: str
    ops: int

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


@dataclass(frozen=True)
class Rung:
    """A whole program at one rung, and each kernel of it by the name it got when kernels were formed."""

    name: str
    text: str
    kernels: dict[str, Piece]

    @property
    def ops(self) -> int:
        return sum(piece.ops for piece in self.kernels.values())


def module_of(*tensors: Tensor) -> ModuleOp:
    """The program that computes these tensors, on the `nd` rung: `@main`, with a parameter for each array they are made of.

    Raises ValueError for a tensor whose elements are there already: its program is gone.
    """
    for number, tensor in enumerate(tensors):
        if tensor.is_realized:
            raise ValueError(f"tensor {number} is computed already, expected a lazy one")
    return graph.collect([tensor._use() for tensor in tensors]).module()  # pyright: ignore[reportPrivateUsage]


def climb_down(
    module: ModuleOp,
    target: Target,
    machine: Machine | None = None,
    *,
    stop_at: str = "source",
    ctx: Context | None = None,
    on_rung: Callable[[str], None] | None = None,
) -> list[Rung]:
    """Lower a clone of `module`, keeping every rung on the way. `on_rung` hears the name of each rung when it is complete.

    machine  whose default schedules; the target's own where it is not given

    Raises PassFailure naming pass, op and reason; BackendError where the target has no word for an op.
    """
    rungs: list[Rung] = []
    names: list[str] = []

    def keep(name: str, at: ModuleOp) -> None:
        names.extend(new for new in kernel_names(at) if new not in names)
        rungs.append(Rung(name, f"{at!s}\n", pieces(at, names)))
        if on_rung is not None:
            on_rung(name)

    lowered = module.clone()
    ctx = ctx or make_context()
    lower(ctx, lowered, machine or target.machine, stop_at=LADDER[-1] if stop_at == "source" else stop_at, on_rung=keep)
    if stop_at == "source":
        rungs.append(source_rung(lowered, target, names))
        if on_rung is not None:
            on_rung("source")
    return rungs


def kernel_names(module: ModuleOp) -> list[str]:
    """The kernel functions of a module, in order. Below kernel formation there are none."""
    return [op.sym_name.data for op in module.ops if isinstance(op, FuncOp) and "kernel" in op.attributes]


def owner(function: str, kernels: list[str]) -> str:
    """The kernel that a function of a lower rung comes from: `matmul_edge` is of `matmul`. Itself where it is of none."""
    of = [name for name in kernels if function == name or function.startswith(f"{name}_")]
    return max(of, key=len, default=function)


def pieces(module: ModuleOp, kernels: list[str]) -> dict[str, Piece]:
    """The kernels of a module: its kernel functions, or on the gpu rung those inside gpu.module."""
    found: dict[str, list[Operation]] = {}
    for op in _functions(module):
        found.setdefault(owner(op.sym_name.data, kernels), []).append(op)
    return {
        name: Piece("\n".join(str(op) for op in ops), sum(sum(1 for _ in op.walk()) - 1 for op in ops))
        for name, ops in found.items()
    }


def _functions(module: ModuleOp) -> Iterator[FuncOp | gpu.FuncOp]:
    for op in module.ops:
        if isinstance(op, FuncOp) and "kernel" in op.attributes:
            yield op
        elif isinstance(op, gpu.ModuleOp):
            yield from (inner for inner in op.body.block.ops if isinstance(inner, gpu.FuncOp))


def source_rung(module: ModuleOp, target: Target, kernels: list[str]) -> Rung:
    """The rung below IR: the text of the whole program, and that of each kernel alone."""
    found: dict[str, list[str]] = {}
    for function in _functions(module):
        alone = ModuleOp([gpu.ModuleOp("kernels", Region(Block([function.clone()])))])
        found.setdefault(owner(function.sym_name.data, kernels), []).append(target.spell(alone))
    whole = {name: "\n".join(texts) for name, texts in found.items()}
    return Rung("source", target.spell(module), {name: Piece(text, _code_lines(text)) for name, text in whole.items()})


def _code_lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip() not in ("", "{", "}") and not line.strip().startswith("//"))
