"""Kernels on the linalg rung, each in the form nd-to-linalg leaves, with what NumPy says they compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Kernel:
    """The text of a `@k` kernel, the shapes and dtypes of its arguments, and the NumPy function it must equal."""

    text: str
    args: tuple[tuple[tuple[int, ...], str], ...]
    want: Callable[..., Array]
    tile: tuple[int, ...] = ()
    """A tile that leaves an edge, for the tests of tiling."""

    def inputs(self, rng: np.random.Generator) -> list[Array]:
        made: list[Array] = []
        for shape, dtype in self.args:
            data = rng.standard_normal(shape) * (1 if dtype.startswith("f") else 50)
            made.append(np.asarray(data).astype({"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64}[dtype]))
        return made


def identity(rank: int) -> str:
    dims = ", ".join(f"d{i}" for i in range(rank))
    return f"affine_map<({dims}) -> ({dims})>"


def par(n: int, red: int = 0) -> str:
    return "[" + ", ".join(['"parallel"'] * n + ['"reduction"'] * red) + "]"


def ten(*shape: int, dtype: str = "f32") -> str:
    return f"tensor<{'x'.join(map(str, (*shape, dtype)))}>"


def elementwise(*shape: int) -> str:
    t, m = ten(*shape), identity(len(shape))
    return f"""
func.func private @k(%x: {t}, %y: {t}) -> {t} attributes {{kernel, spine = {len(shape)} : i64}} {{
  %e = tensor.empty() : {t}
  %r = linalg.generic {{indexing_maps = [{m}, {m}, {m}], iterator_types = {par(len(shape))}}}
      ins(%x, %y : {t}, {t}) outs(%e : {t}) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %q = arith.addf %p, %a : f32
    linalg.yield %q : f32
  }} -> {t}
  return %r : {t}
}}
"""


def softmax(rows: int, cols: int) -> str:
    x, r = ten(rows, cols), ten(rows)
    m2, m1 = "affine_map<(d0, d1) -> (d0, d1)>", "affine_map<(d0, d1) -> (d0)>"
    return f"""
func.func private @k(%x: {x}) -> {x} attributes {{kernel, spine = 1 : i64}} {{
  %lowest = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : {r}
  %i0 = linalg.fill ins(%lowest : f32) outs(%e0 : {r}) -> {r}
  %max = linalg.generic {{indexing_maps = [{m2}, {m1}], iterator_types = {par(1, 1)}}} ins(%x : {x}) outs(%i0 : {r}) {{
  ^bb0(%a: f32, %acc: f32):
    %m = arith.maximumf %acc, %a : f32
    linalg.yield %m : f32
  }} -> {r}
  %e1 = tensor.empty() : {r}
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : {r}) -> {r}
  %sum = linalg.generic {{indexing_maps = [{m2}, {m1}, {m1}], iterator_types = {par(1, 1)}}}
      ins(%x, %max : {x}, {r}) outs(%i1 : {r}) {{
  ^bb0(%a: f32, %mx: f32, %acc: f32):
    %d = arith.subf %a, %mx : f32
    %p = math.exp2 %d : f32
    %s = arith.addf %acc, %p fastmath<reassoc> : f32
    linalg.yield %s : f32
  }} -> {r}
  %e2 = tensor.empty() : {x}
  %out = linalg.generic {{indexing_maps = [{m2}, {m1}, {m1}, {m2}], iterator_types = {par(2)}}}
      ins(%x, %max, %sum : {x}, {r}, {r}) outs(%e2 : {x}) {{
  ^bb0(%a: f32, %mx: f32, %sm: f32, %o: f32):
    %d = arith.subf %a, %mx : f32
    %p = math.exp2 %d : f32
    %q = arith.divf %p, %sm : f32
    linalg.yield %q : f32
  }} -> {x}
  return %out : {x}
}}
"""


def softmax_numpy(x: Array) -> Array:
    e = np.exp2(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def full_sum(*shape: int) -> str:
    x, n = ten(*shape), len(shape)
    dims = ", ".join(f"d{i}" for i in range(n))
    return f"""
func.func private @k(%x: {x}) -> tensor<f32> attributes {{kernel, spine = 0 : i64}} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %r = linalg.generic {{indexing_maps = [{identity(n)}, affine_map<({dims}) -> ()>], iterator_types = {par(0, n)}}}
      ins(%x : {x}) outs(%i : tensor<f32>) {{
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a fastmath<reassoc> : f32
    linalg.yield %s : f32
  }} -> tensor<f32>
  return %r : tensor<f32>
}}
"""


def column_sum(rows: int, cols: int) -> str:
    x, r = ten(rows, cols), ten(cols)
    return f"""
