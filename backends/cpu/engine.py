"""llvmlite in a few words: LLVM IR to an object file, an object file to functions of this process.

Compiled for the processor this runs on. The thread pool (pool.ll) is compiled once in a process, when the first kernel is loaded.
"""

from __future__ import annotations

import atexit
import ctypes
import os
from functools import cache
from importlib.resources import files
from threading import RLock
from typing import Any

from ..errors import BuildError
from ..sources import keep_source

_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\x64\x86")
"""How object files begin: ELF, Mach-O, COFF."""

LOCK = RLock()
"""LLVM's state and the pool belong to one thread at a time."""

_ALIVE: list[Any] = []
"""Engines of loaded code that threads may be running: freed by the end of the process only."""


@cache
def _llvm() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def _machine() -> Any:
    llvm = _llvm()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=processor(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True, reloc="default"
    )


def processor() -> str:
    """LLVM's name of this processor."""
    return str(_llvm().get_host_cpu_name())


@cache
def vector_bits() -> int:
    """Of the widest vectors that this processor computes with."""
    features = _llvm().get_host_cpu_features()
    return next((bits for name, bits in (("avx512f", 512), ("avx2", 256), ("avx", 256)) if features.get(name)), 128)


def version() -> str:
    """Of llvmlite and its LLVM."""
    import llvmlite

    return f"llvmlite {llvmlite.__version__}, LLVM {'.'.join(map(str, _llvm().llvm_version_info))}"


def problem() -> str | None:
    """Why nothing can be compiled here; None where it can."""
    try:
        _llvm()
    except (ImportError, OSError, RuntimeError) as failure:
        return f"llvmlite is not installed ({failure})" if isinstance(failure, ImportError) else str(failure)
    return None


def compile_text(text: str, *, level: int = 3) -> bytes:
    """LLVM IR as an object file. Raises BuildError with LLVM's message; the text is kept in a file."""
    llvm = _llvm()
    with LOCK:
        try:
            module = llvm.parse_assembly(text)
            module.verify()
        except RuntimeError as failure:
            kept = keep_source(text, "ll")
            raise BuildError(f"cpu: LLVM refuses IR of ours, kept in {kept}\n{str(failure).strip()}") from failure
        module.triple, machine = llvm.get_process_triple(), _machine()
        module.data_layout = str(machine.target_data)
        options = llvm.create_pipeline_tuning_options(speed_level=level)
        options.loop_vectorization = options.slp_vectorization = False  # lanes were chosen above; guessing again costs time
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
        return bytes(machine.emit_object(module))


def load(image: bytes, names: list[str], *, needs_pool: bool = True) -> dict[str, Any]:
    """Functions of an object file, by name, as ctypes functions of one pointer. Raises BuildError where it is none of ours."""
    llvm = _llvm()
    if not image.startswith(_MAGIC):  # LLVM would end the process; for the rest there is the checksum
        raise BuildError(f"cpu: {len(image)} bytes that begin with {image[:4]!r} are no object file")
    with LOCK:
        if needs_pool:
            pool()
        try:
            engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
            engine.add_object_file(llvm.ObjectFileRef.from_data(image))
            engine.finalize_object()
            addresses = {name: engine.get_function_address(name) for name in names}
        except RuntimeError as failure:
            raise BuildError(f"cpu: LLVM does not load the object file: {failure}") from failure
        _ALIVE.append(engine)
    if missing := [name for name, address in addresses.items() if not address]:
        raise BuildError(f"cpu: the object file lacks {', '.join(missing)}")
    return {name: ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address) for name, address in addresses.items()}


@cache
def pool() -> int:
    """Compile and start the thread pool; the number of its threads, the caller's not counted."""
    text = files("rung.backends.cpu").joinpath("pool.ll").read_text(encoding="utf-8")
    if not (triple := _llvm().get_process_triple()).startswith(("x86_64", "i686")):
        arm = triple.startswith(("aarch64", "arm64"))
        text = text.replace("  call void @llvm.x86.sse2.pause()\n", "  call void @llvm.aarch64.hint(i32 1)\n" if arm else "")
    engine = _llvm().create_mcjit_compiler(_llvm().parse_assembly(""), _machine())
    engine.add_object_file(_llvm().ObjectFileRef.from_data(compile_text(text, level=1)))
    engine.finalize_object()
    _ALIVE.append(engine)
    _llvm().add_symbol("rung_parallel", engine.get_function_address("rung_parallel"))
    start = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(engine.get_function_address("rung_start"))
    stop = ctypes.CFUNCTYPE(None)(engine.get_function_address("rung_stop"))
    count = max(0, threads() - 1)
    started = int(start(count))
    os.register_at_fork(after_in_child=lambda: start(count))
    atexit.register(stop)
    return started


def threads() -> int:
    """How many threads run blocks: RUNG_THREADS, else the processors that this process may use."""
    wanted = os.environ.get("RUNG_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
