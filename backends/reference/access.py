"""How a structured op reads and writes one operand: an index into it for a box of iterations, and the axes put in loop order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineMap

from .affine import compile_expr
from .values import Array

Span = tuple[int, int]
"""The iterations start .. stop of one loop."""


class Access:
    """One indexing map. A map of distinct dims and constants is a slice of the operand; any other is a gather."""

    def __init__(self, map_: AffineMap):
        self.map = map_
        self.rank = map_.num_dims
        self.exprs = [compile_expr(expr, map_.num_dims) for expr in map_.results]
        self.plain = [(axis, expr.position) for axis, expr in enumerate(map_.results) if isinstance(expr, AffineDimExpr)]
        """The operand's axes that are indexed by a loop alone, each with its loop."""
        loops = [loop for _, loop in self.plain]
        constants = sum(isinstance(expr, AffineConstantExpr) for expr in map_.results)
        self.is_slice = len(set(loops)) == len(loops) and len(loops) + constants == len(map_.results)
        self.loops = sorted(loops)
        """The loops that the slice has axes for, in loop order."""
        self._to_loops = tuple(loops.index(loop) for loop in self.loops) if self.is_slice else ()
        self._to_axes = tuple(self.loops.index(loop) for loop in loops) if self.is_slice else ()
        self._insert = tuple(slice(None) if loop in self.loops else None for loop in range(self.rank))

    def index(self, shape: Sequence[int], box: Sequence[Span], grid: Sequence[Array]) -> tuple[Any, ...] | None:
        """The index of the operand for a box of iterations (`grid`: its indices as arrays); None where it leaves `shape`."""
        if self.is_slice:
            result: list[Any] = []
            for extent, expr, compute in zip(shape, self.map.results, self.exprs):
                if isinstance(expr, AffineDimExpr):
                    start, stop = box[expr.position]
                    if stop > extent:
                        return None
                    result.append(slice(start, stop))
                else:
                    position = compute(())
                    if not 0 <= position < extent:
                        return None
                    result.append(position)
            return tuple(result)
        found = [np.asarray(compute(grid)) for compute in self.exprs]
        if any(i.size and not (0 <= i.min() and i.max() < extent) for i, extent in zip(found, shape)):
            return None
        return tuple(found)

    def spread(self, found: Any) -> Any:
        """What was read, with one axis a loop, of extent 1 for the loops the map does not use."""
        if not self.is_slice:
            return found
        return np.transpose(found, self._to_loops)[self._insert]

    def gathered(self, value: Array, box: Sequence[Span]) -> Array:
        """The inverse of `spread`: a value with one axis a loop, as what is to be written at `index`."""
        if not self.is_slice:
            return value
        extents = [box[loop][1] - box[loop][0] for loop in self.loops]
        full = [extents[self.loops.index(loop)] if loop in self.loops else 1 for loop in range(self.rank)]
        return np.broadcast_to(value, full).reshape(extents).transpose(self._to_axes)
