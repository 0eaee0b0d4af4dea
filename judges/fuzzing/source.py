"""Where the generator's choices come from: numbers of a seed here, or choices that Hypothesis draws and shrinks (`strategy.py`).

In every question the smallest answer is the simplest program: 0, no, the first of a list. That is what shrinking goes for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np


class Source(Protocol):
    """Answers every question of the generator."""

    def below(self, limit: int) -> int:
        """0 to limit - 1, all alike."""
        ...

    def chance(self, probability: float) -> bool: ...

    def more(self, done: int, most: int) -> bool:
        """One more op, after `done` of at most `most`?"""
        ...

    def keeps(self) -> bool:
        """May an op stay? Else its value becomes an input: how shrinking cuts what an op does not need to fail."""
        ...

    def numbers(self) -> np.random.Generator:
        """For data: many numbers that are one choice."""
        ...

    def group(self, body: Callable[[], None]) -> None:
        """Run `body`, whose choices belong together: they stay or go as one."""
        ...


class Seeded:
    """Everything from one generator of random numbers."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.wanted: int | None = None

    def below(self, limit: int) -> int:
        return int(self.rng.integers(limit))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def more(self, done: int, most: int) -> bool:
        if self.wanted is None:  # each size alike: large programs would be rare if every op were followed by a coin
            self.wanted = 1 + self.below(most)
        return done < self.wanted

    def keeps(self) -> bool:
        return True

    def numbers(self) -> np.random.Generator:
        return self.rng

    def group(self, body: Callable[[], None]) -> None:
        body()
