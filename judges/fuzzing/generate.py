"""A random program from a seed: ops of every kind over values that are used again and again, and idioms between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

from rung.dialects.nd import BINARY, UNARY

from .bounds import is_float
from .builder import Builder, IllConditioned, Sizes, TooLarge
from .idioms import IDIOMS
from .program import DTYPES, FLOATS, INTEGERS, Program
from .shadow import as_input, shadow
from .source import Seeded, Source


def generate(seed: int, sizes: Sizes | None = None) -> Program:
    """The program of this seed. The same seed gives the same program on every machine."""
    return grown(Seeded(seed), sizes or Sizes())


def grown(source: Source, sizes: Sizes) -> Program:
    """The program that a source's choices make. Never raises: a draw that would be ill-conditioned or too large adds nothing."""
    b = Builder(source, sizes)
    for _ in range(b.pick([1, 1, 2, 3])):
        b.input(b.any_element(), b.extents(b.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5]), sizes.elements // 2))
    weights = [weight for _, weight in DRAWS]
    if b.chance(0.5):  # half of the programs are lopsided: some kinds of draw often, some never
        weights = [weight * b.pick([1, 0, 3]) for weight in weights]
        weights[0] += 0.1
    done = tries = 0
    while tries < 6 * sizes.ops and source.more(done, sizes.ops):
        tries += 1
        count = len(b.nodes)
        source.group(lambda: _draw(b, weights))
        done += len(b.nodes) > count
    return _finished(b)


def _draw(b: Builder, weights: Sequence[float]) -> None:
    count = len(b.nodes)
    try:
        DRAWS[b.weighted(weights)][0](b)
    except (IllConditioned, TooLarge):
        b.undo(count)


def _cut(b: Builder) -> None:
    """Turn the values of ops that the source does not keep into inputs, where the program's meaning stays certain."""
    nodes = [node if node.op == "input" or b.source.keeps() else as_input(node, value) for node, value in zip(b.nodes, b.values)]
    if all(new is old for new, old in zip(nodes, b.nodes)):
        return
    try:
        shadow(Program(tuple(nodes), ()))
    except IllConditioned:
        return
    b.nodes = nodes


def _finished(b: Builder) -> Program:
    _cut(b)
    used = {at for node in b.nodes for at in node.operands}
    ends = [at for at, node in enumerate(b.nodes) if at not in used and node.op != "input"]
    outputs = ends[-3:] if ends else [len(b.nodes) - 1]
    inner = [at for at, node in enumerate(b.nodes) if at in used and node.op != "input"]
    if inner and b.chance(0.35):
        outputs.append(b.pick(inner))
    if b.chance(0.03):
        outputs.append(outputs[0])
    if b.chance(0.03):
        outputs.append(0)
    outputs = b.shuffled(outputs)
    marks = b.pick([0, 0, 0, 0.08, 0.3])
    nodes = [replace(node, realize=marks > 0 and node.op != "input" and b.chance(marks)) for node in b.nodes]
    return Program(tuple(nodes), tuple(outputs)).pruned()


def _some(b: Builder) -> int:
    """A value, rather a late one."""
    if b.chance(0.4):
        return b.below(len(b.nodes))
    at = len(b.nodes) - 1
    while at and b.chance(0.6):
        at -= 1
    return at


def _takes(words: str, element: str) -> bool:
    """Does a kind that takes `words` (see nd.UNARY) take this element type?"""
    if element == "i1":
        return "bool" in words
    return ("floats" if is_float(element) else "integers") in words


def _unary(b: Builder) -> None:
    x = _some(b)
    kinds = [kind for kind, words in UNARY.items() if _takes(words, b.element(x))]
    kind = b.pick(kinds)
    if kind in ("sqrt", "log2") and b.chance(0.8):
        x = b.unary("abs", x)
        if b.chance(0.7):
            x = b.binary("add", x, b.add("const", b.element(x), b.shape(x), value=0.5))
    elif kind == "exp2" and b.chance(0.5):
        x = b.binary("mul", x, b.add("const", b.element(x), b.shape(x), value=0.25))
    b.unary(kind, x)


