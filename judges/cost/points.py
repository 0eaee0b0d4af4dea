"""How many points an integer set has, exactly: by closed forms where there is one, which is nearly always.

Enumeration (`isl.Set.count_val`) takes 2 s for the 4096x4096x512 iterations of a matmul, and a kernel has a few milliseconds.
A box is the product of its extents. Any other set is cut into disjoint convex pieces, and each piece into groups of dims that no
constraint ties together, which are counted apart. Within a group the last dim is summed away: the number of its values is an
affine function of the other dims on each of some parts, and the sum of an affine function over a box is its value at the middle
times the points of the box. Only what is left (a sum over a part that is no box, a dim with gaps) is enumerated.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

import islpy as isl

SET, OUT, IN, DIV = isl.dim_type.set, isl.dim_type.out, isl.dim_type.in_, isl.dim_type.div


def count(found: isl.Set) -> int:
    """The number of points of a bounded set without parameters. Raises ValueError for a set that is not bounded."""
    if found.dim(SET) == 0 or found.is_empty():
        return 0 if found.is_empty() else 1
    if found.is_box():
        return prod(extent for _, extent in _spans(found))
    if not found.is_bounded():  # enumeration would say 0
        raise ValueError(f"{found} is not bounded, expected a set whose points can be counted")
    found = found.compute_divs().coalesce()
    if found.n_basic_set() > 1:
        found = found.make_disjoint()
    return sum(_convex(piece) for piece in found.get_basic_sets())


def _spans(found: isl.Set) -> list[tuple[int, int]]:
    """Of each dim the least value and the number of values from there to the largest."""
    lows = [_whole(found.dim_min_val(dim)) for dim in range(found.dim(SET))]
    return [(low, _whole(found.dim_max_val(dim)) - low + 1) for dim, low in enumerate(lows)]


def _whole(value: isl.Val) -> int:
    assert value.is_int()
    return value.to_python()


def _convex(piece: isl.BasicSet) -> int:
    groups = _groups(piece)
    if len(groups) == 1:
        return _group(isl.Set.from_basic_set(piece))
    total = 1
    for group in groups:
        alone = isl.Set.from_basic_set(piece)
        for dim in reversed(range(piece.dim(SET))):
            if dim not in group:
                alone = alone.project_out(SET, dim, 1)
        total *= count(alone)
    return total


def _groups(piece: isl.BasicSet) -> list[set[int]]:
    """The dims, those that a constraint names together being in one group. A floor in a constraint ties what it is of."""
    dims, divs = piece.dim(SET), piece.dim(DIV)
    leader = list(range(dims + divs))

    def find(node: int) -> int:
        while leader[node] != node:
            node = leader[node]
        return node

    def tie(nodes: list[int]) -> None:
        for node in nodes[1:]:
            leader[find(node)] = find(nodes[0])

    for constraint in piece.get_constraints():
        tie(
            [dim for dim in range(dims) if constraint.involves_dims(SET, dim, 1)]
            + [dims + div for div in range(divs) if constraint.involves_dims(DIV, div, 1)]
        )
    for div in range(divs):
        inside: Any = piece.get_div(div)
        tie(
            [dims + div]
            + [dim for dim in range(dims) if inside.involves_dims(IN, dim, 1)]
            + [dims + other for other in range(div) if inside.involves_dims(DIV, other, 1)]
        )
    groups: dict[int, set[int]] = {}
    for dim in range(dims):
        groups.setdefault(find(dim), set()).add(dim)
    return list(groups.values())


def _group(found: isl.Set) -> int:
    """A convex set whose dims hang together."""
    last = found.dim(SET) - 1
    if last == 0 or any(piece.dim(DIV) for piece in found.get_basic_sets()):
        return _whole(found.count_val())
    rows = isl.Map.from_range(found).move_dims(IN, 0, OUT, 0, last)
    width = rows.dim_max(0).sub(rows.dim_min(0)).coalesce()
    return sum(_sum(found, part, value) for part, value in width.get_pieces())


def _sum(found: isl.Set, part: isl.Set, width: isl.Aff) -> int:
    """The points of `found` whose outer dims lie in `part`, where the last dim has `width` + 1 values."""
    if width.is_cst():
        return count(part) * (_whole(width.get_constant_val()) + 1)
    if width.dim(DIV) == 0 and part.is_box():
        spans = _spans(part)
        middle = Fraction(_number(width.get_constant_val())) + 1
        for dim, (low, extent) in enumerate(spans):
            middle += Fraction(_number(width.get_coefficient_val(IN, dim))) * (2 * low + extent - 1) / 2
        total = middle * prod(extent for _, extent in spans)
        assert total.denominator == 1
        return total.numerator
    whole = isl.Map.from_range(found).move_dims(IN, 0, OUT, 0, found.dim(SET) - 1).intersect_domain(part)
    return _whole(whole.wrap().flatten().count_val())


def _number(value: isl.Val) -> Fraction:
    return Fraction(value.get_num_si(), _whole(value.get_den_val()))
