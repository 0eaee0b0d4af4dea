"""Loops, branches, calls and the collective ops of a block."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.reference import EvaluationError

Run = Callable[..., Any]


def test_for_swaps_its_carried_values_at_once(run: Run) -> None:
    text = """func.func @f(%a: i32, %b: i32) -> (i32, i32) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %x, %y = scf.for %i = %c0 to %c3 step %c1 iter_args(%p = %a, %q = %b) -> (i32, i32) {
        %s = arith.addi %p, %q : i32
        scf.yield %q, %s : i32, i32
      }
      return %x, %y : i32, i32
    }"""
    assert [int(v) for v in run(text, 1, 1)] == [3, 5]


def test_loop_that_does_not_run_gives_its_initial_value(run: Run) -> None:
    text = """func.func @f(%a: f32) -> f32 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = scf.for %i = %c1 to %c0 step %c1 iter_args(%p = %a) -> (f32) {
        scf.yield %p : f32
      }
      return %x : f32
    }"""
    assert run(text, 2.5) == 2.5


def test_for_with_a_step_of_zero_is_an_error(run: Run) -> None:
    text = """func.func @f() {
      %c0 = arith.constant 0 : index
      scf.for %i = %c0 to %c0 step %c0 { }
      return
    }"""
    with pytest.raises(EvaluationError, match=r"scf.for in @f: step is 0, expected a positive one"):
        run(text)


def test_while_stops_at_its_condition(run: Run) -> None:
    text = """func.func @f(%a: i32) -> i32 {
      %c100 = arith.constant 100 : i32
      %r = scf.while (%x = %a) : (i32) -> i32 {
        %more = arith.cmpi slt, %x, %c100 : i32
        scf.condition(%more) %x : i32
      } do {
      ^bb0(%y: i32):
        %z = arith.addi %y, %y : i32
        scf.yield %z : i32
      }
      return %r : i32
    }"""
    assert run(text, 3) == 192


@pytest.mark.parametrize(("value", "expected"), [(2, 20), (5, 50), (7, -1)])
def test_index_switch_takes_the_case_or_the_default(run: Run, value: int, expected: int) -> None:
    text = """func.func @f(%a: index) -> i32 {
      %r = scf.index_switch %a -> i32
      case 2 {
        %x = arith.constant 20 : i32
        scf.yield %x : i32
      }
      case 5 {
        %x = arith.constant 50 : i32
        scf.yield %x : i32
      }
      default {
        %x = arith.constant -1 : i32
        scf.yield %x : i32
      }
      return %r : i32
    }"""
    assert run(text, value) == expected


@pytest.mark.parametrize("order", ["forward", "reversed", "shuffled"])
def test_parallel_reduces_over_all_its_points(run: Run, rng: np.random.Generator, order: str) -> None:
    text = """func.func @f(%x: memref<3x4xf64>) -> (f64, f64) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %zero = arith.constant 0.0 : f64
      %least = arith.constant 0xFFF0000000000000 : f64
      %s, %m = "scf.parallel"(%c0, %c0, %c3, %c4, %c1, %c1, %zero, %least) <{operandSegmentSizes = array<i32: 2, 2, 2, 2>}> ({
      ^bb0(%i: index, %j: index):
        %v = memref.load %x[%i, %j] : memref<3x4xf64>
        "scf.reduce"(%v, %v) ({
        ^bb0(%a: f64, %b: f64):
          %c = arith.addf %a, %b : f64
          "scf.reduce.return"(%c) : (f64) -> ()
        }, {
        ^bb0(%a: f64, %b: f64):
          %c = arith.maximumf %a, %b : f64
          "scf.reduce.return"(%c) : (f64) -> ()
        }) : (f64, f64) -> ()
      }) : (index, index, index, index, index, index, f64, f64) -> (f64, f64)
      return %s, %m : f64, f64
    }"""
    x = rng.standard_normal((3, 4))
    total, most = run(text, x, thread_order=order)
    np.testing.assert_allclose(total, x.sum(), rtol=1e-13)
    assert most == x.max()


def test_call_of_a_private_function_returns_its_results(run: Run) -> None:
    text = """func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      %a, %b = func.call @g(%x, %x) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
      return %b : tensor<2xf32>
    }
    func.func private @g(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
      %r = nd.binary "add" %x, %y : tensor<2xf32> -> tensor<2xf32>
      return %x, %r : tensor<2xf32>, tensor<2xf32>
    }"""
    assert run(text, np.float32([1, 2])).tolist() == [2, 4]


@pytest.mark.parametrize(
    ("declared", "message"), [("", "there is no @g; the module has @f"), ("func.func private @g() -> ()", "@g is a declaration")]
)
def test_call_of_what_cannot_run_is_an_error(run: Run, declared: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        run(f"func.func @f() {{ func.call @g() : () -> () return }} {declared}")


def test_branches_between_blocks_are_refused_by_name(run: Run) -> None:
    text = """func.func @f(%c: i1) {
      cf.cond_br %c, ^a, ^b
    ^a:
      cf.br ^b
    ^b:
      return
    }"""
    with pytest.raises(EvaluationError, match=r"func.func in @f has 3 blocks, expected structured control flow \(one block\)"):
        run(text, True)


def test_use_before_definition_is_named(run: Run) -> None:
    text = """func.func @f() -> i32 {
      %b = arith.addi %a, %a : i32
      %a = arith.constant 1 : i32
      return %b : i32
    }"""
    with pytest.raises(EvaluationError, match=r"arith.addi \(%b\) in @f: operand 0 is used before its definition"):
        run(text)


def test_affine_maps_round_down_and_mod_is_not_negative(run: Run) -> None:
    text = """func.func @f(%a: index, %b: index) -> (index, index, index, index) {
      %p = affine.apply affine_map<(d0)[s0] -> (d0 floordiv 4 + s0)>(%a)[%b]
      %q = affine.apply affine_map<(d0) -> (d0 mod 4)>(%a)
      %r = affine.apply affine_map<(d0) -> (d0 ceildiv 4)>(%a)
      %s = affine.min affine_map<(d0, d1) -> (d0 * 2, d1)>(%a, %b)
      return %p, %q, %r, %s : index, index, index, index
    }"""
    for a in (-7, -4, 0, 9):
        assert [int(v) for v in run(text, a, 3)] == [a // 4 + 3, a % 4, -(-a // 4), min(2 * a, 3)]


BLOCK = """module attributes {{gpu.container_module}} {{
  func.func @f(%o: memref<64x{element}>, %p: memref<64x{element}>) attributes {{outs = 2 : i64}} {{
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    gpu.launch_func @k::@g blocks in (%c1, %c1, %c1) threads in (%c32, %c2, %c1)
        args(%o : memref<64x{element}>, %p : memref<64x{element}>)
    return
  }}
  gpu.module @k {{
    gpu.func @g(%o: memref<64x{element}>, %p: memref<64x{element}>) kernel {{
      %c32 = arith.constant 32 : index
      %x = gpu.thread_id x
      %y = gpu.thread_id y
      %row = arith.muli %y, %c32 : index
      %i = arith.addi %row, %x : index
      %v = arith.index_cast %i : index to i32
      {body}
      memref.store %r, %o[%i] : memref<64x{element}>
      memref.store %s, %p[%i] : memref<64x{element}>
      gpu.return
    }}
  }}
}}"""


@pytest.mark.parametrize(
    ("mode", "offset", "source"),
    [("xor", 5, lambda i: i ^ 5), ("down", 3, lambda i: i + 3), ("up", 3, lambda i: i - 3), ("idx", 7, lambda i: 7)],
)
def test_shuffle_reads_another_lane_of_its_subgroup(run: Run, mode: str, offset: int, source: Callable[[int], int]) -> None:
    body = f"""%k = arith.constant {offset} : i32
      %w = arith.constant 16 : i32
      %r, %ok = gpu.shuffle {mode} %v, %k, %w : i32
      %s = arith.extui %ok : i1 to i32"""
    values, valid = run(BLOCK.format(element="i32", body=body))
    for i in range(64):
        lane = source(i % 16)
        inside = 0 <= lane < 16
        assert valid[i] == inside
        assert values[i] == (i - i % 16 + lane if inside else i)


def test_reductions_of_subgroup_and_block(run: Run) -> None:
    body = """%r = gpu.subgroup_reduce add %v : (i32) -> i32
      %s = gpu.all_reduce maxsi %v {} : (i32) -> i32"""
    sums, most = run(BLOCK.format(element="i32", body=body), thread_order="shuffled")
    assert sums.tolist() == [sum(range(32))] * 32 + [sum(range(32, 64))] * 32
    assert most.tolist() == [63] * 64


def test_subgroup_reduce_in_clusters(run: Run) -> None:
    body = """%r = gpu.subgroup_reduce add %v cluster(size = 4) : (i32) -> i32
      %s = gpu.subgroup_reduce add %v cluster(size = 4, stride = 8) : (i32) -> i32"""
    near, strided = run(BLOCK.format(element="i32", body=body))
    assert near.tolist() == [sum(range(i - i % 4, i - i % 4 + 4)) for i in range(64)]
    assert strided.tolist() == [sum(i - i % 32 + i % 8 + 8 * k for k in range(4)) for i in range(64)]


def test_ids_and_sizes_of_a_launch(run: Run) -> None:
    body = """%bd = gpu.block_dim y
      %gd = gpu.grid_dim x
      %gl = gpu.global_id y
      %t = arith.addi %bd, %gd : index
      %r = arith.index_cast %t : index to i32
      %s = arith.index_cast %gl : index to i32"""
    sizes, ids = run(BLOCK.format(element="i32", body=body))
    assert sizes.tolist() == [3] * 64 and ids.tolist() == [0] * 32 + [1] * 32


def test_host_arena_and_copies_feed_a_launch(run: Run) -> None:
    text = """module attributes {gpu.container_module} {
      func.func @f(%x: memref<4xf32>, %o: memref<4xf32>) attributes {outs = 1 : i64} {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c4 = arith.constant 4 : index
        %c16 = arith.constant 16 : index
        %arena = memref.alloc() : memref<32xi8>
        %a = memref.view %arena[%c0][] : memref<32xi8> to memref<4xf32>
        %b = memref.view %arena[%c16][] : memref<32xi8> to memref<4xf32>
        "memref.copy"(%x, %a) : (memref<4xf32>, memref<4xf32>) -> ()
        gpu.launch_func @k::@double blocks in (%c4, %c1, %c1) threads in (%c1, %c1, %c1)
            args(%a : memref<4xf32>, %b : memref<4xf32>)
        gpu.launch_func @k::@double blocks in (%c4, %c1, %c1) threads in (%c1, %c1, %c1)
            args(%b : memref<4xf32>, %o : memref<4xf32>)
        memref.dealloc %arena : memref<32xi8>
        return
      }
      gpu.module @k {
        gpu.func @double(%x: memref<4xf32>, %o: memref<4xf32>) kernel {
          %i = gpu.block_id x
          %v = memref.load %x[%i] : memref<4xf32>
          %w = arith.addf %v, %v : f32
          memref.store %w, %o[%i] : memref<4xf32>
          gpu.return
        }
      }
    }"""
    assert run(text, np.float32([1, 2, 3, 4])).tolist() == [4, 8, 12, 16]


def test_id_outside_of_a_launch_is_an_error(run: Run) -> None:
    with pytest.raises(EvaluationError, match="it runs outside of a launch"):
        run("func.func @f() { %i = gpu.block_id x return }")


def test_barrier_outside_of_a_launch_is_an_error(run: Run) -> None:
    with pytest.raises(EvaluationError, match=r"@f has a gpu.barrier outside of a kernel"):
        run("func.func @f() { gpu.barrier return }")


def test_a_quarter_million_scalar_ops_take_less_than_a_second(run: Run, rng: np.random.Generator) -> None:
    text = """func.func @f(%x: memref<32x32xf32>, %o: memref<32x32xf32>) attributes {outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant 32 : index
      %z = arith.constant 0.0 : f32
      scf.forall (%i, %j) in (32, 32) {
        %s = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %z) -> (f32) {
          %a = memref.load %x[%i, %k] : memref<32x32xf32>
          %b = memref.load %x[%k, %j] : memref<32x32xf32>
          %p = arith.mulf %a, %b : f32
          %q = arith.addf %acc, %p : f32
          %r = arith.maximumf %q, %z : f32
          %t = arith.subf %q, %r : f32
          %u = arith.addf %t, %r : f32
          %v = arith.select %more, %u, %q : f32
          scf.yield %v : f32
        }
        memref.store %s, %o[%i, %j] : memref<32x32xf32>
      }
      return
    }""".replace("%z = arith", "%more = arith.constant true\n%z = arith")
    start = time.process_time()
    run(text, rng.standard_normal((32, 32)).astype(np.float32))
    assert time.process_time() - start < 1
