"""The workaround for CPUs that pip's PoCL has never met: what it finds, what it leaves alone."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest

from rung.backends.opencl import pocl


def record(*strings: bytes, size: int = 2048) -> tuple[Any, list[Any]]:
    """A device record: pointers to these strings at its middle, and what has to stay alive."""
    words = (ctypes.c_uint64 * (size // 8))()
    alive = [ctypes.create_string_buffer(string, 64) for string in strings]
    for number, string in enumerate(alive):
        words[100 + number] = ctypes.addressof(string)
    words[7] = 0xDEAD  # a word that is no pointer
    return words, alive


def device(
    words: Any, *, platform: str = "OpenCL 3.0 PoCL 3.0-rc2  Linux", version: str = "PoCL HSTR: pthread-x86_64-generic"
) -> Any:
    return SimpleNamespace(int_ptr=ctypes.addressof(words), version=version, platform=SimpleNamespace(version=platform))


def pointed_at(words: Any, number: int) -> bytes:
    return ctypes.string_at(words[number])


def test_the_name_after_the_triple_is_replaced() -> None:
    words, _alive = record(b"pthread", b"x86_64-unknown-linux-gnu", b"generic", b"generic")
    before = list(words)
    name = pocl.name_unknown_cpu(device(words))
    if name is None:
        pytest.skip("not an x86-64 machine")
    assert pointed_at(words, 102) == name.encode()
    assert [i for i, word in enumerate(words) if word != before[i]] == [102], "only that one word changes"


@pytest.mark.parametrize(
    "strings",
    [
        (b"x86_64-unknown-linux-gnu", b"znver3"),
        (b"generic",),
        (b"x86_64-unknown-linux-gnu", b"generic", b"x86_64-unknown-linux-gnu", b"generic"),
    ],
)
def test_a_record_of_another_kind_is_left_alone(strings: tuple[bytes, ...]) -> None:
    words, _alive = record(*strings)
    before = list(words)
    assert pocl.name_unknown_cpu(device(words)) is None
    assert list(words) == before


@pytest.mark.parametrize("about", [{"platform": "OpenCL 3.0 PoCL 6.0"}, {"version": "PoCL HSTR: pthread-x86_64-znver3"}])
def test_other_versions_and_known_cpus_are_left_alone(about: dict[str, str]) -> None:
    words, _alive = record(b"x86_64-unknown-linux-gnu", b"generic")
    assert pocl.name_unknown_cpu(device(words, **about)) is None
    assert pointed_at(words, 101) == b"generic"


def test_memory_that_cannot_be_read_is_no_error() -> None:
    words, _alive = record()
    words[100] = 0x10  # a page that is never mapped
    assert pocl.name_unknown_cpu(device(words)) is None
