"""The kernel cache under damage, under a folder that cannot be written to, and with two processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung.backends import kernel_cache
from rung.backends.kernel_cache import Entry, KernelCache, cache_folder, key
from rung.backends.target import target
from rung.dialects.upstream import parse

Array = np.ndarray[Any, np.dtype[Any]]
ENTRY = Entry({"function": "main", "params": []}, "// source ü\n", bytes(range(256)) * 10)

DOUBLE = (
    [("x", "memref<64xf32>"), ("out", "memref<64xf32>")],
    """
    %i = gpu.block_id x
    %v = memref.load %x[%i] : memref<64xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %out[%i] : memref<64xf32>""",
)


def test_an_entry_comes_back(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path / "new" / "folder")
    assert cache.get(key("a")) is None
    assert cache.put(key("a"), ENTRY)
    assert cache.get(key("a")) == ENTRY
    assert cache.get(key("b")) is None
    assert [path.suffix for path in cache.folder.rglob("*") if path.is_file()] == [".rung"]


def test_a_key_depends_on_every_part_and_on_where_parts_end() -> None:
    assert key("a", "b") == key("a", "b")
    assert len({key("a", "b"), key("ab"), key("b", "a"), key("a", "b", ""), key("a")}) == 5


def test_a_key_depends_on_our_own_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key("a")
    monkeypatch.setattr(kernel_cache, "_package_fingerprint", lambda: "rung 9.9 and other files")
    assert key("a") != before


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 200, 2000])
def test_a_truncated_entry_is_absent(size: int, tmp_path: Path) -> None:
    cache = KernelCache(tmp_path)
    cache.put(key("a"), ENTRY)
    path = cache.path(key("a"))
    path.write_bytes(path.read_bytes()[:size])
    assert cache.get(key("a")) is None
    cache.put(key("a"), ENTRY)
    assert cache.get(key("a")) == ENTRY


def test_no_flipped_byte_goes_unnoticed(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path)
    cache.put(key("a"), ENTRY)
    path = cache.path(key("a"))
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
        assert cache.get(key("a")) is None, f"byte {at}"


def test_an_entry_of_another_format_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = KernelCache(tmp_path)
    where = key("a")
    with monkeypatch.context() as patch:
        patch.setattr(kernel_cache, "FORMAT", "rung-kernels-0")
        cache.put(where, ENTRY)
    assert cache.get(where) is None


def test_a_folder_that_cannot_be_made_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = KernelCache(tmp_path / "file" / "cache")
    kernel_cache._warn_once.cache_clear()
    with pytest.warns(UserWarning, match=r"kernels are not kept in .*cache: Not a directory.*RUNG_CACHE_DIR") as caught:
        assert not cache.put(key("a"), ENTRY)
        assert not cache.put(key("b"), ENTRY)
    assert len(caught) == 1
    assert cache.get(key("a")) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a read-only folder")
def test_a_read_only_folder_costs_one_warning(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    kernel_cache._warn_once.cache_clear()
    with pytest.warns(UserWarning, match="Permission denied"):
        assert not KernelCache(tmp_path).put(key("a"), ENTRY)
    tmp_path.chmod(0o700)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    kernel_cache._warn_once.cache_clear()
    with pytest.warns(UserWarning, match="No space left on device"):
        assert not KernelCache(tmp_path).put(key("a"), ENTRY)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_folder_is_the_users_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNG_CACHE_DIR", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("RUNG_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/rung")


def test_a_program_is_kept_after_its_first_run_and_loaded_without_compiling(
    gpu_module: Callable[..., str], pocl: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path))
    opencl = target("opencl")
    params, body = DOUBLE
    where = key("double", opencl.fingerprint())
    built = opencl.build(parse(gpu_module(params, body, grid=(64, 1, 1))), where)
    assert opencl.load(where) is None
    x = np.random.default_rng(0).standard_normal(64, np.float32)
    built.run([opencl.from_numpy(x)])
    loaded = opencl.load(where)
    assert loaded is not None
    assert (loaded.plan, loaded.source) == (built.plan, built.source)
    with monkeypatch.context() as patch:
        patch.setattr("rung.backends.opencl.program.compile_source", None)
        (out,) = loaded.run([opencl.from_numpy(x)])
    np.testing.assert_array_equal(out.numpy(), x + x)


def test_a_binary_that_the_driver_refuses_is_forgotten(pocl: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path))
    cache = KernelCache()
    cache.put(key("x"), Entry({"function": "main", "params": [], "arena_bytes": 0, "steps": []}, "", b"no binary"))
    assert target("opencl").load(key("x")) is None
    assert cache.get(key("x")) is None


WORKER = """
import sys, warnings
import numpy as np
warnings.simplefilter("error", UserWarning)
from rung.backends.kernel_cache import key
from rung.backends.target import target
from rung.dialects.upstream import parse
opencl = target("opencl")
where = key("two", opencl.fingerprint())
program = opencl.load(where)
came = "kept" if program else "built"
program = program or opencl.build(parse(sys.stdin.read()), where)
x = np.arange(64, dtype=np.float32)
assert (program.run([opencl.from_numpy(x)])[0].numpy() == x + x).all()
print(came)
"""


def test_two_processes_at_once_both_work_and_a_third_compiles_nothing(
    gpu_module: Callable[..., str], pocl: None, tmp_path: Path
) -> None:
    params, body = DOUBLE
    text = gpu_module(params, body, grid=(64, 1, 1))
    environment = {**os.environ, "RUNG_CACHE_DIR": str(tmp_path)}

    def start() -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", WORKER], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)

    first, second = start(), start()
    for process in (first, second):
        out, err = process.communicate(text, timeout=120)
        assert process.returncode == 0, err
        assert out.strip() in ("built", "kept")
    out, err = start().communicate(text, timeout=120)
    assert out.strip() == "kept", err


def test_warnings_are_not_errors_here() -> None:
    """The warning is a UserWarning, which the test configuration does not turn into an error for users."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        kernel_cache._warn_once.cache_clear()
        kernel_cache._warn_once("/folder", "reason")
    assert [w.category for w in caught] == [UserWarning]


