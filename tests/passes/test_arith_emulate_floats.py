"""Narrow floats computed in f32 round after every op, as if the target had the narrow op."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.arith_emulate_floats import ArithEmulateFloatsPass

DTYPES = {"f16": np.dtype(np.float16), "bf16": np.dtype(ml_dtypes.bfloat16), "f32": np.dtype(np.float32)}


def emulated(text: str, native: tuple[str, ...] = ("f32", "f64")) -> ModuleOp:
    module = parse(text)
    ArithEmulateFloatsPass(native=native).apply(make_context(), module)
    module.verify()
    return module


def elementwise(op: str, type_: str) -> str:
    return f"""
      func.func @main(%x: memref<97x{type_}>, %y: memref<97x{type_}>, %out: memref<97x{type_}>) attributes {{outs = 1 : i64}} {{
        scf.forall (%i) in (97) {{
          %a = memref.load %x[%i] : memref<97x{type_}>
          %b = memref.load %y[%i] : memref<97x{type_}>
          %c = {op} : {type_}
          memref.store %c, %out[%i] : memref<97x{type_}>
        }}
        return
      }}"""


@pytest.mark.parametrize("type_", ["f16", "bf16"])
@pytest.mark.parametrize(
    "op", ["arith.addf %a, %b", "arith.subf %a, %b", "arith.mulf %a, %b", "arith.divf %a, %b", "arith.maximumf %a, %b",
           "arith.negf %a", "math.absf %a", "math.sqrt %a"],
)  # fmt: skip
def test_one_op_gives_the_bits_of_the_narrow_op(
    op: str, type_: str, rng: np.random.Generator, mlir_opt: Callable[..., str]
) -> None:
    text = elementwise(op, type_)
    module = emulated(text)
    mlir_opt(module)
    x, y = (rng.standard_normal((2, 97)) * 100).astype(DTYPES[type_])
    x[:4] = [np.nan, np.inf, -0.0, 0.0]
    (got,), (want,) = evaluate(module, "main", [x, y]), evaluate(parse(text), "main", [x, y])
    # NaN carries no promised bits
    np.testing.assert_array_equal(np.isnan(got.astype(np.float32)), np.isnan(want.astype(np.float32)))
    numbers = ~np.isnan(want.astype(np.float32))
    np.testing.assert_array_equal(got.view(np.uint16)[numbers], want.view(np.uint16)[numbers])
    assert f"{op.split()[0]} " in str(module) and str(module).count(f" : {type_}\n") <= 2  # the op itself is in f32


SUM = """
  func.func @main(%x: memref<300xTYPE>, %out: memref<1xTYPE>) attributes {outs = 1 : i64} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c300 = arith.constant 300 : index
    %zero = arith.constant 0.0 : TYPE
    %s = scf.for %i = %c0 to %c300 step %c1 iter_args(%acc = %zero) -> (TYPE) {
      %a = memref.load %x[%i] : memref<300xTYPE>
      %t = arith.addf %acc, %a : TYPE
      scf.yield %t : TYPE
    }
    memref.store %s, %out[%c0] : memref<1xTYPE>
    return
  }"""


@pytest.mark.parametrize("type_", ["f16", "bf16"])
def test_a_sum_rounds_in_every_iteration(type_: str, mlir_opt: Callable[..., str]) -> None:
    ones = np.full(300, 16 if type_ == "f16" else 1, DTYPES[type_])
    module = emulated(SUM.replace("TYPE", type_))
    mlir_opt(module)
    (got,) = evaluate(module, "main", [ones])
    # bf16 has 8 digits: 256 + 1 rounds back to 256; a sum kept in f32 would be 300
    assert float(got[0]) == (4800 if type_ == "f16" else 256)
    assert f"iter_args(%acc = %zero) -> ({type_})" in str(module)


def test_what_moves_floats_stays(mlir_opt: Callable[..., str]) -> None:
    text = """
      func.func @main(%x: f16, %c: i1, %m: memref<1xf16>) -> (f32, i16, f16) {
        %i = arith.constant 0 : index
        %k = arith.constant 1.5 : f16
        %y = memref.load %m[%i] : memref<1xf16>
        %s = arith.select %c, %y, %k : f16
        %e = arith.extf %s : f16 to f32
        %b = arith.bitcast %s : f16 to i16
        memref.store %s, %m[%i] : memref<1xf16>
        return %e, %b, %s : f32, i16, f16
      }"""
    assert str(emulated(text)) == str(parse(text))


def test_integers_are_converted_through_f32(mlir_opt: Callable[..., str]) -> None:
    text = """
      func.func @main(%n: i32, %x: f16) -> (f16, i32) {
        %y = arith.sitofp %n : i32 to f16
        %m = arith.fptosi %x : f16 to i32
        return %y, %m : f16, i32
      }"""
    module = emulated(text)
    mlir_opt(module)
    printed = str(module)
    assert "arith.sitofp %n : i32 to f32" in printed and "arith.fptosi %x_f32 : f32 to i32" in printed


def test_rounding_to_a_narrow_type_and_back_is_kept() -> None:
    text = """
      func.func @main(%x: f32) -> f32 {
        %y = arith.truncf %x : f32 to f16
        %z = arith.extf %y : f16 to f32
        return %z : f32
      }"""
    assert str(emulated(text)) == str(parse(text))


def test_widening_and_narrowing_back_is_nothing_only_for_the_same_type() -> None:
    text = """
      func.func @main(%x: f16) -> (f16, bf16) {
        %w = arith.extf %x : f16 to f32
        %y = arith.truncf %w : f32 to f16
        %z = arith.truncf %w : f32 to bf16
        return %y, %z : f16, bf16
      }"""
    printed = str(emulated(text))
    assert "return %x, %z : f16, bf16" in printed and printed.count("arith.truncf") == 1


def test_a_constant_is_widened_once_and_outside_of_the_loop() -> None:
    text = SUM.replace("TYPE", "f16").replace(
        "%t = arith.addf %acc, %a : f16", "%u = arith.addf %acc, %k : f16\n%t = arith.mulf %u, %k : f16"
    )
    text = text.replace("%c0 = arith", "%k = arith.constant 2.0 : f16\n%c0 = arith", 1)
    printed = str(emulated(text))
    assert printed.count("arith.extf %k") == 1
    assert printed.index("arith.extf %k") < printed.index("scf.for")


def test_a_value_widened_in_a_branch_is_widened_again_after_it(mlir_opt: Callable[..., str]) -> None:
    text = """
      func.func @main(%x: f16, %c: i1) -> f16 {
        %y = scf.if %c -> (f16) {
          %a = arith.addf %x, %x : f16
          scf.yield %a : f16
        } else {
          scf.yield %x : f16
        }
        %z = arith.mulf %x, %y : f16
        return %z : f16
      }"""
    module = emulated(text)
    mlir_opt(module)
    assert str(module).count("arith.extf %x :") == 2


def test_native_types_are_left_alone() -> None:
    text = elementwise("arith.addf %a, %b", "f16")
    assert str(emulated(text, ("f16", "f32", "f64"))) == str(parse(text))
    wide = elementwise("arith.addf %a, %b", "f32")
    assert str(emulated(wide)) == str(parse(wide))
    assert "arith.extf" in str(emulated(elementwise("arith.addf %a, %b", "bf16"), ("f16", "f32", "f64")))


def test_vectors_are_widened_as_scalars_are(mlir_opt: Callable[..., str]) -> None:
    text = """
      func.func @main(%x: vector<4x8xf16>) -> vector<4x8xf16> {
        %y = arith.addf %x, %x : vector<4x8xf16>
        return %y : vector<4x8xf16>
      }"""
    module = emulated(text)
    mlir_opt(module)
    assert "vector<4x8xf32>" in str(module)


def test_f32_has_to_be_native() -> None:
    with pytest.raises(PassFailedException, match="native is f64, expected f32 among them"):
        emulated(elementwise("arith.addf %a, %b", "f16"), ("f64",))
