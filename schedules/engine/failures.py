"""How a step of a schedule fails: silenceably, so that a script may go on, or definitely; told with places and the IR around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from rung.files import place

_MARK = "__here"
_AROUND = 6


class Note(NamedTuple):
    """A second place that an error is about."""

    at: Operation
    text: str


class Failure(Exception):
    """What op `op` of the script could not do; `payload` is the op that it could not do it to.

    `str()` is the message with places, the notes and the payload's surroundings.
    """

    kind = "error"

    def __init__(self, op: Operation, message: str, payload: Operation | None = None, notes: Sequence[Note] = ()):
        super().__init__(message)
        self.op, self.message, self.payload, self.notes = op, message, payload, list(notes)
        # now, as the op may be gone when someone asks
        self.where = place(op)
        self._lines = [f"{place(note.at)}: note: {note.text}" for note in self.notes]
        self._around = "" if payload is None else surroundings(payload)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.kind}: {self.op.name}: {self.message}", *self._lines]
        if self.payload is not None and self._around:
            lines += ["the payload here:", self._around]
        return "\n".join(lines)


class SilenceableFailure(Failure):
    """The payload does not fit and is as it was: failures(suppress), alternatives and matchers may take it."""


class DefiniteFailure(Failure):
    """Nothing may take it: the script is wrong, or the payload is no longer known to be sound."""


class Unfit(Exception):
    """Raised by what works on payloads and knows no script: becomes a silenceable failure of the step."""


def surroundings(payload: Operation) -> str:
    """The lines of the function around `payload`, with its own marked by `>`; the op alone where it is in no function."""
    top: Operation = payload
    while not isinstance(top, FuncOp | ModuleOp) and (above := top.parent_op()) is not None:
        top = above
    payload.attributes[_MARK] = UnitAttr()
    try:
        lines = str(top).splitlines()
    finally:
        del payload.attributes[_MARK]
    at = next((number for number, line in enumerate(lines) if _MARK in line), 0)
    chosen = lines[max(0, at - _AROUND) : at + _AROUND + 1]
    return "\n".join(_mend(line) for line in chosen)


def _mend(line: str) -> str:
    found = _MARK in line
    for spelled in (f" attributes {{{_MARK}}}", f" {{{_MARK}}}", f", {_MARK}", f"{_MARK}, ", _MARK):
        line = line.replace(spelled, "")
    return f"{'>' if found else ' '} {line}"
