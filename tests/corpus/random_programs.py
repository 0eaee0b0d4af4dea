"""Random nd programs: every op, small shapes, values used again and again. For fuzzing passes against the evaluator."""

from __future__ import annotations

import random

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue

from rung.dialects.nd import (
    BinaryOp,
    CastOp,
    ConstOp,
    ExpandOp,
    FlipOp,
    IotaOp,
    PadOp,
    PermuteOp,
    ReduceOp,
    ReshapeOp,
    SelectOp,
    ShrinkOp,
    UnaryOp,
    splat,
)
from rung.dialects.nd.base import element_of, shape_of
from rung.dialects.nd.dtype import f32, i1, i32, is_bool, is_float, tensor

MOVES = ("reshape", "permute", "expand", "pad", "shrink", "flip")
MIXED = ("unary", "binary", "binary", "reduce", "rows", "select", "cast", "source", *MOVES)
ROWS = ("unary", "binary", "rows", "rows", "rows", "reduce", "permute", "reshape")
"""What a program is made of: a bit of everything, or mostly row groups, each on what came just before."""
MOST_ELEMENTS = 500
EXTENTS = (1, 1, 2, 3, 4, 5, 7)


def random_program(seed: int, length: int = 14) -> ModuleOp:
    """A module whose `@main` takes up to three arguments and returns one to three values."""
    rng = random.Random(seed)
    menu = ROWS if seed % 2 else MIXED
    if menu is ROWS:
        types = [tensor(f32, [rng.choice(EXTENTS[2:]) for _ in range(rng.randint(2, 3))])] * rng.randint(1, 2)
    else:
        types = [tensor(rng.choice([f32, f32, f32, i32, i1]), [rng.choice(EXTENTS) for _ in range(rng.randint(0, 3))])]
        types += [rng.choice([types[0], tensor(f32, [rng.choice(EXTENTS) for _ in range(2)])]) for _ in range(rng.randint(0, 2))]
    block = Block(arg_types=types)
    values: list[SSAValue] = list(block.args)
    for argument, name in zip(block.args, "xyz"):
        argument.name_hint = name
    while len(values) < length:
        for op in _random_ops(rng, menu, values):
            block.add_op(op)
            op.results[0].name_hint = f"v{len(values)}"
            values.append(op.results[0])
    results = [values[-1], *(rng.sample(values, rng.randint(0, 2)) if menu is MIXED else [])]
    block.add_op(func.ReturnOp(*results))
    return ModuleOp([func.FuncOp("main", (block.arg_types, [r.type for r in results]), Region(block))])


def _random_ops(rng: random.Random, menu: tuple[str, ...], values: list[SSAValue]) -> list[Operation]:
    recent = values[-5:] if menu is MIXED else values[-1:]
    x = rng.choice(recent if rng.random() < 0.8 else values)
    shape, element = shape_of(x), element_of(x)
    rank = len(shape)
    axes = sorted(rng.sample(range(rank), rng.randint(0, rank)))
    match rng.choice(menu):
        case "unary":
            kinds = ["neg", "abs", "sqrt", "recip"] if is_float(element) else ["not"] if is_bool(element) else ["neg", "not"]
            return [UnaryOp(rng.choice(kinds), x)]
        case "binary":
            y = _like(rng, x, values)
            kinds = ["add", "sub", "mul", "max", "cmplt"] if not is_bool(element) else ["and", "or", "xor", "max"]
            pair = [x, y.res] if isinstance(y, ConstOp) else [x, y]
            ops = [y] if isinstance(y, ConstOp) else []
            return [*ops, BinaryOp(rng.choice(kinds), *(pair if rng.random() < 0.7 else pair[::-1]))]
        case "reduce":
            kinds = ["max", "min"] if is_bool(element) else ["sum", "max", "min"]
            return [ReduceOp(rng.choice(kinds), x, axes)]
        case "rows" if rank and not is_bool(element):  # what softmax does: reduce, keep the axis, repeat, combine
            axes = axes if axes and rng.random() < 0.3 else [rank - 1]
            reduced = ReduceOp(rng.choice(["sum", "max"]), x, axes)
            kept = ReshapeOp(reduced.res, [1 if a in axes else d for a, d in enumerate(shape)])
            wide = ExpandOp(kept.res, shape)
            return [reduced, kept, wide, BinaryOp(rng.choice(["sub", "max", "mul"]), x, wide.res)]
        case "select":
            y = _like(rng, x, values)
            ops = [y] if isinstance(y, ConstOp) else []
            if is_bool(element):
                return [*ops, SelectOp(x, x, y.res if isinstance(y, ConstOp) else y)]
            other = y.res if isinstance(y, ConstOp) else y
            test = BinaryOp("cmplt", x, other)
            return [*ops, test, SelectOp(test.res, other, x)]
        case "cast":
            return [CastOp(x, rng.choice([f32, i1] if is_float(element) else [f32, i32, i1]))]
        case "source":
            return [IotaOp(rng.randrange(rank), shape, i32)] if rank else [ConstOp(splat(2, f32), [])]
        case "reshape":
            return [ReshapeOp(x, _reshaped(rng, shape))]
        case "permute":
            return [PermuteOp(x, rng.sample(range(rank), rank))]
        case "expand":
            wide = [rng.choice([2, 3, 5]) if d == 1 and rng.random() < 0.7 else d for d in shape]
            return [ExpandOp(x, wide)] if _size(wide) <= MOST_ELEMENTS else []
        case "pad":
            low, high = ([rng.choice([0, 0, 1, 2]) for _ in shape] for _ in range(2))
            fits = _size([a + d + b for a, d, b in zip(low, shape, high)]) <= MOST_ELEMENTS
            return [PadOp(x, low, high, splat(rng.choice([0, 1]), element))] if fits else []
        case "shrink":
            start = [rng.randrange(max(d, 1)) if rng.random() < 0.4 else 0 for d in shape]
            stop = [rng.randint(a + 1, d) if rng.random() < 0.4 and d else d for a, d in zip(start, shape)]
            return [ShrinkOp(x, start, stop, [rng.choice([1, 1, 2]) for _ in shape])]
        case "flip":
            return [FlipOp(x, axes)]
        case _:
            return []


def _size(shape: list[int] | tuple[int, ...]) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size


def _like(rng: random.Random, x: SSAValue, values: list[SSAValue]) -> SSAValue | ConstOp:
    """A value of the same type, or now and then a constant."""
    same = [v for v in values if v.type == x.type]
    return ConstOp(splat(rng.choice([0, 1, 3]), element_of(x)), shape_of(x)) if rng.random() < 0.3 else rng.choice(same)


def _reshaped(rng: random.Random, shape: tuple[int, ...]) -> list[int]:
    """Another shape of the same size: factors of each axis, some split apart, some run together, some ones put in."""
    factors: list[int] = []
    for extent in shape:
        divisor = rng.choice([d for d in range(1, extent + 1) if extent % d == 0]) if extent else 1
        factors += [divisor, extent // divisor] if rng.random() < 0.5 else [extent]
    found: list[int] = []
    for factor in factors:
        if found and rng.random() < 0.4:
            found[-1] *= factor
        else:
            found.append(factor)
    if rng.random() < 0.3 and len(found) < 5:
        found.insert(rng.randint(0, len(found)), 1)
    return found[:6] if _size(found[:6]) == _size(shape) else list(shape)
