"""The corpus: small nd programs that every rung is judged on, one `.mlir` file each, `@main` inside.

The first comment line of a file says what is awkward in it. A line `// input 1 in -2 .. 16` bounds the data of argument 1, for
programs that use it as an index; everything else gets hard data. Add a program by adding a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func, FuncOp
from xdsl.parser import Parser

from rung.dialects.nd import Nd
from rung.dialects.nd.base import element_of, shape_of
from rung.dialects.nd.dtype import to_numpy

FOLDER = Path(__file__).parent
Array = np.ndarray[Any, np.dtype[Any]]

RELATIVE_TOLERANCE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 2e-5, "float64": 1e-12}
"""What two targets may differ by in these small programs: order of a sum, exp2 and log2 to a few ulp."""


@dataclass(frozen=True)
class Program:
    """One file of the corpus."""

    name: str
    module_text: str

    @property
    def awkward(self) -> str:
        """What makes it worth running: its first comment line."""
        return self.module_text.splitlines()[0].removeprefix("//").strip()

    @cached_property
    def ranges(self) -> dict[int, tuple[int, int]]:
        """Bounds (both included) of the arguments that hold indices."""
        found = re.findall(r"^// input (\d+) in (-?\d+) \.\. (-?\d+)$", self.module_text, re.MULTILINE)
        return {int(argument): (int(low), int(high)) for argument, low, high in found}

    def module(self) -> ModuleOp:
        """A fresh module; passes may change it in place."""
        return parse(self.module_text, f"{self.name}.mlir")

    def inputs(self, seed: int = 0, *, special: bool = False) -> list[Array]:
        """Data for the arguments of `@main`, hard but legal for this program."""
        return make_inputs(self.module(), seed, special=special, ranges=self.ranges)


@cache
def programs() -> list[Program]:
    """Every program of the corpus, by name."""
    return [Program(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.mlir"))]


def program(name: str) -> Program:
    return next(p for p in programs() if p.name == name)


def parse(text: str, name: str = "<input>") -> ModuleOp:
    """Parse and verify a module of func and nd."""
    context = Context()
    for dialect in (Builtin, Func, Nd):
        context.load_dialect(dialect)
    module = Parser(context, text, name).parse_module()
    module.verify()
    return module


def make_inputs(
    module: ModuleOp,
    seed: int = 0,
    *,
    special: bool = False,
    ranges: Mapping[int, tuple[int, int]] | None = None,
    function: str = "main",
) -> list[Array]:
    """Random data for the arguments of `function`.

    Floats are normal; integers cover the whole type, one in four being 0, 1, -1, the smallest or the largest value; `ranges`
    bounds an argument instead. With `special`, one float in four is a zero of either sign, an infinity, NaN, the largest or
    the smallest normal number, or a half.
    """
    rng = np.random.default_rng(seed)
    main = next(op for op in module.body.block.ops if isinstance(op, FuncOp) and op.sym_name.data == function)
    bounds = ranges or {}
    return [
        _random(rng, to_numpy(element_of(argument)), shape_of(argument), special, bounds.get(i))
        for i, argument in enumerate(main.args)
    ]


def _random(
    rng: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...], special: bool, bounds: tuple[int, int] | None
) -> Array:
    if bounds is not None:
        return rng.integers(bounds[0], bounds[1] + 1, shape).astype(dtype)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(np.bool_)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        data = rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
        odd = np.array([0, 1, 0 if dtype.kind == "u" else -1, limits.min, limits.max], dtype)
        return np.where(rng.random(shape) < 0.25, rng.choice(odd, shape), data).astype(dtype)
    data = rng.standard_normal(shape).astype(dtype)
    if special:
        largest, smallest = {"float16": (65504.0, 2.0**-14), "float64": (1.797e308, 2.0**-1022)}.get(
            dtype.name, (3.38e38, 2.0**-126)
        )
        odd = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, largest, -largest, smallest, 0.5], np.float64).astype(dtype)
        data = np.where(rng.random(shape) < 0.25, rng.choice(odd, shape), data).astype(dtype)
    return data


def assert_same(got: list[Array], want: list[Array], *, exact: bool = False, what: str = "") -> None:
    """Check two results: shapes, dtypes, integers and NaNs equal; floats within `RELATIVE_TOLERANCE` of the largest nearby."""
    assert len(got) == len(want), f"{what}: {len(got)} results, expected {len(want)}"
    for i, (g, w) in enumerate(zip(got, want)):
        label = f"{what} result {i}"
        assert g.shape == w.shape and g.dtype == w.dtype, f"{label} is {g.dtype}{g.shape}, expected {w.dtype}{w.shape}"
        tolerance = 0.0 if exact else RELATIVE_TOLERANCE.get(w.dtype.name, 0.0)
        if w.dtype.name not in RELATIVE_TOLERANCE:
            np.testing.assert_array_equal(g, w, err_msg=label)
            continue
        # NumPy's own comparison does not know the NaN of bfloat16.
        found, wide = g.astype(np.float64), w.astype(np.float64)
        finite = np.abs(wide[np.isfinite(wide) & (wide != 0)])  # a relu leaves many zeros
        # A sum that cancels is judged by the size of the data, not of the rest that is left.
        floor = tolerance * (float(np.median(finite)) if finite.size else 1.0)
        np.testing.assert_allclose(found, wide, rtol=tolerance, atol=floor, equal_nan=True, err_msg=label)
