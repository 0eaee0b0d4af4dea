"""Upstream MLIR ops that xDSL 0.74 lacks or cannot spell, in upstream's names, syntax and meaning.

An op here is deleted when xDSL gains it. `make_context` and `parse` read every rung; each dialect is imported when first met.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from xdsl.context import Context
from xdsl.dialects import get_all_dialects
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Dialect, Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError

# For its effect: passes build vector compares and casts without ever loading a dialect through a context.
from . import xdsl_repairs as xdsl_repairs


def _loader(module: str, name: str) -> Callable[[], Dialect]:
    return lambda: getattr(import_module(f"rung.dialects.{module}"), name)


OVERLAYS: dict[str, Callable[[], Dialect]] = {
    "arith": _loader("upstream.arith", "Arith"),
    "gpu": _loader("upstream.gpu", "Gpu"),
    "scf": _loader("upstream.scf", "Scf"),
    "smt": _loader("upstream.smt", "Smt"),
    "tensor": _loader("upstream.tensor", "Tensor"),
    "transform": _loader("upstream.transform", "Transform"),
    "vector": _loader("upstream.vector", "Vector"),
}
"""The dialects that replace xDSL's of the same name in our contexts. Never exported to the universe."""


def register_dialects(ctx: Context, others: dict[str, Callable[[], Dialect]] | None = None) -> None:
    """Register xDSL's dialects with ours over them, `nd`, and `others` (such as those of plug-ins); none is imported yet."""
    everything = {**get_all_dialects(), **(others or {}), **OVERLAYS, "nd": _loader("nd", "Nd")}
    for name, make in everything.items():
        ctx.register_dialect(name, make)


def make_context() -> Context:
    """A new context that knows the dialects of every rung."""
    ctx = Context()
    register_dialects(ctx)
    return ctx


class UpstreamParser(Parser):
    """xDSL's parser, which says of an unknown transform op whether upstream has it."""

    def _get_op_by_name(self, name: str) -> type[Operation]:
        try:
            return super()._get_op_by_name(name)
        except ParseError:
            if not name.startswith("transform."):
                raise
            from .transform.names import explain

            # xDSL points at what comes after the name
            start = self.lexer.input.content.rfind(name, 0, self.pos)
            self.raise_error(explain(name), start, start + len(name))


def parse(text: str, name: str = "<input>") -> ModuleOp:
    """The module that `text` spells. Raises xdsl.utils.exceptions.ParseError, located in `name`."""
    return UpstreamParser(make_context(), text, name).parse_module()


__all__ = ["OVERLAYS", "UpstreamParser", "make_context", "parse", "register_dialects"]
