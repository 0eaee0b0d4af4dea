"""rung: a GPU compiler built as a ladder. Every rung is IR that prints, parses, verifies, runs and passes mlir-opt.

    from rung import Tensor
    (Tensor([[1.0, 2.0]]) @ Tensor.ones(2, 3)).softmax().numpy()

The names below are loaded when first used: every xDSL driver imports `rung.universe`, and must not pay for Tensor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rung.frontend import dtypes
    from rung.frontend.runtime import get_target, set_target, using
    from rung.frontend.tensor import Tensor, realize, where
    from rung.ladder import climb_down, module_of

_PUBLIC = {
    "Tensor": "rung.frontend.tensor",
    "climb_down": "rung.ladder",
    "dtypes": "rung.frontend",
    "get_target": "rung.frontend.runtime",
    "module_of": "rung.ladder",
    "realize": "rung.frontend.tensor",
    "set_target": "rung.frontend.runtime",
    "using": "rung.frontend.runtime",
    "where": "rung.frontend.tensor",
}
"""Name: the module it comes from."""

__all__ = ["Tensor", "climb_down", "dtypes", "get_target", "module_of", "realize", "set_target", "using", "where"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _PUBLIC:
        raise AttributeError(f"module 'rung' has no attribute {name!r}")
    if name == "dtypes":
        return import_module("rung.frontend.dtypes")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
