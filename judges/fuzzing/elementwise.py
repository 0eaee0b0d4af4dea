"""What the unary and binary kinds, select and the casts mean, with the bounds of their results."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from .bounds import DIGITS, LONG, Shadow, arithmetic, err, exact, is_float, refuse, refuse_born, rounded
from .program import DTYPES, Array, Node


def _unary(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, kind, element = value.data, node.about["kind"], node.element
    if not is_float(element):
        table: dict[str, Any] = {"neg": np.negative, "abs": np.abs, "not": np.invert}
        return Shadow(np.asarray(table[kind](x)), None)
    e = err(value)
    if kind in ("neg", "abs"):
        return Shadow(-x if kind == "neg" else np.abs(x), value.error)
    if kind == "trunc":
        if not exact(value):
            refuse(np.isfinite(x) & (np.trunc(x - e) != np.trunc(x + e)), "trunc of nearly a whole number")
        return Shadow(np.trunc(x), None)
    if kind == "recip":
        return _divide(node, [Shadow(np.ones_like(x), None), value])
    if kind == "exp2":
        refuse(np.isfinite(x) & (np.abs(x) + e > 1000), "exp2 of much")
        data = np.exp2(x)
        return rounded(data, np.where(np.isfinite(x), data * np.expm1(e * LONG(0.6931471805599453)) * 1.01, 0), element, 8)
    if kind == "sqrt":
        refuse(np.isfinite(x) & (x <= e) & ((x != 0) | (e > 0)), "sqrt near zero or below")
        data = np.sqrt(x)
        return rounded(data, np.where(x == 0, 0, e / np.sqrt(np.maximum(x - e, DIGITS[element].tiny))), element, 4)
    if kind == "log2":
        refuse(np.isfinite(x) & (x <= 2 * e + DIGITS[element].tiny), "log2 near zero or below")
        data = np.log2(x)
        return rounded(data, np.where(np.isfinite(x), 1.5 * e / (x - e), 0) + 2 * DIGITS[element].unit, element, 8)
    assert kind == "sin"
    refuse(np.isfinite(x) & (np.abs(x) + e > 100), "sin of much")
    return rounded(np.sin(x), np.where(np.isfinite(x), e, 0) + 4 * DIGITS[element].unit, element, 8)


def _divide(node: Node, values: list[Shadow]) -> Shadow:
    a, b = values
    refuse(np.isfinite(b.data) & (np.abs(b.data) <= 2 * err(b) + DIGITS[node.element].tiny), "division by nearly zero")
    data = a.data / b.data
    refuse_born(data, values)
    error = (err(a) + np.abs(data) * err(b)) / (np.abs(b.data) - err(b))
    return rounded(data, np.nan_to_num(error, nan=0, posinf=0), node.element, 4)


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
        if not exact(a, b):
            doubt = np.isfinite(x) & np.isfinite(y) & (np.abs(x - y) <= err(a) + err(b)) & (err(a) + err(b) > 0)
            refuse(doubt, "a comparison of neighbours")
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
    ea, eb = err(a), err(b)
    if kind in ("max", "min"):
        data = np.maximum(x, y) if kind == "max" else np.minimum(x, y)
        return Shadow(data, None if exact(a, b) else np.maximum(ea, eb) * np.ones(data.shape, LONG))
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
    refuse_born(data, values)
    return arithmetic(data, np.nan_to_num(error, nan=0, posinf=0), element, values)


def _float_mod(values: list[Shadow], element: str) -> Shadow:
    a, b = values
    x, y, ea, eb = a.data, b.data, err(a), err(b)
    refuse(~np.isfinite(x) | ~np.isfinite(y) | (np.abs(y) <= 2 * eb + DIGITS[element].tiny), "mod of or by something odd")
    quotient = x / y
    refuse(np.abs(quotient) > 1e4, "mod of much by little")
    if not exact(a, b):
        doubt = (ea + np.abs(quotient) * eb) / (np.abs(y) - eb)
        refuse(np.trunc(quotient - doubt) != np.trunc(quotient + doubt), "mod near a multiple")
    return arithmetic(np.fmod(x, y), ea + np.abs(quotient) * eb, element, values)


def _pow(values: list[Shadow], element: str) -> Shadow:
    a, b = values
    x, y, ea, eb = a.data, b.data, err(a), err(b)
    refuse(~np.isfinite(x) | ~np.isfinite(y), "pow of something odd")
    whole = exact(b) and bool((np.trunc(y) == y).all()) and bool((np.abs(y) <= 64).all())
    if whole:
        refuse((np.abs(x) <= 2 * ea + DIGITS[element].tiny) & ((y < 0) | (ea > 0)), "pow of nearly zero")
    else:
        refuse(x <= 2 * ea + 1e-3, "pow of nearly zero or less")
    data = np.power(x, y)
    refuse_born(data, values)
    safe = np.where(x == 0, 1, np.abs(x))
    slope = np.abs(y) * ea / (safe - ea) + np.abs(np.log(safe)) * eb
    refuse(slope > 1, "pow is too steep")
    # the usual way, exp2(y * log2(x)), loses by the size of the exponent
    ulps = 16 + 4 * float(np.max(np.abs(y * np.log2(safe)), initial=0))
    return rounded(data, np.abs(data) * np.expm1(slope), element, ulps)


def _select(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    where, a, b = values
    data = np.where(where.data, a.data, b.data)
    error = cast("Array", np.where(where.data, err(a), err(b)) * np.ones(data.shape, LONG))
    return Shadow(data, None if exact(a, b) else error)


def _cast(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, e, to = value.data, err(value), node.element
    was_float = is_float(sources[0].element)
    if to == "i1":
        refuse(was_float and ((np.abs(x) <= e) & (e > 0)), "a bool of nearly zero")
        return Shadow(np.asarray(x != 0), None)
    if is_float(to):
        data = x.astype(LONG)
        refuse(np.isfinite(data) & (np.abs(data) > DIGITS[to].most / 4), "a cast of too much")
        return arithmetic(data, e, to, values) if not was_float or sources[0].element != to else value
    if not was_float:
        bits = DTYPES[to].itemsize * 8
        low = [int(n) & ((1 << bits) - 1) for n in x.reshape(-1).tolist()]
        return Shadow(np.array(low, np.uint64).astype(np.dtype(f"u{bits // 8}")).view(DTYPES[to]).reshape(x.shape), None)
    limits = np.iinfo(DTYPES[to])
    refuse(~np.isfinite(x) | (x - e < limits.min) | (x + e > LONG(limits.max)), "a cast of what does not fit")
    refuse(np.trunc(x - e) != np.trunc(x + e), "a cast of nearly a whole number")
    return Shadow(np.trunc(x).astype(DTYPES[to]), None)


def _bitcast(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, to = value.data, node.element
    if is_float(sources[0].element):
        refuse(not exact(value), "the bits of a rounded number")
        refuse((x == 0) | np.isnan(x), "the bits of a zero or NaN")
        x = x.astype(DTYPES[sources[0].element])
    data = x.view(DTYPES[to])
    if not is_float(to):
        return Shadow(data, None)
    data = data.astype(LONG)
    refuse(~np.isfinite(data) | ((np.abs(data) < DIGITS[to].tiny) & (data != 0)), "bits of an odd number")
    return Shadow(data, None)


RULES = {"unary": _unary, "binary": _binary, "select": _select, "cast": _cast, "bitcast": _bitcast}
