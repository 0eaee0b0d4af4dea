"""What counts as a fault, seen on commands that have one, and the child that runs them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest

from rung.judges.damage import server, verdict
from rung.judges.damage.server import Outcome, run_case

TEXT = b"first line\nsecond line\n"
FINE = f"{verdict.FILE}:2:3: error: found 'x', expected a type\n"


def outcome(status: int | None = 1, err: str = FINE, **more: object) -> Outcome:
    return Outcome(("rung-opt", verdict.FILE), status, "", err, **more)  # type: ignore[arg-type]


FAULTS = {
    "traceback": (outcome(crash="Traceback\n  ...\nKeyError: 3"), "traceback: KeyError: 3"),
    "traceback as a message": (outcome(err="Traceback (most recent call last):\n"), "traceback on stderr"),
    "signal": (outcome(None, ended_by="SIGSEGV"), "ended by SIGSEGV"),
    "time": (outcome(None, ended_by="SIGXCPU", err='  File "/x/xdsl/lexer.py", line 3 in lex\n'), "time in lexer.py lex"),
    "other status": (outcome(3), "status 3"),
    "silence": (outcome(err="\n"), "no message"),
    "no place": (outcome(err="rung-opt: something is wrong"), "no place: something is wrong"),
    "place outside of the file": (outcome(err=f"{verdict.FILE}:9:1: error: no"), "place 9:1 in a file of 3 lines"),
    "exception of Python's as the reason": (
        outcome(err=f"{verdict.FILE}:1:1: KeyError: 'x'"),
        "raw KeyError: F:L:C: KeyError: 'x'",
    ),
    "unannounced file": (outcome(files=("left",)), "wrote left and did not say so"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault_is_named(case: str) -> None:
    found, fault = FAULTS[case]
    assert verdict.judge(found, TEXT) == fault


@pytest.mark.parametrize(
    "found",
    [
        outcome(),
        outcome(0, err=""),
        outcome(2),
        outcome(err=FINE + "  rerun it: left (its first line says how)", files=("left",)),
    ],
)
def test_result_and_located_message_are_fine(found: Outcome) -> None:
    assert verdict.judge(found, TEXT) is None


def test_time_that_the_program_asks_for_is_no_fault() -> None:
    evaluating = '  File "/x/numpy/add.py", line 3 in add\n  File "/x/backends/reference/interpreter.py", line 80 in run\n'
    assert verdict.judge(outcome(None, ended_by="SIGXCPU", err=evaluating), TEXT) is None
    assert verdict.judge(outcome(None, ended_by="SIGSEGV", err=evaluating), TEXT) == "ended by SIGSEGV"


def hang(argv: list[str]) -> int:
    while True:
        pass


def sleep(argv: list[str]) -> int:
    time.sleep(100)
    return 0


def hoard(argv: list[str]) -> int:
    held = [bytearray(1 << 28) for _ in range(100)]
    return len(held)


def crash(argv: list[str]) -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def litter(argv: list[str]) -> int:
    with open("left", "w") as file:
        file.write("x")
    print("said", file=sys.stderr)
    return 0


def tried(monkeypatch: pytest.MonkeyPatch, command: Callable[[list[str]], int]) -> list[Outcome]:
    monkeypatch.setattr(server, "_main", lambda program: command)
    monkeypatch.setattr(server, "CPU_SECONDS", 0 if command is hang else 60)
    monkeypatch.setattr(server, "WALL_SECONDS", 1 if command is sleep else 60)
    monkeypatch.setattr(server, "MEMORY_BYTES", 1 << 29)
    return run_case({}, [["a"], ["b"]])


@pytest.mark.parametrize(("command", "ended_by"), [(hang, "SIGXCPU"), (sleep, "SIGALRM"), (crash, "SIGSEGV")])
def test_end_of_the_child_is_seen(monkeypatch: pytest.MonkeyPatch, command: Callable[[list[str]], int], ended_by: str) -> None:
    (first,) = tried(monkeypatch, command)
    assert (first.status, first.ended_by) == (None, ended_by)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = tried(monkeypatch, hoard)
    assert "MemoryError" in first.crash


def test_files_streams_and_status_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tried(monkeypatch, litter)
    assert (first.status, first.err, first.files) == (0, "said\n", ("left",))
    assert (second.status, second.err, second.files) == (0, "said\n", ())
