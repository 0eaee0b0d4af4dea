"""The judges by name: what each target's programs are shown to. A further judge is one more entry.

`reference` is the ladder itself, pass by pass (`ladder.py`, where judges of modules are listed); every other target compiles and
runs (`machines.py`). Where CUDA has no GPU, its text is compiled all the same.
"""

from __future__ import annotations

from functools import partial

from rung.backends import target as targets

from .case import Judge
from .ladder import judge_ladder
from .machines import judge_compiles, judge_target

JUDGES: dict[str, Judge] = {"reference": judge_ladder, "nvrtc": partial(judge_compiles, target="cuda")}
"""Judges beside the compiled targets."""


def names() -> list[str]:
    """What may be asked for."""
    return list(dict.fromkeys([*JUDGES, *targets.target_names()]))


def why_absent(name: str) -> str | None:
    """Why a judge cannot judge here; None where it can. Raises ValueError for a name that is none."""
    if name == "nvrtc":
        from rung.backends.cuda import nvrtc

        return nvrtc.available()
    return None if name in JUDGES else targets.target(name).available()


def here() -> list[str]:
    """All that this machine has: the meaning of `all`."""
    return [name for name in names() if why_absent(name) is None]


def judge(name: str) -> Judge:
    """Raises ValueError where there is none."""
    if name in JUDGES:
        return JUDGES[name]
    targets.target(name)
    return partial(judge_target, target=name)