SIGNED_OR_NOT = ("idiv", "mod", "shr", "cmplt", "max", "min")
"""Below nd two ops each, one for each signedness: drawn twice as often."""


def _binary(b: Builder) -> None:
    x = _some(b)
    kinds = [kind for kind, words in BINARY.items() if _takes(words, b.element(x))]
    kind = b.pick([*kinds, *(kind for kind in kinds if kind in SIGNED_OR_NOT)])
    y = b.fitted(b.element(x), b.shape(x))
    if kind == "div" and b.chance(0.7):
        y = b.binary("add", b.unary("abs", y), b.add("const", b.element(x), b.shape(x), value=0.5))
    if kind == "pow":
        if b.chance(0.5):
            y = b.add("const", b.element(x), b.shape(x), value=b.pick([2.0, 3.0, -1.0, 0.5, 1.0, 0.0]))
        else:
            x = b.binary("add", b.unary("abs", x), b.add("const", b.element(x), b.shape(x), value=0.5))
    if kind in ("shl", "shr") and b.chance(0.6):  # else most shifts are by more than there are bits
        y = b.binary("and", y, b.add("const", b.element(x), b.shape(x), value=DTYPES[b.element(x)].itemsize * 8 - 1))
    elif b.chance(0.3):
        x, y = y, x
    b.binary(kind, x, y)


def _algebra(b: Builder) -> None:
    """What rules of simplification look for: telling constants, an operand used twice, ops that undo each other."""
    x = _some(b)
    for _ in range(1 + b.below(4)):
        element, shape = b.element(x), b.shape(x)
        kinds = [kind for kind, words in BINARY.items() if _takes(words, element)]
        draw = b.below(4)
        if draw == 0:
            kinds = [k for k in ("neg", "abs", "not", "trunc", "recip") if _takes(UNARY[k], element)]
            x = b.unary(b.pick(kinds), x)
            x = b.unary(b.pick(kinds), x) if b.chance(0.5) else x
        elif draw == 1:
            x = b.binary(b.pick(kinds), x, x)
        elif draw == 2 and b.chance(0.4):
            x = b.cast(b.cast(x, b.pick([*FLOATS, *INTEGERS, "i1"])), b.pick([element, b.main_integer, b.main_float]))
        else:
            y = b.const(element, shape)
            x = b.binary(b.pick(kinds), x, y) if b.chance(0.7) else b.binary(b.pick(kinds), y, x)


def _select(b: Builder) -> None:
    x = _some(b)
    y = b.fitted(b.element(x), b.shape(x))
    b.select(b.fitted("i1", b.shape(x)), x, y)


def _chain(b: Builder) -> None:
    """Many elementwise ops in a row: one kernel, so they cost the judges little. What would be ill-conditioned is left out."""
    for _ in range(3 + b.below(6)):
        count = len(b.nodes)
        try:
            b.pick([_binary, _unary, _binary, _cast, _select])(b)
        except (IllConditioned, TooLarge):
            b.undo(count)


def _cast(b: Builder) -> None:
    x = _some(b)
    b.cast(x, b.pick([*FLOATS, *INTEGERS, "i1", b.main_float, b.main_integer]))


def _bitcast(b: Builder) -> None:
    x = _some(b)
    element = b.element(x)
    twins = [n for n in DTYPES if n not in (element, "i1") and DTYPES[n].itemsize == DTYPES[element].itemsize]
    if element == "i1" or not twins:
        return
    b.add("bitcast", b.pick(twins), b.shape(x), x)


def _reduce(b: Builder) -> None:
    x = _some(b)
    rank = len(b.shape(x))
    axes = [axis for axis in range(rank) if b.chance(0.5)]
    if not axes and rank and b.chance(0.9):
        axes = [b.below(rank)]
    kind = b.pick(["max", "min"] if b.element(x) == "i1" else ["sum", "sum", "sum", "prod", "max", "min"])
    found = b.reduce(kind, x, axes)
    if b.chance(0.3):
        b.binary(b.pick(["sub", "add", "max"] if b.element(x) != "i1" else ["and", "xor"]), x, b.back(found, axes, b.shape(x)))


