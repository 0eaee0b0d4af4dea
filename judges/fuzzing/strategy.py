"""Random nd programs as a Hypothesis strategy, for property tests of passes: `@given(programs())`.

    from hypothesis import given
    from rung.judges.fuzzing import check_pass
    from rung.judges.fuzzing.strategy import programs

    @given(programs())
    def test_my_pass_keeps_the_numbers(program):
        check_pass(program, MyPass())

Each choice of the generator is one that Hypothesis draws, so it shrinks a failing program choice by choice: ops go, extents
become 1 or 2, types the plainest, data small whole numbers. `program.module()` is an nd module with a function `@main`,
`program.inputs` the arrays for it. Printing a program prints that module.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .builder import Sizes
from .generate import grown
from .program import Program

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

CHANCES = 100
"""Steps of a probability."""


def programs(ops: int = 6, elements: int = 200) -> SearchStrategy[Program]:
    """Valid nd programs whose results are certain (up to the rounding of floats, see `shadow.py`).

    ops        draws of an op or an idiom (matmul, softmax, ..: about ten ops) at most
    elements   of one value, at most
    Raises ImportError, saying what to install, where Hypothesis is absent.
    """
    st = _strategies()
    sizes = Sizes(ops, elements, 10 * elements)

    def program(draw: DrawFn) -> Program:
        return grown(Drawn(draw), sizes)

    return st.composite(program)()


def _strategies() -> Any:
    try:
        import hypothesis.strategies as st
    except ImportError as problem:
        raise ImportError("rung.judges.fuzzing.strategy needs Hypothesis: pip install hypothesis") from problem
    return st


@cache
def _integers(limit: int) -> SearchStrategy[int]:
    """One strategy for each limit: to make one takes as long as to draw from it."""
    return _strategies().integers(0, limit - 1)


@cache
def _groups() -> Callable[[Drawn, Callable[[], None]], SearchStrategy[None]]:
    """A strategy whose choices Hypothesis sees as one span."""

    def grouped(draw: DrawFn, source: Drawn, body: Callable[[], None]) -> None:
        outer, source.draw = source.draw, draw
        try:
            body()
        finally:
            source.draw = outer

    return _strategies().composite(grouped)


class Drawn:
    """A source of the generator's choices that asks Hypothesis."""

    def __init__(self, draw: DrawFn):
        self.draw = draw

    def below(self, limit: int) -> int:
        return self.draw(_integers(limit)) if limit > 1 else 0

    def chance(self, probability: float) -> bool:
        # the larger half is yes, so that it shrinks to no
        return self.below(CHANCES) >= round(CHANCES * (1 - probability))

    def more(self, done: int, most: int) -> bool:
        return done < most and (done == 0 or self.below(2 * most) > 0)

    def keeps(self) -> bool:
        return self.below(CHANCES) > 0

    def numbers(self) -> np.random.Generator:
        return np.random.default_rng(self.below(1 << 16))

    def group(self, body: Callable[[], None]) -> None:
        self.draw(_groups()(self, body))