def test_machine_in_a_key_is_the_same_text_in_processes_with_other_hash_seeds() -> None:
    """A set prints its members in the order of their hashes, and Python salts those: a second process compiled anew."""
    program = "from rung.backends.machine import MACHINES; print(*MACHINES.values())"
    texts = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True, check=True
        ).stdout
        for seed in range(4)
    }
    assert len(texts) == 1


def test_an_entry_under_the_name_of_another_is_absent(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path)
    cache.put(key("a"), ENTRY)
    cache.path(key("b")).parent.mkdir(parents=True, exist_ok=True)
    cache.path(key("b")).write_bytes(cache.path(key("a")).read_bytes())
    assert cache.get(key("b")) is None
    assert cache.get(key("a")) == ENTRY


def test_a_damaged_entry_is_never_another_entry(tmp_path: Path) -> None:
    """Every truncation, each byte flipped, and pieces put in, doubled and taken out."""
    cache = KernelCache(tmp_path)
    small = Entry({"function": "main", "params": []}, "// s", b"binary")
    cache.put(key("a"), small)
    whole = cache.path(key("a")).read_bytes()
    variants = [whole[:at] for at in range(len(whole))]
    variants += [whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :] for at in range(len(whole)) for bit in (0, 5)]
    for at in range(len(whole) + 1):
        variants += [whole[:at] + piece + whole[at:] for piece in (b"\0", b"\n", whole[:9])] + [whole[:at] + whole[at + 3 :]]
    for damaged in variants:
        if damaged != whole:
            cache.path(key("a")).write_bytes(damaged)
            assert cache.get(key("a")) is None


def test_what_a_killed_process_left_is_swept_away_an_hour_later(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path)
    cache.put(key("a"), ENTRY)
    old, recent = tmp_path / "new" / "old", tmp_path / "new" / "recent"
    for path in (old, recent):
        path.write_bytes(b"half an en")
    os.utime(old, (0, old.stat().st_mtime - 4000))
    assert cache.put(key("b"), ENTRY)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["recent"]


def test_a_file_size_limit_leaves_nothing_behind(tmp_path: Path) -> None:
    """A disk that is full in the middle of a write, for real."""
    program = (
        "import resource, warnings, sys; from pathlib import Path; from rung.backends.kernel_cache import *;"
        "warnings.simplefilter('ignore'); resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000));"
        "assert not KernelCache(Path(sys.argv[1])).put(key('a'), Entry({}, '', bytes(9000)))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
