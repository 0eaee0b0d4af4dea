"""Tensor's tests run on the evaluator: they judge what Tensor builds. RUNG_TARGET=opencl runs them elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import rung


@pytest.fixture(autouse=True)
def target() -> Iterator[str]:
    name = os.environ.get("RUNG_TARGET", "reference")
    with rung.using(name):
        yield name
