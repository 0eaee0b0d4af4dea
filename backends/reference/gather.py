"""Loads at many indices at once: memref.load and tensor.extract inside the body of a linalg op, under the mask of an scf.if."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.ir import Operation

from .interpreter import MASK, Frame, Scope, Step
from .slices import out_of_bounds
from .values import Array, Memref


def load_wide(scope: Scope, op: Operation, array_of: Callable[[Any], Array]) -> Step:
    """`result = source[indices]` for arrays of indices. An index may be out of bounds only where the mask is off."""
    source, *index = scope.slots(op.operands)
    r, clock = scope.slot(op.results[0]), scope.clock

    def step(frame: Frame) -> None:
        array = array_of(frame[source])
        at = [np.asarray(frame[slot]) for slot in index]
        good: Any = True
        for i, extent in zip(at, array.shape):
            good = good & (i >= 0) & (i < extent)
        if not np.all(good):
            bad = ~good if frame[MASK] is None else ~good & frame[MASK]
            if np.any(bad):
                first = tuple(np.argwhere(bad)[0])
                raise out_of_bounds(scope, op, [np.broadcast_to(i, bad.shape)[first] for i in at], array.shape)
            if 0 in array.shape:
                frame[r] = np.zeros(np.shape(good), array.dtype)
                return
            at = [np.where(good, i, 0) for i in at]
        value = frame[source]
        if isinstance(value, Memref) and value.root.written >= clock.floor and frame[MASK] is None:
            clock.reads(value, tuple(at))
        frame[r] = array[tuple(at)]

    return step
