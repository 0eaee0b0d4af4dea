"""Tensor's tests run on the evaluator: they judge what Tensor builds. RUNG_TARGET=opencl runs them elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from xdsl.dialects.builtin import ModuleOp

import rung
from rung.frontend import runtime


@pytest.fixture(autouse=True)
def target() -> Iterator[str]:
    name = os.environ.get("RUNG_TARGET", "reference")
    with rung.using(name):
        yield name


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every module that a test compiles has to verify: the front end makes ops without their checking constructors."""
    real = runtime.compile_nd

    def compile_nd(module: ModuleOp, target: str) -> runtime.Program:
        module.verify()
        return real(module, target)

    monkeypatch.setattr(runtime, "compile_nd", compile_nd)
