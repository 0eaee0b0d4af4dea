"""The target `cuda-cpu`: kernels of the gpu rung, what the shim's header brings, and what it says of a kernel that misbehaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from cuda_kernels import HEAD, KERNELS, Kernel

from rung.backends.cuda.shim import compile
from rung.backends.cuda.shim.runs import ORDERS, How, KernelFault, run
from rung.backends.cuda.shim.target import CudaOnCpu, CudaOnCpuExecutable
from rung.backends.errors import BuildError, DeviceError
from rung.backends.kernel_cache import KernelCache, key
from rung.backends.launch_plan import Launch, LaunchPlan, Param, Slot
from rung.backends.reference import evaluate
from rung.dialects.upstream import parse

Array = np.ndarray[Any, np.dtype[Any]]
Module = Callable[..., str]


def launch(text: str, *arrays: Array, threads: int = 32, blocks: int = 1, how: How | None = None, same: bool = False) -> Array:
    """The last array, which is the result, after kernel `k` of a text has run; with `same` the input is its memory too."""
    params = tuple(Param(f"p{n}", a.shape, str(a.dtype), n == len(arrays) - 1) for n, a in enumerate(arrays))
    slots = tuple(Slot("param", len(params) - 1 if same else n, param.nbytes) for n, param in enumerate(params))
    plan = LaunchPlan("main", params, 0, (Launch("k", (blocks, 1, 1), (threads, 1, 1), slots),))
    return run(compile.build(text), 0, plan, arrays[:-1], how or How()).outs[0]


def floats(n: int = 32) -> Array:
    return np.random.default_rng(0).standard_normal(n).astype(np.float32)


# Kernels of the gpu rung

SPACE = "memref<64xf32, #gpu.address_space<workgroup>>"
ROW_MAX = f"""
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c7 = arith.constant 7 : index
    %c64 = arith.constant 64 : index
    %row = gpu.block_id x
    %t = gpu.thread_id x
    %low = arith.constant -1.0e30 : f32
    %own = scf.for %i = %c0 to %c7 step %c1 iter_args(%acc = %low) -> (f32) {{
      %k = affine.apply affine_map<(d0, d1) -> (d0 * 64 + d1)>(%i, %t)
      %n = arith.constant 437 : index
      %in = arith.cmpi slt, %k, %n : index
      %v = scf.if %in -> (f32) {{
        %x0 = memref.load %x[%row, %k] : memref<5x437xf32>
        scf.yield %x0 : f32
      }} else {{
        scf.yield %low : f32
      }}
      %m = arith.maximumf %acc, %v : f32
      scf.yield %m : f32
    }}
    memref.store %own, %w[%t] : {SPACE}
    gpu.barrier
    %c6 = arith.constant 6 : index
    %c32 = arith.constant 32 : index
    %last = scf.for %level = %c0 to %c6 step %c1 iter_args(%step = %c32) -> (index) {{
      %active = arith.cmpi slt, %t, %step : index
      scf.if %active {{
        %u = arith.addi %t, %step : index
        %a = memref.load %w[%t] : {SPACE}
        %b = memref.load %w[%u] : {SPACE}
        %m = arith.maximumf %a, %b : f32
        memref.store %m, %w[%t] : {SPACE}
      }}
      gpu.barrier
      %half = arith.divui %step, %c2 : index
      scf.yield %half : index
    }}
    %first = arith.cmpi eq, %t, %c0 : index
    scf.if %first {{
      %r = memref.load %w[%c0] : {SPACE}
      memref.store %r, %out[%row] : memref<5xf32>
    }}"""


def row_max(gpu_module: Module, body: str = ROW_MAX) -> str:
    params = [("x", "memref<5x437xf32>"), ("out", "memref<5xf32>")]
    return gpu_module(params, body, grid=(5, 1, 1), block=(64, 1, 1), shared=f"%w: {SPACE}")


def test_a_tree_in_workgroup_memory_computes_what_its_ir_says(gpu_module: Module, cuda_cpu: CudaOnCpu) -> None:
    module, x = parse(row_max(gpu_module)), floats(5 * 437).reshape(5, 437)
    executable = cuda_cpu.build(module)
    for order in ORDERS:
        np.testing.assert_array_equal(executable.run_as(How(order, 3), [x])[0], x.max(1))
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], x.max(1))


@pytest.mark.parametrize("which", [0, 1])
def test_a_tree_without_one_of_its_barriers_is_a_fault(which: int, gpu_module: Module, cuda_cpu: CudaOnCpu) -> None:
    pieces = ROW_MAX.split("    gpu.barrier\n")
    body = pieces[0] + ("    gpu.barrier\n".join(pieces[1:]) if which == 0 else f"    gpu.barrier\n{''.join(pieces[1:])}")
    x = floats(5 * 437).reshape(5, 437)
    with pytest.raises(KernelFault, match=r"kernel k, block \(0, 0, 0\), thread \(\d+, 0, 0\): .*; line \d+: .*w\["):
        cuda_cpu.build(parse(row_max(gpu_module, body))).run([cuda_cpu.from_numpy(x)])


def test_helpers_of_narrow_integers_are_called_with_their_own_type(gpu_module: Module, cuda_cpu: CudaOnCpu, nvrtc: Any) -> None:
    """`rung_abs(~x)` of a short is an int to C++: ambiguous between three overloads, or the wrong one."""
    codes = ("i8", "i16", "i32", "i64")
    body = "%t = gpu.thread_id x\n" + "\n".join(
        f"""%v{e} = memref.load %x{e}[%t] : memref<8x{e}>
        %ones{e} = arith.constant -1 : {e}
        %three{e} = arith.constant 3 : {e}
        %not{e} = arith.xori %v{e}, %ones{e} : {e}
        %a{e} = math.absi %not{e} : {e}
        %b{e} = arith.floordivsi %v{e}, %three{e} : {e}
        %c{e} = arith.ceildivsi %three{e}, %b{e} : {e}
        %d{e} = arith.addi %a{e}, %c{e} : {e}
        memref.store %d{e}, %out{e}[%t] : memref<8x{e}>"""
        for e in codes
    )
    params = [(f"{side}{e}", f"memref<8x{e}>") for side in ("x", "out") for e in codes]
    module = parse(gpu_module(params, body, outs=4, block=(8, 1, 1)))
    nvrtc.compile_cubin(cuda_cpu.spell(module), "sm_90")
    rng = np.random.default_rng(0)
    inputs: list[Array] = []
    for e in codes:
        limits = np.iinfo(f"int{e[1:]}")
        inputs.append(np.array([limits.min, limits.max, -9, 5, *rng.integers(limits.min, limits.min // 2, 4)], limits.dtype))
    got = cuda_cpu.build(module).run([cuda_cpu.from_numpy(array) for array in inputs])
    for found, want in zip(got, evaluate(module, "main", inputs)):
        np.testing.assert_array_equal(found.numpy(), want)


def test_vectors_lie_aligned_in_private_arrays_of_less_than_16_bytes(gpu_module: Module, cuda_cpu: CudaOnCpu) -> None:
    """Seven shorts, read in twos: the array itself would begin at any even address."""
    body = """
    %c0 = arith.constant 0 : index
    %c6 = arith.constant 6 : index
    %c2 = arith.constant 2 : index
    %own = memref.alloca() : memref<7xi16>
    %byte = memref.alloca() : memref<3xi8>
    scf.for %i = %c0 to %c6 step %c2 {
      %v = vector.load %x[%i] : memref<6xi16>, vector<2xi16>
      vector.store %v, %own[%i] : memref<7xi16>, vector<2xi16>
    }
    %b = vector.load %y[%c0] : memref<2xi8>, vector<2xi8>
    vector.store %b, %byte[%c0] : memref<3xi8>, vector<2xi8>
    scf.for %i = %c0 to %c6 step %c2 {
      %v = vector.load %own[%i] : memref<7xi16>, vector<2xi16>
      %b2 = vector.load %byte[%c0] : memref<3xi8>, vector<2xi8>
      %w = arith.extsi %b2 : vector<2xi8> to vector<2xi16>
      %s = arith.addi %v, %w : vector<2xi16>
      vector.store %s, %out[%i] : memref<6xi16>, vector<2xi16>
    }"""
    module = parse(gpu_module([("x", "memref<6xi16>"), ("y", "memref<2xi8>"), ("out", "memref<6xi16>")], body))
    x, y = np.arange(6).astype(np.int16), np.array([10, 20], np.int8)
    (got,) = cuda_cpu.build(module).run([cuda_cpu.from_numpy(x), cuda_cpu.from_numpy(y)])
    assert got.numpy().tolist() == [10, 21, 12, 23, 14, 25]
    assert "short __align__(16) own[7]" in cuda_cpu.spell(module)
    assert "char __align__(16) byte[3]" in cuda_cpu.spell(module)


# The target

CHAIN = """
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<64xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %out[%i] : memref<64xf32>"""


def chain(gpu_module: Module) -> str:
    """Launch, copy, launch: through two buffers of the arena."""
    text = gpu_module([("x", "memref<64xf32>"), ("out", "memref<64xf32>")], CHAIN, block=(64, 1, 1))
    (first,) = (line.strip() for line in text.splitlines() if "gpu.launch_func" in line)
    middle = "%a = memref.alloc() : memref<64xf32>\n%b = memref.alloc() : memref<64xf32>\n"
    copied = "\nmemref.copy %a, %b : memref<64xf32> to memref<64xf32>\n"
    return text.replace(first, middle + first.replace("%out :", "%a :") + copied + first.replace("%x :", "%b :"))


def test_launches_copies_and_the_arena_are_carried_out(gpu_module: Module, cuda_cpu: CudaOnCpu) -> None:
    program, x = cuda_cpu.build(parse(chain(gpu_module))), floats(64)
    (out,) = program.run([cuda_cpu.from_numpy(x)])
    np.testing.assert_array_equal(out.numpy(), x * 4)
    given = cuda_cpu.empty((64,), np.float32)
    assert program.run([out], [given])[0] is given
    np.testing.assert_array_equal(given.numpy(), x * 16)
    assert [name for name, seconds in program.profile([out], rounds=2) if seconds > 0] == ["k", "copy", "k"]


def test_machine_code_is_kept_and_taken_again(
    gpu_module: Module, cuda_cpu: CudaOnCpu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path))
    where = key("cuda-cpu", cuda_cpu.fingerprint())
    assert cuda_cpu.load(where) is None
    built = cuda_cpu.build(parse(chain(gpu_module)), where)
    loaded = cuda_cpu.load(where)
    assert loaded is not None
    assert (loaded.plan, loaded.source) == (built.plan, built.source)
    np.testing.assert_array_equal(loaded.run([cuda_cpu.from_numpy(floats(64))])[0].numpy(), floats(64) * 4)
    assert KernelCache().get(where) is not None


def test_a_result_that_depends_on_the_order_is_a_fault_even_if_races_are_not_looked_for(cuda_cpu: CudaOnCpu) -> None:
    text = f"{HEAD}(32) k(const float *__restrict__ x, float *__restrict__ out) {{\n  out[0] = x[threadIdx.x];\n}}\n"
    plan = Kernel(text, (1, 1, 1), (32, 1, 1), ((32,),), (1,), lambda x: x[-1:]).plan()
    hows = (How(races=False), How("reversed", races=False))
    with pytest.raises(KernelFault, match="result 0 of @main in reversed order differs from that in forward order"):
        CudaOnCpuExecutable(plan, compile.build(text), 0, hows).run([cuda_cpu.from_numpy(floats())])


def test_buffers_of_another_kind_and_shape_are_refused(gpu_module: Module, cuda_cpu: CudaOnCpu) -> None:
    program = cuda_cpu.build(parse(chain(gpu_module)))
    with pytest.raises(ValueError, match="expected float32"):
        program.run([cuda_cpu.from_numpy(floats(63))])
    other = type("Other", (), {"shape": (64,), "dtype": np.dtype(np.float32)})()
    with pytest.raises(TypeError, match="found a Other, expected a buffer of the cuda-cpu target"):
        program.run([cuda_cpu.from_numpy(floats(64))], [other])


def test_a_text_that_the_compiler_refuses_is_kept_and_its_log_shown(
    cuda_cpu: CudaOnCpu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match=r"(?s)refuses a source of ours, kept in .*kernels0.cu:1:.*nonsense") as caught:
        compile.build(f"{HEAD}(1) k(int *x) {{ *x = nonsense; }}")
    (kept,) = tmp_path.glob("rung-failed-*.cu")
    assert str(kept) in str(caught.value)


def test_without_a_compiler_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile, "version", lambda: None)
    monkeypatch.setattr(compile.platform, "system", lambda: "Linux")
    with pytest.raises(DeviceError, match=r"cuda-cpu: no g\+\+ of version 12 or newer on the PATH\. `rung doctor`"):
        compile.build("")
    assert CudaOnCpu().available() == "no g++ of version 12 or newer on the PATH"


# What the header brings


def test_half_floats_are_converted_as_numpy_does(cuda_cpu: CudaOnCpu) -> None:
    """All 65536 of each kind upwards; downwards every float between two neighbours that decides a rounding."""
    text = "".join(
        f'extern "C" __global__ void {name}(const {source} *__restrict__ x, {to} *__restrict__ y, int *) {{\n'
        f"  for (int i = threadIdx.x; i < {n}; i += 32) y[i] = {call};\n}}\n"
        for name, source, to, n, call in (
            ("up", "unsigned short", "float", 65536, "rung_from_f16(x[i])"),
            ("down", "float", "unsigned short", 6 * 65536, "rung_to_f16(x[i])"),
            ("down_b", "float", "unsigned short", 6 * 65536, "rung_to_bf16(x[i])"),
        )
    ).replace(", int *)", ")")
    program = compile.build(text)

    def call(name: str, x: Array, dtype: str) -> Array:
        params = (Param("x", x.shape, str(x.dtype), False), Param("y", x.shape, dtype, True))
        slots = tuple(Slot("param", n, param.nbytes) for n, param in enumerate(params))
        plan = LaunchPlan("main", params, 0, (Launch(name, (1, 1, 1), (32, 1, 1), slots),))
        return run(program, 0, plan, [x], How(races=False)).outs[0]

    every = np.arange(65536).astype(np.uint16)
    np.testing.assert_array_equal(call("up", every, "float32"), every.view(np.float16).astype(np.float32))
    for name, kind in (("down", np.float16), ("down_b", ml_dtypes.bfloat16)):
        exact = every.view(kind).astype(np.float32).view(np.uint32)
        middle = 1 << (12 if kind == np.float16 else 15)
        hard = np.concatenate([exact + d for d in (0, 1, middle - 1, middle, middle + 1, 2 * middle - 1)]).astype(np.uint32)
        want = hard.view(np.float32)
        with np.errstate(all="ignore"):
            rounded = want.astype(kind)
        got = call(name, want, "uint16").view(kind)
        number = ~np.isnan(want)
        np.testing.assert_array_equal(got.view(np.uint16)[number], rounded.view(np.uint16)[number])
        assert np.isnan(got[~number].astype(np.float32)).all()


def test_a_double_is_rounded_towards_zero(cuda_cpu: CudaOnCpu) -> None:
    body = "  y[threadIdx.x] = __double2float_rz(x[threadIdx.x]);"
    text = f"{HEAD}(32) k(const double *__restrict__ x, float *__restrict__ y) {{\n{body}\n}}\n"
    x = np.random.default_rng(0).standard_normal(32) * 10.0 ** np.arange(-60, 68, 4)
    got = launch(text, x, np.empty(32, np.float32)).astype(np.float64)
    assert (np.abs(got) <= np.abs(x)).all()
    with np.errstate(over="ignore"):
        beyond = np.nextafter(got.astype(np.float32), np.copysign(np.float32(np.inf), x.astype(np.float32)))
    assert (np.abs(beyond.astype(np.float64)) > np.abs(x)).all()


@pytest.mark.parametrize("name", ["read", "main", "write", "y", "malloc"])
def test_a_kernel_called_like_a_function_of_the_system_is_no_such_function(name: str, cuda_cpu: CudaOnCpu) -> None:
    kernel = KERNELS["reverse"]
    plan = kernel.plan()
    (step,) = plan.launches
    plan = LaunchPlan("main", plan.params, 0, (Launch(name, step.grid, step.block, step.args),))
    program = compile.build(kernel.text.replace(" k(", f" {name}("))
    np.testing.assert_array_equal(run(program, 0, plan, kernel.data(), How()).outs[0], kernel.data()[0][:, ::-1])


@pytest.mark.parametrize("name", ["x", "y", "z"])
def test_a_kernel_called_like_an_axis_leaves_the_ids_alone(name: str, gpu_module: Module, cuda_cpu: CudaOnCpu) -> None:
    body = """
        %i = gpu.block_id y
        %v = memref.load %x[%i] : memref<5xf32>
        memref.store %v, %out[%i] : memref<5xf32>"""
    text = gpu_module([("x", "memref<5xf32>"), ("out", "memref<5xf32>")], body, grid=(1, 5, 1), kernel=name)
    x = np.random.default_rng(0).standard_normal(5).astype(np.float32)
    (out,) = cuda_cpu.build(parse(text)).run([cuda_cpu.from_numpy(x)])
    np.testing.assert_array_equal(out.numpy(), x)


def test_fibers_work_without_their_assembly(cuda_cpu: CudaOnCpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on another processor: ucontext."""
    kernel = KERNELS["row sum"]
    monkeypatch.setattr(compile, "COMMON", (*compile.COMMON, "-DRUNG_UCONTEXT"))
    compile.runtime_object.cache_clear()
    try:
        program = compile.build(kernel.text)
    finally:
        compile.runtime_object.cache_clear()
    for order in ORDERS:
        (got,) = run(program, 0, kernel.plan(), kernel.data(), How(order, 1)).outs
        np.testing.assert_allclose(got, kernel.data()[0].sum(1), rtol=1e-5, atol=1e-4)


