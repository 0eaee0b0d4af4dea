"""Small modules on the gpu rung, and how to run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from rung.backends.target import target
from rung.dialects.upstream import parse

Array = np.ndarray[Any, np.dtype[Any]]

MLIR = {
    "bool": "i1",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "i8",
    "uint16": "i16",
    "uint32": "i32",
    "uint64": "i64",
    "float16": "f16",
    "bfloat16": "bf16",
    "float32": "f32",
    "float64": "f64",
}


def memref(array: Array) -> str:
    return f"memref<{'x'.join([*map(str, array.shape), MLIR[array.dtype.name]])}>"


def module(params: Sequence[tuple[str, str]], outs: int, body: str, *, grid: Sequence[int] = (1, 1, 1), block: Sequence[int] = (1, 1, 1), shared: str = "", kernel: str = "k") -> str:
    """A module whose `@main` launches one kernel with this body over all its parameters, (name, type) each."""
    listed = ", ".join(f"%{name}: {type_}" for name, type_ in params)
    passed = ", ".join(f"%{name} : {type_}" for name, type_ in params)
    sizes = sorted({*grid, *block})
    constants = "\n".join(f"    %n{size} = arith.constant {size} : index" for size in sizes)
    where = [", ".join(f"%n{size}" for size in dims) for dims in (grid, block)]
    return f"""module attributes {{gpu.container_module}} {{
  func.func @main({listed}) attributes {{outs = {outs} : i64}} {{
{constants}
    gpu.launch_func @kernels::@{kernel} blocks in ({where[0]}) threads in ({where[1]}) args({passed})
    return
  }}
  gpu.module @kernels {{
    gpu.func @{kernel}({listed}) {shared} kernel attributes {{known_block_size = array<i32: {", ".join(map(str, block))}>, known_grid_size = array<i32: {", ".join(map(str, grid))}>}} {{
{body}
      gpu.return
    }}
  }}
}}
"""


def elementwise(op: str, inputs: Sequence[Array], out: Array, lanes: int) -> str:
    """A kernel that applies the op text, on %a, %b, %c (%av, ... are its types) giving %r, to arrays of one length.

    lanes   0: element by element; else as vectors, of which the length must be a multiple
    """
    (length,) = out.shape
    names = "abc"[: len(inputs)]
    params = [*((f"p{name}", memref(array)) for name, array in zip(names, inputs)), ("out", memref(out))]

    def type_of(array: Array) -> str:
        element = MLIR[array.dtype.name]
        return f"vector<{lanes}x{element}>" if lanes else element

    loads = [
        f"%{name} = vector.load %p{name}[%i] : {memref(array)}, {type_of(array)}"
        if lanes
        else f"%{name} = memref.load %p{name}[%i] : {memref(array)}"
        for name, array in zip(names, inputs)
    ]
    store = f"vector.store %r, %out[%i] : {memref(out)}, {type_of(out)}" if lanes else f"memref.store %r, %out[%i] : {memref(out)}"
    for name, array in zip(names, inputs):
        op = op.replace(f"${name}", type_of(array))
    op = op.replace("$r", type_of(out)).replace("$m", f"vector<{lanes}xi1>" if lanes else "i1")
    lines = "\n".join(f"        {line}" for line in (*loads, *op.strip().splitlines(), store))
    body = f"""      %c0 = arith.constant 0 : index
      %step = arith.constant {lanes or 1} : index
      %end = arith.constant {length} : index
      scf.for %i = %c0 to %end step %step {{
{lines}
      }}"""
    return module(params, 1, body)


@pytest.fixture(scope="session")
def gpu_module() -> Callable[..., str]:
    return module


@pytest.fixture(scope="session")
def elementwise_module() -> Callable[..., str]:
    return elementwise


@pytest.fixture(scope="session")
def run_opencl(pocl: None) -> Callable[..., list[Array]]:
    """`run_opencl(text, *inputs) -> results`: build and run a module on the gpu rung."""
    opencl = target("opencl")

    def run(text: str, *inputs: Array) -> list[Array]:
        executable = opencl.build(parse(text))
        outs = executable.run([opencl.from_numpy(array) for array in inputs])
        return [out.numpy() for out in outs]

    return run


@pytest.fixture(scope="session")
def spell_opencl() -> Callable[[str], str]:
    opencl = target("opencl")
    return lambda text: opencl.spell(parse(text))
