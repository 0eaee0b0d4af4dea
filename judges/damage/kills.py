"""End a process by SIGKILL at a random instant, again and again, and look at what it leaves.

    fills     a process that fills the kernel cache with entries of any bytes, alone or beside a second one
    programs  one that compiles programs for OpenCL and runs them, so that they are kept; PoCL's own cache suffers along with ours
    outputs   one that writes over a file as rung-opt -o does

Afterwards every entry is absent or what was put there, every program of a warm cache computes what a cold one did, a file is
whole, old or new; and nothing else has piled up. Not looked at: a loss of power, which may take what the kernel had yet to write
(an entry then counts as absent by its checksum); other file systems than this machine's.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

from rung.backends.kernel_cache import Entry, KernelCache, key

ENTRIES = 24
"""Of one fill, 1 KB to 1 MB each."""


def forked(work: Callable[[], object]) -> int:
    """A child that does `work` and ends; its process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as problem:
            os.write(2, f"{type(problem).__name__}: {problem}\n".encode())
            os._exit(1)
    return child


def killed_within(work: Callable[[], object], seconds: float, rng: Random) -> bool:
    """Start `work` in a child and kill it at some instant of the next `seconds`; False where it was done before."""
    child = forked(work)
    time.sleep(rng.uniform(0, seconds))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def time_of(work: Callable[[], object]) -> float:
    """How long a child takes that nobody kills."""
    started = time.perf_counter()
    _, status = os.waitpid(forked(work), 0)
    assert status == 0, f"left alone it ended with {status}"
    return time.perf_counter() - started


def expected_entry(seed: int, number: int) -> Entry:
    """What a fill puts under its `number`th key."""
    rng = Random(f"{seed} {number}")
    size = rng.choice((1_000, 30_000, 1_000_000))
    return Entry({"function": "main", "number": number}, f"// source {number}\n" * rng.randrange(200), rng.randbytes(size))


def fill(folder: Path, seed: int, entries: Sequence[Entry]) -> None:
    """Put every entry, as fast as it goes."""
    cache = KernelCache(folder)
    for number, entry in enumerate(entries):
        cache.put(key(f"{seed} {number}"), entry)


def kill_fills(kills: int, seed: int = 0, two: float = 0.3) -> Counter[str]:
    """Kill that many fills, a share `two` of them beside a second one that goes on. Raises AssertionError for what may not be."""
    rng, found, whole = Random(seed), Counter[str](), set[int]()
    root = Path(tempfile.mkdtemp(prefix="rung-kills-"))
    entries = [expected_entry(seed, number) for number in range(ENTRIES)]
    takes = time_of(partial(fill, root / "alone", seed, entries))
    try:
        for kill in range(kills):
            folder = root / f"{kill // 5}"  # five kills over one cache: what one leaves, the next ones meet
            if kill % 5 == 0:
                whole.clear()
            beside = forked(partial(fill, folder, seed, entries)) if rng.random() < two else None
            done = not killed_within(partial(fill, folder, seed, entries), takes, rng)
            found["done before it was killed" if done else "killed"] += 1
            if beside is not None:
                _, status = os.waitpid(beside, 0)
                assert status == 0, "the fill beside the killed one failed"
                found["beside another"] += 1
            for number, entry in enumerate(entries):
                kept = KernelCache(folder).get(key(f"{seed} {number}"))
                assert kept is None or kept == entry, f"kill {kill}: entry {number} is another than was put"
                assert kept is not None or not (done or beside or number in whole), f"kill {kill}: entry {number} is gone"
                whole.update({number} if kept else ())
                found["entries whole" if kept else "entries absent"] += 1
            _check_rest(folder, kill % 5 + 1, found)
        _check_sweep(root, entries[0])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return found


