"""A program of the user's as a check: it is given the candidate as a file, and the module is bad as long as it fails.

The command runs without a shell, unless it holds something that only a shell understands; the path is quoted there.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from rung.files import UsageError

_QUOTED = re.compile(r"'[^']*'|\"[^\"$`]*\"")
_FOR_A_SHELL = re.compile(r"[|&;<>$`()*?~\n]|^\s*(?:!|\w+=|cd\s|if\s|for\s)")
_TELLING = re.compile(r"error|fail|assert|refuse|abort|panic|differ|wrong|expected", re.IGNORECASE)
OUTPUT_MAX = 1 << 20
"""How much of the output is looked at, in bytes."""


def needs_shell(command: str) -> bool:
    """Does the command hold pipes, redirections, variables, patterns or `!`?"""
    return _FOR_A_SHELL.search(_QUOTED.sub("QUOTED", command)) is not None


def command_line(command: str, path: str) -> list[str]:
    """What is executed: `{}` is the path, which is put last where there is none. Raises UsageError, also for no such program."""
    if needs_shell(command):
        whole = command.replace("{}", shlex.quote(path)) if "{}" in command else f"{command} {shlex.quote(path)}"
        return [shutil.which("bash") or "sh", "-c", whole]
    try:
        words = shlex.split(command)
    except ValueError as problem:
        raise UsageError(f"--check: {command}: {str(problem).lower()}") from None
    if not words:
        raise UsageError("--check is empty, expected a command, -p PASSES or judge:NAME")
    if shutil.which(words[0]) is None:
        raise UsageError(f"--check: there is no program {words[0]!r} on the path, expected a command, -p PASSES or judge:NAME")
    return [word.replace("{}", path) for word in words] if any("{}" in word for word in words) else [*words, path]


class CommandCheck:
    """Fails where the command does. The complaint is the exit status, and the line of the output that says most."""

    def __init__(self, command: str, file_name: str = "candidate.mlir"):
        self.command = command
        self.folder = tempfile.TemporaryDirectory(prefix="rung-reduce-")
        self.path = Path(self.folder.name) / file_name
        self.output = ""
        self.line = command_line(command, str(self.path))

    def rerun(self, path: str) -> str:
        """The command as a user types it, for this file."""
        return self.command.replace("{}", path) if "{}" in self.command else f"{self.command} {path}"

    def of_text(self, text: str, seconds: float) -> str | None:
        """What the command says of a module with this text, or None where it exits with 0."""
        self.path.write_text(text, encoding="utf-8")
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            # files, not pipes: a process that the command leaves behind would hold a pipe open
            status = _run(self.line, out, err, seconds)
            self.output = "\n".join(_head(stream) for stream in (err, out))
        if status is None:
            return f"no answer in {seconds:.0f} s"
        if status == 127 and needs_shell(self.command):
            raise UsageError(f"--check: {self.output.strip() or 'the shell finds no such program'}")
        if status == 0:
            return None
        how = f"exit status {status}" if status > 0 else f"killed by {signal.Signals(-status).name}"
        return f"{how}: {telling_line(self.output)}"


def telling_line(output: str) -> str:
    """The line that names the failure: where Python raised, its last; else the first that speaks of an error; else the first."""
    lines = [line for line in output.splitlines() if line.strip()]
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        start = max(at for at, line in enumerate(lines) if line.startswith("Traceback"))
        return next((line for line in lines[start + 1 :] if not line.startswith(" ")), lines[start])
    return next((line for line in lines if _TELLING.search(line)), lines[0] if lines else "").strip()


def _head(stream: object) -> str:
    from typing import IO, cast

    file = cast(IO[bytes], stream)
    file.seek(0)
    return file.read(OUTPUT_MAX).decode("utf-8", "replace")


def _run(line: list[str], out: object, err: object, seconds: float) -> int | None:
    """The exit status, or None where time was up. Whatever the command started ends with it."""
    streams: Any = {"stdout": out, "stderr": err}
    with _ended_with_us() as running:
        with subprocess.Popen(line, stdin=subprocess.DEVNULL, process_group=0, **streams) as process:
            try:
                running.start(process.pid)
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                _kill(process.pid)


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


@dataclass
class _Running:
    """The process group of a command, and what Ctrl-C did before there was one."""

    before: Any
    group: int | None = None
    interrupted: bool = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True
        if self.group is not None:
            self.end()

    def start(self, group: int) -> None:
        self.group = group
        if self.interrupted:
            self.end()

    def end(self) -> None:
        """Go as Ctrl-C would have made us go, the command first."""
        if self.group is not None:
            _kill(self.group)
        signal.signal(signal.SIGINT, self.before)
        os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def _ended_with_us() -> Generator[_Running]:
    """Ctrl-C reaches the command, which has a process group of its own, before it ends us."""
    if threading.current_thread() is not threading.main_thread():
        yield _Running(None)
        return
    running = _Running(signal.getsignal(signal.SIGINT))
    signal.signal(signal.SIGINT, running.interrupt)
    try:
        yield running
    finally:
        signal.signal(signal.SIGINT, running.before)
