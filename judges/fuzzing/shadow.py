"""What a program means, op by op in NumPy, and a bound of what any legal evaluation of it may differ by.

Floats are computed in the longest floats there are, each element beside a bound of the rounding that a target may do: its sums
in any order, its functions to a few units in the last place. Where such a difference could be felt as a whole (a comparison of
neighbours, a cast of 2.9999999, an overflow) the program is ill-conditioned, and refused. All else is compared as the bound says;
most of it, integers and floats that hold small whole numbers among them, exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import elementwise
from .bounds import DIGITS, LONG, WORST, IllConditioned, Shadow, err, exact, fits, is_float, refuse
from .program import DTYPES, Array, Node, Program


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
    most = DIGITS[node.element].most
    bound, most = (np.abs(data), most) if error is None else (np.abs(data) + error, most / 4)
    if (bound[np.isfinite(data)] > most).any():
        raise IllConditioned("near the largest number")
    return Shadow(data, error)


def as_input(node: Node, value: Shadow) -> Node:
    """An input that holds what the node computes."""
    return Node("input", node.element, node.shape, (), {"data": value.data.astype(DTYPES[node.element])})


def _reduce(node: Node, values: list[Shadow], sources: list[Node]) -> Shadow:
    (value,) = values
    x, kind, element = value.data, node.about["kind"], node.element
    axes: tuple[int, ...] = tuple(node.about["axes"])
    count = int(np.prod([sources[0].shape[axis] for axis in axes], dtype=np.int64)) if axes else 1
    if kind in ("max", "min"):
        edge: Any = _edge(kind, element)
        data = np.asarray((np.max if kind == "max" else np.min)(x, axis=axes, initial=edge))
        return Shadow(data, None if exact(value) or not count else np.max(value.error, axis=axes, initial=LONG(0)))  # pyright: ignore
    if not is_float(element):
        return Shadow(np.asarray((np.sum if kind == "sum" else np.prod)(x, axis=axes, dtype=x.dtype)), None)
    e, digits = err(value) * np.ones(x.shape, LONG), DIGITS[element]
    if kind == "sum":
        data, bulk = np.asarray(np.sum(x, axis=axes)), np.asarray(np.sum(np.abs(x) + e, axis=axes))
        # beside an infinity, too: what overflows to the other one on the way makes a NaN of it
        numbers = np.sum(np.where(np.isfinite(x), np.abs(x) + e, 0), axis=axes)
        refuse(~np.isnan(data) & (numbers > digits.most / 4), "a sum near the largest number")
        if exact(value) and (count <= 1 or _whole(x, bulk, element)):
            return Shadow(data, None)
        error = np.sum(e, axis=axes) + count * digits.unit * bulk * 1.1 + count * digits.least
        return Shadow(data, np.where(np.isfinite(data), error, 0))
    refuse(~np.isfinite(x), "a product of something odd")
    data, bulk = np.asarray(np.prod(x, axis=axes)), np.asarray(np.prod(np.abs(x) + e, axis=axes))
    refuse(np.prod(np.maximum(np.abs(x) + e, 1), axis=axes) > digits.most / 4, "a product near the largest number")
    small = np.where(x == 0, 1, np.minimum(np.abs(x), 1))
    refuse(np.prod(small, axis=axes) < digits.tiny * 64, "a product near the smallest number")
    if exact(value) and (count <= 1 or (fits(x, "f16") and (np.trunc(x) == x).all() and (bulk < 0.5 / digits.unit).all())):
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
    **elementwise.RULES, "reduce": _reduce,
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
            right = (np.abs(found - want.data) <= err(want)) | (found == want.data) | (np.isnan(found) & np.isnan(want.data))
    else:
        found, right = got, np.asarray(got == want.data)
    if right.all():
        return None
    first = tuple(int(i) for i in np.argwhere(~right)[0])
    slack = 0 if want.error is None else float(np.broadcast_to(want.error, want.data.shape)[first])
    wrong = f"{int((~right).sum())} of {right.size} elements are wrong; at {list(first)}"
    return f"{wrong} {found[first]}, expected {want.data[first]}" + (f" +- {slack:.3g}" if slack else "")
