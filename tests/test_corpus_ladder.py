"""Every program of the corpus at every rung, before all judges: our evaluator, upstream's verifier, devices and compilers.

The numbers are compared after each pass, so the first pass that changes an answer is the one named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import assert_same, program, programs
from xdsl.dialects.builtin import ModuleOp

from rung.backends.machine import MACHINES
from rung.backends.reference import evaluate
from rung.backends.target import target
from rung.compile import compile_module
from rung.dialects.upstream import make_context
from rung.frontend.runtime import HostBuffer
from rung.judges.total import verify_total
from rung.passes.runner import PassRunner
from rung.pipeline import LADDER, PIPELINE

Array = np.ndarray[Any, np.dtype[Any]]
NAMES = [each.name for each in programs()]
SIDES = ("cpu", "nvidia")
"""One machine with explicit vectors and one with many threads: their default schedules take different roads."""


@dataclass(frozen=True)
class Stop:
    """The module as one pass left it."""

    after: str
    rung: str
    module: ModuleOp


@lru_cache(maxsize=4)  # the judges of one program ask one after another
def descent(name: str, machine: str) -> list[Stop]:
    """The program before the first pass and after each; ops, dominance and the rung's contract are checked on the way."""
    ctx = make_context()
    module = program(name).module()
    stops = [Stop("the program itself", "nd", module.clone())]
    runner = PassRunner(crash_dir=None)
    for step in PIPELINE:
        runner.run(ctx, module, [step.make(MACHINES[machine])], {step.name: step.rung})
        stops.append(Stop(step.name, step.rung, module.clone()))
    return stops


def ends(name: str, machine: str) -> dict[str, ModuleOp]:
    """Each rung at its end."""
    return {stop.rung: stop.module for stop in descent(name, machine)}


@lru_cache(maxsize=4)
def answer(name: str) -> tuple[list[Array], list[Array]]:
    """Inputs, and what the nd program itself gives for them."""
    each = program(name)
    inputs = each.inputs()
    return inputs, evaluate(each.module(), "main", inputs)


def as_declared(got: list[Array], want: list[Array]) -> list[Array]:
    """Below nd integers are signless: the same bits, read with the sign that the program declares."""
    return [g.view(w.dtype) if g.dtype.kind in "iu" and g.dtype != w.dtype else g for g, w in zip(got, want)]


@pytest.mark.parametrize("machine", SIDES, scope="module")
@pytest.mark.parametrize("name", NAMES, scope="module")  # the judges of one program in turn: it is lowered once
def test_every_pass_keeps_the_numbers(name: str, machine: str, verdict: Callable[..., None]) -> None:
    inputs, want = answer(name)
    before = None
    for stop in descent(name, machine):
        if (text := str(stop.module)) == before:
            continue  # the pass did nothing here
        before = text
        for order in ("forward", "shuffled") if stop.rung != "nd" else ("forward",):
            got = evaluate(stop.module, "main", inputs, thread_order=order)
            assert_same(as_declared(got, want), want, what=f"after {stop.after} on {machine}, {order} order:")
        verdict(stop.after, "structure")  # checked by the runner on the way down
        verdict(stop.after, "run")
    for rung in LADDER:
        verdict(f"rung {rung}", "structure")
        verdict(f"rung {rung}", "run")


@pytest.mark.parametrize("machine", SIDES, scope="module")
@pytest.mark.parametrize("name", NAMES, scope="module")  # the judges of one program in turn: it is lowered once
def test_upstream_accepts_every_rung(name: str, machine: str, mlir_opt: Callable[..., str], verdict: Callable[..., None]) -> None:
    below = [module for rung, module in ends(name, machine).items() if rung != "nd"]
    mlir_opt("\n// -----\n".join(str(module) for module in below), "--split-input-file")
    mlir_opt(ends(name, machine)["nd"])
    for rung in LADDER:
        verdict(f"rung {rung}", "upstream")


SEEN: dict[str, Counter[str]] = {rung: Counter() for rung in LADDER[2:]}
"""By rung: accesses that were proved in bounds, and what that took."""


@pytest.mark.parametrize("machine", SIDES, scope="module")
@pytest.mark.parametrize("name", NAMES, scope="module")
def test_every_pass_below_linalg_leaves_a_program_that_is_proved_total(
    name: str, machine: str, verdict: Callable[..., None]
) -> None:
    before = None
    for stop in descent(name, machine):
        if stop.rung not in SEEN or (text := str(stop.module)) == before:
            continue
        before = text
        report = verify_total(stop.module, workgroup_bytes=MACHINES[machine].workgroup_bytes)
        assert report.total, f"after {stop.after} on {machine}: {report.findings[0]}"
        verdict(stop.after, "total")
    for rung, module in ends(name, machine).items():
        if rung in SEEN:
            report = verify_total(module)
            SEEN[rung].update(alone=report.proved, guarded=report.guarded, data=report.data_dependent)
            verdict(f"rung {rung}", "total")


