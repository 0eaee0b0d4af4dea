"""Nothing is unpickled on the way to a kernel, although pyopencl keeps pickles in the user's cache folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RUN = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith(("pickle.", "sqlite3.")) else None)
{first}
import numpy as np
from rung.compile import compile_module
from rung.dialects.upstream import parse
from rung.frontend.runtime import HostBuffer

TEXT = '''
func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {{
  %y = nd.binary "add" %x, %x : tensor<8xf32> -> tensor<8xf32>
  return %y : tensor<8xf32>
}}
'''
del seen[:]
x = np.arange(8, dtype=np.float32)
for cache in (False, True):
    (y,) = compile_module(parse(TEXT), "opencl", cache=cache).run([HostBuffer(x)])
    assert (y.numpy() == x + x).all()
print(seen)
{last}
"""

OWN_KERNEL = """
ctx = pyopencl.Context(pyopencl.get_platforms()[0].get_devices())
source = "__kernel void own(__global float *a) { a[0] = 1.0f; }"
pyopencl.Kernel(pyopencl.Program(ctx, source).build(), "own")
print(seen)
"""


def run(home: Path, **lines: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYOPENCL_NO_CACHE"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home), "RUNG_CACHE_DIR": str(home / "rung")}
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(**{"first": "", "last": "", **lines})], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_own_import_of_pyopencl_opens_no_pickles(pocl: None, tmp_path: Path) -> None:
    assert run(tmp_path) == "[]"
    assert not list(tmp_path.glob("pytools*"))


def test_a_pyopencl_that_the_program_imported_reads_no_pickles_for_us(pocl: None, tmp_path: Path) -> None:
    for _ in range(2):  # the second time there would be pickles to read
        ours, theirs = run(tmp_path, first="import pyopencl, pyopencl.invoker", last=OWN_KERNEL).splitlines()
        assert ours == "[]"
    assert "pickle.find_class" in theirs, "pyopencl keeps no pickles any more: backends/opencl/pickles.py can go"
