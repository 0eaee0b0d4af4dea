"""Run command lines in a child of a warm process: 5 ms for a case, and whatever becomes of it is seen.

The child has a folder of its own (its working folder, home, caches and temporary files), bounded memory and time, and files as
its streams. A command line that ends the child (a signal, memory, time) is reported as such; those before it keep their outcomes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMORY_BYTES = 2 << 30
"""Of address space for a case, beyond what the warm process has. PoCL's compiler needs half of it."""

CPU_SECONDS, WALL_SECONDS = 10, 100
"""For each command line. Wall time is for what waits without working; on a busy machine work takes longer than its own time."""


@dataclass(frozen=True)
class Outcome:
    """What became of one command line.

    status    exit status; None where the process ended without one
    ended_by  the signal that ended it: SIGXCPU and SIGALRM are time, SIGSEGV a crash
    crash     the traceback of an exception that came out of `main`
    files     what it left in its folder that was not there before
    """

    argv: tuple[str, ...]
    status: int | None
    out: str
    err: str
    crash: str = ""
    ended_by: str = ""
    files: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_mb: int = 0


def warm() -> None:
    """Import what the commands import late: no child has to, and all see the same sources however long this lives."""
    from importlib import import_module

    from rung.backends import opencl, reference
    from rung.cli import build_parser
    from rung.opt import RungOpt
    from rung.pipeline import PIPELINE
    from rung.universe import PASSES, load_pass

    for name in (*reference.__path__, *opencl.__path__):
        for path in sorted(Path(name).glob("*.py")):
            import_module(f"rung.backends.{path.parent.name}.{path.stem}")
    for name in ("rung.compile", "rung.frontend.runtime", "rung.blame", "rung.backends.c.kernels"):
        import_module(name)
    build_parser()
    RungOpt(["/dev/null"])
    for step in PIPELINE:
        load_pass(PASSES[step.name])


def run_case(files: dict[str, bytes], commands: Sequence[Sequence[str]]) -> list[Outcome]:
    """Run each command line (`rung ...` or `rung-opt ...`) in one child, in a folder that holds `files`.

    Stops after a command line that ended the child. Linux only: it forks, and the caller should have one thread.
    """
    folder = Path(tempfile.mkdtemp(prefix="rung-damage-"))
    try:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return _watch(folder, commands)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _watch(folder: Path, commands: Sequence[Sequence[str]]) -> list[Outcome]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _child(folder, commands, write)
    os.close(write)
    with open(read, "rb") as pipe:
        lines = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    reports: list[dict[str, Any]] = [json.loads(line) for line in lines]
    for report in reports:
        report["files"] = tuple(report["files"])
    found = [Outcome(tuple(argv), **report) for argv, report in zip(commands, reports)]
    if len(found) < len(commands):
        ended = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
        err = (folder / ".err").read_text(errors="replace")
        found.append(Outcome(tuple(commands[len(found)]), None, "", err, ended_by=ended))
    return found


def _child(folder: Path, commands: Sequence[Sequence[str]], write: int) -> None:
    """Never returns."""
    try:
        faulthandler.disable()  # pytest's; the signal is what we look at
        os.chdir(folder)
        home = folder / ".home"
        home.mkdir()
        for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "RUNG_CACHE_DIR", "POCL_CACHE_DIR"):
            os.environ[name] = str(home)
        tempfile.tempdir = str(home)
        out, err = (os.open(folder / name, os.O_RDWR | os.O_CREAT) for name in (".out", ".err"))
        os.dup2(out, 1)
        os.dup2(err, 2)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for signum in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE):
            signal.signal(signum, signal.SIG_DFL)  # LLVM in a driver that the parent has opened catches them all
        for signum in (signal.SIGXCPU, signal.SIGALRM):
            signal.signal(signum, signal.SIG_DFL)
            faulthandler.register(signum, err, all_threads=False, chain=True)  # says where the time went, then ends the process
        seen = set(_listing(folder))
        for argv in commands:
            report = _one(argv, out, err)
            found = set(_listing(folder))
            report["files"] = sorted(found - seen)
            seen = found
            os.write(write, json.dumps(report).encode() + b"\n")
        os._exit(0)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
        os._exit(99)


def _one(argv: Sequence[str], out: int, err: int) -> dict[str, object]:
    for stream in (out, err):
        os.ftruncate(stream, 0)
        os.lseek(stream, 0, os.SEEK_SET)
    sys.stdout = io.TextIOWrapper(open(1, "wb", closefd=False), encoding="utf-8", write_through=False)
    sys.stderr = io.TextIOWrapper(open(2, "wb", closefd=False), encoding="utf-8", errors="backslashreplace")
    limit_time(CPU_SECONDS, WALL_SECONDS)
    started, crash = time.perf_counter(), ""
    status: int | None = None
    try:
        status = _main(argv[0])(list(argv[1:]))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        crash = traceback.format_exc()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    return {
        "status": status,
        "crash": crash,
        "seconds": time.perf_counter() - started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        **{name: _text(stream) for name, stream in (("out", out), ("err", err))},
    }


def _main(program: str) -> Callable[[list[str]], int]:
    if program == "rung-opt":
        from rung.opt import main

        return main
    from rung.cli import main as rung_main

    return rung_main


def _text(stream: int) -> str:
    size = min(os.fstat(stream).st_size, 1 << 22)
    return os.pread(stream, size, 0).decode("utf-8", "replace")


def limit_time(cpu_seconds: float, wall_seconds: float) -> None:
    """End this process by SIGXCPU or SIGALRM after so many more seconds. No handler: it must work inside a driver too."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + cpu_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.setitimer(signal.ITIMER_REAL, wall_seconds)


def _listing(folder: Path) -> list[str]:
    """Files below `folder`, our own streams left out."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name not in (".out", ".err")]
