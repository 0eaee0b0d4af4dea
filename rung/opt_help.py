"""The help of `rung-opt`: its arguments, then each pass with the first line of its docstring."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Callable, Mapping

from xdsl.passes import ModulePass

from rung.universe import PASSES

Passes = Mapping[str, Callable[[], type[ModulePass]]]


def print_help(parser: argparse.ArgumentParser, passes: Passes) -> None:
    """Only here are all passes imported; one that cannot be is listed with the reason."""
    print(parser.format_help(), "\n".join(pass_lines(passes)), sep="\n")


def pass_lines(passes: Passes) -> list[str]:
    """What there is: rung's passes in the order of the ladder, those of plug-ins, those of xDSL."""
    loaded = {name: _load(make) for name, make in passes.items()}
    groups: dict[str, list[str]] = {"rung": [], "plug-ins": [], "xDSL": []}
    for name, found in loaded.items():
        if name in PASSES:
            groups["rung"].append(name)
        elif isinstance(found, type) and found.__module__.startswith("xdsl."):
            groups["xDSL"].append(name)
        else:
            groups["plug-ins"].append(name)
    groups["rung"].sort(key=list(PASSES).index)
    lines: list[str] = []
    for group, names in groups.items():
        if names:
            lines += [f"passes of {group}:", *(_entry(name, loaded[name]) for name in names), ""]
    return lines


def _load(make: Callable[[], type[ModulePass]]) -> type[ModulePass] | str:
    try:
        return make()
    except Exception as problem:
        return f"cannot be loaded: {type(problem).__name__}: {problem}"


def _entry(name: str, found: type[ModulePass] | str) -> str:
    does = found if isinstance(found, str) else first_line(found)
    return textwrap.fill(does, 118, initial_indent=f"  {name:<34} ", subsequent_indent=" " * 37)


def first_line(pass_: type[ModulePass]) -> str:
    """What a pass does, in its own words: the first sentence of its class's docstring, else of its module's.

    Modules of rung hold one pass and speak for it. A docstring that dataclass made, `Name(option: int = 1)`, says nothing.
    """
    module = sys.modules[pass_.__module__].__doc__ or ""
    own = pass_.__doc__ or ""
    if own.startswith(f"{pass_.__name__}("):
        own = ""
    text = module or own if pass_.name in PASSES else own or module
    paragraph = re.sub(r"\s+", " ", re.split(r"\n\s*(?:\n|before\n)", text.strip())[0])
    sentence = re.match(r".*?[.:](?= [A-Z(]|$)", paragraph)
    return (sentence.group() if sentence else paragraph) or "(no docstring)"


def close_names(spec: str, passes: Passes) -> str:
    """`; did you mean ..?` for names of a pipeline that no pass has."""
    hints: list[str] = []
    for found in re.finditer(r"[a-zA-Z][\w-]*(?=[,{]|$)", spec):
        close = difflib.get_close_matches(found.group(), list(passes), 3)
        if found.group() not in passes and close:
            hints.append(f"; {found.group()}: did you mean {' or '.join(close)}?")
    return "".join(hints)
