"""Results on disk: replaced in one step, so that an interrupt loses nothing; and as a test, named after the symptom."""

from __future__ import annotations

import os
import signal
import tempfile
import textwrap
from pathlib import Path

from .symptom import slug


def replace_file(path: Path, text: str) -> None:
    """Write a file so that at any time it holds either the old text or the new one, whole. Raises OSError."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:  # Ctrl-C waits, or the temporary file would stay
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    finally:
        if held is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_test(folder: Path, text: str, complaint: str, rerun: str) -> Path:
    """The module as a file whose name is the symptom, and whose first line says what fails and how to see it.

    text       the module as it is printed
    complaint  what the check says of it
    rerun      the command that shows it; `{}` in it becomes the file
    """
    folder.mkdir(parents=True, exist_ok=True)
    name, number = slug(complaint), 1
    path = folder / f"{name}.mlir"
    body = without_module(text)
    while path.exists() and not path.read_text(encoding="utf-8").endswith(f"\n{body}"):
        number += 1
        path = folder / f"{name}_{number}.mlir"
    said = " ".join(complaint.split())[:160]
    replace_file(path, f"// {said}; run: {rerun.replace('{}', path.as_posix())}\n{body}")
    return path


def without_module(text: str) -> str:
    """The text of what is in a module, where nothing is said of the module itself: that is how programs are written by hand."""
    lines = text.strip().splitlines()
    if len(lines) >= 2 and lines[0] == "builtin.module {" and lines[-1] == "}":
        return textwrap.dedent("\n".join(lines[1:-1])) + "\n"
    return "\n".join(lines) + "\n"
