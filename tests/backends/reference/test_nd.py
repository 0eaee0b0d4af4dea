"""Each op of nd against what its docstring says, computed one element at a time by Python's own numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from rung.dialects.nd.dtype import NUMPY, is_bool, is_float, is_unsigned
from rung.dialects.nd.elementwise import _TAKES as TAKES
from rung.dialects.nd.elementwise import BINARY, COMPARISONS, UNARY
from rung.dialects.nd.reduce import REDUCE

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
Run = Callable[..., Any]


def cases(table: dict[str, str]) -> list[Any]:
    return [pytest.param(kind, t, id=f"{kind}-{t}") for kind, takes in table.items() for t in NUMPY if TAKES[takes](t)]


def wrap(value: int, dtype: np.dtype[Any]) -> int:
    bits = dtype.itemsize * 8
    value &= (1 << bits) - 1
    return value - (1 << bits) if dtype.kind == "i" and value >> (bits - 1) else value


def c_div(a: int, b: int) -> int:
    return 0 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def shifted(kind: str, a: int, b: int, dtype: np.dtype[Any]) -> int:
    bits = dtype.itemsize * 8
    far = b < 0 or b >= bits
    if kind == "shl":
        return 0 if far else a << b
    return (-1 if a < 0 else 0) if far else a >> b


INT_BINARY: dict[str, Callable[..., int]] = {
    "add": lambda a, b, t: a + b,
    "sub": lambda a, b, t: a - b,
    "mul": lambda a, b, t: a * b,
    "idiv": lambda a, b, t: c_div(a, b),
    "mod": lambda a, b, t: 0 if b == 0 else a - c_div(a, b) * b,
    "max": lambda a, b, t: max(a, b),
    "min": lambda a, b, t: min(a, b),
    "and": lambda a, b, t: a & b,
    "or": lambda a, b, t: a | b,
    "xor": lambda a, b, t: a ^ b,
    "shl": lambda a, b, t: shifted("shl", a, b, t),
    "shr": lambda a, b, t: shifted("shr", a, b, t),
}


def nan_or(a: float, b: float, pick: Callable[[float, float], float]) -> float:
    return math.nan if a != a or b != b else pick(a, b)


def fdiv(a: float, b: float) -> float:
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def c_pow(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return math.copysign(math.inf, a if b % 2 == 1 else 1)
    except ValueError:  # a zero to a negative power, a negative number to a fraction
        return math.nan if a != 0 else math.copysign(math.inf, a if b % 2 == 1 else 1)


FLOAT_BINARY: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": fdiv,
    "mod": lambda a, b: math.nan if math.isinf(a) or b == 0 else math.fmod(a, b),
    "max": lambda a, b: nan_or(a, b, max),
    "min": lambda a, b: nan_or(a, b, min),
    "pow": lambda a, b: c_pow(a, b),
}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "cmplt": lambda a, b: a < b,
    "cmpeq": lambda a, b: a == b,
    "cmpne": lambda a, b: a != b,
}


def same(found: Any, expected: Any, ulps: float = 0) -> None:
    assert found.dtype == expected.dtype and found.shape == expected.shape
    if found.dtype.kind in "biu":
        np.testing.assert_array_equal(found, expected)
        return
    eps = float(ml_dtypes.finfo(found.dtype).eps)
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=ulps * eps, atol=1e-300)


@pytest.mark.parametrize(("kind", "element"), cases(BINARY))
def test_binary_matches_scalar_arithmetic_on_special_values(run: Run, awkward: Any, kind: str, element: Any) -> None:
    dtype = NUMPY[element]
    values = awkward(dtype)
    x, y = (v.reshape(-1) for v in np.meshgrid(values, values))
    out = "i1" if kind in COMPARISONS else element
    n = len(x)
    found = run(
        f"func.func public @f(%x: tensor<{n}x{element}>, %y: tensor<{n}x{element}>) -> tensor<{n}x{out}> {{"
        f'%r = nd.binary "{kind}" %x, %y : tensor<{n}x{element}> -> tensor<{n}x{out}>'
        f"return %r : tensor<{n}x{out}> }}",
        x, y,
    )  # fmt: skip
    if kind in COMPARISONS:
        expected = np.array([COMPARE[kind](a, b) for a, b in zip(x.tolist(), y.tolist())])
        return same(found, expected)
    if is_float(element):
        if dtype.itemsize == 2:
            wide = [FLOAT_BINARY[kind](float(a), float(b)) for a, b in zip(x, y)]
        else:
            wide = [FLOAT_BINARY[kind](a, b) for a, b in zip(x.tolist(), y.tolist())]
        return same(found, np.array(wide).astype(dtype), ulps=4 if kind == "pow" else 0.5)
    if is_bool(element):
        table: dict[str, Callable[[bool, bool], bool]] = {
            "max": lambda a, b: a or b, "min": lambda a, b: a and b, "and": lambda a, b: a and b, "or": lambda a, b: a or b,
            "xor": lambda a, b: a != b,
        }  # fmt: skip
        return same(found, np.array([table[kind](a, b) for a, b in zip(x.tolist(), y.tolist())]))
    expected = [wrap(INT_BINARY[kind](a, b, dtype), dtype) for a, b in zip(x.tolist(), y.tolist())]
    same(found, np.array(expected, dtype=dtype))


FLOAT_UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": lambda a: -a,
    "abs": np.abs,
    "recip": lambda a: 1 / a,
    "sqrt": np.sqrt,
    "exp2": np.exp2,
    "log2": np.log2,
    "sin": np.sin,
    "trunc": np.trunc,
}


@pytest.mark.parametrize(("kind", "element"), cases(UNARY))
def test_unary_matches_scalar_arithmetic_on_special_values(run: Run, awkward: Any, kind: str, element: Any) -> None:
    dtype = NUMPY[element]
    x = awkward(dtype)
    t = f"tensor<{len(x)}x{element}>"
    found = run(f'func.func public @f(%x: {t}) -> {t} {{ %r = nd.unary "{kind}" %x : {t} return %r : {t} }}', x)
    if is_float(element):
        same(found, FLOAT_UNARY[kind](x.astype(np.float64)).astype(dtype), ulps=2)
    elif is_bool(element):
        same(found, np.array([not a for a in x.tolist()]))
    else:
        table: dict[str, Callable[[int], int]] = {"neg": lambda a: -a, "abs": abs, "not": lambda a: ~a}
        same(found, np.array([wrap(table[kind](a), dtype) for a in x.tolist()], dtype=dtype))


@pytest.mark.parametrize("target", NUMPY, ids=str)
@pytest.mark.parametrize("source", NUMPY, ids=str)
def test_cast_keeps_low_bits_rounds_to_even_and_toward_zero(run: Run, awkward: Any, source: Any, target: Any) -> None:
    have, want = NUMPY[source], NUMPY[target]
    x = awkward(have)
    if is_float(source) and want.kind in "iu":  # what does not fit is unspecified
        wide, info = x.astype(np.float64), np.iinfo(want)
        x = x[np.isfinite(wide) & (np.trunc(wide) >= info.min) & (np.trunc(wide) <= info.max)]
    n = len(x)
    text = f"func.func public @f(%x: tensor<{n}x{source}>) -> tensor<{n}x{target}> {{"
    text += f"%r = nd.cast %x : tensor<{n}x{source}> -> tensor<{n}x{target}> return %r : tensor<{n}x{target}> }}"
    found = run(text, x)
    if is_bool(target):
        expected = np.array([float(a) != 0 for a in x])
    elif want.kind in "iu":
        expected = np.array([wrap(int(a), want) for a in x.astype(np.float64 if is_float(source) else have).tolist()], dtype=want)
    else:
        expected = x.astype(np.float32 if want.itemsize == 2 and have.itemsize == 8 else have).astype(want)
    same(found, expected)


@pytest.mark.parametrize(("source", "target"), [("f32", "i32"), ("i64", "f64"), ("bf16", "ui16"), ("ui8", "i8"), ("i16", "f16")])
def test_bitcast_keeps_every_bit(run: Run, awkward: Any, source: str, target: str) -> None:
    dtypes = {str(t): d for t, d in NUMPY.items()}
    x = awkward(dtypes[source])
    n = len(x)
    text = f"func.func public @f(%x: tensor<{n}x{source}>) -> tensor<{n}x{target}> {{"
    text += f"%r = nd.bitcast %x : tensor<{n}x{source}> -> tensor<{n}x{target}> return %r : tensor<{n}x{target}> }}"
    assert run(text, x).tobytes() == x.tobytes()


def test_select_drops_the_side_not_taken(run: Run) -> None:
    t = "tensor<4xf32>"
    text = f"func.func public @f(%c: tensor<4xi1>, %x: {t}, %y: {t}) -> {t} {{"
    text += f"%r = nd.select %c, %x, %y : tensor<4xi1>, {t} return %r : {t} }}"
    x, y = np.array([1, np.nan, 3, np.inf], np.float32), np.array([np.nan, 6, np.inf, 8], np.float32)
    np.testing.assert_array_equal(run(text, np.array([True, False, True, False]), x, y), np.float32([1, 6, 3, 8]))


@pytest.mark.parametrize("element", NUMPY, ids=str)
@pytest.mark.parametrize("combiner", REDUCE)
@pytest.mark.parametrize("shape", [(5, 1, 7), (3, 0, 2), (1, 1, 1), (257, 2, 3)], ids=str)
def test_reduce_over_outer_and_inner_axes(run: Run, rng: np.random.Generator, element: Any, combiner: str, shape: Any) -> None:
    if is_bool(element) and combiner in ("sum", "prod"):
        return
    dtype, (a, b, c) = NUMPY[element], shape
    if is_float(element):
        x = rng.standard_normal(shape).astype(dtype)
    else:
        x = rng.integers(0, 2 if is_bool(element) else 100, shape).astype(dtype)
    if combiner == "prod" and is_float(element):
        x = (1 + x.astype(np.float64) / 100).astype(dtype)
    text = f"func.func public @f(%x: tensor<{a}x{b}x{c}x{element}>) -> tensor<{b}x{element}> {{"
    text += f'%r = nd.reduce "{combiner}" %x axes [0, 2] : tensor<{a}x{b}x{c}x{element}> -> tensor<{b}x{element}>'
    found = run(text + f"return %r : tensor<{b}x{element}> }}", x)
    exact: Any = x.astype(np.float64) if is_float(element) else x.astype(object)
    rows = [exact[:, i, :].reshape(-1).tolist() for i in range(b)]
    functions: dict[str, Callable[[list[Any]], Any]] = {"sum": math.fsum, "prod": math.prod, "max": max, "min": min}
    if not is_float(element):
        functions["sum"] = sum
    expected = [functions[combiner](row) for row in rows]
    if dtype.kind in "iu":
        expected = [wrap(value, dtype) for value in expected]
    terms = max((sum(abs(v) for v in row) for row in rows), default=1) if combiner == "sum" and is_float(element) else 0
    eps = float(ml_dtypes.finfo(dtype).eps) if is_float(element) else 0
    np.testing.assert_allclose(
        found.astype(np.float64), np.array(expected, np.float64), rtol=300 * eps, atol=float(terms) * 4 * eps
    )
    assert found.dtype == dtype


@pytest.mark.parametrize("element", NUMPY, ids=str)
@pytest.mark.parametrize("combiner", REDUCE)
def test_reduce_of_nothing_is_the_neutral_value(run: Run, combiner: str, element: Any) -> None:
    if is_bool(element) and combiner in ("sum", "prod"):
        return
    dtype = NUMPY[element]
    text = f"func.func public @f(%x: tensor<2x0x{element}>) -> tensor<2x{element}> {{"
    text += f'%r = nd.reduce "{combiner}" %x axes [1] : tensor<2x0x{element}> -> tensor<2x{element}>'
    text += f"return %r : tensor<2x{element}> }}"
    found = run(text, np.zeros((2, 0), dtype))
    if combiner in ("sum", "prod"):
        expected: Any = 0 if combiner == "sum" else 1
    elif is_float(element):
        expected = -np.inf if combiner == "max" else np.inf
    else:
        bits = dtype.itemsize * 8
        low, high = (0, 2**bits - 1) if is_unsigned(element) else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if is_bool(element):
            low, high = 0, 1
        expected = low if combiner == "max" else high
    assert found.tolist() == [expected] * 2


def test_reduce_keeps_nan_in_max_and_min(run: Run) -> None:
    for combiner in ("max", "min"):
        text = f'func.func public @f(%x: tensor<2x3xf32>) -> tensor<2xf32> {{ %r = nd.reduce "{combiner}" %x axes [1] : '
        text += "tensor<2x3xf32> -> tensor<2xf32> return %r : tensor<2xf32> }"
        found = run(text, np.float32([[1, np.nan, 3], [4, 5, 6]]))
        assert np.isnan(found[0]) and found[1] == (6 if combiner == "max" else 4)


def test_bf16_sum_of_many_ones_does_not_stall(run: Run) -> None:
    text = 'func.func public @f(%x: tensor<1000xbf16>) -> tensor<bf16> { %r = nd.reduce "sum" %x axes [0] : '
    found = run(text + "tensor<1000xbf16> -> tensor<bf16> return %r : tensor<bf16> }", np.ones(1000, ml_dtypes.bfloat16))
    assert float(found) == 1000


MOVEMENT = [
    ("nd.reshape %x : {x} -> {r}", (3, 1, 5), (5, 3), lambda x: x.reshape(5, 3)),
    ("nd.permute %x [2, 0, 1] : {x} -> {r}", (3, 2, 5), (5, 3, 2), lambda x: x.transpose(2, 0, 1)),
    ("nd.expand %x : {x} -> {r}", (3, 1), (3, 4), lambda x: np.repeat(x, 4, axis=1)),
    ("nd.pad %x low [1, 0] high [0, 2] value -1.5 : f32 : {x} -> {r}", (2, 3), (3, 5), None),
    ("nd.shrink %x start [1, 0] stop [7, 2] step [3, 1] : {x} -> {r}", (8, 3), (2, 2), lambda x: x[1:7:3, 0:2]),
    ("nd.shrink %x start [2] stop [2] step [1] : {x} -> {r}", (5,), (0,), lambda x: x[2:2]),
    ("nd.flip %x axes [0, 1] : {x} -> {r}", (2, 5), (2, 5), lambda x: x[::-1, ::-1]),
]


@pytest.mark.parametrize(
    ("op", "shape", "result", "expected"), MOVEMENT, ids=lambda v: v.split()[0] if isinstance(v, str) else ""
)
def test_movement_moves_each_element(run: Run, rng: np.random.Generator, op: str, shape: Any, result: Any, expected: Any) -> None:
    x = rng.standard_normal(shape).astype(np.float32)
    before, after = ("tensor<" + "x".join(map(str, s)) + "xf32>" for s in (shape, result))
    found = run(f"func.func public @f(%x: {before}) -> {after} {{ %r = {op.format(x=before, r=after)} return %r : {after} }}", x)
    if expected is None:
        want = np.full(result, -1.5, np.float32)
        want[1:, :3] = x
    else:
        want = expected(x)
    np.testing.assert_array_equal(found, want)


def test_sources_count_and_fill(run: Run) -> None:
    text = """func.func public @f() -> (tensor<3x2xui8>, tensor<2x300xi8>, tensor<2xf32>, tensor<i1>) {
      %i = nd.iota 0 -> tensor<3x2xui8>
      %w = nd.iota 1 -> tensor<2x300xi8>
      %c = nd.const 0xFF800000 : f32 -> tensor<2xf32>
      %t = nd.const true -> tensor<i1>
      return %i, %w, %c, %t : tensor<3x2xui8>, tensor<2x300xi8>, tensor<2xf32>, tensor<i1>
    }"""
    iota, wrapped, const, true = run(text)
    np.testing.assert_array_equal(iota, np.uint8([[0, 0], [1, 1], [2, 2]]))
    np.testing.assert_array_equal(wrapped[1], np.arange(300).astype(np.int8))
    assert const.tolist() == [-np.inf] * 2 and true.tolist() is True


def test_results_share_no_memory_with_arguments(run: Run) -> None:
    x = np.float32([1, 2, 3])
    found = run("func.func public @f(%x: tensor<3xf32>) -> tensor<3xf32> { return %x : tensor<3xf32> }", x)
    assert not np.shares_memory(found, x)