func.func private @k(%x: {x}) -> {r} attributes {{kernel, spine = 1 : i64}} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {r}
  %i = linalg.fill ins(%zero : f32) outs(%e : {r}) -> {r}
  %r = linalg.generic {{
    indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>], iterator_types = {par(1, 1)}
  }} ins(%x : {x}) outs(%i : {r}) {{
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a fastmath<reassoc> : f32
    linalg.yield %s : f32
  }} -> {r}
  return %r : {r}
}}
"""


def matmul(m: int, n: int, k: int, epilogue: bool = False) -> str:
    a, b, c, bias = ten(m, k), ten(k, n), ten(m, n), ten(n)
    maps = ("(d0, d1, d2) -> (d0, d2)", "(d0, d1, d2) -> (d2, d1)", "(d0, d1, d2) -> (d0, d1)")
    text = f"""
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {c}
  %i = linalg.fill ins(%zero : f32) outs(%e : {c}) -> {c}
  %mm = linalg.generic {{indexing_maps = [{", ".join(f"affine_map<{t}>" for t in maps)}], iterator_types = {par(2, 1)}}}
      ins(%a, %b : {a}, {b}) outs(%i : {c}) {{
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p fastmath<reassoc> : f32
    linalg.yield %s : f32
  }} -> {c}"""
    if not epilogue:
        head = f"func.func private @k(%a: {a}, %b: {b}) -> {c} attributes {{kernel, spine = 2 : i64}} {{"
        return f"\n{head}{text}\n  return %mm : {c}\n}}\n"
    head = f"func.func private @k(%a: {a}, %b: {b}, %bias: {bias}) -> {c} attributes {{kernel, spine = 2 : i64}} {{"
    return f"""
{head}{text}
  %e2 = tensor.empty() : {c}
  %out = linalg.generic {{
    indexing_maps = [{identity(2)}, affine_map<(d0, d1) -> (d1)>, {identity(2)}], iterator_types = {par(2)}
  }} ins(%mm, %bias : {c}, {bias}) outs(%e2 : {c}) {{
  ^bb0(%x: f32, %y: f32, %o: f32):
    %z = arith.constant 0.0 : f32
    %s = arith.addf %x, %y : f32
    %r = arith.maximumf %s, %z : f32
    linalg.yield %r : f32
  }} -> {c}
  return %out : {c}
}}
"""


def window_max(rows: int, cols: int, kh: int, kw: int, stride: int) -> str:
    """Pooling: the window's extents are known by a shape-only operand."""
    oh, ow = (rows - kh) // stride + 1, (cols - kw) // stride + 1
    x, o, w = ten(rows, cols), ten(oh, ow), ten(kh, kw)
    s = f" * {stride}" if stride > 1 else ""
    maps = (
        f"(d0, d1, d2, d3) -> (d0{s} + d2, d1{s} + d3)",
        "(d0, d1, d2, d3) -> (d2, d3)",
        "(d0, d1, d2, d3) -> (d0, d1)",
    )
    return f"""
func.func private @k(%x: {x}) -> {o} attributes {{kernel, spine = 2 : i64}} {{
  %lowest = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : {o}
  %i = linalg.fill ins(%lowest : f32) outs(%e : {o}) -> {o}
  %window = tensor.empty() : {w}
  %r = linalg.generic {{indexing_maps = [{", ".join(f"affine_map<{t}>" for t in maps)}], iterator_types = {par(2, 2)}}}
      ins(%x, %window : {x}, {w}) outs(%i : {o}) {{
  ^bb0(%a: f32, %unused: f32, %acc: f32):
    %s = arith.maximumf %acc, %a : f32
    linalg.yield %s : f32
  }} -> {o}
  return %r : {o}
}}
"""


def window_max_numpy(kh: int, kw: int, stride: int) -> Callable[[Array], Array]:
    return lambda x: np.lib.stride_tricks.sliding_window_view(x, (kh, kw))[::stride, ::stride].max((-1, -2))


