"""The interpreter of schedules: scripts of upstream's transform dialect, applied to payloads on the linalg rung.

- `interpreter`: `apply_schedule`; `state`: handles and their invalidation; `failures`: silenceable and definite
- `rules_*`: what each op does, by group; `tiles`, `tile_loops`, `fusing`, ..: the rewrites themselves, which know no script
- `checks`: what is refused here and only warned of, or not noticed, upstream
- `space`: the knobs of a script, what they may be, and `bind`
"""

from __future__ import annotations

from rung.schedules.engine import (
    rules_apply,
    rules_control,
    rules_handles,
    rules_loop,
    rules_navigate,
    rules_report,
    rules_splitting,
    rules_structured,
    rules_tiling,
    rules_tune,
)
from rung.schedules.engine.failures import DefiniteFailure, Failure, SilenceableFailure
from rung.schedules.engine.interpreter import Interpreter, ScriptError, apply_schedule

GROUPS = (
    rules_apply,
    rules_control,
    rules_handles,
    rules_loop,
    rules_navigate,
    rules_report,
    rules_splitting,
    rules_structured,
    rules_tiling,
    rules_tune,
)
"""The modules of rules; importing one enters its rules into the table."""

__all__ = ["GROUPS", "DefiniteFailure", "Failure", "Interpreter", "ScriptError", "SilenceableFailure", "apply_schedule"]
