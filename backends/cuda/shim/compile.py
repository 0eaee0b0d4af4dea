"""CUDA text to an executable for this machine: the text as it is, between the shim's header and a list of its kernels."""

from __future__ import annotations

import atexit
import hashlib
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from weakref import finalize

from ...errors import BuildError, missing_device
from ...sources import keep_source

FOLDER = Path(__file__).parent
COMMON = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-pie")
CHECKS = "alignment,bounds,integer-divide-by-zero,shift,signed-integer-overflow,return,unreachable"
KERNELS = (
    *("-O1", "-g1", "-gdwarf-4"),  # -O1 compiles twice as fast as -O2 and, with these checks, as fast as -O0
    "-fstack-clash-protection",  # a frame of many pages touches each, and so the guard below the stack
    *("-nostdinc++", "-fno-toplevel-reorder", "-ffp-contract=off", "-ftrivial-auto-var-init=pattern"),
    *("-fsanitize=thread", f"-fsanitize={CHECKS}"),
)
LINK = ("-no-pie", "-nodefaultlibs", "-lm", "-lc", "-lgcc")
_KERNEL = re.compile(r'^extern "C" __global__ void (?:__launch_bounds__\([\d, ]+\) )?(\w+)\(', re.MULTILINE)


@cache
def version() -> str | None:
    """Of the g++ on the PATH, such as `12.2.0`; None where there is none that makes 12 or newer."""
    tool = shutil.which("g++")
    if tool is None:
        return None
    done = subprocess.run([tool, "-dumpfullversion"], capture_output=True, text=True)
    found = done.stdout.strip()
    return found if done.returncode == 0 and re.match(r"1[2-9]|[2-9]\d", found) else None


def available() -> str | None:
    """Why nothing can be compiled here; None where it can."""
    if platform.system() != "Linux":
        return f"the shim needs Linux, found {platform.system()}"
    return None if version() is not None else "no g++ of version 12 or newer on the PATH"


@cache
def shim_fingerprint() -> str:
    """A hash of the shim's own sources."""
    sources = sorted([*FOLDER.glob("*.h"), *FOLDER.glob("*.cpp"), Path(__file__)])
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]


_OURS = "using ::rung_from_f16; using ::rung_to_f16; using ::rung_to_bf16;"  # the text's own overloads would hide them


def wrapped(sources: Sequence[str]) -> str:
    """One text of several sources, each in a namespace. Kernels get names of our own: `read` must not be taken for libc's."""
    lines, table = [f'#include "{FOLDER / "cuda_on_cpu.h"}"'], list[str]()
    for number, source in enumerate(sources):
        names = _KERNEL.findall(source)
        # as functions: a kernel @y must leave blockIdx.y alone
        lines += [f"#define {name}(...) rung_{number}_{name}(__VA_ARGS__)" for name in names]
        lines += [f"namespace rung_{number} {{ {_OURS}", f'#line 1 "kernels{number}.cu"', source.rstrip("\n"), "}"]
        lines += [f"#undef {name}" for name in names]
        for name in names:
            call = f"rung_apply(rung_{number}::rung_{number}_{name}, args)"
            table.append(f'  {{"{number}.{name}", [](void *const *args) {{ {call}; }}}},')
    return "\n".join(
        [*lines, '#line 1 "table"', "extern const rung_kernel rung_kernels[] = {", *table, "  {nullptr, nullptr}};", ""]
    )


_numbers = count()


@cache
def work_folder() -> Path:
    """Where this process keeps what it compiles, as long as it lives."""
    folder = Path(tempfile.mkdtemp(prefix="rung-cuda-cpu-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def new_path(suffix: str) -> Path:
    return work_folder() / f"{next(_numbers)}{suffix}"


@cache
def runtime_object() -> Path:
    """The shim's own half, compiled once in a process (0.6 s)."""
    path = work_folder() / "runtime.o"
    _compiled(["-O2", *COMMON, "-c", str(FOLDER / "runtime.cpp"), "-o", str(path)], ())
    return path


class Program:
    """An executable of the kernels of some sources; a file that goes with it."""

    def __init__(self, path: Path, sources: Sequence[str]):
        self.path, self.sources = path, tuple(sources)
        finalize(self, path.unlink, missing_ok=True).atexit = False

    @staticmethod
    def of(binary: bytes, sources: Sequence[str]) -> Program:
        """From the bytes of such a file."""
        path = new_path("")
        path.write_bytes(binary)
        path.chmod(0o700)
        return Program(path, sources)


def build(*sources: str) -> Program:
    """Compile sources together. Raises BuildError with the compiler's log; DeviceError without a compiler."""
    if (problem := available()) is not None:
        raise missing_device("cuda-cpu", problem)
    text, path = new_path(".cpp"), new_path("")
    text.write_text(wrapped(sources))
    kernels = text.with_suffix(".o")
    try:
        _compiled([*COMMON, *KERNELS, "-c", str(text), "-o", str(kernels)], sources)
        _compiled([str(kernels), str(runtime_object()), *LINK, "-o", str(path)], sources)
    finally:
        text.unlink()
        kernels.unlink(missing_ok=True)
    return Program(path, sources)


def _compiled(arguments: list[str], sources: Sequence[str]) -> None:
    done = subprocess.run([shutil.which("g++") or "g++", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        kept = f", kept in {keep_source(chr(10).join(sources), 'cu')}" if sources else ""
        raise BuildError(f"cuda-cpu: g++ {version()} refuses a source of ours{kept}\n{done.stderr.strip()}")


def line_of(program: Program, pc: int) -> int | None:
    """The line of its source that a return address belongs to, where binutils are there to say."""
    tool = shutil.which("addr2line")
    if tool is None or not pc:
        return None
    done = subprocess.run([tool, "-e", str(program.path), hex(pc - 1)], capture_output=True, text=True)
    found = re.match(r".*kernels\d+\.cu:(\d+)", done.stdout)
    return int(found[1]) if found else None
