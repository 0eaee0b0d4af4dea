"""What a program means, op by op in NumPy, and a bound of what any legal evaluation of it may differ by.

Floats are computed in the longest floats there are, each element beside a bound of the rounding that a target may do: its sums
in any order, its functions to a few units in the last place. Where such a difference could be felt as a whole (a comparison of
neighbours, a cast of 2.9999999, an overflow) the program is ill-conditioned, and refused. All else is compared as the bound says;
most of it, integers and floats that hold small whole numbers among them, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import ml_dtypes
import numpy as np

from .program import DTYPES, FLOATS, Array, Node, Program

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


def shadow(program: Program) -> list[Shadow]:
    """The value of every node. Raises IllConditioned."""
    values = list[Shadow]()
    for node in program.nodes:
        values.append(shadow_of(node, [values[at] for at in node.operands], [program.nodes[at] for at in node.operands]))
    return values


def shadow_of(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    """The value of one node from those of its operands. Raises IllConditioned."""
    with np.errstate(all="ignore"):
        found = _RULES[node.op](node, values, sources)
    if not is_float(node.element):
        return Shadow(found.data.astype(DTYPES[node.element], copy=False), None)
    data, error = found.data, found.error
    if error is not None:
        error = np.where(np.isfinite(data), error, 0)
        if np.isnan(error).any():
            raise IllConditioned("an unknown error")
        finite = np.abs(data[np.isfinite(data)])
        if finite.size and error.max() > WORST[node.element] * max(float(finite.max()), DIGITS[node.element].tiny * 1e3):
            raise IllConditioned("too little is certain")
        if not error.any():
            error = None
    bound = np.abs(data) if error is None else np.abs(data) + error
    if (bound[np.isfinite(data)] > DIGITS[node.element].most / 4).any():
        raise IllConditioned("near the largest number")
    return Shadow(data, error)


def _err(value: Shadow) -> Any:
    return LONG(0) if value.error is None else value.error


def _exact(*values: Shadow) -> bool:
    return all(value.error is None for value in values)


def _fits(data: Array, element: str) -> bool:
    """Does the type hold each of these?"""
    there = np.asarray(data).astype(DTYPES[element]).astype(LONG)
    return bool(((there == data) | (np.isnan(there) & np.isnan(data))).all())


def _rounded(data: Array, error: Any, element: str, ulps: float = 1) -> Shadow:
    """The result of an op that rounds; a finite result of finite operands is expected where `data` is finite."""
    digits = DIGITS[element]
    bound = error + ulps * digits.unit * (np.abs(data) + error) + (digits.least if ulps == 1 else digits.tiny)
    return Shadow(data, np.where(np.isfinite(data), bound, 0) * np.ones(np.shape(data), LONG))


def _arithmetic(data: Array, error: Any, element: str, operands: list[Shadow]) -> Shadow:
    """An op that every target rounds rightly: what fits is exact."""
    if _exact(*operands) and _fits(data, element):
        return Shadow(data, None)
    return _rounded(data, error, element)


def _refuse_born(data: Array, operands: list[Shadow]) -> None:
    """An infinity or NaN is right only where an operand had one, and then for certain."""
    odd = np.zeros(np.shape(data), np.bool_)
    for value in operands:
        odd |= ~np.isfinite(value.data)
    if (~np.isfinite(data) & ~odd).any():
        raise IllConditioned("an infinity or NaN out of numbers")
    for value in operands:
        if (odd & np.isfinite(value.data) & (np.abs(value.data) <= _err(value)) & (_err(value) > 0)).any():
            raise IllConditioned("a number of unknown sign meets an infinity")


def _refuse(doubtful: Any, why: str) -> None:
    if np.any(doubtful):
        raise IllConditioned(why)


def _unary(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, kind, element = value.data, node.about["kind"], node.element
    if not is_float(element):
        table: dict[str, Any] = {"neg": np.negative, "abs": np.abs, "not": np.invert}
        return Shadow(np.asarray(table[kind](x)), None)
    e = _err(value)
    if kind in ("neg", "abs"):
        return Shadow(-x if kind == "neg" else np.abs(x), value.error)
    if kind == "trunc":
        if not _exact(value):
            _refuse(np.isfinite(x) & (np.trunc(x - e) != np.trunc(x + e)), "trunc of nearly a whole number")
        return Shadow(np.trunc(x), None)
    if kind == "recip":
        return _divide(node, [Shadow(np.ones_like(x), None), value])
    if kind == "exp2":
        _refuse(np.isfinite(x) & (np.abs(x) + e > 1000), "exp2 of much")
        data = np.exp2(x)
        return _rounded(data, np.where(np.isfinite(x), data * np.expm1(e * LONG(0.6931471805599453)) * 1.01, 0), element, 8)
    if kind == "sqrt":
        _refuse(np.isfinite(x) & (x <= e) & ((x != 0) | (e > 0)), "sqrt near zero or below")
        data = np.sqrt(x)
        return _rounded(data, np.where(x == 0, 0, e / np.sqrt(np.maximum(x - e, DIGITS[element].tiny))), element, 4)
    if kind == "log2":
        _refuse(np.isfinite(x) & (x <= 2 * e + DIGITS[element].tiny), "log2 near zero or below")
        data = np.log2(x)
        return _rounded(data, np.where(np.isfinite(x), 1.5 * e / (x - e), 0) + 2 * DIGITS[element].unit, element, 8)
    assert kind == "sin"
    _refuse(np.isfinite(x) & (np.abs(x) + e > 100), "sin of much")
    return _rounded(np.sin(x), np.where(np.isfinite(x), e, 0) + 4 * DIGITS[element].unit, element, 8)


def _divide(node: Node, values: list[Shadow]) -> Shadow:
    a, b = values
    _refuse(np.isfinite(b.data) & (np.abs(b.data) <= 2 * _err(b) + DIGITS[node.element].tiny), "division by nearly zero")
    data = a.data / b.data
    _refuse_born(data, values)
    error = (_err(a) + np.abs(data) * _err(b)) / (np.abs(b.data) - _err(b))
    return _rounded(data, np.nan_to_num(error, nan=0, posinf=0), node.element, 4)


def _c_divide(a: Array, b: Array) -> tuple[Array, Array]:
    """C's / and %, in whole numbers of any length; 0 for a zero divisor."""
    quotients, rests = np.zeros(a.size, object), np.zeros(a.size, object)
    for at, (x, y) in enumerate(zip(a.reshape(-1).tolist(), b.reshape(-1).tolist())):
        if y:
            quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
            quotients[at], rests[at] = quotient, x - quotient * y
    return _wrapped(quotients, a), _wrapped(rests, a)