def conv1d(channels: int, out: int, length: int, taps: int) -> str:
    """A convolution: (o, i) parallel, (c, t) reduced, the input read at i + t + 1 (its first column is skipped)."""
    n = length - taps
    x, w, y = ten(channels, length), ten(out, channels, taps), ten(out, n)
    maps = ("(d0, d1, d2, d3) -> (d2, d1 + d3 + 1)", "(d0, d1, d2, d3) -> (d0, d2, d3)", "(d0, d1, d2, d3) -> (d0, d1)")
    return f"""
func.func private @k(%x: {x}, %w: {w}) -> {y} attributes {{kernel, spine = 2 : i64}} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {y}
  %i = linalg.fill ins(%zero : f32) outs(%e : {y}) -> {y}
  %r = linalg.generic {{indexing_maps = [{", ".join(f"affine_map<{t}>" for t in maps)}], iterator_types = {par(2, 2)}}}
      ins(%x, %w : {x}, {w}) outs(%i : {y}) {{
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %acc, %p fastmath<reassoc> : f32
    linalg.yield %s : f32
  }} -> {y}
  return %r : {y}
}}
"""


def conv1d_numpy(x: Array, w: Array) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(x[:, 1:], w.shape[2], axis=1)
    return np.einsum("cit,oct->oi", windows, w)


def padded_flip(n: int, m: int, before: int) -> str:
    """y[i, j] = x[n-1-i, j-before] + z[i] where that exists, else 7: guards, two captured arguments, linalg.index."""
    x, z, y = ten(n, m), ten(n), ten(n, m + before + 2)
    return f"""
func.func private @k(%x: {x}, %z: {z}) -> {y} attributes {{kernel, spine = 2 : i64}} {{
  %c0 = arith.constant 0 : index
  %cm = arith.constant {m} : index
  %seven = arith.constant 7.0 : f32
  %e = tensor.empty() : {y}
  %r = linalg.generic {{indexing_maps = [{identity(2)}], iterator_types = {par(2)}}} outs(%e : {y}) {{
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %jj = affine.apply affine_map<(d0) -> (d0 - {before})>(%j)
    %low = arith.cmpi sge, %jj, %c0 : index
    %high = arith.cmpi slt, %jj, %cm : index
    %inside = arith.andi %low, %high : i1
    %v = scf.if %inside -> (f32) {{
      %ii = affine.apply affine_map<(d0) -> (-d0 + {n - 1})>(%i)
      %a = tensor.extract %x[%ii, %jj] : {x}
      %b = tensor.extract %z[%i] : {z}
      %s = arith.addf %a, %b : f32
      scf.yield %s : f32
    }} else {{
      scf.yield %seven : f32
    }}
    linalg.yield %v : f32
  }} -> {y}
  return %r : {y}
}}
"""


def padded_flip_numpy(before: int) -> Callable[[Array, Array], Array]:
    return lambda x, z: np.pad(x[::-1] + z[:, None], ((0, 0), (before, 2)), constant_values=7.0)


def transpose(n: int, m: int) -> str:
    x, y = ten(n, m), ten(m, n)
    return f"""
func.func private @k(%x: {x}) -> {y} attributes {{kernel, spine = 2 : i64}} {{
  %e = tensor.empty() : {y}
  %r = linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, {identity(2)}], iterator_types = {par(2)}}}
      ins(%x : {x}) outs(%e : {y}) {{
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }} -> {y}
  return %r : {y}
}}
"""


def iota(n: int, m: int) -> str:
    """y[i, j] = 10 i + (i + 3 j) mod 5, from indices alone."""
    y = ten(n, m, dtype="i32")
    return f"""
func.func private @k() -> {y} attributes {{kernel, spine = 2 : i64}} {{
  %e = tensor.empty() : {y}
  %r = linalg.generic {{indexing_maps = [{identity(2)}], iterator_types = {par(2)}}} outs(%e : {y}) {{
  ^bb0(%o: i32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = affine.apply affine_map<(d0, d1) -> (d0 * 10 + (d0 + d1 * 3) mod 5)>(%i, %j)
    %v = arith.index_cast %k : index to i32
    linalg.yield %v : i32
  }} -> {y}
  return %r : {y}
}}
"""


def iota_numpy(n: int, m: int) -> Callable[[], Array]:
    def want() -> Array:
        i, j = np.mgrid[:n, :m]
        return (10 * i + (i + 3 * j) % 5).astype(np.int32)

    return want


def fill_only(n: int, m: int) -> str:
    y = ten(n, m)
    return f"""
func.func private @k() -> {y} attributes {{kernel, spine = 2 : i64}} {{
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : {y}
  %r = linalg.fill ins(%half : f32) outs(%e : {y}) -> {y}
  return %r : {y}
}}
"""


