"""Buffers, launches and errors of the opencl target."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung.backends.errors import BuildError, DeviceError
from rung.backends.opencl import program, runtime
from rung.backends.opencl.target import OpenclTarget
from rung.backends.target import target
from rung.dialects.upstream import parse

pytestmark = pytest.mark.usefixtures("pocl")
Module = Callable[..., str]

DOUBLE = """
    %i = gpu.block_id x
    %v = memref.load %x[%i] : memref<64xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %out[%i] : memref<64xf32>"""
PARAMS = [("x", "memref<64xf32>"), ("out", "memref<64xf32>")]


@pytest.fixture
def opencl() -> Any:
    return target("opencl")


@pytest.fixture
def double(gpu_module: Module, opencl: OpenclTarget) -> Any:
    return opencl.build(parse(gpu_module(PARAMS, DOUBLE, grid=(64, 1, 1))))


def test_results_are_new_buffers_or_those_given(double: Any, opencl: OpenclTarget) -> None:
    x = opencl.from_numpy(np.arange(64, dtype=np.float32))
    (first,) = double.run([x])
    (second,) = double.run([x])
    assert first is not second
    given = opencl.empty((64,), np.float32)
    assert double.run([x], [given])[0] is given
    assert given.numpy().tolist() == first.numpy().tolist() == [2.0 * i for i in range(64)]


def test_a_result_may_be_the_next_input_before_anything_is_awaited(double: Any, opencl: OpenclTarget) -> None:
    buffer = opencl.from_numpy(np.ones(64, np.float32))
    for _ in range(10):
        (buffer,) = double.run([buffer])
    assert buffer.numpy().tolist() == [1024.0] * 64


def test_contiguous_arrays_are_not_copied_and_results_are_views(double: Any, opencl: OpenclTarget) -> None:
    found = runtime.runtime()
    if not found.on_cpu:
        pytest.skip("device memory is not the host's")
    array = np.arange(64, dtype=np.float32)
    assert opencl.from_numpy(array).block.host.ctypes.data == array.ctypes.data
    (out,) = double.run([opencl.from_numpy(array)])
    assert out.numpy().ctypes.data == out.numpy().ctypes.data
    assert not out.numpy().flags.writeable


@pytest.mark.parametrize("make", [lambda a: a[::2], lambda a: a[1:65], lambda a: a[:128:2].reshape(8, 8).T.reshape(64)])
def test_arrays_of_any_layout_and_alignment_are_taken(make: Any, double: Any, opencl: OpenclTarget) -> None:
    array = make(np.arange(128, dtype=np.float32))[:64]
    assert double.run([opencl.from_numpy(array)])[0].numpy().tolist() == (array + array).tolist()


def test_read_only_arrays_are_taken(double: Any, opencl: OpenclTarget) -> None:
    array = np.arange(64, dtype=np.float32)
    array.flags.writeable = False
    assert double.run([opencl.from_numpy(array)])[0].numpy()[3] == 6


def test_memory_outlives_its_buffer_as_long_as_an_array_shows_it(double: Any, opencl: OpenclTarget) -> None:
    """The pool must not hand out memory that an array still shows."""
    x = opencl.from_numpy(np.ones(64, np.float32))
    shown = double.run([x])[0].numpy()
    gc.collect()
    for _ in range(5):
        double.run([opencl.from_numpy(np.full(64, 7, np.float32))])
    double.finish()
    assert shown.tolist() == [2.0] * 64


def test_results_that_are_dropped_do_not_pile_up(
    gpu_module: Module, opencl: OpenclTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred results of 16 MiB, none of them looked at: a few dozen are held at any time, not all."""
    size = 1 << 22
    body = "%c0 = arith.constant 0 : index\n%v = memref.load %x[%c0] : memref<1xf32>\n"
    params = [("x", "memref<1xf32>"), ("out", f"memref<{size}xf32>")]
    built = opencl.build(parse(gpu_module(params, body + f"memref.store %v, %out[%c0] : memref<{size}xf32>")))
    found = runtime.runtime()
    allocated: list[int] = []
    allocate = found.allocate
    monkeypatch.setattr(found, "allocate", lambda nbytes: (allocated.append(nbytes), allocate(nbytes))[1])
    x = opencl.from_numpy(np.array([5], np.float32))
    for _ in range(100):
        (out,) = built.run([x])
    assert out.numpy()[0] == 5
    assert sum(nbytes >= 4 * size for nbytes in allocated) <= 24


def test_a_full_queue_lets_go_of_nothing_that_is_about_to_be_queued(double: Any, opencl: OpenclTarget, monkeypatch: Any) -> None:
    monkeypatch.setattr(runtime, "_QUEUED_OBJECTS", 0)
    x = opencl.from_numpy(np.ones(64, np.float32))
    for _ in range(200):
        out = double.run([opencl.from_numpy(np.full(64, 3, np.float32))])[0]
        double.run([x])
    assert out.numpy().tolist() == [6.0] * 64


