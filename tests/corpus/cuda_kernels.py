"""CUDA kernels written by hand, with what they compute. cuda_faults.py breaks them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rung.backends.launch_plan import Launch, LaunchPlan, Param, Slot

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Kernel:
    """A kernel named `k`: its text, its launch, and NumPy's word for it. Inputs come before the one result."""

    text: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    inputs: tuple[tuple[int, ...], ...]
    out: tuple[int, ...]
    meaning: Callable[..., Array]
    integers: bool = False

    def plan(self) -> LaunchPlan:
        dtype = "int32" if self.integers else "float32"
        shapes = [*self.inputs, self.out]
        params = tuple(Param(f"p{n}", shape, dtype, n == len(self.inputs)) for n, shape in enumerate(shapes))
        slots = tuple(Slot("param", n, param.nbytes) for n, param in enumerate(params))
        return LaunchPlan("main", params, 0, (Launch("k", self.grid, self.block, slots),))

    def data(self) -> list[Array]:
        rng = np.random.default_rng(0)
        if self.integers:
            return [rng.integers(1, 100, shape).astype(np.int32) for shape in self.inputs]
        return [rng.standard_normal(shape).astype(np.float32) for shape in self.inputs]


HEAD = 'extern "C" __global__ void __launch_bounds__'
VECTOR = "struct __align__(16) f32x4 { float lane[4]; };\n"

REVERSE = f"""{HEAD}(64) k(const float *__restrict__ x, float *__restrict__ out) {{
  __shared__ float __align__(16) tile[64];
  int t = threadIdx.x;
  for (int i = 0; i < 3; i++) {{
    int at = (blockIdx.x * 3 + i) * 64;
    tile[t] = x[at + t];
    __syncthreads();
    out[at + t] = tile[63 - t];
    __syncthreads();
  }}
}}
"""

ROW_SUM = f"""{VECTOR}{HEAD}(64) k(const float *__restrict__ x, float *__restrict__ out) {{
  __shared__ float __align__(16) part[64];
  int t = threadIdx.x;
  float sum = 0.0f;
  for (int i = t * 4; i < 300; i += 256) {{
    f32x4 v = *(const f32x4 *)(x + blockIdx.x * 300 + i);
    sum += v.lane[0] + v.lane[1] + (v.lane[2] + v.lane[3]);
  }}
  part[t] = sum;
  __syncthreads();
  for (int step = 32; step > 0; step /= 2) {{
    if (t < step) {{
      part[t] += part[t + step];
    }}
    __syncthreads();
  }}
  if (t == 0) {{
    out[blockIdx.x] = part[0];
  }}
}}
"""

SCALE = f"""{VECTOR}{HEAD}(64) k(const float *__restrict__ x, float *__restrict__ out) {{
  int at = (blockIdx.x * 64 + threadIdx.x) * 4;
  if (at + 4 <= 1003) {{
    f32x4 v = *(const f32x4 *)(x + at);
    for (int i = 0; i < 4; i++) v.lane[i] *= 3.0f;
    *(f32x4 *)(out + at) = v;
  }} else {{
    for (int i = at; i < 1003; i++) out[i] = x[i] * 3.0f;
  }}
}}
"""

MATMUL = f"""{HEAD}(256) k(const float *__restrict__ a, const float *__restrict__ b, float *__restrict__ out) {{
  __shared__ float __align__(16) ta[16][16];
  __shared__ float __align__(16) tb[16][16];
  int tx = threadIdx.x, ty = threadIdx.y, i = blockIdx.y * 16 + ty, j = blockIdx.x * 16 + tx;
  float acc = 0.0f;
  for (int k = 0; k < 24; k += 16) {{
    ta[ty][tx] = i < 40 && k + tx < 24 ? a[i * 24 + k + tx] : 0.0f;
    tb[ty][tx] = k + ty < 24 && j < 33 ? b[(k + ty) * 33 + j] : 0.0f;
    __syncthreads();
    for (int l = 0; l < 16; l++) acc += ta[ty][l] * tb[l][tx];
    __syncthreads();
  }}
  if (i < 40 && j < 33) {{
    out[i * 33 + j] = acc;
  }}
}}
"""

INTEGERS = f"""{HEAD}(32) k(const int *__restrict__ x, int *__restrict__ out) {{
  int t = threadIdx.x, own[4];
  for (int i = 0; i < 4; i++) own[i] = x[t] >> i;
  out[t] = 1000 / x[t] + own[t % 4];
}}
"""

RING = f"""{HEAD}(32) k(const float *__restrict__ x, float *__restrict__ out) {{
  __shared__ float __align__(16) tile[3 * 128];
  int t = threadIdx.x;
  float sum = 0.0f;
  for (int i = 0; i < 2; i++) {{
    cp_async_16(tile + i * 128 + t * 4, x + i * 128 + t * 4);
    cp_async_commit();
  }}
  for (int i = 0; i < 8; i++) {{
    cp_async_wait(1);
    __syncthreads();
    if (i + 2 < 8) cp_async_16(tile + (i + 2) % 3 * 128 + t * 4, x + (i + 2) * 128 + t * 4);
    cp_async_commit(); // next
    for (int n = 0; n < 128; n++) sum += tile[i % 3 * 128 + n] * (n % 7 + t);
  }}
  out[t] = sum;
}}
"""


def ring(x: Array) -> Array:
    weights = (np.arange(128) % 7)[None, :] + np.arange(32)[:, None]
    return (x.reshape(8, 128).astype(np.float64).sum(0) * weights).sum(1).astype(np.float32)


def integers(x: Array) -> Array:
    t = np.arange(32)
    return (1000 // x + (x >> (t % 4))).astype(np.int32)


KERNELS = {
    "reverse": Kernel(REVERSE, (2, 1, 1), (64, 1, 1), ((6, 64),), (6, 64), lambda x: x[:, ::-1]),
    "row sum": Kernel(ROW_SUM, (5, 1, 1), (64, 1, 1), ((5, 300),), (5,), lambda x: x.sum(1)),
    "scale": Kernel(SCALE, (4, 1, 1), (64, 1, 1), ((1003,),), (1003,), lambda x: x * 3),
    "matmul": Kernel(MATMUL, (3, 3, 1), (16, 16, 1), ((40, 24), (24, 33)), (40, 33), lambda a, b: a @ b),
    "integers": Kernel(INTEGERS, (1, 1, 1), (32, 1, 1), ((32,),), (32,), integers, integers=True),
    "ring": Kernel(RING, (1, 1, 1), (32, 1, 1), ((1024,),), (32,), ring),
}
"""The correct ones."""
