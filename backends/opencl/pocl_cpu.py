"""Give pip's PoCL a processor name that its own compiler knows, where it has none. Without this, a new machine builds no kernel.

The PoCL of `pocl-binary-distribution` 3.0 holds LLVM 14. On a processor younger than that (seen: AMD family 26, 2026-11) LLVM's
host detection answers "generic"; PoCL hands clang `-target-cpu generic`, and clang refuses it: `unknown target CPU 'generic'`. No
build option or environment variable reaches that flag, so the name is replaced in PoCL's device record, once a process.

The name chosen is the one that PoCL's built-in library for this machine was compiled for: LLVM inlines a built-in only into a
kernel whose features include the built-in's (a call in a hot loop costs 3 to 10 times).
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from functools import cache
from pathlib import Path
from typing import Any

NAMES: tuple[tuple[frozenset[str], bytes], ...] = (
    (frozenset({"avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"}), b"skylake-avx512"),
    (frozenset({"avx2", "fma", "bmi1", "bmi2", "f16c"}), b"haswell"),
    (frozenset({"avx"}), b"sandybridge"),
    (frozenset(), b"x86-64"),
)
"""Processor flags a name needs, most capable first: those of the library files that the wheel ships."""

_RECORD_BYTES = 4096  # PoCL 3.0's device record; the two names lie at bytes 632 and 640
_keep: list[ctypes.Array[ctypes.c_char]] = []  # PoCL reads the name at every build


def needs_name(platform_version: str) -> bool:
    """Whether this is a PoCL whose compiler refuses the name "generic": those up to LLVM 15 on Linux x86-64."""
    return sys.platform == "linux" and "PoCL" in platform_version and any(f"LLVM {n}." in platform_version for n in (13, 14, 15))


@cache
def name_for(flags: frozenset[str]) -> bytes:
    """The name of the most capable processor whose features are all among `flags`, as /proc/cpuinfo spells them."""
    return next(name for needed, name in NAMES if needed <= flags)


def give_name(device: Any) -> str | None:
    """Name the processor of a PoCL `pyopencl.Device`; returns the name given, or None where PoCL has a usable one.

    Errors   none: a record that does not look as expected is left alone, and the build then fails with PoCL's own words
    """
    if not needs_name(str(device.platform.version)):
        return None
    record: int = device.int_ptr
    try:
        memory = os.open("/proc/self/mem", os.O_RDONLY)
    except OSError:
        return None
    try:
        place = _find_name(memory, record)
    finally:
        os.close(memory)
    if place is None:
        return None
    name = name_for(frozenset(_flags()))
    _keep.append(ctypes.create_string_buffer(name))
    ctypes.c_uint64.from_address(place).value = ctypes.addressof(_keep[-1])
    return name.decode()


def _find_name(memory: int, record: int) -> int | None:
    """The address of the pointer to the name "generic": it follows the one to the target triple."""

    def read(address: int, size: int) -> bytes:
        try:  # through the file, because an address that is not mapped is then an error and no crash
            return os.pread(memory, size, address)
        except (OSError, OverflowError):
            return b""

    block = read(record, _RECORD_BYTES)
    pointers = struct.unpack(f"{len(block) // 8}Q", block[: len(block) // 8 * 8])
    for index in range(len(pointers) - 1):
        if read(pointers[index + 1], 8) == b"generic\0" and read(pointers[index], 7) == b"x86_64-":
            return record + 8 * (index + 1)
    return None


def _flags() -> list[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return line.split(":", 1)[1].split()
    return []
