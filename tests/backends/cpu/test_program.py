"""Programs of the target `cpu`: their text, their threads, their place in the cache, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung.backends.cpu import engine
from rung.backends.cpu.memory_pool import HostBuffer, empty
from rung.backends.cpu.target import TARGET
from rung.backends.errors import BackendError, BuildError
from rung.backends.kernel_cache import Entry, KernelCache
from rung.dialects.upstream import parse

Array = np.ndarray[Any, np.dtype[Any]]

COUNT = """
        %b = gpu.block_id x
        %c = gpu.block_id y
        %one = arith.constant 1.0 : f32
        %old = memref.load %out[%c, %b] : memref<7x101xf32>
        %x_at = memref.load %x[%c, %b] : memref<7x101xf32>
        %new = arith.addf %x_at, %one : f32
        memref.store %new, %out[%c, %b] : memref<7x101xf32>"""
GRID = [("x", "memref<7x101xf32>"), ("out", "memref<7x101xf32>")]


def test_a_kernel_reads_as_llvm_ir_with_the_program_s_names(gpu_module: Callable[..., str]) -> None:
    body = """
        %v = vector.load %x[%i] : memref<8xf32>, vector<4xf32>
        %doubled = arith.addf %v, %v : vector<4xf32>
        vector.store %doubled, %out[%i] : memref<8xf32>, vector<4xf32>"""
    text = gpu_module(
        [("x", "memref<8xf32>"), ("out", "memref<8xf32>")], "        %i = arith.constant 4 : index" + body, kernel="double"
    )
    assert (
        TARGET.spell(parse(text)).split("\n\n")[0]
        == """\
define internal void @double(ptr noalias readonly %x, ptr noalias %out) #0 {
entry:
  %p = getelementptr inbounds float, ptr %x, i64 4
  %v = load <4 x float>, ptr %p, align 4
  %doubled = fadd contract <4 x float> %v, %v
  %p.1 = getelementptr inbounds float, ptr %out, i64 4
  store <4 x float> %doubled, ptr %p.1, align 16
  ret void
}"""
    )


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_every_block_runs_once_on_so_many_threads(threads: str, gpu_module: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "count.mlir"
    file.write_text(gpu_module(GRID, COUNT, grid=(101, 7, 1)))
    host = """
import sys, numpy as np
from rung.backends.cpu.target import TARGET
from rung.dialects.upstream import parse
program = TARGET.build(parse(open(sys.argv[1]).read()))
x = np.random.default_rng(0).standard_normal((7, 101)).astype(np.float32)
for round in range(300):
    (out,) = program.run([TARGET.from_numpy(x + round)])
    np.testing.assert_array_equal(out.numpy(), x + round + np.float32(1))
"""
    subprocess.run([sys.executable, "-c", host, str(file)], check=True, env={**os.environ, "RUNG_THREADS": threads}, timeout=60)


def test_a_forked_child_computes_too(gpu_module: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "count.mlir"
    file.write_text(gpu_module(GRID, COUNT, grid=(101, 7, 1)))
    host = """
import os, sys, numpy as np
from rung.backends.cpu.target import TARGET
from rung.dialects.upstream import parse
program = TARGET.build(parse(open(sys.argv[1]).read()))
x = np.random.default_rng(0).standard_normal((7, 101)).astype(np.float32)
def right():
    return bool((program.run([TARGET.from_numpy(x)])[0].numpy() == x + 1).all())
assert right()
child = os.fork()
if child == 0:
    os._exit(0 if all(right() for _ in range(50)) else 3)
assert os.waitpid(child, 0)[1] == 0 and right()
"""
    subprocess.run([sys.executable, "-c", host, str(file)], check=True, timeout=60)


def test_threads_of_python_may_run_one_program_at_once(gpu_module: Callable[..., str]) -> None:
    program = TARGET.build(parse(gpu_module(GRID, COUNT, grid=(101, 7, 1))))
    wrong: list[int] = []

    def work(number: int) -> None:
        x = np.full((7, 101), number, np.float32)
        for _ in range(100):
            (out,) = program.run([TARGET.from_numpy(x)])
            if not (out.numpy() == number + 1).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_second_process_loads_the_object_file_and_does_not_compile(tmp_path: Path) -> None:
    host = """
