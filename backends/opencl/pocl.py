"""Two habits of PoCL that have to be known before its first call: thread pinning, and CPUs newer than its compiler.

Unknown CPUs: the PoCL of PyPI (3.0-rc2, LLVM 14, 2022) asks LLVM for the name of the CPU. Of one it has never met (Zen 4, Zen 5,
...) LLVM says "generic", PoCL hands that name to clang, and clang refuses every program (`unknown target CPU`). There is no
option or environment variable for the name, and the last `-target-cpu` wins, which is PoCL's own. So the name is replaced where
PoCL keeps it: one pointer in the device record that `cl_device_id` points to. Nothing is written unless exactly one such
pointer is found. Seen on an EPYC of family 26 in November 2026; to be deleted when a newer PoCL is on PyPI.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyopencl as cl

_DEVICE_RECORD_BYTES = 2048
"""How far the record is searched. In 3.0-rc2 the name lies at byte 640."""

_names: dict[str, ctypes.Array[ctypes.c_char]] = {}
"""The replacement names: PoCL keeps pointers to them as long as the process lives."""


def pin_workers() -> None:
    """Have PoCL pin its worker threads unless the user decided otherwise. Of use only before the first OpenCL call.

    Without it both workers may share one core: 5 of 8 processes in a test of ours had a launch at half speed.
    """
    os.environ.setdefault("POCL_AFFINITY", "1")


def name_unknown_cpu(device: cl.Device) -> str | None:
    """Give PoCL a CPU name that its clang knows, if it has none; the name, or None where nothing was to be done."""
    if "PoCL 3.0" not in device.platform.version or not device.version.endswith("-generic"):
        return None
    name = _nearest_known_cpu()
    pointer = _find_name(device.int_ptr)
    if name is None or pointer is None:
        return None
    text = _names.setdefault(name, ctypes.create_string_buffer(name.encode()))
    ctypes.c_uint64.from_address(pointer).value = ctypes.addressof(text)
    return name


_LIBRARIES = (
    ("skylake-avx512", {"avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"}),
    ("haswell", {"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"}),
    ("sandybridge", {"avx"}),
)
"""The CPUs that the wheel's built-in libraries are compiled for, and the flags by which PoCL picks one, best first."""


def _nearest_known_cpu() -> str | None:
    """The CPU that PoCL's built-in library for this machine was compiled for.

    LLVM inlines a built-in (vload8, exp, ...) only where the kernel's CPU has all the features of the library's. Measured on the
    EPYC above with vload8 in a matmul: 164 GF by this name, 27 by znver3 or x86-64-v4.
    """
    if platform.machine() != "x86_64":
        return None
    try:
        with open("/proc/cpuinfo") as file:
            lines = file.read().split("\n\n")[0].splitlines()
    except OSError:
        return None
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set[str]())
    return next((name for name, needed in _LIBRARIES if needed <= flags), "x86-64")


def _find_name(record: int) -> int | None:
    """The address, inside the device record, of the pointer to the string "generic" that follows the one to the target triple."""
    try:
        # Reads through the file cannot fault, whatever the words of the record may point to.
        with open("/proc/self/mem", "rb", buffering=0) as memory:

            def read(address: int, size: int) -> bytes:
                try:
                    memory.seek(address)
                    return memory.read(size)
                except (OSError, OverflowError, ValueError):
                    return b""

            words = [word for (word,) in struct.iter_unpack("<Q", read(record, _DEVICE_RECORD_BYTES))]
            # The memory behind the record may hold old pointers to such a string too; only the record has the triple before it.
            found = [
                record + 8 * number
                for number in range(1, len(words))
                if read(words[number], 8) == b"generic\0" and read(words[number - 1], 7) == b"x86_64-"
            ]
    except OSError:
        return None
    return found[0] if len(found) == 1 else None
