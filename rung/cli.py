"""`rung`: the command line. `rung ladder` shows a program at every rung, `rung run` runs it, `rung doctor` looks at the machine.

Each command is one module with `SUMMARY`, `add_arguments(parser)` and `run(args) -> exit code`. A mistake of the user's (a file
that does not parse, an array that does not fit) is one located message on stderr and exit code 2, never a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from importlib import import_module

COMMANDS = ("ladder", "run", "cost", "doctor", "fuzz", "reduce")


def user_errors() -> tuple[type[Exception], ...]:
    """What a command may raise because of its input or the machine. Anything else is our bug and keeps its traceback."""
    from rung.backends.errors import BackendError, BuildError, DeviceError
    from rung.backends.reference.values import EvaluationError
    from rung.files import UsageError
    from rung.passes.runner import PassFailure

    return (UsageError, PassFailure, BackendError, BuildError, DeviceError, EvaluationError)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line as an argparse parser."""
    parser = argparse.ArgumentParser(
        prog="rung", description="A GPU compiler built as a ladder: every rung is MLIR you can print, run and edit."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = import_module(f"rung.cli_{name}")
        sub = commands.add_parser(
            name, help=module.SUMMARY, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


@contextlib.contextmanager
def ended_by_interrupt() -> Generator[None]:
    """Ctrl-C ends the process at once, as it does `cat`: Python would wait for a driver's compiler, which may take a minute.

    The kernel cache loses nothing by that: its files are written beside their place and moved there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    args = build_parser().parse_args(argv)
    try:
        with ended_by_interrupt():
            code: int = args.run(args)
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] - it is None where a shell closed it
            sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of `rung ladder f.mlir | head` left
        _drop_output()
        return 141
    except OSError as problem:  # a file that cannot be written, a full disk behind stdout
        print(f"rung {args.command}: {problem.filename or '<stdout>'}: {problem.strerror or problem}", file=sys.stderr)
        _drop_output()
        return 2
    except user_errors() as problem:
        print(f"rung {args.command}: {str(problem).strip()}", file=sys.stderr)
        return 2


def _drop_output() -> None:
    """What is still buffered goes nowhere: else Python complains of it once more when it ends."""
    with contextlib.suppress(OSError):  # a stdout that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
