"""Small modules on the gpu rung, and how to run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

Array = np.ndarray[Any, np.dtype[Any]]


def make_module(
    params: Sequence[tuple[str, str]],
    body: str,
    *,
    outs: int = 1,
    grid: Sequence[int] = (1, 1, 1),
    block: Sequence[int] = (1, 1, 1),
    shared: str = "",
    kernel: str = "k",
) -> str:
    """A module whose `@main` launches one kernel with this body over all its parameters, (name, type) each."""
    listed = ", ".join(f"%{name}: {type_}" for name, type_ in params)
    passed = ", ".join(f"%{name} : {type_}" for name, type_ in params)
    constants = "\n".join(f"    %n{size} = arith.constant {size} : index" for size in sorted({*grid, *block}))
    blocks, threads = (", ".join(f"%n{size}" for size in dims) for dims in (grid, block))
    known = [f"known_{what}_size = array<i32: {', '.join(map(str, dims))}>" for what, dims in (("block", block), ("grid", grid))]
    workgroup = f"workgroup({shared}) " if shared else ""
    return f"""module attributes {{gpu.container_module}} {{
  func.func @main({listed}) attributes {{outs = {outs} : i64}} {{
{constants}
    gpu.launch_func @kernels::@{kernel} blocks in ({blocks}) threads in ({threads}) args({passed})
    return
  }}
  gpu.module @kernels {{
    gpu.func @{kernel}({listed}) {workgroup}kernel attributes {{{", ".join(known)}}} {{
{body}
      gpu.return
    }}
  }}
}}
"""


@pytest.fixture(scope="session")
def gpu_module() -> Callable[..., str]:
    """The text of a module with one kernel: `gpu_module([("x", "memref<8xf32>"), ...], body, outs=1, grid=(4, 1, 1))`."""
    return make_module


@pytest.fixture(scope="session", params=("opencl", "cpu"))
def run_kernel(request: pytest.FixtureRequest) -> Callable[..., list[Array]]:
    """`run_kernel(text, *inputs) -> results`: build and run a module on the gpu rung, on each target that this machine has."""
    from rung.backends.errors import BackendError
    from rung.backends.target import target
    from rung.dialects.upstream import parse

    if request.param == "opencl":
        request.getfixturevalue("pocl")
    found = target(request.param)

    def run(text: str, *inputs: Array) -> list[Array]:
        try:
            executable = found.build(parse(text))
        except BackendError as problem:
            if request.param == "cpu" and ("barrier" in str(problem) or "workgroup" in str(problem)):
                pytest.skip(f"{problem} (2026-11: threads of a block run one after another there)")
            raise
        return [out.numpy() for out in executable.run([found.from_numpy(array) for array in inputs])]

    return run


@pytest.fixture(scope="session")
def spell() -> Callable[..., str]:
    """`spell(text, target="opencl") -> source`. Needs no device."""
    from rung.backends.target import target
    from rung.dialects.upstream import parse

    return lambda text, name="opencl": target(name).spell(parse(text))


@pytest.fixture(scope="session")
def kernel_lines(spell: Callable[..., str]) -> Callable[..., list[str]]:
    """`kernel_lines(text, target="opencl")`: the lines of the only kernel's body, without their indent."""

    def lines(text: str, name: str = "opencl") -> list[str]:
        body = spell(text, name).split(" k(", 1)[1].split("{", 1)[1].rsplit("}", 1)[0]
        return [line.strip() for line in body.splitlines() if line.strip()]

    return lines


@pytest.fixture(scope="session")
def nvrtc_accepts() -> Callable[[str], None]:
    """`nvrtc_accepts(source)`: compiles for sm_80 and sm_90 without a warning and without spilling registers."""
    from rung.backends.cuda import nvrtc

    if (problem := nvrtc.available()) is not None:
        pytest.skip(problem)

    def check(source: str) -> None:
        for arch in ("sm_80", "sm_90"):
            cubin = nvrtc.compile_cubin(source, arch)
            assert "warning" not in cubin.log, cubin.log
            assert not cubin.spills, cubin.spills
            assert cubin.code[:4] == b"\x7fELF"

    return check
