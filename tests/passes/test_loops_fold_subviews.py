"""Subviews fold into the indices of loads and stores; those that someone else holds stay."""

import numpy as np
from xdsl.dialects import memref
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import ModuleOp

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.loops_fold_subviews import LoopsFoldSubviewsPass


def folded(text: str) -> ModuleOp:
    module = parse(text)
    LoopsFoldSubviewsPass().apply(make_context(), module)
    module.verify()
    return module


def count(module: ModuleOp, kind: type) -> int:
    return sum(isinstance(op, kind) for op in module.walk())


def test_view_of_a_strided_view_folds_to_one_index(rng, mlir_opt) -> None:
    module = folded("""
    func.func @f(%x: memref<40x9xf32>, %y: memref<6x5xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c5 = arith.constant 5 : index
      scf.forall (%t) in (3) {
        %o = affine.apply affine_map<(d0) -> (d0 * 8 + 1)>(%t)
        %p = affine.apply affine_map<(d0) -> (d0 * 2)>(%t)
        %v = memref.subview %x[%o, 1] [16, 8] [1, 1] : memref<40x9xf32> to memref<16x8xf32, strided<[9, 1], offset: ?>>
        %w = memref.subview %v[%t, 2] [2, 5] [3, 1]
          : memref<16x8xf32, strided<[9, 1], offset: ?>> to memref<2x5xf32, strided<[27, 1], offset: ?>>
        %z = memref.subview %y[%p, 0] [2, 5] [1, 1] : memref<6x5xf32> to memref<2x5xf32, strided<[5, 1], offset: ?>>
        scf.for %j = %c0 to %c5 step %c1 {
          %a = memref.load %w[%c1, %j] : memref<2x5xf32, strided<[27, 1], offset: ?>>
          %b = memref.load %w[%c0, %j] : memref<2x5xf32, strided<[27, 1], offset: ?>>
          memref.store %a, %z[%c0, %j] : memref<2x5xf32, strided<[5, 1], offset: ?>>
          memref.store %b, %z[%c1, %j] : memref<2x5xf32, strided<[5, 1], offset: ?>>
        }
      }
      return
    }""")
    mlir_opt(module)
    assert count(module, memref.SubviewOp) == 0
    # rows of a, b and of the second store; %p serves the first; the column j + 3 is shared
    assert count(module, ApplyOp) == 5
    x = rng.standard_normal((40, 9)).astype(np.float32)
    want = np.empty((6, 5), np.float32)
    for t in range(3):
        want[2 * t], want[2 * t + 1] = x[9 * t + 4, 3:8], x[9 * t + 1, 3:8]
    np.testing.assert_array_equal(evaluate(module, "f", [x])[0], want)


def test_view_held_by_a_call_stays() -> None:
    module = folded("""
    func.func private @g(memref<4xf32, strided<[1], offset: 2>>)
    func.func @f(%x: memref<8xf32>, %y: memref<1xf32>) {
      %c1 = arith.constant 1 : index
      %c0 = arith.constant 0 : index
      %v = memref.subview %x[2] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 2>>
      func.call @g(%v) : (memref<4xf32, strided<[1], offset: 2>>) -> ()
      %a = memref.load %v[%c1] : memref<4xf32, strided<[1], offset: 2>>
      memref.store %a, %y[%c0] : memref<1xf32>
      return
    }""")
    assert count(module, memref.SubviewOp) == 1
    assert "memref.load %x[%c3]" in str(module)


def test_view_that_drops_a_dim_stays() -> None:
    module = folded("""
    func.func @f(%x: memref<3x8xf32>, %y: memref<1xf32>) {
      %c0 = arith.constant 0 : index
      %v = memref.subview %x[1, 0] [1, 8] [1, 1] : memref<3x8xf32> to memref<8xf32, strided<[1], offset: 8>>
      %a = memref.load %v[%c0] : memref<8xf32, strided<[1], offset: 8>>
      memref.store %a, %y[%c0] : memref<1xf32>
      return
    }""")
    assert count(module, memref.SubviewOp) == 1 and "memref.load %v[%c0]" in str(module)


def test_view_with_a_dynamic_stride_stays() -> None:
    module = folded("""
    func.func @f(%x: memref<8xf32>, %s: index, %y: memref<1xf32>) {
      %c0 = arith.constant 0 : index
      %v = memref.subview %x[0] [2] [%s] : memref<8xf32> to memref<2xf32, strided<[?]>>
      %a = memref.load %v[%c0] : memref<2xf32, strided<[?]>>
      memref.store %a, %y[%c0] : memref<1xf32>
      return
    }""")
    assert count(module, memref.SubviewOp) == 1


def test_division_in_an_offset_is_simplified_by_what_the_loops_say(rng) -> None:
    module = folded("""
    func.func @f(%x: memref<8xf32>, %y: memref<8xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      scf.forall (%t) in (8) {
        %o = affine.apply affine_map<(d0) -> (d0 mod 16)>(%t)
        %v = memref.subview %x[%o] [1] [1] : memref<8xf32> to memref<1xf32, strided<[1], offset: ?>>
        %a = memref.load %v[%c0] : memref<1xf32, strided<[1], offset: ?>>
        memref.store %a, %y[%t] : memref<8xf32>
      }
      return
    }""")
    assert count(module, ApplyOp) == 0
    x = rng.standard_normal(8).astype(np.float32)
    np.testing.assert_array_equal(evaluate(module, "f", [x])[0], x)


def test_index_found_under_an_if_is_not_used_outside_it(rng, mlir_opt) -> None:
    """The index value must dominate both uses: it goes in front of the scf.if, with the loop's iv in hand."""
    module = folded("""
    func.func @f(%x: memref<8xf32>, %y: memref<4xf32>) attributes {outs = 1 : i64} {
      %c2 = arith.constant 2 : index
      %zero = arith.constant 0.0 : f32
      scf.forall (%t) in (4) {
        %v = memref.subview %x[%t] [3] [1] : memref<8xf32> to memref<3xf32, strided<[1], offset: ?>>
        %p = arith.cmpi slt, %t, %c2 : index
        %a = scf.if %p -> (f32) {
          %b = memref.load %v[%c2] : memref<3xf32, strided<[1], offset: ?>>
          scf.yield %b : f32
        } else {
          scf.yield %zero : f32
        }
        %c = memref.load %v[%c2] : memref<3xf32, strided<[1], offset: ?>>
        %s = arith.addf %a, %c : f32
        memref.store %s, %y[%t] : memref<4xf32>
      }
      return
    }""")
    mlir_opt(module)
    assert count(module, ApplyOp) == 1
    x = rng.standard_normal(8).astype(np.float32)
    want = x[2:6] + np.where(np.arange(4) < 2, x[2:6], 0)
    np.testing.assert_allclose(evaluate(module, "f", [x])[0], want, rtol=1e-6)