# What it says of a kernel that misbehaves


def test_what_no_thread_writes_of_a_result_is_nan(cuda_cpu: CudaOnCpu) -> None:
    text = f"{HEAD}(32) k(float *__restrict__ out) {{\n  if (threadIdx.x != 7) out[threadIdx.x] = 1.0f;\n}}\n"
    np.testing.assert_array_equal(launch(text, np.empty(32, np.float32)), np.where(np.arange(32) == 7, np.nan, 1))


def test_a_race_on_a_constant_index_of_shared_memory_is_seen(cuda_cpu: CudaOnCpu) -> None:
    text = f"""{HEAD}(32) k(float *__restrict__ out) {{
  __shared__ float total[1];
  total[0] = 0.5f;
  __syncthreads();
  out[threadIdx.x] = total[0];
}}
"""
    with pytest.raises(KernelFault, match=r"data race: it writes byte 0 of a shared array, .* line 3: total\[0\] = 0.5f;"):
        launch(text, np.empty(32, np.float32))
    mended = text.replace("  total[0]", "  if (threadIdx.x == 3) total[0]", 1)
    np.testing.assert_array_equal(launch(mended, np.empty(32, np.float32)), np.full(32, 0.5))


def test_a_barrier_between_is_no_race_but_another_block_is(cuda_cpu: CudaOnCpu) -> None:
    text = f"""{HEAD}(32) k(float *__restrict__ out) {{
  out[threadIdx.x] = 1.0f;
  __syncthreads();
  float other = out[31 - threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = other + 1.0f;
}}
"""
    np.testing.assert_array_equal(launch(text, np.empty(32, np.float32)), np.full(32, 2))
    with pytest.raises(KernelFault, match=r"block \(1, 0, 0\).* data race: it writes byte 0 of argument 0.* of another block"):
        launch(text, np.empty(32, np.float32), blocks=2)