def _reshape(b: Builder, x: int | None = None) -> None:
    x = _some(b) if x is None else x
    shape = list(b.shape(x))
    for _ in range(b.pick([1, 1, 2, 3])):
        action = b.below(4)
        if action == 0 and len(shape) > 1:
            at = b.below(len(shape) - 1)
            shape[at : at + 2] = [shape[at] * shape[at + 1]]
        elif action == 1 and shape and len(shape) < 5:
            at = b.below(len(shape))
            divisors = [d for d in range(1, shape[at] + 1) if shape[at] % d == 0] or [1]
            d = b.pick(divisors)
            shape[at : at + 1] = [d, shape[at] // d]
        elif action == 2 and len(shape) < 5:
            shape.insert(b.below(len(shape) + 1), 1)
        elif action == 3 and 1 in shape:
            shape.remove(1)
    if b.chance(0.1) and 0 not in shape:
        shape = [prod(shape)]
    b.reshape(x, shape)


def _permute(b: Builder, x: int | None = None) -> None:
    x = _some(b) if x is None else x
    b.permute(x, b.shuffled(range(len(b.shape(x)))))


def _expand(b: Builder, x: int | None = None) -> None:
    x = _some(b) if x is None else x
    shape = list(b.shape(x))
    if len(shape) < 5 and (1 not in shape or b.chance(0.5)):
        shape.insert(b.below(len(shape) + 1), 1)
        x = b.reshape(x, shape)
    b.expand(x, [b.pick([1, 2, 3, 5, 7]) if d == 1 and b.chance(0.8) else d for d in shape])


def _pad(b: Builder, x: int | None = None) -> None:
    x = _some(b) if x is None else x
    rank = len(b.shape(x))
    b.pad(x, [b.pick([0, 0, 1, 2, 5]) for _ in range(rank)], [b.pick([0, 0, 1, 3]) for _ in range(rank)])


def _shrink(b: Builder, x: int | None = None) -> None:
    x = _some(b) if x is None else x
    start, stop, step = list[int](), list[int](), list[int]()
    for extent in b.shape(x):
        if b.chance(0.4) or not extent:
            first, last = 0, extent
        else:
            first, last = sorted((b.below(extent + 1), extent - b.below(extent + 1)))
            if first == last and not b.empty:
                first, last = min(first, extent - 1), min(first, extent - 1) + 1
        start.append(first)
        stop.append(last)
        step.append(b.pick([1, 1, 1, 2, 3]))
    b.shrink(x, start, stop, step)


def _flip(b: Builder, x: int | None = None) -> None:
    x = _some(b) if x is None else x
    rank = len(b.shape(x))
    if rank:
        b.flip(x, [axis for axis in range(rank) if b.chance(0.5)] or [b.below(rank)])


def _moves(b: Builder) -> None:
    """Several movements in a row, each of the one before; often the same kind twice."""
    x, move = _some(b), b.pick(MOVES)
    for _ in range(2 + b.below(3)):
        count = len(b.nodes)
        move(b, x)
        x = len(b.nodes) - 1 if len(b.nodes) > count else x
        move = move if b.chance(0.3) else b.pick(MOVES)


MOVES: list[Callable[[Builder, int], None]] = [_reshape, _permute, _expand, _pad, _shrink, _shrink, _flip]


def _iota(b: Builder) -> None:
    shape = b.extents(1 + b.below(3), b.sizes.elements // 4)
    b.add("iota", b.pick(["i32", b.main_integer, *INTEGERS]), shape, axis=b.below(len(shape)))


def _idiom(b: Builder) -> None:
    b.pick(IDIOMS)(b, _some(b))


DRAWS: list[tuple[Callable[[Builder], None], float]] = [
    (_unary, 3), (_binary, 7), (_cast, 1.2), (_select, 1.5), (_reduce, 2.5),
    (_reshape, 1), (_permute, 1), (_expand, 1), (_pad, 1), (_shrink, 1), (_flip, 0.7), (_iota, 0.3), (_bitcast, 0.6),
    (_algebra, 4), (_chain, 3), (_moves, 1.6), (_idiom, 3.5),
]  # fmt: skip
"""What may come next, and how often; the simplest first."""
