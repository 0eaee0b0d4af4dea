"""The transform dialect as MLIR 22 spells it: the language of schedules. Syntax, structure and effects; nothing runs here.

An op of a script says by its class what it consumes and gives (`base`); `names` knows what upstream has beyond these ops.
The ops are grouped as upstream's extensions are:

- `sequences`, `calls`, `control`: named sequences, calls, loops over payload, dispatch by matchers
- `match`, `match_structured`: what stands in a matcher
- `handles`, `navigate`: moving handles and parameters about; from payload to payload
- `structured`, `tiling`, `splitting`, `packing`: transform.structured.*
- `loop`, `gpu` (with bufferization and debug), `apply` and `patterns`, `tune` (knobs, alternatives, constraints)
"""

from __future__ import annotations

from xdsl.ir import Dialect

from . import (
    apply,
    calls,
    control,
    gpu,
    handles,
    loop,
    match,
    match_structured,
    navigate,
    packing,
    patterns,
    sequences,
    splitting,
    structured,
    tiling,
    tune,
)
from .base import FunctionalOp, TransformOp
from .types import TYPES, ParamOperandAttr

_GROUPS = (
    sequences, calls, control, handles, navigate, structured, tiling, splitting, packing,
    loop, gpu, apply, patterns, tune, match, match_structured,
)  # fmt: skip

Transform = Dialect("transform", [op for group in _GROUPS for op in group.OPERATIONS], [*TYPES, ParamOperandAttr])

__all__ = ["FunctionalOp", "Transform", "TransformOp"]
