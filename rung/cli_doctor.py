"""Say which devices, compilers and judges this machine has, and what to install for those it lacks.

Each device is tried for real: a kernel is built, run and checked, in a process of its own, so that a driver that crashes or hangs
is a line of the report. Exit code 0 where at least one device works, 1 where none does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

SUMMARY = "say which devices, compilers and judges this machine has"
PROBE_SECONDS = 60  # a first build loads PoCL's built-in library: 1.1-1.7 s on a quiet machine, 2026-11


@dataclass(frozen=True)
class Finding:
    """One line of the report: `ok` is None where absence is no fault; `remedy` says what to do where it is."""

    name: str
    ok: bool | None
    detail: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the same as JSON, for a bug report or a script")


def run(args: argparse.Namespace) -> int:
    report: dict[str, list[Finding]] = {}
    for title, find in SECTIONS.items():
        if not args.json:
            print(f"{title}")
        report[title] = []
        for finding in find():
            report[title].append(finding)
            if not args.json:
                show(finding)
    usable = any(finding.ok for finding in report["devices"])
    if args.json:
        print(json.dumps({title: [vars(f) for f in findings] for title, findings in report.items()}, indent=2))
    elif not usable:
        print("\nNo device can run kernels here. Printing every rung still works, and so does the reference evaluator.")
    return 0 if usable else 1


def show(finding: Finding) -> None:
    mark = {True: "ok", False: "--", None: "  "}[finding.ok]
    first, *rest = finding.detail.splitlines() or [""]
    print(f"  {mark:2}  {finding.name:<16} {first}")
    for line in rest:
        print(f"      {'':<16} {line}")
    if not finding.ok and finding.remedy:
        print(f"      {'':<16} -> {finding.remedy}")
    sys.stdout.flush()


def packages() -> Iterator[Finding]:
    def of(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return f"{name} absent"

    yield Finding(
        "python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )
    yield Finding("packages", True, ", ".join(of(name) for name in ("rung", "xdsl", "numpy", "ml-dtypes", "pyopencl")))


def devices() -> Iterator[Finding]:
    install = {
        "opencl": "pip install pyopencl pocl-binary-distribution, or the OpenCL driver of your device",
        "cpu": "pip install llvmlite",
        "cuda": "an NVIDIA GPU with its driver, and pip install 'rung[cuda]'",
    }
    for kind in ("opencl", "cpu", "cuda"):
        found, problem = probe(kind)
        for device in found:
            yield Finding(kind, device["ok"], f"{device['name']}\n{device['detail']}", device.get("remedy", ""))
        if not found:
            yield Finding(kind, None if kind == "cuda" else False, problem or "no device", install[kind])


def probe(kind: str) -> tuple[list[dict[str, Any]], str]:
    """The devices of one kind as a process of its own reports them; else why there are none."""
    command = [sys.executable, "-m", "rung.cli_doctor", kind]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        return [], f"its driver did not answer within {PROBE_SECONDS} s"
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()[-1:] or [f"its driver ended the process with code {done.returncode}"]
        return [], words[0]
    return json.loads(done.stdout.splitlines()[-1]), ""


DOUBLE = "__kernel void twice(__global float *x) { x[get_global_id(0)] *= 2.0f; }"


def probe_opencl() -> list[dict[str, Any]]:
    """Every OpenCL device; on each, a kernel is built, run and checked."""
    import numpy as np

    from rung.backends.opencl.pocl import name_unknown_cpu, pin_workers

    pin_workers()
    os.environ["PYOPENCL_NO_CACHE"] = "1"
    cl: Any = import_module("pyopencl")
    found: list[dict[str, Any]] = []
    for platform_ in cl.get_platforms():
        for device in platform_.get_devices():
            megabytes = device.global_mem_size >> 20
            facts = f"{device.max_compute_units} units, {megabytes} MiB, {device.local_mem_size >> 10} KiB workgroup memory"
            fp64 = "fp64" if "cl_khr_fp64" in device.extensions else "no fp64"
            renamed = name_unknown_cpu(device)
            fp64 += f", called {renamed} because PoCL's LLVM does not know it" if renamed else ""
            record = {"name": f"{device.name.strip()} by {platform_.name.strip()}, {platform_.version.split('  ')[0].strip()}"}
            start = time.perf_counter()
            try:
                context = cl.Context([device])
                queue = cl.CommandQueue(context)
                data = np.arange(8, dtype=np.float32)
                buffer = cl.Buffer(context, cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR, hostbuf=data)
                cl.Program(context, DOUBLE).build().twice(queue, (8,), None, buffer)
                out = np.empty_like(data)
                cl.enqueue_copy(queue, out, buffer)
                ok = bool((out == 2 * data).all())
                verdict = "built and ran a kernel" if ok else "a kernel ran and its result is wrong"
            except Exception as problem:
                ok, verdict = False, f"a kernel did not run: {str(problem).splitlines()[0]}"
            took = time.perf_counter() - start
            found.append(record | {"ok": ok, "detail": f"{facts}, {fp64}; {verdict} in {took:.2f} s"})
    return found


def probe_cuda() -> list[dict[str, Any]]:
    """Every CUDA device that cupy sees."""
    cupy: Any = import_module("cupy")
    found: list[dict[str, Any]] = []
    for index in range(cupy.cuda.runtime.getDeviceCount()):
        facts = cupy.cuda.runtime.getDeviceProperties(index)
        with cupy.cuda.Device(index):
            ok = float((cupy.arange(4) * 2).sum()) == 12.0
        detail = f"sm_{facts['major']}{facts['minor']}, {facts['multiProcessorCount']} units, {facts['totalGlobalMem'] >> 20} MiB"
        verdict = f"{'ran' if ok else 'did not run'} a kernel, cupy {cupy.__version__}"
        found.append({"name": facts["name"].decode(), "ok": ok, "detail": f"{detail}; {verdict}"})
    return found


LLVM_DOUBLE = """
define void @twice(ptr %x) {
  %old = load float, ptr %x
  %new = fadd float %old, %old
  store float %new, ptr %x
  ret void
}"""


def probe_cpu() -> list[dict[str, Any]]:
    """This processor by llvmlite; a function is compiled, run and checked."""
    import numpy as np

    from rung.backends.cpu import engine

    if (problem := engine.problem()) is not None:
        raise RuntimeError(problem)
    start, x = time.perf_counter(), np.full(1, 21, np.float32)
    engine.load(engine.compile_text(LLVM_DOUBLE), ["twice"])["twice"](x.ctypes.data)
    took = time.perf_counter() - start
    facts = f"{engine.threads()} threads, vectors of {engine.vector_bits()} bits"
    verdict = f"compiled and ran a function in {took:.2f} s" if x[0] == 42 else "a function ran and its result is wrong"
    return [{"name": f"{engine.processor()} by {engine.version()}", "ok": bool(x[0] == 42), "detail": f"{facts}; {verdict}"}]


PROBES: dict[str, Callable[[], list[dict[str, Any]]]] = {"opencl": probe_opencl, "cpu": probe_cpu, "cuda": probe_cuda}


def compilers() -> Iterator[Finding]:
    try:
        nvrtc: Any = import_module("cuda.bindings.nvrtc")
        error, major, minor = nvrtc.nvrtcVersion()
        if int(error) != 0:
            raise RuntimeError(str(error))
        _, architectures = nvrtc.nvrtcGetSupportedArchs()
        yield Finding("NVRTC", True, f"{major}.{minor}, sm_{min(architectures)} to sm_{max(architectures)}; needs no GPU")
    except Exception as problem:
        remedy = "pip install 'rung[cuda]', only to compile the CUDA text"
        yield Finding("NVRTC", None, f"absent ({type(problem).__name__})", remedy)


def judges() -> Iterator[Finding]:
    yield tool("mlir-opt-22", r"LLVM version (\S+)", "Debian package mlir-22-tools; verifies every rung")
    yield tool("mlir-runner-22", r"LLVM version (\S+)", "Debian package mlir-22-tools; runs linalg by an independent lowering")
    yield tool("oclgrind", r"Oclgrind (\S+)", "Debian package oclgrind; finds races and bad accesses")
    yield cuda_on_cpu()
    yield tool("clang", r"version (\S+)", "Debian package clang; compiles the C text as a plain C compiler would")


def cuda_on_cpu() -> Finding:
    from rung.backends.cuda.shim import compile as shim

    if (problem := shim.available()) is not None:
        return Finding("cuda-cpu", None, problem, "Debian package g++; runs the CUDA text on this processor, for tests")
    return Finding("cuda-cpu", True, f"CUDA text on the CPU (g++ {shim.version()} and a shim), for tests")


def tool(name: str, pattern: str, remedy: str) -> Finding:
    """One program on the PATH, with the version it states."""
    path = shutil.which(name)
    if path is None:
        return Finding(name, None, "absent", remedy)
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Finding(name, False, f"{path} does not answer: {problem}", remedy)
    said = re.search(pattern, done.stdout + done.stderr)
    return Finding(name, True, f"{said.group(1) if said else 'version unknown'} at {path}")


def cache() -> Iterator[Finding]:
    from rung.backends.kernel_cache import cache_folder

    folder = cache_folder()
    where = "by RUNG_CACHE_DIR" if os.environ.get("RUNG_CACHE_DIR") else "RUNG_CACHE_DIR moves it"
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    size = f"{len(files)} files, {sum(path.stat().st_size for path in files) / 2**20:.1f} MiB"
    there = next(path for path in (folder, *folder.parents) if path.exists())
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    remedy = "kernels still compile, in every process anew; set RUNG_CACHE_DIR to a folder you may write"
    yield Finding("kernels", writable, f"{folder}: {size}, {'writable' if writable else 'read-only'} ({where})", remedy)


def settings() -> Iterator[Finding]:
    affinity = os.environ.get("POCL_AFFINITY")
    yield Finding("POCL_AFFINITY", None, affinity or "unset: rung sets 1, so that PoCL's threads stay on a core each")
    for name in ("RUNG_TARGET", "RUNG_OPENCL_DEVICE", "POCL_CACHE_DIR", "OCL_ICD_VENDORS", "CUDA_PATH"):
        if os.environ.get(name):
            yield Finding(name, None, os.environ[name])


SECTIONS: dict[str, Callable[[], Iterator[Finding]]] = {
    "this": packages,
    "devices": devices,
    "compilers": compilers,
    "judges, for tests and for you; none is needed to compile": judges,
    "cache": cache,
    "settings": settings,
}

if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]]()))
