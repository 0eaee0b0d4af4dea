"""Compiled programs on disk, so that a machine compiles each of them once.

One file an entry: a checksum, a line of JSON (plan and sizes), the source, the driver's binary; no pickles. Files are written in
the folder `new` and moved to their place, so a reader sees all of one or nothing. What a killed process left in `new` is swept
away by later ones. Whatever is damaged, or lies under another entry's name, counts as absent and is written again. A folder that
cannot be written to costs a warning, once.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FORMAT = "rung-kernels-2"

_STALE_SECONDS = 3600
"""The age at which a file in `new` is taken for that of a dead process. Writing one takes milliseconds; a laptop may sleep."""


@dataclass(frozen=True)
class Entry:
    """What a compiled program needs to run again."""

    plan: Mapping[str, Any]
    """The launch plan, see `LaunchPlan.to_json`."""
    source: str
    binary: bytes


def cache_folder() -> Path:
    """Where entries lie: RUNG_CACHE_DIR, else `rung` in the user's cache folder."""
    if own := os.environ.get("RUNG_CACHE_DIR"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rung"


def key(*parts: str) -> str:
    """The name of an entry: a hash of everything the binary depends on, this package included."""
    digest = hashlib.sha256()
    for part in (FORMAT, _package_fingerprint(), *parts):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


@cache
def _package_fingerprint() -> str:
    """Version and state of our own sources: whoever edits a pass gets new kernels. Sizes and times stand for contents."""
    try:
        found = [version("rung")]
    except PackageNotFoundError:
        found = ["unknown"]
    # the folders are siblings of this one, in a wheel (rung/backends) as in the source tree (backends, mapped to rung.backends)
    root = Path(__file__).resolve().parent.parent
    for folder in ("rung", "dialects", "passes", "lowering", "schedules", "backends", "frontend", "judges/total"):
        if (root / folder).is_dir():
            _list_sources(str(root / folder), found)
    return "\n".join(found)


def _list_sources(folder: str, found: list[str]) -> None:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            _list_sources(entry.path, found)
        elif entry.name.endswith((".py", ".h", ".ll", ".mlir")):
            stat = entry.stat()
            found.append(f"{entry.path} {stat.st_size} {stat.st_mtime_ns}")


class KernelCache:
    """Entries in a folder, made when first written to."""

    def __init__(self, folder: Path | None = None):
        self.folder = folder if folder is not None else cache_folder()

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key[2:]}.rung"

    def get(self, key: str) -> Entry | None:
        """The entry, or None if there is none that is whole."""
        try:
            with open(self.path(key), "rb") as file:
                return _read(file.read(), key)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put(self, key: str, entry: Entry) -> bool:
        """Keep an entry; False, with a warning the first time, where the folder does not allow it."""
        path = self.path(key)
        temporary = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            waiting = self.folder / "new"
            waiting.mkdir(exist_ok=True)
            _sweep(waiting)
            descriptor, temporary = tempfile.mkstemp(dir=waiting)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_written(entry, key))
            os.replace(temporary, path)
        except OSError as problem:
            if temporary:
                _remove(temporary)
            _warn_once(str(self.folder), problem.strerror or str(problem))
            return False
        return True

    def forget(self, key: str) -> None:
        """Drop an entry, such as one that its driver refused."""
        _remove(str(self.path(key)))


def _written(entry: Entry, key: str) -> bytes:
    source = entry.source.encode()
    head = json.dumps({"format": FORMAT, "plan": entry.plan, "source_bytes": len(source), "binary_bytes": len(entry.binary)})
    rest = head.encode() + b"\n" + source + entry.binary
    return _checksum(rest, key) + b"\n" + rest


def _checksum(rest: bytes, key: str) -> bytes:
    """Of the contents and of the key that they are for: the right file under a wrong name is wrong."""
    return hashlib.sha256(key.encode() + b"\n" + rest).hexdigest().encode()


def _read(data: bytes, key: str) -> Entry:
    checksum, _, rest = data.partition(b"\n")
    if _checksum(rest, key) != checksum:
        raise ValueError("damaged")
    head, _, payload = rest.partition(b"\n")
    facts = json.loads(head)
    end = facts["source_bytes"]
    if facts["format"] != FORMAT or len(payload) != end + facts["binary_bytes"]:
        raise ValueError("of another format")
    return Entry(facts["plan"], payload[:end].decode(), payload[end:])


def _sweep(folder: Path) -> None:
    """Remove what nobody is writing any more."""
    now = time.time()
    for entry in os.scandir(folder):
        try:
            if now - entry.stat().st_mtime > _STALE_SECONDS:
                os.unlink(entry.path)
        except OSError:  # another process was faster
            pass


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


@cache
def _warn_once(folder: str, reason: str) -> None:
    warnings.warn(
        f"kernels are not kept in {folder}: {reason}. They compile in every process anew; RUNG_CACHE_DIR names another folder.",
        stacklevel=4,
    )
