"""The index simplifier keeps values: exhaustively on small spaces, and by random expressions."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.lowering.index_expr import Index, Space, constant, evaluate, to_affine

SPACE = Space((5, 1, 7, 4))
POINTS = list(product(*(range(e) for e in SPACE.extents)))


@st.composite
def trees(draw: st.DrawFn, depth: int = 3):
    """An expression as (canonical form, plain Python meaning)."""
    kind = draw(st.sampled_from(["dim", "const"] if depth == 0 else ["dim", "add", "mul", "div", "mod", "sub"]))
    if kind == "dim":
        p = draw(st.integers(0, 3))
        return SPACE.dim(p), lambda x: x[p]
    if kind == "const":
        c = draw(st.integers(-9, 9))
        return constant(c), lambda x: c
    e, f = draw(trees(depth=depth - 1))
    if kind in ("add", "sub"):
        e2, f2 = draw(trees(depth=depth - 1))
        sign = 1 if kind == "add" else -1
        return SPACE.add(e, SPACE.mul(e2, sign)), lambda x: f(x) + sign * f2(x)
    if kind == "mul":
        c = draw(st.integers(-4, 8))
        return SPACE.mul(e, c), lambda x: f(x) * c
    c = draw(st.integers(1, 9))
    if kind == "div":
        return SPACE.floordiv(e, c), lambda x: f(x) // c
    return SPACE.mod(e, c), lambda x: f(x) % c


@settings(max_examples=400, deadline=None)
@given(trees())
def test_random_expressions_keep_their_value_everywhere(tree):
    e, f = tree
    low, high = SPACE.bounds(e)
    affine = to_affine(e)
    for x in POINTS:
        assert evaluate(e, x) == f(x)
        assert affine.eval(list(x), []) == f(x)
        assert low <= f(x) <= high


def _reshape(flat: Index, shape: tuple[int, ...], space: Space) -> tuple[Index, ...]:
    from rung.lowering.nd_access import _delinearize

    return _delinearize(flat, shape, space)


@pytest.mark.parametrize("middle", [(4, 6), (24,), (2, 3, 4), (8, 3), (3, 2, 2, 2), (1, 24, 1)])
def test_reshape_there_and_back_is_the_index_itself(middle):
    from rung.lowering.nd_access import _linearize

    space = Space((2, 3, 4))
    index = tuple(space.dim(i) for i in range(3))
    there = _reshape(_linearize(index, (2, 3, 4), space), middle, space)
    assert _reshape(_linearize(there, middle, space), (2, 3, 4), space) == index


def test_delinearized_flat_index_rejoins():
    space = Space((24,))
    parts = _reshape(space.dim(0), (2, 3, 4), space)
    strides = (12, 4, 1)
    assert space.add(*(space.mul(p, s) for p, s in zip(parts, strides))) == space.dim(0)


def test_window_and_dim_are_told_apart():
    space = Space((5, 3))
    window = space.add(space.dim(0), space.dim(1))
    assert window.is_window() and window.as_dim() is None
    assert space.dim(0).as_dim() == 0
    assert not space.add(constant(4), space.mul(space.dim(0), -1)).is_window()


def test_unit_extent_is_constant_zero():
    assert Space((1,)).dim(0) == constant(0)


@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 6), (3, 1, 2)])
def test_delinearize_matches_numpy(shape):
    space = Space((6,))
    parts = _reshape(space.dim(0), shape, space)
    for flat in range(prod(shape)):
        assert tuple(evaluate(p, (flat,)) for p in parts) == tuple(np.unravel_index(flat, shape))