def _wrapped(numbers: Array, like: Array) -> Array:
    bits = like.dtype.itemsize * 8
    low = np.array([int(n) & ((1 << bits) - 1) for n in numbers], np.uint64)
    return low.astype(np.dtype(f"u{like.dtype.itemsize}")).view(like.dtype).reshape(like.shape)


def _shift(kind: str, a: Array, b: Array) -> Array:
    bits = a.dtype.itemsize * 8
    amounts = [int(n) & ((1 << bits) - 1) for n in b.reshape(-1).tolist()]
    numbers = [int(n) for n in a.reshape(-1).tolist()]
    moved = [(x << n if n < bits else 0) if kind == "shl" else x >> min(n, bits) for x, n in zip(numbers, amounts)]
    return _wrapped(np.array(moved, object), a)


def _binary(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    a, b = values
    x, y, kind, element = a.data, b.data, node.about["kind"], sources[0].element
    if kind.startswith("cmp"):
        if not _exact(a, b):
            doubt = np.isfinite(x) & np.isfinite(y) & (np.abs(x - y) <= _err(a) + _err(b)) & (_err(a) + _err(b) > 0)
            _refuse(doubt, "a comparison of neighbours")
        return Shadow(np.asarray({"cmplt": np.less, "cmpeq": np.equal, "cmpne": np.not_equal}[kind](x, y)), None)
    if not is_float(element):
        if kind in ("idiv", "mod"):
            return Shadow(_c_divide(x, y)[kind == "mod"], None)
        if kind in ("shl", "shr"):
            return Shadow(_shift(kind, x, y), None)
        table: dict[str, Any] = {
            "add": np.add, "sub": np.subtract, "mul": np.multiply, "max": np.maximum, "min": np.minimum,
            "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
        }  # fmt: skip
        return Shadow(np.asarray(table[kind](x, y)), None)
    ea, eb = _err(a), _err(b)
    if kind in ("max", "min"):
        data = np.maximum(x, y) if kind == "max" else np.minimum(x, y)
        return Shadow(data, None if _exact(a, b) else np.maximum(ea, eb) * np.ones(data.shape, LONG))
    if kind == "div":
        return _divide(node, values)
    if kind == "mod":
        return _float_mod(values, element)
    if kind == "pow":
        return _pow(values, element)
    if kind == "mul":
        data = x * y
        error = np.abs(x) * eb + np.abs(y) * ea + ea * eb
    else:
        data = x + y if kind == "add" else x - y
        error = ea + eb
    _refuse_born(data, values)
    return _arithmetic(data, np.nan_to_num(error, nan=0, posinf=0), element, values)


def _float_mod(values: list[Shadow], element: str) -> Shadow:
    a, b = values
    x, y, ea, eb = a.data, b.data, _err(a), _err(b)
    _refuse(~np.isfinite(x) | ~np.isfinite(y) | (np.abs(y) <= 2 * eb + DIGITS[element].tiny), "mod of or by something odd")
    quotient = x / y
    _refuse(np.abs(quotient) > 1e4, "mod of much by little")
    if not _exact(a, b):
        doubt = (ea + np.abs(quotient) * eb) / (np.abs(y) - eb)
        _refuse(np.trunc(quotient - doubt) != np.trunc(quotient + doubt), "mod near a multiple")
    return _arithmetic(np.fmod(x, y), ea + np.abs(quotient) * eb, element, values)


def _pow(values: list[Shadow], element: str) -> Shadow:
    a, b = values
    x, y, ea, eb = a.data, b.data, _err(a), _err(b)
    _refuse(~np.isfinite(x) | ~np.isfinite(y), "pow of something odd")
    whole = _exact(b) and bool((np.trunc(y) == y).all()) and bool((np.abs(y) <= 64).all())
    if whole:
        _refuse((np.abs(x) <= 2 * ea + DIGITS[element].tiny) & ((y < 0) | (ea > 0)), "pow of nearly zero")
    else:
        _refuse(x <= 2 * ea + 1e-3, "pow of nearly zero or less")
    data = np.power(x, y)
    _refuse_born(data, values)
    safe = np.where(x == 0, 1, np.abs(x))
    slope = np.abs(y) * ea / (safe - ea) + np.abs(np.log(safe)) * eb
    _refuse(slope > 1, "pow is too steep")
    # the usual way, exp2(y * log2(x)), loses by the size of the exponent
    ulps = 16 + 4 * float(np.max(np.abs(y * np.log2(safe)), initial=0))
    return _rounded(data, np.abs(data) * np.expm1(slope), element, ulps)


def _select(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    where, a, b = values
    data = np.where(where.data, a.data, b.data)
    error = cast("Array", np.where(where.data, _err(a), _err(b)) * np.ones(data.shape, LONG))
    return Shadow(data, None if _exact(a, b) else error)


def _cast(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, e, to = value.data, _err(value), node.element
    was_float = is_float(sources[0].element)
    if to == "i1":
        _refuse(was_float and ((np.abs(x) <= e) & (e > 0)), "a bool of nearly zero")
        return Shadow(np.asarray(x != 0), None)
    if is_float(to):
        data = x.astype(LONG)
        _refuse(np.isfinite(data) & (np.abs(data) > DIGITS[to].most / 4), "a cast of too much")
        return _arithmetic(data, e, to, values) if not was_float or sources[0].element != to else value
    if not was_float:
        bits = DTYPES[to].itemsize * 8
        low = [int(n) & ((1 << bits) - 1) for n in x.reshape(-1).tolist()]
        return Shadow(np.array(low, np.uint64).astype(np.dtype(f"u{bits // 8}")).view(DTYPES[to]).reshape(x.shape), None)
    limits = np.iinfo(DTYPES[to])
    _refuse(~np.isfinite(x) | (x - e < limits.min) | (x + e > LONG(limits.max)), "a cast of what does not fit")
    _refuse(np.trunc(x - e) != np.trunc(x + e), "a cast of nearly a whole number")
    return Shadow(np.trunc(x).astype(DTYPES[to]), None)


def _bitcast(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, to = value.data, node.element
    if is_float(sources[0].element):
        _refuse(not _exact(value), "the bits of a rounded number")
        _refuse((x == 0) | np.isnan(x), "the bits of a zero or NaN")
        x = x.astype(DTYPES[sources[0].element])
    data = x.view(DTYPES[to])
    if not is_float(to):
        return Shadow(data, None)
    data = data.astype(LONG)
    _refuse(~np.isfinite(data) | ((np.abs(data) < DIGITS[to].tiny) & (data != 0)), "bits of an odd number")
    return Shadow(data, None)


def _reduce(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, kind, element = value.data, node.about["kind"], node.element
    axes: tuple[int, ...] = tuple(node.about["axes"])
    count = int(np.prod([sources[0].shape[axis] for axis in axes], dtype=np.int64)) if axes else 1
    if kind in ("max", "min"):
        edge: Any = _edge(kind, element)
        data = np.asarray((np.max if kind == "max" else np.min)(x, axis=axes, initial=edge))
        return Shadow(data, None if _exact(value) or not count else np.max(value.error, axis=axes, initial=LONG(0)))  # pyright: ignore
    if not is_float(element):
        return Shadow(np.asarray((np.sum if kind == "sum" else np.prod)(x, axis=axes, dtype=x.dtype)), None)
    e, digits = _err(value) * np.ones(x.shape, LONG), DIGITS[element]
    if kind == "sum":
        data, bulk = np.asarray(np.sum(x, axis=axes)), np.asarray(np.sum(np.abs(x) + e, axis=axes))
        _refuse(np.isfinite(data) & (bulk > digits.most / 4), "a sum near the largest number")
        if _exact(value) and (count <= 1 or _whole(x, bulk, element)):
            return Shadow(data, None)
        error = np.sum(e, axis=axes) + count * digits.unit * bulk * 1.1 + count * digits.least
        return Shadow(data, np.where(np.isfinite(data), error, 0))
    _refuse(~np.isfinite(x), "a product of something odd")
    data, bulk = np.asarray(np.prod(x, axis=axes)), np.asarray(np.prod(np.abs(x) + e, axis=axes))
    _refuse(np.prod(np.maximum(np.abs(x) + e, 1), axis=axes) > digits.most / 4, "a product near the largest number")
    small = np.where(x == 0, 1, np.minimum(np.abs(x), 1))
    _refuse(np.prod(small, axis=axes) < digits.tiny * 64, "a product near the smallest number")
    if _exact(value) and (count <= 1 or (_fits(x, "f16") and (np.trunc(x) == x).all() and (bulk < 0.5 / digits.unit).all())):
        return Shadow(data, None)
    return Shadow(data, (bulk - np.abs(data)) + count * digits.unit * bulk * 1.1)


def _whole(x: Array, bulk: Array, element: str) -> bool:
    """Are all partial sums, in any order, multiples of an eighth that the type holds?"""
    finite = x[np.isfinite(x)]
    return bool((np.trunc(finite * 8) == finite * 8).all() and (bulk[np.isfinite(bulk)] * 8 < 1 / DIGITS[element].unit).all())


def _edge(kind: str, element: str) -> Any:
    if is_float(element):
        return LONG(-np.inf if kind == "max" else np.inf)
    if element == "i1":
        return np.bool_(kind == "min")
    limits = np.iinfo(DTYPES[element])
    return DTYPES[element].type(limits.min if kind == "max" else limits.max)


def _moved(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    fill = node.about.get("value", 0)
    data = _move(node, value.data, np.asarray(fill, DTYPES[node.element]).astype(value.data.dtype))
    return Shadow(data, None if value.error is None else _move(node, value.error, LONG(0)))


def _move(node: Node, x: Array, fill: Any) -> Array:
    about = node.about
    match node.op:
        case "reshape":
            return x.reshape(node.shape)
        case "permute":
            return x.transpose(about["permutation"])
        case "expand":
            return np.broadcast_to(x, node.shape)
        case "pad":
            return np.pad(x, list(zip(about["low"], about["high"])), constant_values=fill) if x.ndim else x
        case "shrink":
            return x[tuple(map(slice, about["start"], about["stop"], about["step"]))]
        case _:
            return np.flip(x, tuple(about["axes"]))


def _source(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    if node.op == "iota":
        index = np.indices(node.shape)[node.about["axis"]] if node.size else np.zeros(node.shape)
        return Shadow(index.astype(DTYPES[node.element]), None)
    data = node.about["data"] if node.op == "input" else np.full(node.shape, node.about["value"], DTYPES[node.element])
    return Shadow(data.astype(LONG) if is_float(node.element) else data, None)


_RULES = {
    "unary": _unary, "binary": _binary, "select": _select, "cast": _cast, "bitcast": _bitcast, "reduce": _reduce,
    **dict.fromkeys(("reshape", "permute", "expand", "pad", "shrink", "flip"), _moved),
    **dict.fromkeys(("input", "const", "iota"), _source),
}  # fmt: skip


def difference(got: Array, want: Shadow, element: str) -> str | None:
    """What is wrong with a result, or None."""
    if got.shape != want.data.shape or got.dtype != DTYPES[element]:
        return f"is {got.dtype}{got.shape}, expected {DTYPES[element]}{want.data.shape}"
    if is_float(element):
        found = got.astype(LONG)
        with np.errstate(all="ignore"):
            right = (np.abs(found - want.data) <= _err(want)) | (found == want.data) | (np.isnan(found) & np.isnan(want.data))
    else:
        found, right = got, np.asarray(got == want.data)
    if right.all():
        return None
    first = tuple(int(i) for i in np.argwhere(~right)[0])
    slack = 0 if want.error is None else float(np.broadcast_to(want.error, want.data.shape)[first])
    wrong = f"{int((~right).sum())} of {right.size} elements are wrong; at {list(first)}"
    return f"{wrong} {found[first]}, expected {want.data[first]}" + (f" +- {slack:.3g}" if slack else "")
