"""CUDA C++ to machine code by NVRTC, which comes from pip and needs no GPU."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..errors import BuildError, missing_device
from ..sources import keep_source


@dataclass(frozen=True)
class Cubin:
    """Machine code of one architecture, and what the compilers said about it."""

    arch: str
    code: bytes
    log: str

    @property
    def spills(self) -> dict[str, int]:
        """Bytes that each kernel spills to memory, of those that spill: registers did not suffice."""
        found: dict[str, int] = {}
        for function, text in _per_function(self.log):
            stores = sum(int(number) for number in re.findall(r"(\d+) bytes spill (?:stores|loads)", text))
            if stores:
                found[function] = stores
        return found

    @property
    def registers(self) -> dict[str, int]:
        """Registers a thread, by kernel."""
        return {name: int(m[1]) for name, text in _per_function(self.log) if (m := re.search(r"Used (\d+) registers", text))}


def _per_function(log: str) -> list[tuple[str, str]]:
    pieces = re.split(r"Compiling entry function '(\w+)'", log)
    return list(zip(pieces[1::2], pieces[2::2]))


def _nvrtc() -> Any:
    return import_module("cuda.bindings.nvrtc")


def available() -> str | None:
    """Why nothing can be compiled here; None where it can."""
    try:
        _nvrtc().nvrtcVersion()
    except Exception as problem:
        return f"NVRTC is not installed ({type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''})"
    return None


def version() -> str:
    return ".".join(map(str, _checked(_nvrtc().nvrtcVersion())))


def compile_cubin(source: str, arch: str) -> Cubin:
    """Machine code for an architecture such as `sm_90`, floats as IEEE-754 has them (no flush of subnormals).

    Raises BuildError with the log, the source kept in a file; DeviceError where NVRTC is not installed.
    """
    problem = available()
    if problem is not None:
        raise missing_device("cuda", problem)
    nvrtc = _nvrtc()
    options = [f"-arch={arch}".encode(), b"-std=c++17", b"--ptxas-options=-v"]
    program = _checked(nvrtc.nvrtcCreateProgram(source.encode(), b"rung.cu", 0, [], []))[0]
    try:
        (status,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        log = _text(program, nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog).decode(errors="replace").strip("\0\n ")
        if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            raise BuildError(
                f"cuda: NVRTC {version()} refuses a source of ours for {arch}, kept in {keep_source(source, 'cu')}\n{log}"
            )
        return Cubin(arch, _text(program, nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN), log)
    finally:
        nvrtc.nvrtcDestroyProgram(program)


def _text(program: Any, size_of: Any, get: Any) -> bytes:
    (size,) = _checked(size_of(program))
    data = b" " * size
    _checked(get(program, data))
    return data


def _checked(result: tuple[Any, ...]) -> tuple[Any, ...]:
    status, *values = result
    if int(status) != 0:
        raise BuildError(f"cuda: NVRTC answers {status}")
    return tuple(values)
