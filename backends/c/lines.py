"""The lines of a kernel, and the variables among them that turn out to be of no use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LINE_CHARS = 110
"""Declarations share a line up to here."""

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Declarations:
    """Variables declared at one place: (C type, name, first value or "")."""

    indent: str
    variables: list[tuple[str, str, str]]

    def lines(self) -> list[str]:
        """`type a = .., b = ..;` for each run of variables of one type."""
        found: list[str] = []
        run, text = "", ""
        for type_, name, value in self.variables:
            piece = f"{name} = {value}" if value else name
            if type_ == run and len(text) + len(piece) < LINE_CHARS:
                text += f", {piece}"
                continue
            if text:
                found.append(f"{self.indent}{text};")
            run, text = type_, f"{type_} {piece}"
        return [*found, f"{self.indent}{text};"] if text else found


def render(lines: Sequence[str | Declarations]) -> list[str]:
    """The text, without variables that nothing mentions: parts of a vector of which only others were used."""
    mentions = Counter[str]()
    for line in lines:
        texts = [line] if isinstance(line, str) else [value for _, _, value in line.variables]
        for text in texts:
            mentions.update(_WORD.findall(text))
    found: list[list[str]] = []
    # from the end, since a variable may be used by one that is dropped itself
    for line in reversed(lines):
        if isinstance(line, str):
            found.append([line])
            continue
        kept = [variable for variable in line.variables if mentions[variable[1]]]
        for _, name, value in line.variables:
            if not mentions[name]:
                mentions.subtract(_WORD.findall(value))
        found.append(Declarations(line.indent, kept).lines())
    return [text for texts in reversed(found) for text in texts]