def normalize_columns(rows: int, cols: int) -> str:
    """y[i, j] = x[i, j] - sum_i x[i, j]: a group whose spine is the column, so the result's axes are not in loop order."""
    x, r = ten(rows, cols), ten(cols)
    ji, j = "affine_map<(d0, d1) -> (d1, d0)>", "affine_map<(d0, d1) -> (d0)>"
    return f"""
func.func private @k(%x: {x}) -> {x} attributes {{kernel, spine = 1 : i64}} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {r}
  %i = linalg.fill ins(%zero : f32) outs(%e : {r}) -> {r}
  %sum = linalg.generic {{indexing_maps = [{ji}, {j}], iterator_types = {par(1, 1)}}} ins(%x : {x}) outs(%i : {r}) {{
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a fastmath<reassoc> : f32
    linalg.yield %s : f32
  }} -> {r}
  %e2 = tensor.empty() : {x}
  %out = linalg.generic {{indexing_maps = [{ji}, {j}, {ji}], iterator_types = {par(2)}}}
      ins(%x, %sum : {x}, {r}) outs(%e2 : {x}) {{
  ^bb0(%a: f32, %t: f32, %o: f32):
    %d = arith.subf %a, %t : f32
    linalg.yield %d : f32
  }} -> {x}
  return %out : {x}
}}
"""


F32 = "f32"
KERNELS: dict[str, Kernel] = {
    "elementwise_1d_prime": Kernel(elementwise(37), (((37,), F32),) * 2, lambda x, y: x * y + x, (8,)),
    "elementwise_3d": Kernel(elementwise(3, 5, 7), (((3, 5, 7), F32),) * 2, lambda x, y: x * y + x, (2, 5, 4)),
    "elementwise_unit_dims": Kernel(elementwise(1, 5, 1), (((1, 5, 1), F32),) * 2, lambda x, y: x * y + x, (1, 2, 1)),
    "elementwise_rank_0": Kernel(elementwise(), (((), F32),) * 2, lambda x, y: x * y + x),
    "elementwise_empty": Kernel(elementwise(0, 4), (((0, 4), F32),) * 2, lambda x, y: x * y + x, (1, 4)),
    "softmax_37x10": Kernel(softmax(37, 10), (((37, 10), F32),), softmax_numpy, (4,)),
    "softmax_one_row_tiles": Kernel(softmax(5, 33), (((5, 33), F32),), softmax_numpy, (1,)),
    "full_sum_7x9": Kernel(full_sum(7, 9), (((7, 9), F32),), lambda x: x.sum()),
    "full_sum_one": Kernel(full_sum(1), (((1,), F32),), lambda x: x.sum()),
    "column_sum_33x50": Kernel(column_sum(33, 50), (((33, 50), F32),), lambda x: x.sum(0), (16,)),
    "column_sum_of_nothing": Kernel(column_sum(0, 5), (((0, 5), F32),), lambda x: x.sum(0), (2,)),
    "matmul_17x33x65": Kernel(matmul(17, 33, 65), (((17, 65), F32), ((65, 33), F32)), lambda a, b: a @ b, (8, 16)),
    "matmul_inner_1": Kernel(matmul(4, 5, 1), (((4, 1), F32), ((1, 5), F32)), lambda a, b: a @ b, (4, 4)),
    "matmul_bias_relu": Kernel(
        matmul(9, 20, 11, epilogue=True),
        (((9, 11), F32), ((11, 20), F32), ((20,), F32)),
        lambda a, b, c: np.maximum(a @ b + c, 0),
        (4, 16),
    ),
    "window_max_stride_1": Kernel(window_max(9, 11, 3, 2, 1), (((9, 11), F32),), window_max_numpy(3, 2, 1), (3, 4)),
    "window_max_stride_2": Kernel(window_max(11, 9, 3, 3, 2), (((11, 9), F32),), window_max_numpy(3, 3, 2), (2, 3)),
    "conv1d": Kernel(conv1d(3, 4, 21, 5), (((3, 21), F32), ((4, 3, 5), F32)), conv1d_numpy, (2, 5)),
    "padded_flip": Kernel(padded_flip(5, 7, 3), (((5, 7), F32), ((5,), F32)), padded_flip_numpy(3), (2, 5)),
    "transpose_5x9": Kernel(transpose(5, 9), (((5, 9), F32),), lambda x: x.T, (4, 2)),
    "iota_7x6": Kernel(iota(7, 6), (), iota_numpy(7, 6), (3, 4)),
    "fill_only": Kernel(fill_only(5, 6), (), lambda: np.full((5, 6), 0.5, np.float32), (2, 6)),
    "normalize_columns": Kernel(normalize_columns(6, 11), (((6, 11), F32),), lambda x: x - x.sum(0), (4,)),
}
