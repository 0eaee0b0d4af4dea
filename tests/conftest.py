"""What every test may ask for: the upstream judge, race finder and devices of this machine, and seeded random numbers.

A judge that is absent skips its tests with a reason. Under CI an absent judge fails instead, so that green means judged.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

# The whole run gets one empty kernel cache, made by the first process and inherited by pytest-xdist's workers: no test may pass
# because of what an earlier run compiled. Environment variables are set here, before any test imports a driver.
_OWN_CACHE = "PYTEST_XDIST_WORKER" not in os.environ
if _OWN_CACHE:
    os.environ["RUNG_CACHE_DIR"] = tempfile.mkdtemp(prefix="rung-test-cache-")
os.environ["PYOPENCL_NO_CACHE"] = "1"
os.environ.setdefault("PYOPENCL_COMPILER_OUTPUT", "0")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _OWN_CACHE:
        shutil.rmtree(os.environ["RUNG_CACHE_DIR"], ignore_errors=True)


# What was judged by whom in this run, for the table of docs/judges.md: tests say it through the fixture `verdict`.
VERDICTS = Path(__file__).resolve().parent.parent / "build" / "verdicts.json"
_counted: Counter[tuple[str, str]] = Counter()


@pytest.fixture
def verdict(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`verdict(subject, judge, times=1)`: in this test `judge` looked at what `subject` (a pass, or `rung gpu`) had made.

    Counted if the test passes. `subject` is a pass of the pipeline that changed the program, or a rung that a program reached.
    """

    def count(subject: str, judge: str, times: int = 1) -> None:
        request.node.user_properties.append(("verdict", [subject, judge, times]))

    return count


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        for name, value in report.user_properties:
            if name == "verdict" and isinstance(value, list):
                subject, judge, times = value
                _counted[subject, judge] += times


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _OWN_CACHE and _counted:
        VERDICTS.parent.mkdir(exist_ok=True)
        rows = [[subject, judge, times] for (subject, judge), times in sorted(_counted.items())]
        VERDICTS.write_text(json.dumps(rows, indent=0) + "\n")


def absent(what: str, remedy: str, *, required: bool = True) -> None:
    """Skip, or under CI fail, because `what` is not on this machine."""
    reason = f"{what} is absent ({remedy})"
    if CI and required:
        pytest.fail(reason)
    pytest.skip(reason)


def numbered(text: str) -> str:
    return "\n".join(f"{i:4} {line}" for i, line in enumerate(text.splitlines(), 1))


@pytest.fixture(scope="session")
def mlir_opt() -> Callable[..., str]:
    """`mlir_opt(text_or_module, *flags) -> str`: what upstream prints after parsing and verifying; fails with its message.

    A program on the `nd` rung is sent in generic form as an unregistered dialect: upstream then checks structure, dominance and
    types, and leaves the meaning of `nd` to us.
    """
    tool = shutil.which("mlir-opt-22")
    if tool is None:
        absent("mlir-opt-22", "Debian package mlir-22-tools")

    def run(program: object, *flags: str) -> str:
        text = program if isinstance(program, str) else str(program)
        if "nd." in text and "allow-unregistered-dialect" not in " ".join(flags):
            text, flags = _generic_if_nd(text, flags)
        done = subprocess.run([str(tool), *flags], input=text, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            pytest.fail(f"mlir-opt-22 refuses:\n{done.stderr[:4000]}\n{numbered(text)[:20000]}", pytrace=False)
        return done.stdout

    return run


def _generic_if_nd(text: str, flags: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The generic form of `text` with the flag that admits it, where the program really holds an `nd` op."""
    from io import StringIO

    from xdsl.printer import Printer

    from rung.dialects.upstream import parse

    module = parse(text)
    if not any(op.name.startswith("nd.") for op in module.walk()):
        return text, flags
    out = StringIO()
    Printer(out, print_generic_format=True).print_op(module)
    return out.getvalue(), ("--allow-unregistered-dialect", *flags)


@pytest.fixture(scope="session")
def oclgrind() -> str:
    """The path of oclgrind, which runs a host program on a simulated device and reports races and bad accesses."""
    tool = shutil.which("oclgrind")
    if tool is None:
        absent("oclgrind", "Debian package oclgrind", required=False)
    return str(tool)


@pytest.fixture(scope="session")
def pocl() -> None:
    """Skips, under CI fails, where no OpenCL device answers."""
    try:
        import pyopencl as cl

        devices = [device for platform in cl.get_platforms() for device in platform.get_devices()]
    except Exception as problem:
        return absent("an OpenCL device", f"{type(problem).__name__}: {problem}; pip install pyopencl pocl-binary-distribution")
    if not devices:
        absent("an OpenCL device", "pip install pocl-binary-distribution, or see `rung doctor`")
    return None


@pytest.fixture(scope="session")
def nvrtc() -> ModuleType:
    """`rung.backends.cuda.nvrtc`, whose compiler needs no GPU."""
    from rung.backends.cuda import nvrtc

    if (problem := nvrtc.available()) is not None:
        absent("NVRTC", f"pip install 'rung[dev]'; {problem}")
    return nvrtc


@pytest.fixture(scope="session")
def cuda_cpu() -> Any:
    """The target that runs CUDA text on this processor."""
    from rung.backends.cuda.shim.target import CUDA_ON_CPU

    if (problem := CUDA_ON_CPU.available()) is not None:
        absent("the compiler of the CUDA shim", f"{problem}; Debian package g++, since 2026-11")
    return CUDA_ON_CPU


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _gpu_problem() -> str | None:
    """Why no NVIDIA GPU can be used here; None where one can."""
    try:
        import cupy  # pyright: ignore[reportMissingImports]

        count: int = cupy.cuda.runtime.getDeviceCount()
    except Exception as problem:
        return f"{type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else 'no reason given'}"
    return None if count else "cupy sees no device"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in config.option.markexpr:  # `pytest -m slow` runs them
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
    gpu_items = [item for item in items if item.get_closest_marker("gpu")]
    if gpu_items and (problem := _gpu_problem()) is not None:
        for item in gpu_items:
            item.add_marker(pytest.mark.skip(reason=f"no NVIDIA GPU: {problem}"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the source tree that the tests lie in."""
    return Path(__file__).resolve().parent.parent
