"""`run(text, *args)`: parse a module of any rung and evaluate `@f` in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.reference import evaluate
from rung.dialects.upstream import parse


@pytest.fixture(scope="session")
def run() -> Callable[..., Any]:
    """Outputs as a list, or the single output itself. `text` may be just the ops of `@f`'s signature and body."""

    def run(text: str, *args: Any, function: str = "f", **options: Any) -> Any:
        outs = evaluate(parse(text), function, list(args), **options)
        return outs[0] if len(outs) == 1 else outs

    return run


@pytest.fixture(scope="session")
def awkward() -> Callable[[Any], np.ndarray[Any, Any]]:
    """Every special value of a dtype, and random ones: zeros of both signs, infinities, NaN, limits, subnormals."""

    def awkward(dtype: Any) -> np.ndarray[Any, Any]:
        dtype, rng = np.dtype(dtype), np.random.default_rng(3)
        if dtype == np.bool_:
            return np.array([False, True])
        if dtype.kind in "iu":
            info = np.iinfo(dtype)
            edges = [0, 1, 2, 7, dtype.itemsize * 8 - 1, dtype.itemsize * 8, info.max, info.max - 1, info.min, info.min + 1]
            edges += [-1, -2, -7] if dtype.kind == "i" else []
            return np.array([*edges, *rng.integers(info.min, info.max, 6, dtype=dtype)], dtype=dtype)
        edges = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1.5, 3.0, np.inf, -np.inf, np.nan, 1e-40, 7.25]
        return np.array([*edges, *rng.standard_normal(8)]).astype(dtype)

    return awkward
