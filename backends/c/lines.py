"""The lines of a kernel, and the variables among them that turn out to be of no use."""

from __future__ import annotations

import re
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


@dataclass(frozen=True)
class Assignment:
    """`target = value;`, or `target += value;` with the value spelled `target + value`."""

    line: str
    target: str
    value: str


Line = str | Declarations | Assignment


def render(lines: Sequence[Line]) -> list[str]:
    """The text, without variables of no use: parts of a vector of which only others are read, results that nobody asks for.

    Of use is what a statement mentions, and what the values of useful variables mention.
    """
    reasons: dict[str, list[str]] = {}
    pending: list[str] = []
    for line in lines:
        match line:
            case str():
                pending.append(line)
            case Assignment():
                reasons.setdefault(line.target, []).append(line.value)
            case Declarations():
                for _, name, value in line.variables:
                    reasons.setdefault(name, []).append(value)
    useful: set[str] = set()
    while pending:
        for word in _WORD.findall(pending.pop()):
            if word in reasons and word not in useful:
                useful.add(word)
                pending.extend(reasons[word])
    found: list[str] = []
    for line in lines:
        match line:
            case str():
                found.append(line)
            case Assignment():
                found.extend([line.line] if line.target in useful else [])
            case Declarations():
                kept = [variable for variable in line.variables if variable[1] in useful]
                found.extend(Declarations(line.indent, kept).lines())
    return found