def _check_rest(folder: Path, kills: int, found: Counter[str]) -> None:
    """Each kill leaves one unfinished file at most, and only in `new`."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    rest = [path for path in files if path.suffix != ".rung"]
    assert all(path.parent == folder / "new" for path in rest), f"left behind: {rest}"
    assert len(rest) <= kills, f"{len(rest)} unfinished files after {kills} kills"
    found["most unfinished files in one cache"] = max(found["most unfinished files in one cache"], len(rest))


def _check_sweep(root: Path, entry: Entry) -> None:
    """An hour later the next `put` leaves nothing unfinished."""
    for folder in root.iterdir():
        for path in (folder / "new").iterdir():
            os.utime(path, (0, time.time() - 4000))
        assert KernelCache(folder).put(key("later"), entry)
        assert not list((folder / "new").iterdir()), "unfinished files outlive the next put"


PROGRAM = """
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {{
  %c = nd.const {number}.0 : f32 -> tensor<64xf32>
  %y = nd.binary "add" %x, %c : tensor<64xf32> -> tensor<64xf32>
  %z = nd.binary "mul" %y, %x : tensor<64xf32> -> tensor<64xf32>
  return %z : tensor<64xf32>
}}
"""


def _compute(numbers: Sequence[int], report: int | None = None) -> None:
    """Compile and run the programs; raise where one is wrong. To `report`, a letter for each: c(ompiled) or f(ound)."""
    import numpy as np

    from rung.compile import compile_module
    from rung.dialects.upstream import parse
    from rung.frontend.runtime import HostBuffer

    for number in numbers:
        program = compile_module(parse(PROGRAM.format(number=number)), "opencl")
        x = np.random.default_rng(number).standard_normal(64, np.float32)
        (result,) = program.run([HostBuffer(x)])
        np.testing.assert_array_equal(result.numpy(), (x + np.float32(number)) * x)
        if report is not None:
            os.write(report, b"f" if program.from_cache else b"c")


def kill_programs(kills: int, seed: int = 0, programs: int = 3) -> Counter[str]:
    """Kill processes that compile for OpenCL. After each, all programs are computed right, in a process that finds what is left.

    To be called before this process has opened an OpenCL device: its driver does not survive a fork.
    """
    rng, found, before, takes = Random(seed), Counter[str](), dict(os.environ), 0.0
    for kill in range(-1, kills):
        folder = Path(tempfile.mkdtemp(prefix="rung-kills-"))
        for name in ("RUNG_CACHE_DIR", "POCL_CACHE_DIR"):
            os.environ[name] = str(folder / name)
            (folder / name).mkdir()
        try:
            numbers = range(programs * (kill + 1), programs * (kill + 2))
            if kill < 0:
                takes = time_of(partial(_compute, numbers))
                continue
            killed = killed_within(partial(_compute, numbers), takes, rng)
            found["killed" if killed else "done before it was killed"] += 1
            read, write = os.pipe()
            child = forked(partial(_compute, numbers, write))
            os.close(write)
            with open(read, "rb") as pipe:
                letters = pipe.read()
            _, status = os.waitpid(child, 0)
            assert status == 0 and len(letters) == programs, f"kill {kill}: the next process failed, status {status}"
            found["programs found"] += letters.count(b"f")
            found["programs compiled anew"] += letters.count(b"c")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.environ.clear()
            os.environ.update(before)
    return found


def kill_outputs(kills: int, seed: int = 0) -> Counter[str]:
    """Kill processes that write over a file; it is whole each time, before or after."""
    from rung.files import replacing

    rng, found = Random(seed), Counter[str]()
    root = Path(tempfile.mkdtemp(prefix="rung-kills-"))
    path = root / "x.mlir"
    texts = [f"// version {number}\n".encode() * 40_000 for number in range(2)]
    path.write_bytes(texts[0])

    def write_over() -> None:
        for number in range(1, 9):
            with replacing(path) as file:
                file.write(texts[number % 2])

    try:
        takes = time_of(write_over)
        for kill in range(kills):
            found["killed" if killed_within(write_over, takes, rng) else "done before it was killed"] += 1
            assert path.read_bytes() in texts, f"kill {kill}: a file of {path.stat().st_size} bytes is neither old nor new"
            beside = [other for other in root.iterdir() if other != path]
            assert len(beside) <= 1, f"kill {kill}: left {beside}"
            found["left a file beside it"] += len(beside)
            for other in beside:
                other.unlink()
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return found