import numpy as np
from rung import Tensor
from rung.backends.cpu import engine
compiled = []
original = engine.compile_text
engine.compile_text = lambda text, level=3: compiled.append(text) or original(text, level=level)
x = np.arange(6, dtype=np.float32).reshape(2, 3)
assert ((Tensor(x) + 1).numpy() == x + 1).all()
print(sum("@rung_main" in text for text in compiled))
"""
    env = {**os.environ, "RUNG_TARGET": "cpu", "RUNG_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", host], env=env, capture_output=True, text=True, check=True, timeout=60).stdout
        for _ in range(2)
    ]
    assert [run.strip() for run in runs] == ["1", "0"]


def test_an_object_file_that_llvm_refuses_counts_as_absent(gpu_module: Callable[..., str], tmp_path: Path) -> None:
    cache = KernelCache()
    program = TARGET.build(parse(gpu_module(GRID, COUNT, grid=(101, 7, 1))))
    cache.put("ab" * 32, Entry(program.plan.to_json(), program.source, b"no object file"))
    assert TARGET.load("ab" * 32) is None
    assert cache.get("ab" * 32) is None


def test_ir_that_llvm_refuses_is_kept_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match=r"cpu: LLVM refuses IR of ours, kept in .*\.ll"):
        engine.compile_text("define void @f() { ret i32 }")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("        gpu.barrier", "cpu: no rule for gpu.barrier in kernel @k"),
        (
            "        %m = memref.alloca() : memref<1048577xf32>",
            "cpu: no rule for memref.alloca of 4194308 bytes, more than the 4194304 that a thread's stack is trusted with",
        ),
        (
            """        %i = arith.constant 0 : index
        %z = arith.constant 0.0 : f32
        %v = vector.transfer_read %x[%i, %i], %z : memref<7x101xf32>, vector<4xf32>
        vector.transfer_write %v, %out[%i, %i] {in_bounds = [true]} : vector<4xf32>, memref<7x101xf32>""",
            r"cpu: no rule for vector.transfer_read that may leave its memory \(in_bounds is false\) in kernel @k",
        ),
    ],
)
def test_what_has_no_rule_is_named(body: str, message: str, gpu_module: Callable[..., str]) -> None:
    with pytest.raises(BackendError, match=message):
        TARGET.spell(parse(gpu_module(GRID, body)))


def test_a_large_result_is_written_past_the_caches_and_one_that_is_read_again_is_not(gpu_module: Callable[..., str]) -> None:
    body = """
        %b = gpu.block_id x
        %i = affine.apply affine_map<(d0) -> (d0 * 16)>(%b)
        %v = vector.load %x[%i] : memref<8388608xf32>, vector<16xf32>
        vector.store %v, %out[%i] : memref<8388608xf32>, vector<16xf32>"""
    params = [("x", "memref<8388608xf32>"), ("out", "memref<8388608xf32>")]
    plain = TARGET.spell(parse(gpu_module(params, body, grid=(524288, 1, 1))))
    assert "store <16 x float> %v, ptr %p.1, align 64, !nontemporal !1" in plain
    again = body + "\n        %w = vector.load %out[%i] : memref<8388608xf32>, vector<16xf32>"
    assert "!nontemporal" not in TARGET.spell(parse(gpu_module(params, again, grid=(524288, 1, 1))))
    small = body.replace("8388608", "8388592")
    params = [(name, type_.replace("8388608", "8388592")) for name, type_ in params]
    assert "!nontemporal" not in TARGET.spell(parse(gpu_module(params, small, grid=(524287, 1, 1))))


def test_a_result_may_go_to_memory_that_is_not_aligned(gpu_module: Callable[..., str]) -> None:
    program = TARGET.build(parse(gpu_module(GRID, COUNT, grid=(101, 7, 1))))
    x = np.random.default_rng(0).standard_normal((7, 101)).astype(np.float32)
    memory = np.zeros(7 * 101 + 1, np.float32)[1:].reshape(7, 101)
    (out,) = program.run([TARGET.from_numpy(x)], [TARGET.from_numpy(memory)])
    np.testing.assert_array_equal(out.numpy(), x + np.float32(1))
    np.testing.assert_array_equal(memory, x + np.float32(1))


def test_a_buffer_of_another_target_is_refused(gpu_module: Callable[..., str]) -> None:
    from rung.backends.reference.target import HostArray

    program = TARGET.build(parse(gpu_module(GRID, COUNT, grid=(101, 7, 1))))
    with pytest.raises(TypeError, match="found a HostArray, expected a buffer of the cpu target"):
        program.run([HostArray(np.zeros((7, 101), np.float32))])


def test_freed_memory_is_used_again_but_not_while_an_array_shows_it() -> None:
    first = empty((1000,), np.float32)
    where, array = first.address, first.numpy()
    del first
    assert empty((1000,), np.float32).address != where
    del array
    assert empty((1000,), np.float32).address == where


def test_an_array_is_not_copied_on_its_way_in() -> None:
    x = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert TARGET.from_numpy(x).address == x.ctypes.data
    np.testing.assert_array_equal(TARGET.from_numpy(x.T).numpy(), x.T)
    assert isinstance(TARGET.from_numpy(x), HostBuffer)
