"""Keep pyopencl from unpickling what lies in the user's cache folder: a pickle is a program, and whoever wrote it runs.

pyopencl keeps two caches of pickles. One holds the Python that enqueues a kernel (asked for each new `Kernel`), one the binaries
of sources (not on PoCL and NVIDIA, which keep their own). Our kernel cache holds neither code of Python nor pickles, so both are
off while we build. It costs nothing: a new kernel takes 0.1 ms with or without (2-core EPYC, 2026-11).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from threading import Lock
from typing import Any

_SWITCH = "_PYOPENCL_NO_CACHE"
"""pyopencl's own name of its switch; it reads the environment variable but once, when it is imported."""

_lock = Lock()
_inside, _before = 0, False


def import_without_pickles() -> None:
    """Switch the caches off for good where pyopencl has yet to be imported; it opens a file of pickles at once otherwise."""
    os.environ["PYOPENCL_NO_CACHE"] = "1"


@contextlib.contextmanager
def no_pickles(cl: Any) -> Generator[None]:
    """No pickles inside, in any thread; the caches of a program that uses pyopencl itself are its own business outside."""
    global _inside, _before
    with _lock:
        if not _inside:
            _before = getattr(cl, _SWITCH)
            setattr(cl, _SWITCH, True)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                setattr(cl, _SWITCH, _before)
