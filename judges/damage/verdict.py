"""Is what a command line did with a damaged file what it may do?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .server import Outcome

FILE = "damaged.mlir"
"""What the damaged program is called in its folder."""

PRINTED = "printed.mlir"
"""What rung-opt made of it."""

_PLACE = re.compile(f"(?:{re.escape(FILE)}|{re.escape(PRINTED)})" + r":(\d+):(\d+): ")
_OF_POCL = re.compile(r"^\.home/(?:[A-Z]{2}/[A-Z]{30,}|tempfile|lock|uncached)")
"""PoCL's own cache, in the folder that POCL_CACHE_DIR names."""

_RAW = re.compile(
    r"\b(?:Assertion|Attribute|Key|Index|Name|UnboundLocal|Lookup|Recursion|System)Error\b|\bStopIteration\b|"
    r"(?:NotImplemented|Value|Type|Memory)Error(?!: \S)"
)
"""Python's exceptions in a message, where their text says nothing to a user: something was not foreseen."""


def judge(outcome: Outcome, text: bytes) -> str | None:
    """What is wrong with an outcome, in words that are the same for the same fault; None where nothing is.

    text  the damaged program, for the places that messages name
    """
    if is_long(outcome):
        return None
    if outcome.ended_by in ("SIGXCPU", "SIGALRM"):
        return f"time{_busy_in(outcome.err)}"
    if outcome.ended_by:
        return f"ended by {outcome.ended_by}"
    if outcome.crash:
        return f"traceback: {outcome.crash.strip().splitlines()[-1][:150]}"
    if "Traceback (most recent call last)" in outcome.err:
        return "traceback on stderr"
    if outcome.status not in (0, 1, 2):
        return f"status {outcome.status}"
    if problem := _files(outcome):
        return problem
    if outcome.status == 0:
        return None
    return _message(outcome.err, text)


_FRAME = re.compile(r'File "([^"]+)", line \d+ in (\S+)')


def is_long(outcome: Outcome) -> bool:
    """Was time up while the evaluator was computing? That is as the program says: its loops are long, but bounded."""
    return outcome.ended_by in ("SIGXCPU", "SIGALRM") and any(
        path.endswith("reference/interpreter.py") and function == "run" for path, function in _FRAME.findall(outcome.err)
    )


def _busy_in(err: str) -> str:
    """The innermost functions of ours or xDSL's at the end of a process's time."""
    frames = [
        f"{path.rpartition('/')[2]} {function}"
        for path, function in _FRAME.findall(err)
        if "/lib/python" not in path or "xdsl" in path
    ]
    return f" in {', '.join(frames[:2])}" if frames else ""


def _files(outcome: Outcome) -> str | None:
    for name in outcome.files:
        known = name.startswith(".home/") and (name.endswith(".rung") or _OF_POCL.search(name) is not None)
        if not known and name.rpartition("/")[2] not in outcome.err:
            return f"wrote {re.sub('[0-9a-f_]{6,}', '*', name)} and did not say so"
    return None


def _message(err: str, text: bytes) -> str | None:
    lines = [line for line in err.splitlines() if line.strip() and "Warning" not in line and not line.startswith("  ")]
    if not lines:
        return "no message"
    message = " ".join(lines)
    if (found := _RAW.search(message)) and "malformed" not in message:
        return f"raw {found.group()}: {_shape(message)}"
    place = _PLACE.search(message)
    if place is None:
        return f"no place: {_shape(message)}"
    line, column = int(place.group(1)), int(place.group(2))
    count = (
        text.count(b"\n")
        + text.count(b"\r")
        + sum(text.count(mark.encode()) for mark in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
        + 1
    )
    if not 1 <= line <= count or column < 1:
        return f"place {line}:{column} in a file of {count} lines"
    return None


def _shape(message: str) -> str:
    """The message without what differs from program to program."""
    message = re.sub(r"^(?:rung-opt|rung \w+): ", "", _PLACE.sub("F:L:C: ", message))
    message = re.sub(r"[%@][\w$.\-]+", "%x", message)
    message = re.sub(r"\b(?:tensor|vector|memref)<.*?>+", "T", message)
    return re.sub(r"-?\d+", "0", message)[:110]


def table(counts: Mapping[str, int]) -> str:
    width = max((len(name) for name in counts), default=0)
    return "\n".join(f"  {name:<{width}}  {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
