"""Everything that installed packages add under the entry point `xdsl.universe`: dialects, passes and targets, xDSL's first."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import TypeVar

from xdsl.universe import XDSL_UNIVERSE, Universe

T = TypeVar("T")


def everything() -> Universe:
    """One universe of all. A plug-in that cannot be loaded, or that names what is there already, is named on stderr and left out.

    xDSL's own `get_multiverse` raises instead, so that one broken package takes every driver of the environment with it.
    """
    found = Universe(
        all_dialects=dict(XDSL_UNIVERSE.all_dialects),
        all_passes=dict(XDSL_UNIVERSE.all_passes),
        all_targets=dict(XDSL_UNIVERSE.all_targets),
    )
    # ours before the others, so that a clash is the other's
    for plugin in sorted(entry_points(group="xdsl.universe"), key=lambda plugin: (plugin.name != "rung", plugin.name)):
        try:
            universe = plugin.load()
        except Exception as problem:
            _warn(f"plug-in {plugin.name} ({plugin.value}) is left out: {type(problem).__name__}: {problem}")
            continue
        if not isinstance(universe, Universe):
            _warn(f"plug-in {plugin.name} ({plugin.value}) is left out: it is a {type(universe).__name__}, expected a Universe")
        elif universe is not XDSL_UNIVERSE:
            _add(found, universe, plugin.name)
    return found


def _add(found: Universe, universe: Universe, name: str) -> None:
    _merge(found.all_dialects, universe.all_dialects, f"plug-in {name}: dialect")
    _merge(found.all_passes, universe.all_passes, f"plug-in {name}: pass")
    _merge(found.all_targets, universe.all_targets, f"plug-in {name}: target")


def _merge(into: dict[str, T], more: dict[str, T], what: str) -> None:
    for key, value in more.items():
        if key in into:
            _warn(f"{what} {key} is left out: there is one of this name")
        else:
            into[key] = value


def _warn(text: str) -> None:
    print(f"rung-opt: {text}", file=sys.stderr)
