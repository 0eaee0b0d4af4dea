"""arith and math: each op on scalars, on vectors and on the wide arrays of a linalg body must give the same, right numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from rung.backends.reference import EvaluationError

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
Run = Callable[..., Any]
DTYPES: dict[str, Any] = {
    "i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "f16": np.float16,
    "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64, "index": np.int64,
}  # fmt: skip


def three_ways(run: Run, op: str, ins: list[str], out: str, *args: Any, extra: str = "") -> Any:
    """Evaluate `%r = op` over arrays as a scalar loop, as a vector op and inside linalg.generic; the three must agree."""
    n, names = len(args[0]), ["a", "b", "c"][: len(ins)]
    memrefs = ", ".join(f"%{name}m: memref<{n}x{t}>" for name, t in zip(names, ins))
    signature = f"func.func @f({memrefs}, %o: memref<{n}x{out}>) attributes {{outs = 1 : i64}} {{ {extra}"
    loads = "\n".join(f"%{name} = memref.load %{name}m[%i] : memref<{n}x{t}>" for name, t in zip(names, ins))
    scalar = f"""{signature}
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant {n} : index
      scf.for %i = %c0 to %n step %c1 {{
        {loads}
        %r = {op}
        memref.store %r, %o[%i] : memref<{n}x{out}>
      }}
      return
    }}"""
    maps = ", ".join(["affine_map<(d0) -> (d0)>"] * (len(ins) + 1))
    wide = f"""{signature}
      linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel"]}}
          ins({", ".join(f"%{name}m" for name in names)} : {", ".join(f"memref<{n}x{t}>" for t in ins)})
          outs(%o : memref<{n}x{out}>) {{
      ^bb0({", ".join(f"%{name}: {t}" for name, t in zip(names, ins))}, %acc: {out}):
        %r = {op}
        linalg.yield %r : {out}
      }}
      return
    }}"""
    found = run(scalar, *args)
    again = run(wide, *args)
    assert found.tobytes() == again.tobytes() or np.array_equal(
        found.astype(np.float64), again.astype(np.float64), equal_nan=True
    ), f"scalar {found}, wide {again}"
    if len(set(ins)) == 1 and ins[0] == out and ins[0] != "index" and not extra:
        typed = f"{op.rpartition(':')[0]}: vector<{n}x{out}>"
        reads = "\n".join(
            f"%{name} = vector.load %{name}m[%c0] : memref<{n}x{t}>, vector<{n}x{t}>" for name, t in zip(names, ins)
        )
        vector = f"""{signature}
          %c0 = arith.constant 0 : index
          {reads}
          %r = {typed}
          vector.store %r, %o[%c0] : memref<{n}x{out}>, vector<{n}x{out}>
          return
        }}"""
        third = run(vector, *args)
        assert np.array_equal(found.astype(np.float64), third.astype(np.float64), equal_nan=True), (
            f"scalar {found}, vector {third}"
        )
    return found


def pairs(values: Any) -> tuple[Any, Any]:
    x, y = np.meshgrid(values, values)
    return x.reshape(-1), y.reshape(-1)


def wrap(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def c_div(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def u(value: int, bits: int) -> int:
    return value & ((1 << bits) - 1)


INTEGER: dict[str, Callable[[int, int, int], int]] = {
    "addi": lambda a, b, w: a + b, "subi": lambda a, b, w: a - b, "muli": lambda a, b, w: a * b,
    "andi": lambda a, b, w: a & b, "ori": lambda a, b, w: a | b, "xori": lambda a, b, w: a ^ b,
    "maxsi": lambda a, b, w: max(a, b), "minsi": lambda a, b, w: min(a, b),
    "maxui": lambda a, b, w: max(u(a, w), u(b, w)), "minui": lambda a, b, w: min(u(a, w), u(b, w)),
}  # fmt: skip
DIVISION: dict[str, Callable[[int, int, int], int]] = {
    "divsi": lambda a, b, w: c_div(a, b), "remsi": lambda a, b, w: a - c_div(a, b) * b,
    "divui": lambda a, b, w: u(a, w) // u(b, w), "remui": lambda a, b, w: u(a, w) % u(b, w),
    "floordivsi": lambda a, b, w: a // b, "ceildivsi": lambda a, b, w: -(-a // b),
    "ceildivui": lambda a, b, w: -(-u(a, w) // u(b, w)),
}  # fmt: skip
SHIFT: dict[str, Callable[[int, int, int], int]] = {
    "shli": lambda a, b, w: a << b, "shrsi": lambda a, b, w: a >> b, "shrui": lambda a, b, w: u(a, w) >> b,
}  # fmt: skip


@pytest.mark.parametrize("element", ["i8", "i16", "i32", "i64", "index"])
@pytest.mark.parametrize("name", [*INTEGER, *DIVISION, *SHIFT])
def test_integer_op_wraps_as_its_width_says(run: Run, awkward: Any, name: str, element: str) -> None:
    bits = 64 if element == "index" else int(element[1:])
    x, y = pairs(awkward(DTYPES[element]))
    if element == "index":  # index is not meant to overflow
        x, y = x >> 32, y >> 32
    if name in DIVISION:
        keep = (y != 0) & ~((y == -1) & (x == np.iinfo(x.dtype).min))
        x, y = x[keep], y[keep]
    if name in SHIFT:
        keep = (y >= 0) & (y < bits)
        x, y = x[keep], y[keep]
        if element == "index":
            y = y % 20
    found = three_ways(run, f"arith.{name} %a, %b : {element}", [element] * 2, element, x, y)
    compute = {**INTEGER, **DIVISION, **SHIFT}[name]
    assert found.tolist() == [wrap(compute(a, b, bits), bits) for a, b in zip(x.tolist(), y.tolist())]


@pytest.mark.parametrize("name", ["addi", "subi", "muli", "andi", "ori", "xori", "maxsi", "minsi", "maxui", "minui"])
def test_one_bit_integers_wrap_and_a_signed_true_is_minus_one(run: Run, name: str) -> None:
    x, y = pairs(np.array([False, True]))
    found = three_ways(run, f"arith.{name} %a, %b : i1", ["i1"] * 2, "i1", x, y)
    assert found.tolist() == [bool(INTEGER[name](-int(a), -int(b), 1) & 1) for a, b in zip(x, y)]


@pytest.mark.parametrize("element", ["i8", "i32", "i64", "index"])
@pytest.mark.parametrize("name", DIVISION)
def test_division_by_zero_is_an_error_that_names_the_op(run: Run, name: str, element: str) -> None:
    x, y = np.array([3, 4], DTYPES[element]), np.array([1, 0], DTYPES[element])
    with pytest.raises(EvaluationError, match=rf"arith.{name} \(%r\) in @f: division by zero"):
        three_ways(run, f"arith.{name} %a, %b : {element}", [element] * 2, element, x, y)


def test_shift_by_the_width_is_poison_and_never_a_clean_zero(run: Run) -> None:
    x, y = np.array([-5, 7], np.int32), np.array([32, 33], np.int32)
    assert three_ways(run, "arith.shli %a, %b : i32", ["i32"] * 2, "i32", x, y).all()


PREDICATES = "eq ne slt sle sgt sge ult ule ugt uge".split()


@pytest.mark.parametrize("element", ["i1", "i8", "i64", "index"])
@pytest.mark.parametrize("predicate", PREDICATES)
def test_cmpi_reads_signed_or_unsigned(run: Run, awkward: Any, predicate: str, element: str) -> None:
    bits = {"i1": 1, "index": 64}.get(element) or int(element[1:])
    x, y = pairs(awkward(DTYPES[element]))
    found = three_ways(run, f"arith.cmpi {predicate}, %a, %b : {element}", [element] * 2, "i1", x, y)
    a, b = ([wrap(int(v), bits) for v in values.tolist()] for values in (x, y))
    if predicate[0] == "u":
        a, b = [u(v, bits) for v in a], [u(v, bits) for v in b]
    compare: dict[str, Callable[[int, int], bool]] = {
        "eq": lambda p, q: p == q, "ne": lambda p, q: p != q, "lt": lambda p, q: p < q, "le": lambda p, q: p <= q,
        "gt": lambda p, q: p > q, "ge": lambda p, q: p >= q,
    }  # fmt: skip
    assert found.tolist() == [compare[predicate.lstrip("su")](p, q) for p, q in zip(a, b)]


@pytest.mark.parametrize("element", ["f16", "bf16", "f32", "f64"])
@pytest.mark.parametrize("predicate", "oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno".split())
def test_cmpf_is_ordered_or_unordered(run: Run, awkward: Any, predicate: str, element: str) -> None:
    x, y = pairs(awkward(DTYPES[element]))
    found = three_ways(run, f"arith.cmpf {predicate}, %a, %b : {element}", [element] * 2, "i1", x, y)

    def expected(a: float, b: float) -> bool:
        if a != a or b != b:
            return predicate.startswith("u")
        return {"eq": a == b, "gt": a > b, "ge": a >= b, "lt": a < b, "le": a <= b, "ne": a != b, "rd": True, "no": False}[
            {"ord": "rd", "uno": "no"}.get(predicate, predicate[1:])
        ]

    assert found.tolist() == [expected(float(a), float(b)) for a, b in zip(x, y)]


def nan_or(a: float, b: float, pick: Callable[[float, float], float]) -> float:
    return math.nan if a != a or b != b else pick(a, b)


FLOAT: dict[str, Callable[[float, float], float]] = {
    "addf": lambda a, b: a + b, "subf": lambda a, b: a - b, "mulf": lambda a, b: a * b,
    "divf": lambda a, b: float(np.float64(a) / np.float64(b)),
    "remf": lambda a, b: math.nan if math.isinf(a) or b == 0 else math.fmod(a, b),
    "maximumf": lambda a, b: nan_or(a, b, max), "minimumf": lambda a, b: nan_or(a, b, min),
    "maxnumf": lambda a, b: b if a != a else a if b != b else max(a, b),
    "minnumf": lambda a, b: b if a != a else a if b != b else min(a, b),
}  # fmt: skip


@pytest.mark.parametrize("element", ["f16", "bf16", "f32", "f64"])
@pytest.mark.parametrize("name", FLOAT)
def test_float_op_rounds_to_its_type_once(run: Run, awkward: Any, name: str, element: str) -> None:
    x, y = pairs(awkward(DTYPES[element]))
    found = three_ways(run, f"arith.{name} %a, %b : {element}", [element] * 2, element, x, y)
    expected = np.array([FLOAT[name](float(a), float(b)) for a, b in zip(x, y)]).astype(x.dtype)
    np.testing.assert_array_equal(found.astype(np.float64), expected.astype(np.float64))


CASTS = [
    ("extsi", "i8", "i32"), ("extsi", "i1", "i16"), ("extui", "i8", "i32"), ("extui", "i1", "i64"), ("extui", "i32", "i64"),
    ("trunci", "i64", "i8"), ("trunci", "i32", "i1"), ("sitofp", "i32", "f32"), ("sitofp", "i1", "f32"),
    ("sitofp", "i16", "bf16"),
    ("uitofp", "i8", "f16"), ("uitofp", "i1", "f64"), ("uitofp", "i64", "f64"), ("index_cast", "i8", "index"),
    ("index_cast", "index", "i32"), ("index_cast", "i1", "index"), ("index_castui", "i8", "index"),
    ("index_castui", "i1", "index"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "target"), CASTS)
def test_integer_cast_keeps_the_number_it_reads(run: Run, awkward: Any, name: str, source: str, target: str) -> None:
    x = awkward(DTYPES[source])
    found = three_ways(run, f"arith.{name} %a : {source} to {target}", [source], target, x)
    bits = 1 if source == "i1" else x.dtype.itemsize * 8
    numbers = [(u if "ui" in name else wrap)(int(a), bits) for a in x.tolist()]
    if target in ("f16", "bf16", "f32", "f64"):
        expected = np.array(numbers, np.float64).astype(DTYPES[target])
        np.testing.assert_array_equal(found.astype(np.float64), expected.astype(np.float64))
    elif target == "i1":
        assert found.tolist() == [bool(a & 1) for a in numbers]
    else:
        assert found.tolist() == [wrap(a, found.dtype.itemsize * 8) for a in numbers]


@pytest.mark.parametrize(("name", "target"), [("fptosi", "i32"), ("fptoui", "i32"), ("fptosi", "i8"), ("fptoui", "i8")])
@pytest.mark.parametrize("source", ["f16", "bf16", "f32", "f64"])
def test_float_to_integer_rounds_toward_zero(run: Run, name: str, source: str, target: str) -> None:
    numbers = [0.0, -0.0, 0.99, 7.5, 100.9, 127.0] + ([-0.99, -7.5, -128.0] if name == "fptosi" else [200.0, 255.0])
    x = np.array(numbers).astype(DTYPES[source])
    found = three_ways(run, f"arith.{name} %a : {source} to {target}", [source], target, x)
    assert found.tolist() == [wrap(int(a), found.dtype.itemsize * 8) for a in x.astype(np.float64)]


@pytest.mark.parametrize("name", ["fptosi", "fptoui"])
def test_float_that_fits_no_integer_does_not_trap(run: Run, name: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30], np.float32)
    assert three_ways(run, f"arith.{name} %a : f32 to i16", ["f32"], "i16", x).shape == (5,)


@pytest.mark.parametrize(("name", "source", "target"), [("extf", "f16", "f32"), ("extf", "bf16", "f64"), ("truncf", "f64", "f32"),
                                                        ("truncf", "f32", "bf16"), ("truncf", "f32", "f16")])  # fmt: skip
def test_float_cast_rounds_to_even(run: Run, awkward: Any, name: str, source: str, target: str) -> None:
    x = np.concatenate([awkward(DTYPES[source]), np.array([1 + 2.0**-9, 1 + 3 * 2.0**-9, 1 + 2.0**-25, 65519.9], DTYPES[source])])
    found = three_ways(run, f"arith.{name} %a : {source} to {target}", [source], target, x)
    np.testing.assert_array_equal(found.astype(np.float64), x.astype(DTYPES[target]).astype(np.float64))


@pytest.mark.parametrize(("source", "target"), [("f32", "i32"), ("i16", "bf16"), ("i64", "f64"), ("f16", "i16")])
def test_bitcast_keeps_every_bit(run: Run, awkward: Any, source: str, target: str) -> None:
    x = awkward(DTYPES[source])
    assert three_ways(run, f"arith.bitcast %a : {source} to {target}", [source], target, x).tobytes() == x.tobytes()


def test_select_takes_one_side(run: Run) -> None:
    c, x, y = np.array([True, False]), np.float32([np.nan, 2]), np.float32([3, np.inf])
    text = "arith.select %a, %b, %c : f32"
    np.testing.assert_array_equal(three_ways(run, text, ["i1", "f32", "f32"], "f32", c, x, y), np.float32([np.nan, np.inf]))


@pytest.mark.parametrize(("name", "read"), [("mulsi_extended", wrap), ("mului_extended", u)])
@pytest.mark.parametrize("element", ["i8", "i32", "i64"])
def test_extended_multiplication_gives_both_halves(run: Run, awkward: Any, name: str, read: Any, element: str) -> None:
    bits, dtype = int(element[1:]), DTYPES[element]
    x, y = pairs(awkward(dtype))
    n = len(x)
    parameters = ", ".join(f"%{name}: memref<{n}x{element}>" for name in ("xm", "ym", "l", "h"))
    text = f"""func.func @f({parameters}) attributes {{outs = 2 : i64}} {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant {n} : index
      scf.for %i = %c0 to %n step %c1 {{
        %a = memref.load %xm[%i] : memref<{n}x{element}>
        %b = memref.load %ym[%i] : memref<{n}x{element}>
        %low, %high = arith.{name} %a, %b : {element}
        memref.store %low, %l[%i] : memref<{n}x{element}>
        memref.store %high, %h[%i] : memref<{n}x{element}>
      }}
      return
    }}"""
    low, high = run(text, x, y)
    for a, b, p, q in zip(x.tolist(), y.tolist(), low.tolist(), high.tolist()):
        exact = read(a, bits) * read(b, bits)
        assert (p, q) == (wrap(exact, bits), wrap(exact >> bits, bits))


MATH: dict[str, Callable[[float], float]] = {
    "absf": abs, "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
    "atanh": np.arctanh, "cbrt": np.cbrt, "ceil": np.ceil, "cos": np.cos, "cosh": np.cosh, "erf": math.erf, "exp": np.exp,
    "exp2": np.exp2, "expm1": np.expm1, "floor": np.floor, "log": np.log, "log10": np.log10, "log1p": np.log1p, "log2": np.log2,
    "roundeven": np.rint, "rsqrt": lambda a: 1 / np.sqrt(np.float64(a)), "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt,
    "tan": np.tan, "tanh": np.tanh, "trunc": np.trunc,
    "round": lambda a: a if not math.isfinite(a) else math.copysign(math.floor(abs(a) + 0.5), a),
}  # fmt: skip


@pytest.mark.parametrize("element", ["f16", "bf16", "f32", "f64"])
@pytest.mark.parametrize("name", MATH)
def test_math_function_is_close_to_double(run: Run, awkward: Any, name: str, element: str) -> None:
    x = awkward(DTYPES[element])
    found = three_ways(run, f"math.{name} %a : {element}", [element], element, x)
    expected = np.array([MATH[name](float(a)) for a in x]).astype(x.dtype)
    eps = float(ml_dtypes.finfo(x.dtype).eps)
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=4 * eps, atol=1e-300)


@pytest.mark.parametrize("element", ["i8", "i32", "i64"])
def test_bit_counts_and_abs_of_integers(run: Run, awkward: Any, element: str) -> None:
    bits, x = int(element[1:]), awkward(DTYPES[element])
    unsigned = [u(a, bits) for a in x.tolist()]
    expected: dict[str, list[int]] = {
        "ctpop": [a.bit_count() for a in unsigned],
        "ctlz": [bits - a.bit_length() for a in unsigned],
        "cttz": [next((i for i in range(bits) if a >> i & 1), bits) for a in unsigned],
        "absi": [wrap(abs(a), bits) for a in x.tolist()],
    }
    for name, want in expected.items():
        assert three_ways(run, f"math.{name} %a : {element}", [element], element, x).tolist() == want


def test_power_and_copysign_and_atan2(run: Run, awkward: Any) -> None:
    x, y = pairs(awkward(np.float32))
    for name, fn in (("copysign", np.copysign), ("atan2", np.arctan2)):
        found = three_ways(run, f"math.{name} %a, %b : f32", ["f32"] * 2, "f32", x, y)
        np.testing.assert_allclose(found, fn(x.astype(np.float64), y.astype(np.float64)).astype(np.float32), rtol=1e-6)
    found = three_ways(run, "math.powf %a, %b : f32", ["f32"] * 2, "f32", np.float32([-np.inf, 2, 0]), np.float32([0.5, 0.5, -1]))
    np.testing.assert_allclose(found, np.float32([np.inf, 2**0.5, np.inf]), rtol=1e-6)


def test_fma_does_not_round_the_product(run: Run) -> None:
    a = np.float32([1 + 2.0**-12])
    found = three_ways(run, "math.fma %a, %b, %c : f32", ["f32"] * 3, "f32", a, a, -(a * a))
    assert found[0] == 2.0**-24


def test_integer_powers_wrap(run: Run) -> None:
    found = three_ways(run, "math.ipowi %a, %b : i8", ["i8"] * 2, "i8", np.int8([2, 3, -1, 5]), np.int8([7, 6, -3, -1]))
    assert found.tolist() == [-128, wrap(3**6, 8), -1, 0]
