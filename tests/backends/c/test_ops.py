"""Every scalar op of the tables, on every type it takes: run on PoCL as scalars, as vectors of 8 and of 11 lanes, compared with
NumPy; and its CUDA text compiled. Ops of one signature share a kernel, because a kernel costs more to compile than to run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
import pytest

Array = np.ndarray[Any, np.dtype[Any]]

MLIR = {
    "bool": "i1", "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "float16": "f16", "bfloat16": "bf16", "float32": "f32", "float64": "f64",
}  # fmt: skip
DTYPES: dict[str, Any] = {mlir: np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name) for name, mlir in MLIR.items()}
LENGTH = 16 * 88
"""Elements that each of the three forms computes: a multiple of 8 and of 11."""


@dataclass(frozen=True)
class Op:
    """An op as text over `%a`, `%b`, `%c` of types `$a`, `$b`, `$c`, giving `%r` of type `$r`; `#7` is a constant of `$a`."""

    name: str
    text: str
    out: str
    numpy: Callable[..., Any]
    ulps: float = 0.5


@dataclass(frozen=True)
class Group:
    """Ops over the same inputs."""

    ins: tuple[str, ...]
    ops: list[Op] = field(default_factory=list)
    data: Callable[[np.random.Generator], tuple[Array, ...]] | None = None


GROUPS: dict[str, Group] = {}


def group(name: str, ins: str, data: Callable[[np.random.Generator], tuple[Array, ...]] | None = None) -> Callable[..., None]:
    found = GROUPS.setdefault(name, Group(tuple(ins.split()), data=data))

    def add(op: str, numpy: Callable[..., Any], *, out: str | None = None, text: str | None = None, ulps: float = 0.5) -> None:
        operands = ", ".join(f"%{letter}" for letter in "abc"[: len(found.ins)])
        found.ops.append(Op(op, text or f"%r = {op} {operands} : $a", out or found.ins[0], numpy, ulps))

    return add


def special(element: str) -> Array:
    dtype = DTYPES[element]
    if element == "i1":
        return np.array([True, False])
    if dtype.kind == "i":
        limits = np.iinfo(dtype)
        return np.array([0, 1, -1, 2, -2, 7, limits.min, limits.max, limits.min + 1], dtype)
    limits = ml_dtypes.finfo(dtype)
    values = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        1.5,
        2.5,
        -2.5,
        np.inf,
        -np.inf,
        np.nan,
        float(limits.max),
        float(limits.smallest_normal),
    ]
    return np.array([*values, float(limits.smallest_subnormal), -float(limits.smallest_subnormal)], dtype)


def hard(element: str, rng: np.random.Generator, other: int = 0) -> Array:
    """Special values, so ordered that two such arrays meet in every pair; then random ones."""
    values, dtype = special(element), DTYPES[element]
    pairs = np.repeat(values, len(values)) if other else np.tile(values, len(values))
    rest = LENGTH - len(pairs)
    if element == "i1":
        noise = rng.random(rest) < 0.5
    elif dtype.kind == "i":
        limits = np.iinfo(dtype)
        noise = rng.integers(limits.min, limits.max, rest, dtype, endpoint=True)
    else:
        noise = (rng.standard_normal(rest) * 4).astype(dtype)
    return np.concatenate([pairs, noise])


def limited(low: float, high: float, element: str) -> Callable[[np.random.Generator], tuple[Array, ...]]:
    """Random numbers of a range, for conversions that are not defined outside of it."""
    return lambda rng: (np.concatenate([[low, high, 0, 1], rng.uniform(low, high, LENGTH - 4)]).astype(DTYPES[element]),)


def _divide(a: Array, b: Array) -> Array:
    """Toward zero; x / 0 is 0, and MIN / -1 is MIN: an instruction that traps would end the process."""
    safe = np.where((b == 0) | (b == -1), 1, b)
    quotient = (
        (np.abs(a.astype(object)) // np.abs(safe.astype(object))) * np.sign(a.astype(object)) * np.sign(safe.astype(object))
    )
    return np.where(b == 0, 0, np.where(b == -1, np.negative(a), quotient.astype(a.dtype)))


def _unsigned(f: Callable[..., Any]) -> Callable[..., Any]:
    def on_bits(*arrays: Array) -> Any:
        found = f(*(array.view(f"u{array.dtype.itemsize}") for array in arrays))
        return found.view(arrays[0].dtype) if found.dtype.kind == "u" and found.itemsize == arrays[0].itemsize else found

    return on_bits


for _type in ("f32", "f64"):
    _unary = group(f"{_type} unary", _type)
    _unary("arith.negf", np.negative)
    _unary("math.absf", np.abs)
    _unary("math.trunc", np.trunc)
    _unary("math.floor", np.floor)
    _unary("math.ceil", np.ceil)
    _unary("math.roundeven", np.rint)
    _positive = group(f"{_type} functions", _type)
    _positive("math.sqrt", np.sqrt)
    _positive("math.rsqrt", lambda a: 1 / np.sqrt(a), ulps=1.5)
    _positive("math.exp", np.exp, ulps=2)
    _positive("math.log", np.log, ulps=2)
    _positive("math.cos", np.cos, ulps=4)
    _positive("math.tanh", np.tanh, ulps=3)
    _binary = group(f"{_type} arithmetic", f"{_type} {_type}")
    for _op, _numpy in (("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div", np.divide), ("rem", np.fmod)):
        _binary(f"arith.{_op}f", _numpy)
    _extremes = group(f"{_type} extremes", f"{_type} {_type}")
    for _op, _numpy in (("maximum", np.maximum), ("minimum", np.minimum), ("maxnum", np.fmax), ("minnum", np.fmin)):
        _extremes(f"arith.{_op}f", _numpy)
    _extremes("math.powf", np.power, ulps=16)
    _extremes("math.copysign", np.copysign)
    group(f"{_type} fma", f"{_type} {_type} {_type}")("math.fma", lambda a, b, c: _fused(a, b, c), ulps=1)
    _compare = group(f"{_type} comparisons", f"{_type} {_type}")
    for _predicate, _truth in {
        "oeq": lambda a, b: a == b, "ogt": lambda a, b: a > b, "oge": lambda a, b: a >= b, "olt": lambda a, b: a < b,
        "ole": lambda a, b: a <= b, "one": lambda a, b: (a < b) | (a > b), "ord": lambda a, b: (a == a) & (b == b),
        "ueq": lambda a, b: ~((a < b) | (a > b)), "ugt": lambda a, b: ~(a <= b), "uge": lambda a, b: ~(a < b),
        "ult": lambda a, b: ~(a >= b), "ule": lambda a, b: ~(a > b), "une": lambda a, b: a != b,
        "uno": lambda a, b: (a != a) | (b != b),
    }.items():  # fmt: skip
        _compare(f"arith.cmpf {_predicate}", _truth, out="i1", text=f"%r = arith.cmpf {_predicate}, %a, %b : $a")


def _fused(a: Array, b: Array, c: Array) -> Array:
    return (a.astype(np.longdouble) * b.astype(np.longdouble) + c.astype(np.longdouble)).astype(a.dtype)


for _type in ("i8", "i16", "i32", "i64"):
    _bits = int(_type[1:])
    _pair = f"{_type} {_type}"
    _wrap = group(f"{_type} arithmetic", _pair)
    for _op, _numpy in (("addi", np.add), ("subi", np.subtract), ("muli", np.multiply)):
        _wrap(f"arith.{_op}", _numpy)
    for _op, _numpy in (("andi", np.bitwise_and), ("ori", np.bitwise_or), ("xori", np.bitwise_xor)):
        _wrap(f"arith.{_op}", _numpy)
    for _op, _numpy in (("max", np.maximum), ("min", np.minimum)):
        _wrap(f"arith.{_op}si", _numpy)
        _wrap(f"arith.{_op}ui", _unsigned(_numpy))
    _wrap("math.absi", lambda a, b: np.abs(a), text="%r = math.absi %a : $a")
    _wrap(
        "sum in int",
        lambda a, b: (a + b) * a - b,
        text="%s = arith.addi %a, %b : $a\n%t = arith.muli %s, %a : $a\n%r = arith.subi %t, %b : $a",
    )
    _wrap(
        "signed use of a sum",
        lambda a, b: (a + b) >> 1,
        text="%s = arith.addi %a, %b : $a\n%one = arith.constant #1\n%r = arith.shrsi %s, %one : $a",
    )
    _parts = group(f"{_type} division", _pair)
    _parts("arith.divsi", _divide)
    _parts("arith.remsi", lambda a, b: np.where(b == 0, 0, a - _divide(a, b) * b))
    _parts("arith.divui", _unsigned(lambda a, b: np.where(b == 0, 0, a // np.where(b == 0, 1, b)).astype(a.dtype)))
    _parts("arith.remui", _unsigned(lambda a, b: np.where(b == 0, 0, a % np.where(b == 0, 1, b)).astype(a.dtype)))
    _parts(
        "arith.divsi by 7",
        lambda a, b: _divide(a, np.full_like(a, 7)),
        text="%k = arith.constant #7\n%r = arith.divsi %a, %k : $a",
    )
    _parts(
        "arith.remui by 7",
        _unsigned(lambda a, b: a % a.dtype.type(7)),
        text="%k = arith.constant #7\n%r = arith.remui %a, %k : $a",
    )
    _by = group(
        f"{_type} shifts", _pair, lambda rng, t=_type, n=_bits: (hard(t, rng), rng.integers(0, n, LENGTH).astype(DTYPES[t]))
    )
    _by("arith.shli", np.left_shift)
    _by("arith.shrsi", np.right_shift)
    _by("arith.shrui", _unsigned(np.right_shift))
    _order = group(f"{_type} comparisons", _pair)
    for _predicate, _numpy in (("eq", np.equal), ("ne", np.not_equal)):
        _order(f"arith.cmpi {_predicate}", _numpy, out="i1", text=f"%r = arith.cmpi {_predicate}, %a, %b : $a")
    for _predicate, _numpy in (("lt", np.less), ("le", np.less_equal), ("gt", np.greater), ("ge", np.greater_equal)):
        for _sign, _wrapper in (("s", lambda f: f), ("u", _unsigned)):
            _text = f"%r = arith.cmpi {_sign}{_predicate}, %a, %b : $a"
            _order(f"arith.cmpi {_sign}{_predicate}", _wrapper(_numpy), out="i1", text=_text)
    _order(
        "arith.cmpi of sums",
        lambda a, b: (a + b) < (a - b),
        out="i1",
        text="%s = arith.addi %a, %b : $a\n%d = arith.subi %a, %b : $a\n%r = arith.cmpi slt, %s, %d : $a",
    )

_logic = group("i1 logic", "i1 i1")
for _op, _numpy in (("andi", np.logical_and), ("ori", np.logical_or), ("xori", np.logical_xor)):
    _logic(f"arith.{_op}", _numpy)
_logic("not", lambda a, b: ~a, text="%t = arith.constant #true\n%r = arith.xori %a, %t : $a")
for _predicate, _truth in {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "ult": lambda a, b: ~a & b, "ule": lambda a, b: ~a | b,
    "ugt": lambda a, b: a & ~b, "uge": lambda a, b: a | ~b, "slt": lambda a, b: a & ~b, "sge": lambda a, b: ~a | b,
}.items():  # fmt: skip
    _logic(f"arith.cmpi {_predicate}", _truth, text=f"%r = arith.cmpi {_predicate}, %a, %b : $a")
for _op, _numpy in (("maxui", np.logical_or), ("minui", np.logical_and), ("maxsi", np.logical_and), ("minsi", np.logical_or)):
    _logic(f"arith.{_op}", _numpy)
_logic(
    "comparison of comparisons",
    lambda a, b: (a & b) != (a | b),
    text="%x = arith.andi %a, %b : $a\n%y = arith.ori %a, %b : $a\n%r = arith.cmpi ne, %x, %y : $a",
)

for _type in ("i1", "i8", "i16", "i32", "i64", "f16", "bf16", "f32", "f64"):
    group(f"{_type} select", f"i1 {_type} {_type}")(
        "arith.select", np.where, out=_type, text="%r = arith.select %a, %b, %c : $a, $b"
    )

_INTS = ("i1", "i8", "i16", "i32", "i64")
for _type in _INTS:
    _from = group(f"{_type} conversions", _type)
    for _to in _INTS:
        if DTYPES[_to].itemsize > DTYPES[_type].itemsize or (_type == "i1" and _to != "i1"):
            _from(
                f"arith.extsi to {_to}",
                lambda a, t=_to: -a.astype(DTYPES[t]) if a.dtype == bool else a.astype(DTYPES[t]),
                out=_to,
                text="%r = arith.extsi %a : $a to $r",
            )
            _from(
                f"arith.extui to {_to}",
                lambda a, t=_to: (a if a.dtype == bool else a.view(f"u{a.itemsize}")).astype(DTYPES[t]),
                out=_to,
                text="%r = arith.extui %a : $a to $r",
            )
        elif _type != _to:
            _from(
                f"arith.trunci to {_to}",
                lambda a, t=_to: (a & 1).astype(bool) if t == "i1" else a.astype(DTYPES[t]),
                out=_to,
                text="%r = arith.trunci %a : $a to $r",
            )
    for _to in ("f32", "f64"):
        _from(
            f"arith.sitofp to {_to}",
            lambda a, t=_to: -a.astype(DTYPES[t]) if a.dtype == bool else a.astype(DTYPES[t]),
            out=_to,
            text="%r = arith.sitofp %a : $a to $r",
        )
        _from(
            f"arith.uitofp to {_to}",
            lambda a, t=_to: (a if a.dtype == bool else a.view(f"u{a.itemsize}")).astype(DTYPES[t]),
            out=_to,
            text="%r = arith.uitofp %a : $a to $r",
        )

for _type in ("f32", "f64"):
    for _to in ("i8", "i16", "i32", "i64"):
        _high = float(2 ** (int(_to[1:]) - 1) - 1) if _to != "i64" else 2.0**62
        _high = min(_high, 2.0**30) if _type == "f32" and _to == "i32" else _high
        group(f"{_type} to {_to}", _type, limited(-_high, _high, _type))(
            "arith.fptosi", lambda a, t=_to: a.astype(DTYPES[t]), out=_to, text="%r = arith.fptosi %a : $a to $r"
        )
        group(f"{_type} to u{_to[1:]}", _type, limited(0, _high * 1.9, _type))(
            "arith.fptoui",
            lambda a, t=_to: a.astype(f"u{DTYPES[t].itemsize}").view(DTYPES[t]),
            out=_to,
            text="%r = arith.fptoui %a : $a to $r",
        )
    group(f"{_type} to i1", _type, lambda rng, t=_type: (rng.integers(0, 2, LENGTH).astype(DTYPES[t]),))(
        "arith.fptoui", lambda a: a != 0, out="i1", text="%r = arith.fptoui %a : $a to $r"
    )

_WIDER = {"f16": ("f32", "f64"), "bf16": ("f32", "f64"), "f32": ("f64",)}
for _type, _targets in _WIDER.items():
    _from = group(f"{_type} widened", _type)
    for _to in _targets:
        _from(f"arith.extf to {_to}", lambda a, t=_to: a.astype(DTYPES[t]), out=_to, text="%r = arith.extf %a : $a to $r")
for _type, _targets in {"f64": ("f32", "f16", "bf16"), "f32": ("f16", "bf16")}.items():
    _from = group(f"{_type} narrowed", _type, lambda rng, t=_type: (_ties(t, rng),))
    for _to in _targets:
        _from(f"arith.truncf to {_to}", lambda a, t=_to: _nearest(a, DTYPES[t]), out=_to, text="%r = arith.truncf %a : $a to $r")


def _nearest(a: Array, dtype: np.dtype[Any]) -> Array:
    """Rounded once: ml_dtypes goes from float64 to bfloat16 by way of float32, which is wrong next to a tie."""
    found = a.astype(dtype)
    if dtype.name != "bfloat16":
        return found
    for other in (np.nextafter(found, dtype.type(np.inf)), np.nextafter(found, dtype.type(-np.inf))):
        worse, better = np.abs(found.astype(np.float64) - a), np.abs(other.astype(np.float64) - a)
        found = np.where(better < worse, other, found)
    return found


def _ties(element: str, rng: np.random.Generator) -> Array:
    """Numbers at, just above and just below the middle between two narrower floats, and in the range of their subnormals."""
    dtype = DTYPES[element]
    narrow = (rng.integers(0, 0x7C00, 400).astype(np.uint16)).view(np.float16).astype(dtype)
    up = np.nextafter(narrow.astype(np.float16), np.float16(np.inf)).astype(dtype)
    middle = (narrow + up) / 2
    brain = rng.integers(0, 0x7F80, 200).astype(np.uint32)
    halves = ((brain << 16) + 0x8000).astype(np.uint32).view(np.float32).astype(dtype)
    some = np.concatenate([middle, np.nextafter(middle, dtype.type(np.inf)), -np.nextafter(middle, dtype.type(0)), halves])
    return np.resize(np.concatenate([special(element), some]), LENGTH).astype(dtype)


for _type, _to in (
    ("f32", "i32"),
    ("i32", "f32"),
    ("f64", "i64"),
    ("i64", "f64"),
    ("f16", "i16"),
    ("i16", "f16"),
    ("bf16", "i16"),
    ("i16", "bf16"),
):
    group(f"{_type} bits", _type)(
        f"arith.bitcast to {_to}", lambda a, t=_to: a.view(DTYPES[t]), out=_to, text="%r = arith.bitcast %a : $a to $r"
    )


def kernel_text(name: str, gpu_module: Callable[..., str]) -> str:
    """A module with all ops of a group: the first third of the data by scalars, the next two by vectors."""
    found = GROUPS[name]
    names, total = "abc"[: len(found.ins)], 3 * LENGTH
    params = [(f"p{letter}", f"memref<{total}x{element}>") for letter, element in zip(names, found.ins)]
    params += [(f"out{number}", f"memref<{total}x{op.out}>") for number, op in enumerate(found.ops)]
    lines = [f"%n{k} = arith.constant {k * LENGTH} : index" for k in range(4)]
    lines += [f"%s{step} = arith.constant {step} : index" for step in (1, 8, 11)]
    for part, lanes in enumerate((0, 8, 11)):
        lines.append(f"scf.for %i = %n{part} to %n{part + 1} step %s{lanes or 1} {{")
        dialect = "vector" if lanes else "memref"
        for letter, element in zip(names, found.ins):
            suffix = f", {shaped(element, lanes)}" if lanes else ""
            lines.append(f"%{letter} = {dialect}.load %p{letter}[%i] : memref<{total}x{element}>{suffix}")
        for number, op in enumerate(found.ops):
            lines += instantiate(op, found.ins, lanes, number)
            suffix = f", {shaped(op.out, lanes)}" if lanes else ""
            lines.append(f"{dialect}.store %r_{number}, %out{number}[%i] : memref<{total}x{op.out}>{suffix}")
        lines.append("}")
    return gpu_module(params, "\n".join(lines), outs=len(found.ops))


def shaped(element: str, lanes: int) -> str:
    return f"vector<{lanes}x{element}>" if lanes else element


def instantiate(op: Op, ins: tuple[str, ...], lanes: int, number: int) -> list[str]:
    """The op's text for values of this shape, its own names made unique."""
    text = op.text.replace("$r", shaped(op.out, lanes))
    for letter, element in zip("abc", ins):
        text = text.replace(f"${letter}", shaped(element, lanes))

    def constant(match: re.Match[str]) -> str:
        if lanes:
            return f"dense<{match[1]}> : {shaped(ins[0], lanes)}"
        return match[1] if match[1] == "true" else f"{match[1]} : {ins[0]}"

    text = re.sub(r"#(\w+)", constant, text)
    return re.sub(r"%(r|s|t|d|k|x|y|one)\b", rf"%\1_{number}", text).splitlines()


