"""What programs are really made of, as random subgraphs: matmul, windows, softmax, gather, and their neighbours.

Each takes the builder and a value to begin with, and may bend it to fit.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from .bounds import is_float
from .builder import Builder
from .program import INTEGERS


def _number(b: Builder, x: int) -> int:
    """The value, or its cast where it is a bool."""
    return b.cast(x, b.pick([b.main_float, b.main_integer])) if b.element(x) == "i1" else x


def _float(b: Builder, x: int) -> int:
    return x if is_float(b.element(x)) else b.cast(x, b.main_float)


def _matrix(b: Builder, x: int) -> int:
    """As rank 2, its axes joined somewhere."""
    shape = b.shape(x)
    if len(shape) == 2:
        return x
    cut = b.below(len(shape) + 1)
    return b.reshape(x, [prod(shape[:cut]), prod(shape[cut:])])


def matmul(b: Builder, x: int) -> int:
    """(batch,) m x k times k x n, either side transposed or not, with or without an epilogue."""
    x = _number(b, x)
    shape = b.shape(x)
    if not (len(shape) in (2, 3) and b.chance(0.7)):
        x = _matrix(b, x)
        shape = b.shape(x)
    *batch, m, k = shape
    n = max(1, min(b.pick([1, 2, 3, 5, 8, 9, 17]), b.sizes.elements // max(1, prod(shape))))
    rank = len(batch)
    if b.chance(0.5):
        y = b.fitted(b.element(x), (*batch, k, n))
    else:
        y = b.fitted(b.element(x), (*batch, n, k))
        y = b.permute(y, [*range(rank), rank + 1, rank])
    full = [*batch, m, k, n]
    left = b.expand(b.reshape(x, [*batch, m, k, 1]), full)
    right = b.expand(b.reshape(y, [*batch, 1, k, n]), full)
    products = b.binary("mul", left, right)
    if is_float(b.element(x)) and b.element(x) in ("f16", "bf16") and b.chance(0.5):
        products = b.cast(products, "f32")
    out = b.reduce("sum", products, [rank + 1])
    if b.chance(0.4):
        out = b.binary("add", out, b.fitted(b.element(out), b.shape(out)))
    if b.chance(0.3):
        out = b.binary("max", out, b.add("const", b.element(out), b.shape(out), value=0))
    return out


def _windows(b: Builder, x: int, width: int, step: int, dilation: int) -> int:
    """The last axis as windows: [.., n] -> [.., places, width], as a frontend spells it: repeat, cut, skew."""
    *rest, n = b.shape(x)
    places = (n - dilation * (width - 1) - 1) // step + 1
    repeats = -(-width * (n + dilation) // n)
    zeros, ones = [0] * len(rest), [1] * len(rest)
    x = b.reshape(b.expand(b.reshape(x, [*rest, 1, n]), [*rest, repeats, n]), [*rest, repeats * n])
    x = b.shrink(x, [*zeros, 0], [*rest, width * (n + dilation)])
    x = b.reshape(x, [*rest, width, n + dilation])
    x = b.shrink(x, [*zeros, 0, 0], [*rest, width, (places - 1) * step + 1], [*ones, 1, step])
    return b.permute(x, [*range(len(rest)), len(rest) + 1, len(rest)])


def windows(b: Builder, x: int) -> int:
    """Convolution, pooling or a cumulative sum over the last axis, padded or not, strided or not."""
    x = _number(b, x)
    if not b.shape(x) or b.shape(x)[-1] < 2 or len(b.shape(x)) > 3:
        x = b.reshape(x, [prod(b.shape(x))])
    rank, n = len(b.shape(x)), b.shape(x)[-1]
    if n < 2:
        return x
    if b.chance(0.25):
        padded = b.pad(x, [0] * (rank - 1) + [n - 1], [0] * rank, 0)
        return b.reduce("sum", _windows(b, padded, n, 1, 1), [rank])
    if b.chance(0.5):
        x = b.pad(x, [0] * (rank - 1) + [b.below(3)], [0] * (rank - 1) + [b.below(3)])
        n = b.shape(x)[-1]
    dilation = b.pick([1, 1, 1, 2])
    width = min(b.pick([2, 3, 3, 4]), (n - 1) // dilation + 1)
    found = _windows(b, x, width, b.pick([1, 1, 2, 3]), dilation)
    if b.chance(0.5):
        return b.reduce(b.pick(["max", "min", "sum"]), found, [rank])
    weights = b.input(b.element(x), [width])
    weights = b.expand(b.reshape(weights, [*[1] * rank, width]), b.shape(found))
    axes = [rank, 0] if rank > 1 and b.chance(0.4) else [rank]
    return b.reduce("sum", b.binary("mul", found, weights), axes)


def _rows(b: Builder, x: int) -> tuple[int, list[int]]:
    """A value of rank 1 and more, and the axes to treat as one row."""
    x = _float(b, x)
    if not b.shape(x):
        x = b.reshape(x, [1])
    rank = len(b.shape(x))
    return x, sorted({b.pick([rank - 1, rank - 1, b.below(rank)]), *([b.below(rank)] if b.chance(0.2) else [])})


def softmax(b: Builder, x: int) -> int:
    x, axes = _rows(b, x)
    shape = b.shape(x)
    down = b.binary("sub", x, b.back(b.reduce("max", x, axes), axes, shape))
    up = b.unary("exp2", down)
    total = b.reduce("sum", up, axes)
    if b.chance(0.2):
        return b.unary("log2", total)
    return b.binary("div", up, b.back(total, axes, shape))


def normalized(b: Builder, x: int) -> int:
    """Layer norm: mean, variance, scale."""
    x, axes = _rows(b, x)
    shape, element = b.shape(x), b.element(x)
    count = prod(shape[axis] for axis in axes)
    mean = b.reduce("sum", x, axes)
    mean = b.binary("mul", mean, b.add("const", element, b.shape(mean), value=1 / max(1, count)))
    off = b.binary("sub", x, b.back(mean, axes, shape))
    variance = b.reduce("sum", b.binary("mul", off, off), axes)
    variance = b.binary("add", variance, b.add("const", element, b.shape(variance), value=0.25))
    scale = b.unary("recip", b.unary("sqrt", variance))
    return b.binary("mul", off, b.back(scale, axes, shape))


def gather(b: Builder, x: int) -> int:
    """Rows of a table by index: iota, compare, select, sum. Some indices are out of range."""
    x = _number(b, x)
    rows = b.shape(x)[0] if b.shape(x) else 1
    x = b.reshape(x, [rows, prod(b.shape(x)) // rows if rows else 0])
    columns, count, kind = b.shape(x)[1], b.pick([1, 2, 3, 6]), b.pick(["i32", "i64", "ui8"] if rows < 256 else ["i32"])
    at = b.input(kind, [count])
    full = [count, rows, columns]
    hit = b.binary("cmpeq", b.expand(b.reshape(at, [count, 1, 1]), full), b.add("iota", kind, full, axis=1))
    table = b.expand(b.reshape(x, [1, rows, columns]), full)
    return b.reduce("sum", b.select(hit, table, b.add("const", b.element(x), full, value=0)), [1])


def argmax(b: Builder, x: int) -> int:
    """The first place of the largest along an axis."""
    if not b.shape(x):
        x = b.reshape(x, [1])
    axis = b.below(len(b.shape(x)))
    shape = b.shape(x)
    best = b.back(b.reduce(b.pick(["max", "min"]), x, [axis]), [axis], shape)
    places = b.add("iota", "i32", shape, axis=axis)
    far = b.add("const", "i32", shape, value=shape[axis])
    return b.reduce("min", b.select(b.binary("cmpeq", x, best), places, far), [axis])


def joined_along(b: Builder, x: int) -> int:
    """Concatenation: both padded with zeros, then added; or chosen by place."""
    x = _number(b, x)
    if not b.shape(x):
        x = b.reshape(x, [1])
    axis, rank, n = b.below(len(b.shape(x))), len(b.shape(x)), b.shape(x)[-1]
    n = b.shape(x)[axis]
    y = b.fitted(b.element(x), b.shape(x))
    by = [n if i == axis else 0 for i in range(rank)]
    left, right = b.pad(x, [0] * rank, by, 0), b.pad(y, by, [0] * rank, 0)
    return b.binary("add", left, right)


def rolled(b: Builder, x: int) -> int:
    if not b.shape(x) or not prod(b.shape(x)):
        return x
    rank, axis = len(b.shape(x)), b.below(len(b.shape(x)))
    n = b.shape(x)[axis]
    if n < 2 or b.element(x) == "i1":
        return x
    by = 1 + b.below(n - 1)
    starts, stops = [0] * rank, list(b.shape(x))
    tail = b.shrink(x, [n - by if i == axis else 0 for i in range(rank)], stops)
    head = b.shrink(x, starts, [n - by if i == axis else d for i, d in enumerate(stops)])
    left = b.pad(tail, [0] * rank, [n - by if i == axis else 0 for i in range(rank)], 0)
    right = b.pad(head, [by if i == axis else 0 for i in range(rank)], [0] * rank, 0)
    return b.binary("add", left, right)


def triangle(b: Builder, x: int) -> int:
    """Masked below a diagonal, as attention does."""
    x = _matrix(b, x)
    shape = b.shape(x)
    row, column = b.add("iota", "i32", shape, axis=0), b.add("iota", "i32", shape, axis=1)
    low = b.binary("cmplt", column, row)
    fill = -1e9 if b.element(x) in ("f32", "f64") else 0
    return b.select(low, x, b.add("const", b.element(x), shape, value=fill))


def by_place(b: Builder, x: int) -> int:
    """Arithmetic on the index: strided, divided and mixed with data."""
    shape = b.shape(x)
    if not shape:
        return x
    kind = b.pick(["i32", "i64", "ui32"])
    place = b.add("iota", kind, shape, axis=b.below(len(shape)))
    by = b.add("const", kind, shape, value=b.pick([2, 3, 4, 5]))
    place = b.binary(b.pick(["mul", "idiv", "mod", "shl", "add"]), place, by)
    if b.element(x) in INTEGERS or is_float(b.element(x)):
        return b.binary("add", x, b.cast(place, b.element(x)))
    return b.binary("cmplt", place, b.add("const", kind, shape, value=3))


def bits_to_unit(b: Builder, x: int) -> int:
    """Random bits as floats from 1 to 2, the way a generator of random numbers makes them."""
    kind, element, mask, one = b.pick([
        ("i32", "f32", 0x7FFFFF, 0x3F800000), ("ui32", "f32", 0x7FFFFF, 0x3F800000), ("i16", "f16", 0x3FF, 0x3C00),
        ("ui16", "bf16", 0x7F, 0x3F80), ("i64", "f64", (1 << 52) - 1, 0x3FF << 52),
    ])  # fmt: skip
    x = b.input(kind, b.shape(x))
    masked = b.binary("and", x, b.add("const", kind, b.shape(x), value=mask))
    whole = b.binary("or", masked, b.add("const", kind, b.shape(x), value=one))
    return b.add("bitcast", element, b.shape(x), whole)


IDIOMS: list[Callable[[Builder, int], int]] = [
    *[matmul] * 3, *[windows] * 2, softmax, normalized, gather, argmax, joined_along, rolled, triangle, by_place, bits_to_unit,
]  # fmt: skip
