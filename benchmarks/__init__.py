"""What rung claims about speed, as commands: `python -m benchmarks.kernels`, `python -m benchmarks.latency`.

Threads of one side must not spin into the next side's turn. Both settings are read when a library is loaded, so they stand here.
Measured on 2 cores of a Zen 5, 2026-11, interleaved mm512: torch 100 GF without them and 190 with them, NumPy 217 and 232.
"""

import os

os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")  # NumPy's idle threads sleep after 2^4 cycles instead of 2^26
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # the same for torch
os.environ.setdefault("POCL_AFFINITY", "1")
os.environ.setdefault("DEV", "CPU")  # tinygrad: C by clang, which must be on the PATH
