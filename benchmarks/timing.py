"""Interleaved timing: ours, theirs, ours, theirs, ... in one process, so that drift of the machine meets all sides alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NOISY = 1.3
"""A median this far above its own minimum was measured on a disturbed machine."""


@dataclass(frozen=True)
class Spread:
    """What one side's rounds look like, in milliseconds."""

    min_ms: float
    median_ms: float
    low_ms: float
    """First quartile."""
    high_ms: float
    """Third quartile."""
    rounds: int

    @property
    def noisy(self) -> bool:
        return self.median_ms > NOISY * self.min_ms


def interleave(
    sides: dict[str, Callable[[], object]], *, seconds: float = 2.0, most: int = 60, least: int = 5
) -> dict[str, list[float]]:
    """Time every side once a round, for about `seconds` a side; the order turns by one each round. Seconds, one list a side.

    Every side has run twice before the first round counts: the first run of a side may compile, the second may touch new memory.
    """
    slowest = 0.0
    for side in sides.values():
        side()
        start = time.perf_counter()
        side()
        slowest = max(slowest, time.perf_counter() - start)
    rounds = max(least, min(most, int(seconds / max(slowest, 1e-9))))
    taken: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            start = time.perf_counter()
            sides[name]()
            taken[name].append(time.perf_counter() - start)
    return taken


def spread(seconds: list[float]) -> Spread:
    low, median, high = (1e3 * float(q) for q in np.quantile(seconds, (0.25, 0.5, 0.75)))
    return Spread(1e3 * min(seconds), median, low, high, len(seconds))


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median over rounds of (their time / our time): above 1 where we are faster."""
    return float(np.median([b / a for a, b in zip(ours, theirs, strict=True)]))
