"""Grow a program node by node, each computed at once by `shadow`, so that what would be ill-conditioned never gets in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .bounds import DIGITS, IllConditioned, Shadow, is_float
from .program import DTYPES, FLOATS, INTEGERS, Array, Node
from .shadow import shadow_of
from .source import Source

EXTENTS = (1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 11, 13, 16, 17, 33, 67)
"""Units, primes, powers of two, and one past them."""


@dataclass(frozen=True)
class Sizes:
    """How large a program may be."""

    ops: int = 14
    """Draws of an op or an idiom; an idiom is about ten ops."""
    elements: int = 600
    """Of one value."""
    points: int = 6000
    """Elements of all values together."""


class TooLarge(Exception):
    """No room for a value of this size."""


class Builder:
    """The nodes so far, and what each holds. Every method that adds one answers its position.

    Raises IllConditioned or TooLarge, and then adds nothing itself; `undo` takes back what came before it.
    """

    def __init__(self, source: Source, sizes: Sizes):
        self.source, self.sizes = source, sizes
        self.nodes = list[Node]()
        self.values = list[Shadow]()
        self.special = self.chance(0.3)
        """May data and constants be infinite, NaN, subnormal, the largest there is, or a zero of either sign?"""
        self.empty = self.chance(0.06)
        """May an extent be 0?"""
        self.main_float = str(self.pick(["f32", "f32", "f32", "f64", "f16", "bf16"]))
        self.main_integer = str(self.pick(["i32", "i32", *INTEGERS]))
        self.integers = self.chance(0.35)
        """Are most values integers?"""
        self.room = sizes.points

    def undo(self, count: int) -> None:
        """Back to `count` nodes."""
        self.room += sum(node.size for node in self.nodes[count:])
        del self.nodes[count:], self.values[count:]

    def add(self, op: str, element: str, shape: Sequence[int], *operands: int, **about: Any) -> int:
        node = Node(op, element, tuple(int(d) for d in shape), tuple(int(at) for at in operands), about)
        if node.size > self.sizes.elements or node.size > self.room or len(node.shape) > 5:
            raise TooLarge
        self.values.append(shadow_of(node, [self.values[at] for at in operands], [self.nodes[at] for at in operands]))
        self.nodes.append(node)
        self.room -= node.size
        return len(self.nodes) - 1

    def shape(self, at: int) -> tuple[int, ...]:
        return self.nodes[at].shape

    def element(self, at: int) -> str:
        return self.nodes[at].element

    def chance(self, probability: float) -> bool:
        return self.source.chance(probability)

    def below(self, limit: int) -> int:
        """0 to limit - 1."""
        return self.source.below(limit)

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[self.below(len(choices))]

    def weighted(self, weights: Sequence[float]) -> int:
        """A position, as often as its weight says."""
        at = self.below(max(1, round(100 * sum(weights)))) / 100
        for position, weight in enumerate(weights):
            if (at := at - weight) < 0:
                return position
        return len(weights) - 1

    def shuffled(self, items: Sequence[Any]) -> list[Any]:
        """In any order; where every choice is 0, in the order given."""
        rest, found = list(items), list[Any]()
        while rest:
            found.append(rest.pop(self.below(len(rest)) if len(rest) > 1 else 0))
        return found

    # Sources

    def input(self, element: str, shape: Sequence[int]) -> int:
        return self.add("input", element, shape, data=self.data(element, tuple(shape)))

    def const(self, element: str, shape: Sequence[int]) -> int:
        return self.add("const", element, shape, value=self.number(element))

    def number(self, element: str) -> float | int:
        """A value of the type for a constant or a padding."""
        if is_float(element):
            choices = [0.0, 1.0, 0.0, -1.0, 0.5, 2.0, 4.0, -0.25, 3.0, -2.5]
            return self.pick([*choices, *odd_floats(element)] if self.special else choices)
        if element == "i1":
            return self.below(2)
        limits = np.iinfo(DTYPES[element])
        number = self.pick([0, 1, 0, 1, 2, 3, 7, 8, 64, -1, -1, limits.min, limits.max, limits.max - 1, self.below(100)])
        return min(max(int(number), int(limits.min)), int(limits.max))

    def data(self, element: str, shape: tuple[int, ...]) -> Array:
        """Random data: floats normal or (half of them) whole numbers and their quarters, integers small or all over the type."""
        rng, dtype = self.source.numbers(), DTYPES[element]
        if element == "i1":
            return rng.integers(0, 2, shape).astype(np.bool_)
        if is_float(element):
            small = rng.integers(-8, 9, shape) / self.pick([1, 1, 4])
            data = np.asarray(rng.standard_normal(shape) if self.chance(0.4) else small).astype(dtype)
            if self.special:
                odd = np.array(odd_floats(element)[: self.pick([5, 5, 99])]).astype(dtype)
                data = np.where(rng.random(shape) < 0.15, rng.choice(odd, shape), data).astype(dtype)
            return data
        limits = np.iinfo(dtype)
        small = rng.integers(0 if dtype.kind == "u" else -5, 10, shape).astype(dtype)
        if self.chance(0.5):
            return np.asarray(small)
        data = rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
        odd = np.array([0, 1, 0 if dtype.kind == "u" else -1, limits.min, limits.max], dtype)
        return np.where(rng.random(shape) < 0.25, rng.choice(odd, shape), data).astype(dtype)

    def extents(self, rank: int, most: int | None = None) -> list[int]:
        """Awkward extents with a bounded product."""
        room = most or self.sizes.elements
        found = list[int]()
        for _ in range(rank):
            extent = 0 if self.empty and self.chance(0.1) else min(self.pick(EXTENTS), max(1, room))
            found.append(extent)
            room //= max(1, extent)
        return self.shuffled(found)

    def any_element(self) -> str:
        usual = [self.main_float] * (1 if self.integers else 5) + [self.main_integer] * (6 if self.integers else 3)
        return self.pick([*usual, "i1", self.pick(INTEGERS), self.pick(INTEGERS), self.pick(FLOATS)])

    # Ops

    def unary(self, kind: str, x: int) -> int:
        return self.add("unary", self.element(x), self.shape(x), x, kind=kind)

    def binary(self, kind: str, x: int, y: int) -> int:
        return self.add("binary", "i1" if kind.startswith("cmp") else self.element(x), self.shape(x), x, y, kind=kind)

    def select(self, where: int, x: int, y: int) -> int:
        return self.add("select", self.element(x), self.shape(x), where, x, y)

    def cast(self, x: int, element: str) -> int:
        return self.add("cast", element, self.shape(x), x)

    def reduce(self, kind: str, x: int, axes: Sequence[int]) -> int:
        axes = sorted(int(axis) for axis in axes)
        return self.add(
            "reduce", self.element(x), [d for i, d in enumerate(self.shape(x)) if i not in axes], x, kind=kind, axes=axes
        )

    def reshape(self, x: int, shape: Sequence[int]) -> int:
        assert prod(shape) == prod(self.shape(x))
        return self.add("reshape", self.element(x), shape, x)

    def permute(self, x: int, permutation: Sequence[int]) -> int:
        permutation = [int(p) for p in permutation]
        return self.add("permute", self.element(x), [self.shape(x)[p] for p in permutation], x, permutation=permutation)

    def expand(self, x: int, shape: Sequence[int]) -> int:
        assert all(old in (1, new) for old, new in zip(self.shape(x), shape))
        return self.add("expand", self.element(x), shape, x)

    def pad(self, x: int, low: Sequence[int], high: Sequence[int], value: float | None = None) -> int:
        value = self.number(self.element(x)) if value is None else value
        shape = [a + d + b for a, d, b in zip(low, self.shape(x), high)]
        return self.add("pad", self.element(x), shape, x, low=list(low), high=list(high), value=value)

    def shrink(self, x: int, start: Sequence[int], stop: Sequence[int], step: Sequence[int] | None = None) -> int:
        step = list(step or [1] * len(start))
        shape = [-((a - b) // s) for a, b, s in zip(start, stop, step)]
        return self.add("shrink", self.element(x), shape, x, start=list(start), stop=list(stop), step=step)

    def flip(self, x: int, axes: Sequence[int]) -> int:
        return self.add("flip", self.element(x), self.shape(x), x, axes=sorted(int(axis) for axis in axes))

    # Joining values

    def back(self, reduced: int, axes: Sequence[int], shape: Sequence[int]) -> int:
        """A reduction's result, repeated along the axes that it lost."""
        kept = [1 if axis in axes else d for axis, d in enumerate(shape)]
        return self.expand(self.reshape(reduced, kept), shape)

    def fitted(self, element: str, shape: tuple[int, ...]) -> int:
        """Some value of this type and shape: one that is there, one bent to fit, or a new one."""
        same = [at for at, node in enumerate(self.nodes) if node.shape == shape and node.element == element]
        if same and self.chance(0.6):
            return self.pick(same)
        cousins = [at for at, node in enumerate(self.nodes) if node.shape == shape and node.element != element]
        if cousins and self.chance(0.3):
            return self.cast(self.pick(cousins), element)
        if self.chance(0.5):
            bendable = [(at, axes) for at, node in enumerate(self.nodes) if (axes := _placed(node, element, shape)) is not None]
            if bendable:
                at, axes = self.pick(bendable)
                return self.expand(self.reshape(at, [d if axis in axes else 1 for axis, d in enumerate(shape)]), shape)
        if self.chance(0.3):
            return self.const(element, shape)
        if element in INTEGERS and shape and self.chance(0.15) and max(shape) <= 128:
            return self.add("iota", element, shape, axis=self.below(len(shape)))
        if shape and self.chance(0.5):
            narrow = [1 if self.chance(0.5) else d for d in shape]
            return self.expand(self.input(element, narrow), shape) if tuple(narrow) != shape else self.input(element, shape)
        return self.input(element, shape)


def odd_floats(element: str) -> list[float]:
    """The numbers of a type that programs forget: first those that are hard for whole numbers too."""
    digits = DIGITS[element]
    return [
        0.0,
        -0.0,
        float("inf"),
        float("-inf"),
        float("nan"),
        digits.least,
        -digits.tiny / 2,
        digits.tiny,
        digits.most,
        -digits.most,
    ]


def _placed(node: Node, element: str, shape: tuple[int, ...]) -> list[int] | None:
    """The axes of `shape` that a node's own axes fall on, from the last back; None where it does not fit."""
    if node.element != element or len(node.shape) > len(shape) or node.shape == shape or node.size == 0:
        return None
    axes, at = list[int](), len(shape) - 1
    for extent in reversed(node.shape):
        while at >= 0 and shape[at] != extent:
            at -= 1
        if at < 0:
            return None
        axes.append(at)
        at -= 1
    return axes


__all__ = ["Builder", "IllConditioned", "Sizes", "TooLarge"]
