"""The interpreter of schedules: scripts of upstream's transform dialect, applied to payloads on the linalg rung.

- `interpreter`: `apply_schedule`; `state`: handles and their invalidation; `failures`: silenceable and definite
- `rules_*`: what each op does, by group; `tiles`, `tile_loops`, `fusing`, ..: the rewrites themselves, which know no script
- `checks`: what is refused here and only warned of, or not noticed, upstream
- `space`: the knobs of a script, what they may be, and `bind`
"""

from __future__ import annotations

# for their effect: each enters its rules into the table
from rung.schedules.engine import (
    rules_apply as rules_apply,
)
from rung.schedules.engine import (
    rules_control as rules_control,
)
from rung.schedules.engine import (
    rules_handles as rules_handles,
)
from rung.schedules.engine import (
    rules_loop as rules_loop,
)
from rung.schedules.engine import (
    rules_navigate as rules_navigate,
)
from rung.schedules.engine import (
    rules_report as rules_report,
)
from rung.schedules.engine import (
    rules_structured as rules_structured,
)
from rung.schedules.engine import (
    rules_tiling as rules_tiling,
)
from rung.schedules.engine import (
    rules_tune as rules_tune,
)
from rung.schedules.engine.failures import DefiniteFailure, Failure, SilenceableFailure
from rung.schedules.engine.interpreter import Interpreter, ScriptError, apply_schedule

__all__ = ["DefiniteFailure", "Failure", "Interpreter", "ScriptError", "SilenceableFailure", "apply_schedule"]
