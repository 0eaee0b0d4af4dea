"""Processes that fill the kernel cache, or write a file, are killed at random instants: what they leave is whole or absent."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest

from rung.backends import kernel_cache
from rung.backends.kernel_cache import Entry, KernelCache
from rung.judges.damage.kills import kill_fills, kill_outputs


def until(kill: Callable[[int, int], Counter[str]], **least: int) -> Counter[str]:
    """50 kills, and 50 more while too few of them met a process at work: on a busy machine many come before it or after."""
    found: Counter[str] = Counter()
    for seed in range(8):
        found += kill(50, seed)
        if all(found[what.replace("_", " ")] > number for what, number in least.items()):
            return found
    raise AssertionError(f"{dict(found)}, expected more than {least}")


def test_cache_is_right_after_50_kills_of_what_fills_it() -> None:
    until(kill_fills, killed=5, beside_another=5, entries_whole=100)


def test_file_is_old_or_new_after_50_kills_of_what_writes_over_it() -> None:
    until(kill_outputs, killed=5)


PROGRAMS = """
from rung.backends import kernel_cache
from rung.backends.kernel_cache import Entry, KernelCache
from rung.judges.damage.kills import kill_programs
found = kill_programs(3, programs=1)
assert found["killed"] + found["done before it was killed"] == 3
"""


def test_programs_are_right_after_kills_of_what_compiles_them(pocl: None) -> None:
    """In a process of its own: it forks, and may not have opened a device before."""
    done = subprocess.run([sys.executable, "-c", PROGRAMS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_cache_that_writes_in_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def put(self: KernelCache, key: str, entry: Entry) -> bool:
        (self.folder / "new").mkdir(parents=True, exist_ok=True)
        path, data = self.path(key), kernel_cache._written(entry, key)
        path.parent.mkdir(exist_ok=True)
        with open(path, "wb", buffering=0) as file:
            file.write(data[:100])
            time.sleep(0.001)
            file.write(data[100:])
        return True

    monkeypatch.setattr(KernelCache, "put", put)
    with pytest.raises(AssertionError, match="is gone"):
        kill_fills(200, seed=0, two=0)
