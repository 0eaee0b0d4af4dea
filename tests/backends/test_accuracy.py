"""How good our own functions are, against NumPy in double precision, on dense samples and special values, scalar and vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Array = np.ndarray[Any, np.dtype[Any]]
SAMPLES = 1 << 15
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-40, -1e-40, 1e-45, 3.4e38, -3.4e38, 1.17549435e-38, 0.5, 2.0, 64.0]


def _exp2_inputs(rng: np.random.Generator) -> Array:
    return np.concatenate([rng.uniform(-152, 129, SAMPLES), rng.uniform(-1, 1, SAMPLES), np.arange(-150.0, 130.0, 0.5)])


def _log2_inputs(rng: np.random.Generator) -> Array:
    near_one = 1 + rng.standard_normal(SAMPLES) * np.exp2(rng.uniform(-24, -1, SAMPLES))
    return np.concatenate([np.exp2(rng.uniform(-149, 128, SAMPLES)), near_one, np.exp2(np.arange(-149.0, 128.0))])


def _sin_inputs(rng: np.random.Generator) -> Array:
    small, middle = rng.uniform(-10, 10, SAMPLES), rng.uniform(-39000, 39000, SAMPLES)
    near_pi = np.pi / 2 * np.arange(2000) + rng.standard_normal(2000) * 1e-4
    return np.concatenate([small, middle, near_pi, 10 ** rng.uniform(0, 38.5, SAMPLES)])


FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[np.random.Generator], Array], float, str]] = {
    "exp2": (np.exp2, _exp2_inputs, 1.0, "ulps"),
    "log2": (np.log2, _log2_inputs, 2.0, "ulps"),
    "sin": (np.sin, _sin_inputs, 2e-7, "absolute"),
    "cos": (np.cos, _sin_inputs, 2e-7, "absolute"),
}


@pytest.mark.parametrize("lanes", [0, 8])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_is_within_the_bound(
    name: str, lanes: int, gpu_module: Callable[..., str], run_kernel: Callable[..., list[Array]]
) -> None:
    exact, inputs, bound, measure = FUNCTIONS[name]
    x = np.concatenate([SPECIAL, inputs(np.random.default_rng(0))]).astype(np.float32)
    x = np.resize(x, -(-len(x) // 8) * 8)
    with np.errstate(all="ignore"):
        expected = exact(x.astype(np.float64))
        rounded = expected.astype(np.float32)
    found = run_kernel(_text(name, len(x), lanes, gpu_module), x)[0]
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(found[~finite], rounded[~finite])
    error = np.abs(found[finite].astype(np.float64) - expected[finite])
    if measure == "ulps":
        error = error / np.spacing(np.abs(rounded[finite])).astype(np.float64)
    assert error.max() <= bound, f"{error.max()} at {x[finite][error.argmax()]!r}"
    zero = finite & (rounded == 0)
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(rounded[zero]))


def _text(name: str, length: int, lanes: int, gpu_module: Callable[..., str]) -> str:
    memref, vector = f"memref<{length}xf32>", f"memref<{length}xf32>, vector<8xf32>"
    type_ = "vector<8xf32>" if lanes else "f32"
    load = f"vector.load %x[%i] : {vector}" if lanes else f"memref.load %x[%i] : {memref}"
    store = f"vector.store %r, %out[%i] : {vector}" if lanes else f"memref.store %r, %out[%i] : {memref}"
    body = f"""
        %c0 = arith.constant 0 : index
        %step = arith.constant {lanes or 1} : index
        %end = arith.constant {length} : index
        scf.for %i = %c0 to %end step %step {{
          %v = {load}
          %r = math.{name} %v : {type_}
          {store}
        }}"""
    return gpu_module([("x", memref), ("out", memref)], body)