@cache
def data(name: str) -> tuple[Array, ...]:
    rng = np.random.default_rng(7)
    found = GROUPS[name]
    made = found.data(rng) if found.data is not None else tuple(hard(t, rng, other=n % 2) for n, t in enumerate(found.ins))
    return tuple(np.tile(array, 3) for array in made)


_results: dict[str, list[Array] | Exception] = {}


@pytest.mark.parametrize(
    ("name", "op"), [(n, op) for n, g in GROUPS.items() for op in g.ops], ids=lambda v: v if isinstance(v, str) else v.name
)
def test_agrees_with_numpy(name: str, op: Op, gpu_module: Callable[..., str], run_kernel: Callable[..., list[Array]]) -> None:
    if name not in _results:
        try:
            _results[name] = run_kernel(kernel_text(name, gpu_module), *data(name))
        except Exception as problem:
            _results[name] = problem
    results = _results[name]
    if isinstance(results, Exception):
        raise results
    found = results[GROUPS[name].ops.index(op)]
    with np.errstate(all="ignore"):
        expected = np.asarray(op.numpy(*data(name))).astype(DTYPES[op.out])
    compare(found, expected, op.ulps, data(name))


def compare(found: Array, expected: Array, ulps: float, inputs: tuple[Array, ...]) -> None:
    if expected.dtype.kind in "bi":
        wrong = found != expected
    else:
        with np.errstate(all="ignore"):
            a, b = found.astype(np.float64), expected.astype(np.float64)
            near = np.abs(a - b) <= ulps * np.abs(np.spacing(expected)).astype(np.float64)
        wrong = ~((a == b) | (np.isnan(a) & np.isnan(b)) | (near & np.isfinite(b)))
    at = np.flatnonzero(wrong)[:5]
    assert not len(at), [(int(i), *(x[i] for x in inputs), "found", found[i], "expected", expected[i]) for i in at]


@pytest.mark.parametrize("name", GROUPS)
def test_cuda_text_compiles(
    name: str, gpu_module: Callable[..., str], spell: Callable[..., str], nvrtc_accepts: Callable[[str], None]
) -> None:
    nvrtc_accepts(spell(kernel_text(name, gpu_module), "cuda"))
