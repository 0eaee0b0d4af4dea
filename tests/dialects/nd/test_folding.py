"""A folded scalar is what the evaluator computes for the same op, for every kind on every type it takes, at hard values."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from corpus import assert_same
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, Region

from rung.backends.reference import evaluate
from rung.dialects.nd import BINARY, REDUCE, UNARY, BinaryOp, BitcastOp, CastOp, ExpandOp, ReduceOp, UnaryOp
from rung.dialects.nd.dtype import NUMPY, ElementType, bit_width, f32, i1, i8, is_float, tensor, to_numpy
from rung.dialects.nd.elementwise import _TAKES, COMPARISONS  # pyright: ignore[reportPrivateUsage]
from rung.dialects.nd.folding import (
    attribute_of,
    fold_binary,
    fold_bitcast,
    fold_cast,
    fold_reduce,
    fold_unary,
    neutral,
    scalar_of,
)

Array = np.ndarray[Any, np.dtype[Any]]


def hard_values(element: ElementType, rng: np.random.Generator) -> Array:
    dtype = to_numpy(element)
    if dtype == np.bool_:
        return np.array([False, True])
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)  # pyright: ignore[reportArgumentType]
        odd = np.array([0, 1, 2, 7, limits.min, limits.max, limits.max // 2], dtype)
        return np.concatenate([odd, rng.integers(limits.min, limits.max, 6, dtype, endpoint=True)])
    odd = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.0, 0.5, 3.0], np.float64).astype(dtype)
    return np.concatenate([odd, rng.standard_normal(6).astype(dtype)])


def run(op: Operation, operands: Sequence[Array]) -> Array:
    """What the evaluator gives for an op whose operands are the arguments of its block."""
    block = op.parent_block()
    assert block is not None
    block.add_op(func.ReturnOp(op.results[0]))
    function = func.FuncOp("main", (block.arg_types, [op.results[0].type]), Region(block))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return evaluate(ModuleOp([function]), "main", list(operands))[0]


def arguments(*types: Attribute) -> Block:
    return Block(arg_types=types)


def as_array(attributes: Sequence[Attribute], dtype: np.dtype[Any]) -> Array:
    return np.array([scalar_of(a) for a in attributes], dtype)


@pytest.mark.parametrize(("kind", "element"), [(k, e) for k, t in UNARY.items() for e in NUMPY if _TAKES[t](e)], ids=str)
def test_unary(kind: str, element: ElementType, rng: np.random.Generator) -> None:
    values = hard_values(element, rng)
    block = arguments(tensor(element, [len(values)]))
    block.add_op(op := UnaryOp(kind, block.args[0]))
    folded = as_array([fold_unary(kind, attribute_of(v, element)) for v in values], values.dtype)
    # NumPy takes another road for arrays of these (SIMD) than for scalars: the last place may differ.
    assert_same([folded], [run(op, [values])], exact=kind not in ("exp2", "log2", "sin"), what=kind)


@pytest.mark.parametrize(("kind", "element"), [(k, e) for k, t in BINARY.items() for e in NUMPY if _TAKES[t](e)], ids=str)
def test_binary(kind: str, element: ElementType, rng: np.random.Generator) -> None:
    once = hard_values(element, rng)
    lhs, rhs = (a.ravel() for a in np.meshgrid(once, once))
    block = arguments(*[tensor(element, [len(lhs)])] * 2)
    block.add_op(op := BinaryOp(kind, *block.args))
    result = i1 if kind in COMPARISONS else element
    folded = [fold_binary(kind, attribute_of(a, element), attribute_of(b, element), result) for a, b in zip(lhs, rhs)]
    assert_same([as_array(folded, to_numpy(result))], [run(op, [lhs, rhs])], exact=kind != "pow", what=kind)


@pytest.mark.parametrize(("old", "new"), [(a, b) for a in NUMPY for b in NUMPY], ids=str)
def test_cast(old: ElementType, new: ElementType, rng: np.random.Generator) -> None:
    values = hard_values(old, rng)
    folded = [fold_cast(attribute_of(v, old), new) for v in values]
    known = np.array([f is not None for f in folded])
    if is_float(old) and not is_float(new) and new != i1:
        assert not known[~np.isfinite(values.astype(np.float64))].any(), "what does not fit has no defined integer"
    else:
        assert known.all()
    block = arguments(tensor(old, [int(known.sum())]))
    block.add_op(op := CastOp(block.args[0], new))
    assert_same([as_array([f for f in folded if f is not None], to_numpy(new))], [run(op, [values[known]])], exact=True)


@pytest.mark.parametrize(
    ("old", "new"), [(a, b) for a in NUMPY for b in NUMPY if i1 not in (a, b) and bit_width(a) == bit_width(b)], ids=str
)
def test_bitcast(old: ElementType, new: ElementType, rng: np.random.Generator) -> None:
    values = hard_values(old, rng)
    folded = [fold_bitcast(attribute_of(v, old), new) for v in values]
    known = np.array([f is not None for f in folded])
    if is_float(old):
        assert not known[np.isnan(values.astype(np.float64))].any(), "a scalar attribute does not carry a NaN's bits"
    block = arguments(tensor(old, [int(known.sum())]))
    block.add_op(op := BitcastOp(block.args[0], new))
    assert_same([as_array([f for f in folded if f is not None], to_numpy(new))], [run(op, [values[known]])], exact=True)


@pytest.mark.parametrize(
    ("combiner", "element"), [(k, e) for k in REDUCE for e in NUMPY if e != i1 or k in ("max", "min")], ids=str
)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_reduce(combiner: str, element: ElementType, count: int, rng: np.random.Generator) -> None:
    values = hard_values(element, rng)
    folded = [fold_reduce(combiner, attribute_of(v, element), count) for v in values]
    known = np.array([f is not None for f in folded])
    assert known.all() or (is_float(element) and combiner in ("sum", "prod"))
    block = arguments(tensor(element, [int(known.sum()), 1 if count else 0]))
    wide = ExpandOp(block.args[0], [int(known.sum()), count])
    block.add_ops([wide, op := ReduceOp(combiner, wide.res, [1])])
    data = values[known].reshape(-1, 1)[:, : 1 if count else 0]
    assert_same([as_array([f for f in folded if f is not None], to_numpy(element))], [run(op, [data])], exact=True)


def test_a_sum_too_large_for_the_mantissa_is_not_folded() -> None:
    assert fold_reduce("sum", attribute_of(1.0, f32), 1 << 24) == attribute_of(2.0**24, f32)
    assert fold_reduce("sum", attribute_of(1.0, f32), (1 << 24) + 1) is None


def test_neutral_elements_of_a_signed_byte() -> None:
    assert [scalar_of(neutral(k, i8)) for k in REDUCE] == [0, 1, -128, 127]