def test_share_of_accesses_that_need_a_guard_is_small() -> None:
    """Guards are where a program pads (2 % on loops, 1 % on vector), and around surplus threads (a third on gpu); 2026-11."""
    if not any(SEEN["loops"].values()):
        pytest.skip("no program was proved in this process")
    for rung, limit in (("loops", 0.1), ("vector", 0.1), ("gpu", 0.7)):
        seen = SEEN[rung]
        assert seen["guarded"] <= limit * seen.total() + 4, f"{rung}: {dict(seen)}"
        assert seen["data"] == 0, f"{rung}: nothing in the corpus computes an index from memory"


@pytest.mark.parametrize("name", NAMES, scope="module")
def test_opencl_computes_the_same_without_a_warning(name: str, pocl: None, verdict: Callable[..., None]) -> None:
    inputs, want = answer(name)
    compiled = compile_module(program(name).module(), "opencl", function="main", cache=False)
    got = [buffer.numpy() for buffer in compiled.run([HostBuffer(array) for array in inputs])]
    assert_same(got, want, what="opencl")
    assert build_log(compiled) == ""
    verdict("OpenCL C", "PoCL runs it")


@pytest.mark.parametrize("name", NAMES, scope="module")
def test_cpu_computes_the_same(name: str, verdict: Callable[..., None]) -> None:
    inputs, want = answer(name)
    compiled = compile_module(program(name).module(), "cpu", function="main", cache=False)
    got = [buffer.numpy() for buffer in compiled.run([HostBuffer(array) for array in inputs])]
    assert_same(got, want, what="cpu")
    verdict("LLVM IR", "the processor runs it")


def build_log(compiled: Any) -> str:
    """What the driver's compiler said of the source."""
    executable = compiled.executable
    log = executable.program.get_build_info(executable.runtime.device, executable.runtime.cl.program_build_info.LOG)
    return str(log).strip()


@pytest.mark.parametrize("name", NAMES, scope="module")
def test_nvrtc_compiles_the_cuda_text_without_a_warning(name: str, nvrtc: Any, verdict: Callable[..., None]) -> None:
    source = target("cuda").spell(ends(name, "nvidia")["gpu"])
    for arch in ("sm_80", "sm_90"):
        assert "warning" not in nvrtc.compile_cubin(source, arch).log
    verdict("CUDA C", "NVRTC compiles it")


BEYOND_OCLGRIND = {"unary_f16", "unary_bf16", "unary_f32", "unary_f64", "unary_integers"}
"""oclgrind 21.10 ends with "undefined external function" at trunc of a vector and abs of a byte (2026-11)."""


def test_oclgrind_finds_no_race_and_no_bad_access(
    oclgrind: str, repository: Path, tmp_path: Path, verdict: Callable[..., None]
) -> None:
    names = [name for name in NAMES if name not in BEYOND_OCLGRIND]
    log = str(tmp_path / "oclgrind.log")
    command = [oclgrind, "--data-races", "--log", log, sys.executable, str(repository / "tests/corpus/under_oclgrind.py"), *names]
    done = subprocess.run(command, env={**os.environ, "OCLGRIND_LOG": log}, capture_output=True, text=True, cwd=tmp_path)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [each["name"] for each in found] == names, done.stderr[-3000:]
    wrong = {each["name"]: each["wrong"] for each in found if each["wrong"]}
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())
    verdict("OpenCL C", "oclgrind", len(names))


def test_oclgrind_would_find_a_bad_access(oclgrind: str, tmp_path: Path) -> None:
    log = tmp_path / "oclgrind.log"
    host = """
import numpy as np, pyopencl as cl
context = cl.create_some_context(interactive=False)
queue = cl.CommandQueue(context)
out = cl.Buffer(context, cl.mem_flags.READ_WRITE, 16)
cl.Program(context, "__kernel void k(__global int *o) { o[get_global_id(0)] = 1; }").build().k(queue, (5,), None, out)
queue.finish()
"""
    subprocess.run([oclgrind, "--data-races", "--log", str(log), sys.executable, "-c", host], check=True, capture_output=True)
    assert "Invalid write of size 4" in log.read_text()


def test_corpus_is_large_and_reaches_every_rung() -> None:
    assert len(NAMES) >= 60
    assert tuple(ends(NAMES[0], "cpu")) == LADDER