def test_freed_memory_is_reused(opencl: OpenclTarget) -> None:
    block = opencl.empty((1000,), np.float32)
    memory = block.block
    del block
    gc.collect()
    assert opencl.empty((999,), np.float32).block is memory


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "bfloat16", "float64"])
def test_buffers_keep_dtype_and_shape(dtype: str, opencl: OpenclTarget) -> None:
    import ml_dtypes

    array = np.arange(6).reshape(2, 3).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    found = opencl.from_numpy(array).numpy()
    assert found.dtype == array.dtype
    assert found.tolist() == array.tolist()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_scalars_and_empty_arrays_are_buffers(shape: tuple[int, ...], opencl: OpenclTarget) -> None:
    array = np.ones(shape, np.float32)
    assert opencl.from_numpy(array).numpy().tolist() == array.tolist()
    assert opencl.empty(shape, np.float32).numpy().shape == shape


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones(63, np.float32)], r"input x of @main is float32\[63\], expected float32\[64\]"),
        ([np.ones(64, np.float64)], r"input x of @main is float64\[64\], expected float32\[64\]"),
        ([], "@main has 1 inputs, found 0"),
    ],
)
def test_buffers_that_do_not_fit_are_refused(arrays: list[Any], message: str, double: Any, opencl: OpenclTarget) -> None:
    with pytest.raises(ValueError, match=message):
        double.run([opencl.from_numpy(array) for array in arrays])


def test_unsigned_buffers_fit_signless_parameters(gpu_module: Module, opencl: OpenclTarget) -> None:
    body = "%c0 = arith.constant 0 : index\n%v = memref.load %x[%c0] : memref<1xi8>\nmemref.store %v, %out[%c0] : memref<1xi8>"
    built = opencl.build(parse(gpu_module([("x", "memref<1xi8>"), ("out", "memref<1xi8>")], body)))
    assert built.run([opencl.from_numpy(np.array([200], np.uint8))])[0].numpy().view(np.uint8)[0] == 200


def test_buffers_of_another_target_are_refused(double: Any) -> None:
    with pytest.raises(TypeError, match="found a HostArray, expected a buffer of the opencl target"):
        double.run([target("reference").from_numpy(np.ones(64, np.float32))])


def test_intermediates_live_in_the_arena(gpu_module: Module, opencl: OpenclTarget) -> None:
    text = gpu_module(PARAMS, DOUBLE, grid=(64, 1, 1))
    sizes = "blocks in (%n64, %n1, %n1) threads in (%n1, %n1, %n1)"
    launch = f"gpu.launch_func @kernels::@k {sizes} args(%x : memref<64xf32>, %out : memref<64xf32>)"
    chain = """%a = memref.alloc() : memref<64xf32>
    %b = memref.alloc() : memref<64xf32>
    """ + "\n".join(
        launch.replace("%x :", f"%{source} :").replace("%out :", f"%{to} :")
        for source, to in (("x", "a"), ("a", "b"), ("b", "a"), ("a", "out"))
    )
    built = opencl.build(parse(text.replace(launch, chain)))
    x = opencl.from_numpy(np.arange(64, dtype=np.float32))
    for _ in range(3):
        assert built.run([x])[0].numpy().tolist() == [16.0 * i for i in range(64)]
    assert [name for name, _ in built.profile([x], rounds=2)] == ["k"] * 4


def test_a_copy_in_the_host_function_is_carried_out(gpu_module: Module, opencl: OpenclTarget) -> None:
    text = gpu_module(PARAMS, DOUBLE, grid=(64, 1, 1))
    head, _, tail = text.partition("    gpu.launch_func")
    copy = "    memref.copy %x, %out : memref<64xf32> to memref<64xf32>\n" + tail.partition("\n")[2]
    built = opencl.build(parse(head + copy))
    x = np.random.default_rng(0).standard_normal(64, np.float32)
    np.testing.assert_array_equal(built.run([opencl.from_numpy(x)])[0].numpy(), x)


def test_a_source_that_the_driver_refuses_is_kept_and_the_log_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match="undeclared identifier 'nonsense'") as caught:
        program.compile_source(runtime.runtime(), "__kernel void k(__global int *x) { x[0] = nonsense; }")
    (kept,) = tmp_path.glob("rung-failed-*.cl")
    assert str(kept) in str(caught.value)
    assert "nonsense" in kept.read_text()


def test_generated_sources_compile_without_a_warning(gpu_module: Module, opencl: OpenclTarget) -> None:
    """PoCL logs warnings of its clang into the build log, also of a build that succeeds."""
    found = runtime.runtime()
    compiled = program.compile_source(found, opencl.spell(parse(gpu_module(PARAMS, DOUBLE, grid=(64, 1, 1)))))
    assert compiled.get_build_info(found.device, found.cl.program_build_info.LOG).strip() == ""


def test_a_missing_device_is_told_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNG_OPENCL_DEVICE", "no such device")
    assert "no OpenCL device like RUNG_OPENCL_DEVICE=no such device; found" in (OpenclTarget().available() or "")
    runtime._opened.cache_clear()
    try:
        with pytest.raises(DeviceError, match="`rung doctor` lists the devices"):
            OpenclTarget().empty((1,), np.float32)
    finally:
        monkeypatch.delenv("RUNG_OPENCL_DEVICE")
        runtime._opened.cache_clear()


def test_workers_are_pinned_unless_the_user_says_otherwise() -> None:
    code = "import os, rung.backends.opencl.runtime as r; r.find_device(); print(os.environ['POCL_AFFINITY'])"

    def affinity(**more: str) -> str:
        import os

        environment = {k: v for k, v in os.environ.items() if k != "POCL_AFFINITY"} | more
        return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True).stdout.strip()

    assert affinity() == "1"
    assert affinity(POCL_AFFINITY="0") == "0"
