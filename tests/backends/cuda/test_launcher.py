"""The launcher: against a stand-in for cupy that records what it is told, and on a GPU where there is one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rung.backends.cuda import nvrtc, runtime
from rung.backends.cuda.target import CudaTarget
from rung.backends.kernel_cache import key
from rung.dialects.upstream import parse

Module = Callable[..., str]
PARAMS = [("x", "memref<64xf32>"), ("out", "memref<64xf32>")]
DOUBLE = """
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<64xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %out[%i] : memref<64xf32>"""


class Memory:
    """Bytes "on the GPU": slices share them, as cupy's do."""

    def __init__(self, array: Any):
        self.array = array

    def __getitem__(self, at: slice) -> Memory:
        return Memory(self.array[at])

    def __setitem__(self, at: slice, other: Memory) -> None:
        self.array[at] = other.array

    def get(self) -> Any:
        return self.array.copy()

    def set(self, array: Any) -> None:
        self.array[: array.size] = array


class DriverError(RuntimeError):
    pass


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> Generator[list[Any]]:
    """A stand-in for cupy whose kernels double their first argument into their second, and that records the launches."""
    found: list[Any] = []

    def kernel(name: str) -> Callable[..., None]:
        def call(grid: Any, block: Any, args: Any) -> None:
            found.append((name, grid, block))
            args[1].array.view(np.float32)[:] = args[0].array.view(np.float32) * 2

        return call

    def load(cubin: bytes) -> None:
        if cubin[:4] != b"\x7fELF":
            raise DriverError("no kernel image")

    module = SimpleNamespace(load=load, get_function=kernel)
    device = SimpleNamespace(id=0, compute_capability="90")
    stream = SimpleNamespace(synchronize=lambda: None)
    cuda = SimpleNamespace(
        runtime=SimpleNamespace(
            getDeviceCount=lambda: 1, getDeviceProperties=lambda number: {"name": b"Fake"}, driverGetVersion=lambda: 13000
        ),
        Device=lambda: device,
        function=SimpleNamespace(Module=lambda: module),
        driver=SimpleNamespace(CUDADriverError=DriverError),
        get_current_stream=lambda: stream,
    )
    stand_in = SimpleNamespace(cuda=cuda, empty=lambda size, dtype: Memory(np.full(size, 255, dtype)))
    monkeypatch.setitem(sys.modules, "cupy", stand_in)  # type: ignore[arg-type]
    runtime.cupy.cache_clear()
    yield found
    runtime.cupy.cache_clear()


def chain(gpu_module: Module) -> str:
    text = gpu_module(PARAMS, DOUBLE, block=(64, 1, 1))
    sizes = "blocks in (%n1, %n1, %n1) threads in (%n64, %n1, %n1)"
    launch = f"gpu.launch_func @kernels::@k {sizes} args(%x : memref<64xf32>, %out : memref<64xf32>)"
    return text.replace(
        launch,
        "%a = memref.alloc() : memref<64xf32>\n%b = memref.alloc() : memref<64xf32>\n"
        + launch.replace("%out :", "%a :")
        + "\nmemref.copy %a, %b : memref<64xf32> to memref<64xf32>\n"
        + launch.replace("%x :", "%b :"),
    )


needs_nvrtc = pytest.mark.skipif(nvrtc.available() is not None, reason=str(nvrtc.available()))


@needs_nvrtc
def test_launches_copies_and_the_arena_reach_the_driver(launches: list[Any], gpu_module: Module) -> None:
    cuda = CudaTarget()
    assert cuda.available() is None
    program = cuda.build(parse(chain(gpu_module)))
    x = np.arange(64, dtype=np.float32)
    (out,) = program.run([cuda.from_numpy(x)])
    assert out.numpy().tolist() == (x * 4).tolist()
    assert launches == [("k", (1, 1, 1), (64, 1, 1))] * 2
    given = cuda.empty((64,), np.float32)
    assert program.run([out], [given])[0] is given
    assert given.numpy().tolist() == (x * 16).tolist()


@needs_nvrtc
def test_machine_code_is_kept_and_taken_again(
    launches: list[Any], gpu_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path))
    cuda = CudaTarget()
    where = key("cuda", cuda.fingerprint())
    assert cuda.load(where) is None
    built = cuda.build(parse(chain(gpu_module)), where)
    loaded = cuda.load(where)
    assert loaded is not None
    assert (loaded.plan, loaded.source, loaded.cubin) == (built.plan, built.source, built.cubin)


def test_a_fingerprint_names_device_driver_and_compiler(launches: list[Any]) -> None:
    if nvrtc.available() is None:
        assert CudaTarget().fingerprint() == f"cuda\nb'Fake'\nsm_90\n13000\n{nvrtc.version()}"


def test_buffers_of_another_kind_are_refused(launches: list[Any], gpu_module: Module) -> None:
    if nvrtc.available() is not None:
        pytest.skip(str(nvrtc.available()))
    from rung.backends.reference.target import HostArray

    program = CudaTarget().build(parse(chain(gpu_module)))
    with pytest.raises(TypeError, match="found a HostArray, expected a buffer of the cuda target"):
        program.run([HostArray(np.ones(64, np.float32))])


@pytest.mark.gpu
def test_a_gpu_computes_what_the_evaluator_does(gpu_module: Module) -> None:
    cuda = CudaTarget()
    program = cuda.build(parse(chain(gpu_module)))
    x = np.random.default_rng(0).standard_normal(64, np.float32)
    np.testing.assert_array_equal(program.run([cuda.from_numpy(x)])[0].numpy(), x * 4)
    assert [name for name, _ in program.profile([cuda.from_numpy(x)], rounds=2)] == ["k", "copy", "k"]
