"""The transform dialect as MLIR 22 spells it: the language of schedules. Syntax, structure and effects; nothing runs here.

An op of a script says by its class what it consumes and gives (`base`); `names` knows what upstream has beyond these ops.
The ops are grouped as upstream's extensions are:

- `sequences`, `control`, `handles`: named sequences, loops over payload, matchers' dispatch, moving handles about
- `structured`, `tiling`, `packing`: transform.structured.*
- `loop`, `gpu` (with bufferization and debug), `apply` and `patterns`, `tune` (knobs and constraints), `match`
"""

from __future__ import annotations

from xdsl.ir import Dialect

from . import apply, control, gpu, handles, loop, match, packing, patterns, sequences, structured, tiling, tune
from .base import FunctionalOp, TransformOp
from .types import TYPES, ParamOperandAttr

Transform = Dialect(
    "transform",
    [
        op
        for group in (sequences, control, handles, structured, tiling, packing, loop, gpu, apply, patterns, tune, match)
        for op in group.OPERATIONS
    ],
    [*TYPES, ParamOperandAttr],
)

__all__ = ["FunctionalOp", "Transform", "TransformOp"]
