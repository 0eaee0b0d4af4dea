"""When two runs of a program agree, stated once for every test and tool.

The same IR on both sides of a pass, in the evaluator (`rung-opt --judge run`, `rung.judges.run`):

  integers, bools                    the same bits
  floats                             the same bits; any NaN is the same as any other. -0.0 is not 0.0, subnormals stay
  after sums that may be reordered   as far off as orders of these very sums are apart: rounding relative to the sum of the
                                     summands' magnitudes, carried through the rest of the program; a zero has no sign
  what is unspecified                not compared: what depends on it is found by running with other choices
  a pass that declares more          `numerics`: the same, with what it declares open everywhere (rung.judges.run.freedom, GRANTS)

The same IR under another compiler (`--judge upstream`: mlir-runner): as a pass that declares "approximates": libm is not NumPy.

A compiled kernel beside the evaluator or NumPy (`assert_close`): `TOLERANCE`, because functions, fused multiplications and
flushed subnormals are the driver's to choose. Random nd programs have the rigorous bounds of rung.judges.fuzzing.bounds instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from .values import Array, DType, is_float_dtype


@dataclass(frozen=True)
class Tolerance:
    """How far a float may be off, relative to what is expected. `tiny` is forgiven always: targets may flush subnormals."""

    rtol: float
    """Where both sides computed the same expression: exp2, pow and such are a few ulp off on some targets, and that adds up."""
    reordered: float
    """Where sums may have run in another order: relative to the element plus the largest element, because of cancellation."""
    tiny: float


TOLERANCE: dict[DType, Tolerance] = {
    np.dtype(np.float64): Tolerance(rtol=1e-13, reordered=1e-12, tiny=float(np.finfo(np.float64).smallest_normal)),
    np.dtype(np.float32): Tolerance(rtol=8e-6, reordered=2e-5, tiny=float(np.finfo(np.float32).smallest_normal)),
    np.dtype(np.float16): Tolerance(rtol=4e-3, reordered=8e-3, tiny=float(np.finfo(np.float16).smallest_normal)),
    np.dtype(ml_dtypes.bfloat16): Tolerance(rtol=3e-2, reordered=6e-2, tiny=float(np.finfo(np.float32).smallest_normal)),
}
"""At least 64 ulp for the wide types, 4 for the narrow ones, and about twice that reordered. Integers and bools are identical."""


def assert_close(
    found: Any, expected: Any, *, what: str, reorder: bool = False, rtol: float | None = None, scale: float = 0.0
) -> None:
    """Raise AssertionError unless `found` agrees with `expected`, naming `what`, the worst index and both values there.

    NaN agrees with NaN, an infinity with itself, and -0.0 with 0.0. Integers of one width agree by their bits, so that a signless
    result may be compared with an unsigned array. `reorder` allows for sums in another order, `rtol` replaces the table's value,
    `scale` is the size of the largest summands where the results are much smaller than those.
    """
    a, b = np.asarray(found), np.asarray(expected)
    if a.dtype != b.dtype and a.dtype.kind in "iu" and b.dtype.kind in "iu" and a.dtype.itemsize == b.dtype.itemsize:
        a = np.ascontiguousarray(a).view(b.dtype).reshape(a.shape)
    if a.dtype != b.dtype or a.shape != b.shape:
        raise AssertionError(f"{what}: found {a.dtype} {a.shape}, expected {b.dtype} {b.shape}")
    with np.errstate(all="ignore"):
        excess = _excess(a, b, reorder, rtol, scale)
    wrong = ~(excess <= 0)
    if not wrong.any():
        return
    worst = np.unravel_index(int(np.argmax(np.where(np.isnan(excess), np.inf, excess))), b.shape)
    raise AssertionError(
        f"{what}: {int(wrong.sum())} of {b.size} elements of {b.dtype} differ, worst at {tuple(map(int, worst))}: "
        f"found {a[worst]}, expected {b[worst]}"
    )


def differing(found: Array, expected: Array) -> Array:
    """Where the bits of two arrays of one shape and dtype differ, any two NaNs being the same."""
    kind = np.dtype(f"u{expected.dtype.itemsize}")
    wrong = np.ascontiguousarray(found).view(kind) != np.ascontiguousarray(expected).view(kind)
    wrong = wrong.reshape(expected.shape)
    if is_float_dtype(expected.dtype) and wrong.any():
        wrong &= ~(np.isnan(found) & np.isnan(expected))
    return wrong


def _excess(a: Array, b: Array, reorder: bool, rtol: float | None, scale: float) -> Array:
    """By how much each element is further off than allowed; at most 0 where the two agree."""
    if not is_float_dtype(b.dtype):
        return (a != b).astype(np.float64)
    tolerance = TOLERANCE[b.dtype]
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(wide_a) & np.isfinite(wide_b)
    same = (wide_a == wide_b) | (np.isnan(wide_a) & np.isnan(wide_b))
    relative = rtol if rtol is not None else tolerance.reordered if reorder else tolerance.rtol
    size = np.abs(wide_b)
    if reorder and finite.any():
        size = size + max(scale, float(size[finite].max()))
    allowed = relative * size + tolerance.tiny
    return np.where(same, 0.0, np.where(finite, np.abs(wide_a - wide_b) - allowed, np.inf))