def test_arrays_beyond_the_stack_are_named(cuda_cpu: CudaOnCpu) -> None:
    text = f"{HEAD}(32) k(const float *__restrict__ x, float *__restrict__ y) {{\n  float own[100000];\n" + (
        "  for (int i = 0; i < 100000; i++) own[i] = x[i % 32];\n  y[threadIdx.x] = own[(int)x[0] & 65535];\n}\n"
    )
    with pytest.raises(KernelFault, match=r"kernel k, .*: its own arrays need more than the 256 KiB of a stack"):
        launch(text, floats(), np.empty(32, np.float32))


def test_a_kernel_that_never_ends_is_stopped(cuda_cpu: CudaOnCpu) -> None:
    text = f"{HEAD}(32) k(float *__restrict__ y) {{\n  for (int i = 0; i >= 0; i ^= 1) y[threadIdx.x] = i;\n}}\n"
    with pytest.raises(KernelFault, match=r"@main did not end within 0.5 s \(forward order\)"):
        launch(text, np.empty(32, np.float32), how=How(seconds=0.5))


def test_an_argument_written_that_is_another_ones_memory_too_is_a_fault(cuda_cpu: CudaOnCpu) -> None:
    text = f"{HEAD}(32) k(const float *__restrict__ x, float *__restrict__ y) {{\n  y[threadIdx.x] = x[threadIdx.x];\n}}\n"
    with pytest.raises(KernelFault, match="kernel k: it writes argument 1, whose memory is argument 0's too"):
        launch(text, floats(), np.empty(32, np.float32), same=True)


def test_a_wild_pointer_is_a_fault_and_not_a_crash(cuda_cpu: CudaOnCpu) -> None:
    text = f"{HEAD}(32) k(float *__restrict__ y) {{\n  *(float *)64 = 1.0f;\n}}\n"
    with pytest.raises(KernelFault, match=r"kernel k, block .* it touches address 0x40, which is no memory of its own"):
        launch(text, np.empty(32, np.float32))
