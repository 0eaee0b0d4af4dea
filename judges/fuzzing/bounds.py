"""A value beside what it may be off by, and what an op that rounds adds to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import ml_dtypes
import numpy as np

from .program import DTYPES, FLOATS, Array

LONG = np.longdouble


class IllConditioned(Exception):
    """A legal evaluation might differ by more than a little."""


@dataclass(frozen=True)
class Shadow:
    """A value and how far off each element may be. `error` is None where nothing may be."""

    data: Array
    """Floats as long doubles, all else in its own dtype."""
    error: Array | None


@dataclass(frozen=True)
class Digits:
    """A float type's relative rounding, smallest and largest normal number, smallest subnormal."""

    unit: float
    tiny: float
    least: float
    most: float


def _digits(name: str) -> Digits:
    info: Any = cast("Any", ml_dtypes).finfo(DTYPES[name])
    return Digits(float(info.eps) / 2, float(info.smallest_normal), float(info.smallest_subnormal), float(info.max))


DIGITS = {name: _digits(name) for name in FLOATS}
WORST = {"f16": 0.1, "bf16": 0.25, "f32": 0.01, "f64": 1e-6}
"""The largest error worth comparing with, as a part of the largest element."""


def is_float(name: str) -> bool:
    return name in DIGITS


def err(value: Shadow) -> Any:
    return LONG(0) if value.error is None else value.error


def exact(*values: Shadow) -> bool:
    return all(value.error is None for value in values)


def fits(data: Array, element: str) -> bool:
    """Does the type hold each of these?"""
    there = np.asarray(data).astype(DTYPES[element]).astype(LONG)
    return bool(((there == data) | (np.isnan(there) & np.isnan(data))).all())


def rounded(data: Array, error: Any, element: str, ulps: float = 1) -> Shadow:
    """The result of an op that rounds; a finite result of finite operands is expected where `data` is finite."""
    digits = DIGITS[element]
    bound = error + ulps * digits.unit * (np.abs(data) + error) + (digits.least if ulps == 1 else digits.tiny)
    return Shadow(data, np.where(np.isfinite(data), bound, 0) * np.ones(np.shape(data), LONG))


def arithmetic(data: Array, error: Any, element: str, operands: list[Shadow]) -> Shadow:
    """An op that every target rounds rightly: what fits is exact."""
    if exact(*operands) and fits(data, element):
        return Shadow(data, None)
    return rounded(data, error, element)


def refuse_born(data: Array, operands: list[Shadow]) -> None:
    """An infinity or NaN is right only where an operand had one, and then for certain."""
    odd = np.zeros(np.shape(data), np.bool_)
    for value in operands:
        odd |= ~np.isfinite(value.data)
    if (~np.isfinite(data) & ~odd).any():
        raise IllConditioned("an infinity or NaN out of numbers")
    for value in operands:
        if (odd & np.isfinite(value.data) & (np.abs(value.data) <= err(value)) & (err(value) > 0)).any():
            raise IllConditioned("a number of unknown sign meets an infinity")


def refuse(doubtful: Any, why: str) -> None:
    if np.any(doubtful):
        raise IllConditioned(why)
