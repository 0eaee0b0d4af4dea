"""When the answer after a pass agrees with the one before it. The table of it is in `rung.backends.reference.compare`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rung.backends.reference.compare import differing
from rung.backends.reference.values import Array, is_float_dtype

from .chains import digits

SIZES = (4.0, 16.0, 4.0, 4.0, 4.0, 16.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0)
"""How much larger than rounding the differences are drawn, run after run. Four: the largest of a few random draws of what n
roundings do covers what n others do. Some runs draw larger, because what a small draw does may vanish in a later rounding."""

FAR = 4096.0
"""A draw so large that what depends on it shows; such an element may be off by two units in its last place at least."""

Run = Callable[[int, float], Sequence[Array] | None]
"""`run(number, size)`: the results of one more run with everything open decided anew; None where nothing was open."""


@dataclass(frozen=True)
class Difference:
    """The first element of a result that no legal run explains."""

    result: int
    index: tuple[int, ...]
    found: Any
    expected: Any
    count: int
    of: int

    @property
    def small(self) -> bool:
        """May rounding have done this: are these floats that lie close together, or next to zero?"""
        found, expected = np.asarray(self.found), np.asarray(self.expected)
        if not is_float_dtype(found.dtype) or not (np.isfinite(found) and np.isfinite(expected)):
            return False
        most = max(abs(float(found)), abs(float(expected)))
        return _ulps(found, expected) is not None or most <= float(digits(found.dtype).smallest_normal)

    def __str__(self) -> str:
        at = f"[{', '.join(map(str, self.index))}]"
        share = f" ({self.count} of {self.of} elements differ)" if self.of > 1 else ""
        distance = _ulps(self.found, self.expected)
        away = "" if distance is None else f", {distance} away in the last place"
        return f"result {self.result} at {at}: found {_show(self.found)}, expected {_show(self.expected)}{away}{share}"


class Leeway:
    """How far each element may be off, learnt from runs that decide everything open at random, as many as needed."""

    def __init__(self, expected: Sequence[Array]):
        self.expected = expected
        self.apart = [np.zeros(value.shape, np.longdouble) for value in expected]
        self.open = [np.zeros(value.shape, np.bool_) for value in expected]
        self.runs = 0

    def learn(self, results: Sequence[Array], *, far: bool = False) -> None:
        """Widen the leeway by what one more legal run gives."""
        self.runs += 1
        for at, (value, other) in enumerate(zip(self.expected, results)):
            other = as_declared(other, value)
            wrong = differing(other, value)
            if not is_float_dtype(value.dtype):
                self.open[at] |= wrong
                continue
            with np.errstate(all="ignore"):
                wide, there = value.astype(np.longdouble), other.astype(np.longdouble)
                finite = np.isfinite(wide) & np.isfinite(there)
                if not far:
                    self.open[at] |= wrong & ~finite
                last = np.abs(
                    np.spacing(value.astype(value.dtype if value.dtype.itemsize > 2 else np.float32)).astype(np.longdouble)
                )
                if value.dtype.itemsize == 2:
                    last = np.abs(wide) * 2.0 ** (-10 if value.dtype == np.float16 else -7) + last
                distance = np.where(wrong & finite, 2 * last if far else np.maximum(np.abs(wide - there), last), 0)
                self.apart[at] = np.maximum(self.apart[at], distance)

    def wrong(self, results: Sequence[Array]) -> list[Array]:
        """Which elements of each result are further off than this."""
        found: list[Array] = []
        for value, other, apart, free in zip(self.expected, results, self.apart, self.open):
            wrong = differing(other, value) & ~free
            if is_float_dtype(value.dtype) and wrong.any():
                with np.errstate(all="ignore"):
                    distance = np.abs(value.astype(np.longdouble) - other.astype(np.longdouble))
                wrong &= ~((distance <= apart) & (apart > 0))
            found.append(wrong)
        return found


def as_declared(found: Array, expected: Array) -> Array:
    """Below nd integers are signless: the same bits, read with the sign that is expected."""
    same = found.dtype.kind in "iu" and expected.dtype.kind in "iu" and found.dtype.itemsize == expected.dtype.itemsize
    return np.ascontiguousarray(found).view(expected.dtype).reshape(found.shape) if same else found


def compare(
    expected: Sequence[Array], found: Sequence[Array], leeway: Leeway, run: Run, runs: int = len(SIZES) + 1
) -> Difference | str | None:
    """The first element in which two answers disagree; words where they are of different shapes; None where they agree.

    Bits are compared first. Only where those differ is the program run again with what it leaves open decided at random,
    at most `runs` times.
    """
    if len(found) != len(expected):
        return f"there are {len(found)} results, expected {len(expected)}"
    for at, (value, other) in enumerate(zip(expected, found)):
        if as_declared(other, value).dtype != value.dtype or other.shape != value.shape:
            return f"result {at} is {other.dtype}{other.shape}, expected {value.dtype}{value.shape}"
    found = [as_declared(other, value) for value, other in zip(expected, found)]
    wrong = leeway.wrong(found)
    begun = sum(int(each.sum()) for each in wrong)
    for number, size in enumerate((*SIZES[:2], FAR, *SIZES[2:])[:runs]):
        left = sum(int(each.sum()) for each in wrong)
        if left == 0:
            return None
        if number >= 3 and left == begun >= 8:
            break  # of this many elements three runs explain none: more will not either
        if (results := run(leeway.runs, size)) is None:
            break
        leeway.learn(results, far=size == FAR)
        wrong = leeway.wrong(found)
    for at, each in enumerate(wrong):
        if each.any():
            first = tuple(int(i) for i in np.argwhere(each)[0])
            return Difference(at, first, found[at][first], expected[at][first], int(each.sum()), each.size)
    return None


def _ulps(found: Any, expected: Any) -> int | None:
    """How many numbers of the type lie between two floats; None where that says nothing."""
    if not is_float_dtype(np.asarray(found).dtype) or not (np.isfinite(found) and np.isfinite(expected)):
        return None
    lines: list[int] = []
    for value in (found, expected):
        array = np.asarray(value)
        word = int(array.view(f"i{array.dtype.itemsize}"))
        top = 1 << (array.dtype.itemsize * 8 - 1)
        lines.append(word if word >= 0 else -(word + top))
    distance = abs(lines[0] - lines[1])
    return distance if 0 < distance < 10_000 else None


def _show(value: Any) -> str:
    return str(value) if not np.asarray(value).dtype.kind == "b" else str(bool(value)).lower()
