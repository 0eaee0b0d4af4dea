"""Compiling CUDA text with no GPU: machine code, log, spills, errors; and what the text must keep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rung.backends.cuda import nvrtc
from rung.backends.cuda.nvrtc import Cubin, compile_cubin
from rung.backends.errors import BuildError, DeviceError
from rung.backends.target import target
from rung.dialects.upstream import parse

pytestmark = pytest.mark.skipif(nvrtc.available() is not None, reason=str(nvrtc.available()))
Module = Callable[..., str]

COPY = 'extern "C" __global__ void k(const float *x, float *out) { out[threadIdx.x] = x[threadIdx.x]; }'


@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_machine_code_comes_with_registers(arch: str) -> None:
    cubin = compile_cubin(COPY, arch)
    assert cubin.code[:4] == b"\x7fELF"
    assert 0 < cubin.registers["k"] < 64
    assert cubin.spills == {}


def test_a_spill_is_seen(gpu_module: Module) -> None:
    """Hundreds of accumulators in a kernel that may have 1024 threads, so 64 registers each."""
    lanes = 320
    text = gpu_module(
        [("x", f"memref<{lanes}xf32>"), ("out", f"memref<{lanes}xf32>")],
        f"""
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c9 = arith.constant 9 : index
        %v = vector.load %x[%c0] : memref<{lanes}xf32>, vector<{lanes}xf32>
        %s = scf.for %i = %c0 to %c9 step %c1 iter_args(%acc = %v) -> (vector<{lanes}xf32>) {{
          %w = vector.load %x[%c0] : memref<{lanes}xf32>, vector<{lanes}xf32>
          %m = arith.mulf %acc, %w : vector<{lanes}xf32>
          scf.yield %m : vector<{lanes}xf32>
        }}
        vector.store %s, %out[%c0] : memref<{lanes}xf32>, vector<{lanes}xf32>""",
        block=(1024, 1, 1),
    )
    assert compile_cubin(target("cuda").spell(parse(text)), "sm_90").spills["k"] > 0


def test_spills_are_read_by_kernel() -> None:
    log = """ptxas info    : Compiling entry function 'a' for 'sm_90'
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 80 registers, used 0 barriers
ptxas info    : Compiling entry function 'b' for 'sm_90'
ptxas         .     8 bytes stack frame, 16 bytes spill stores, 24 bytes spill loads
ptxas info    : Used 255 registers, used 0 barriers"""
    cubin = Cubin("sm_90", b"", log)
    assert cubin.spills == {"b": 40}
    assert cubin.registers == {"a": 80, "b": 255}


def test_a_source_that_nvrtc_refuses_is_kept_and_the_log_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match='identifier "nonsense" is undefined') as caught:
        compile_cubin('extern "C" __global__ void k(int *x) { *x = nonsense; }', "sm_90")
    (kept,) = tmp_path.glob("rung-failed-*.cu")
    assert str(kept) in str(caught.value)
    assert "sm_90" in str(caught.value)


def test_without_nvrtc_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise ImportError("No module named 'cuda'")

    monkeypatch.setattr(nvrtc, "_nvrtc", absent)
    with pytest.raises(
        DeviceError, match=r"cuda: NVRTC is not installed \(ImportError: No module named 'cuda'\)\. `rung doctor`"
    ):
        compile_cubin(COPY, "sm_90")


def test_subnormals_are_not_flushed_and_products_are_fused(gpu_module: Module) -> None:
    """An FFMA without .FTZ is what `acc += x * y` has to become; the mnemonics are in no log, so PTX is asked for."""
    text = gpu_module(
        [("x", "memref<64xf32>"), ("y", "memref<64xf32>"), ("out", "memref<4xf32>")],
        """
        %c0 = arith.constant 0 : index
        %c4 = arith.constant 4 : index
        %c64 = arith.constant 64 : index
        %zero = arith.constant dense<0.0> : vector<4xf32>
        %s = scf.for %i = %c0 to %c64 step %c4 iter_args(%acc = %zero) -> (vector<4xf32>) {
          %a = vector.load %x[%i] : memref<64xf32>, vector<4xf32>
          %b = vector.load %y[%i] : memref<64xf32>, vector<4xf32>
          %m = arith.mulf %a, %b : vector<4xf32>
          %n = arith.addf %acc, %m : vector<4xf32>
          scf.yield %n : vector<4xf32>
        }
        vector.store %s, %out[%c0] : memref<4xf32>, vector<4xf32>""",
    )
    ptx = _ptx(target("cuda").spell(parse(text)))
    assert "fma.rn.f32" in ptx
    assert ".ftz" not in ptx
    assert "ld.global.nc.v4.f32" in ptx or "ld.global.nc.v4.b32" in ptx
    assert "st.global.v4.f32" in ptx or "st.global.v4.b32" in ptx


def _ptx(source: str) -> str:
    from cuda.bindings import nvrtc as driver

    _, program = driver.nvrtcCreateProgram(source.encode(), b"rung.cu", 0, [], [])
    driver.nvrtcCompileProgram(program, 2, [b"-arch=compute_90", b"-std=c++17"])
    _, size = driver.nvrtcGetPTXSize(program)
    text = b" " * size
    driver.nvrtcGetPTX(program, text)
    return text.decode()
