"""Run a script here and in mlir-opt-22 on one payload, and compare what both results compute."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp

from rung.backends.reference.evaluate import evaluate
from rung.dialects.nd.dtype import to_numpy
from rung.dialects.upstream import make_context, parse
from rung.files import LocatingParser
from rung.schedules.engine import apply_schedule

MATMUL = """
func.func @main(%a: tensor<20x12xf32>, %b: tensor<12x16xf32>) -> tensor<20x16xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<20x16xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<20x16xf32>) -> tensor<20x16xf32>
  %r = linalg.matmul ins(%a, %b : tensor<20x12xf32>, tensor<12x16xf32>) outs(%i : tensor<20x16xf32>) -> tensor<20x16xf32>
  return %r : tensor<20x16xf32>
}"""

# rows are summed, then divided by their sum: two generics, the second with a broadcast operand and linalg.index
ROWS = """
#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @main(%x: tensor<12x10xf32>) -> tensor<12x10xf32> {
  %z = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<12xf32>
  %i0 = linalg.fill ins(%z : f32) outs(%e0 : tensor<12xf32>) -> tensor<12xf32>
  %sum = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<12x10xf32>) outs(%i0 : tensor<12xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a fastmath<reassoc> : f32
    linalg.yield %s : f32
  } -> tensor<12xf32>
  %e1 = tensor.empty() : tensor<12x10xf32>
  %out = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<12x10xf32>, tensor<12xf32>) outs(%e1 : tensor<12x10xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %row = linalg.index 0 : index
    %column = linalg.index 1 : index
    %ten = arith.constant 10 : index
    %before = arith.muli %row, %ten : index
    %number = arith.addi %before, %column : index
    %as_int = arith.index_cast %number : index to i32
    %place = arith.sitofp %as_int : i32 to f32
    %q = arith.divf %a, %s : f32
    %sum2 = arith.addf %q, %place : f32
    linalg.yield %sum2 : f32
  } -> tensor<12x10xf32>
  return %out : tensor<12x10xf32>
}"""

SEQUENCE = """
transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.{mark}}}) {{
{body}
  transform.yield
}}"""


def script(body: str, mark: str = "readonly", extra: str = "") -> str:
    """A module with @__transform_main; `A` and `P` in `body` stand for the types of handles and of integer parameters."""
    return whole(spelled(extra + SEQUENCE.format(body=body, mark=mark)))


def spelled(text: str) -> str:
    import re

    return re.sub(
        r"(?<![\w@%.\"<])P(?![\w\"])", "!transform.param<i64>", re.sub(r"(?<![\w@%.\"<])A(?![\w\"])", "!transform.any_op", text)
    )


def whole(text: str) -> str:
    return f"module attributes {{transform.with_named_sequence}} {{{text}\n}}"


def located(text: str, name: str = "s.mlir") -> ModuleOp:
    return LocatingParser(make_context(), text, name).parse_module()


def scheduled(payload: str, text: str, *, check: str = "structural") -> tuple[ModuleOp, str]:
    """The payload after the script, verified; and what the script printed."""
    module, out = located(payload, "p.mlir"), StringIO()
    apply_schedule(module, located(text), check=check, out=out)  # pyright: ignore[reportArgumentType]
    module.verify()
    return module, out.getvalue()


def arguments(module: ModuleOp) -> list[NDArray[np.float32]]:
    (main,) = [op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == "main"]
    rng = np.random.default_rng(4)
    found: list[NDArray[np.float32]] = []
    for type_ in main.function_type.inputs:
        assert isinstance(type_, TensorType)
        found.append(rng.standard_normal(type_.get_shape()).astype(to_numpy(type_.element_type)))
    return found


def computes(module: ModuleOp) -> list[NDArray[np.float32]]:
    return evaluate(module, "main", arguments(module))


Agree = Callable[..., ModuleOp]


@pytest.fixture
def agree(mlir_opt: Callable[..., str]) -> Agree:
    """`agree(payload, script) -> ModuleOp`: ours, after both were run, and compared with upstream's and with the unscheduled."""

    def run(payload: str, text: str, *, upstream: bool = True, tolerance: float = 1e-5) -> ModuleOp:
        ours, _ = scheduled(payload, text)
        plain = computes(parse(payload))
        for found, want in zip(computes(ours), plain, strict=True):
            np.testing.assert_allclose(found, want, rtol=tolerance, atol=tolerance)
        mlir_opt(str(ours))
        if upstream:
            inside = text[text.index("{transform.with_named_sequence} {") + len("{transform.with_named_sequence} {") :]
            lines = payload.strip().splitlines()
            aliases = "\n".join(line for line in lines if line.startswith("#"))
            body = "\n".join(line for line in lines if not line.startswith("#"))
            joined = f"{aliases}\nmodule attributes {{transform.with_named_sequence}} {{\n{body}\n{inside}"
            theirs = parse(mlir_opt(joined, "--transform-interpreter", "--mlir-print-ir-after-failure"))
            for op in list(theirs.ops):
                if op.name == "transform.named_sequence":
                    op.detach()
                    op.erase()
            for found, want in zip(computes(theirs), computes(ours), strict=True):
                np.testing.assert_allclose(found, want, rtol=tolerance, atol=tolerance)
        return ours

    return run
