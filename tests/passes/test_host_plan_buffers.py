"""One arena for the intermediates of a host function: no two that live at the same time overlap, dead ones are used again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.host_plan_buffers import Buffer, HostPlanBuffersPass, place

KERNELS = """
  func.func private @add(%x: memref<6xf32>, %y: memref<6xf32>, %out: memref<6xf32>) attributes {kernel, outs = 1 : i64} {
    scf.forall (%i) in (6) {
      %a = memref.load %x[%i] : memref<6xf32>
      %b = memref.load %y[%i] : memref<6xf32>
      %c = arith.addf %a, %b : f32
      memref.store %c, %out[%i] : memref<6xf32>
    }
    return
  }"""


def planned(text: str) -> ModuleOp:
    module = parse(text)
    HostPlanBuffersPass().apply(make_context(), module)
    module.verify()
    return module


def allocs(module: ModuleOp) -> list[memref.AllocOp]:
    return [op for op in module.walk() if isinstance(op, memref.AllocOp)]


@pytest.mark.parametrize("seed", range(200))
def test_buffers_alive_together_never_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(1, 30))
    buffers: list[Buffer] = []
    for _ in range(int(rng.integers(1, 40))):
        first, last = sorted(int(step) for step in rng.integers(0, steps, 2))
        buffers.append(Buffer(int(rng.choice([0, 1, 255, 256, 257, int(rng.integers(1, 10_000))])), first, last))
    offsets = place(buffers, 256)
    assert all(offset % 256 == 0 for offset in offsets)
    # told without `meets`: who holds which byte at each step
    end = max(offset + buffer.size for offset, buffer in zip(offsets, buffers))
    for step in range(steps):
        held = np.zeros(end, np.int8)
        for offset, buffer in zip(offsets, buffers):
            if buffer.first <= step <= buffer.last:
                held[offset : offset + buffer.size] += 1
        assert held.max(initial=0) <= 1


@pytest.mark.parametrize("seed", range(20))
def test_a_random_graph_of_launches_keeps_its_numbers(seed: int, mlir_opt: Callable[..., str]) -> None:
    rng = np.random.default_rng(seed)
    known = ["%x"]
    lines: list[str] = []
    count = int(rng.integers(1, 14))
    for step in range(count):
        left, right = (known[int(k)] for k in rng.integers(max(0, len(known) - 3), len(known), 2))
        target = "%out" if step == count - 1 else f"%t{step}"
        if target != "%out":
            lines.append(f"{target} = memref.alloc() : memref<6xf32>")
        lines.append(f"func.call @add({left}, {right}, {target}) : (memref<6xf32>, memref<6xf32>, memref<6xf32>) -> ()")
        known.append(target)
    body = "\n".join(lines)
    text = (
        "func.func @main(%x: memref<6xf32>, %out: memref<6xf32>) attributes {outs = 1 : i64} {\n" + body + "\nreturn }" + KERNELS
    )
    x = rng.standard_normal(6, np.float32)
    module = planned(text)
    mlir_opt(module)
    assert len(allocs(module)) == min(count - 1, 1)
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], evaluate(parse(text), "main", [x])[0])


def test_a_chain_needs_two_buffers_however_long_it_is() -> None:
    lines = ["%t0 = memref.alloc() : memref<64xf32>", "func.call @f(%x, %t0) : (memref<64xf32>, memref<64xf32>) -> ()"]
    for k in range(1, 9):
        lines.append(f"%t{k} = memref.alloc() : memref<64xf32>")
        lines.append(f"func.call @f(%t{k - 1}, %t{k}) : (memref<64xf32>, memref<64xf32>) -> ()")
    lines.append("func.call @f(%t8, %out) : (memref<64xf32>, memref<64xf32>) -> ()")
    head = "func.func @main(%x: memref<64xf32>, %out: memref<64xf32>) attributes {outs = 1 : i64} {"
    module = planned("\n".join([head, *lines, "return }", "func.func private @f(memref<64xf32>, memref<64xf32>)"]))
    (arena,) = allocs(module)
    assert str(arena.memref.type) == "memref<512xi8>"


def test_without_intermediates_there_is_no_arena() -> None:
    head = "func.func @main(%x: memref<6xf32>, %out: memref<6xf32>) attributes {outs = 1 : i64} {"
    call = "func.call @add(%x, %x, %out) : (memref<6xf32>, memref<6xf32>, memref<6xf32>) -> ()"
    text = f"{head} {call} return }}{KERNELS}"
    assert str(planned(text)) == str(parse(text))


def test_another_name_for_a_buffer_keeps_it_alive() -> None:
    text = """
      func.func @main(%x: memref<64xf32>) {
        %a = memref.alloc() : memref<64xf32>
        %half = memref.subview %a[0] [32] [1] : memref<64xf32> to memref<32xf32, strided<[1]>>
        func.call @f(%x, %a) : (memref<64xf32>, memref<64xf32>) -> ()
        %b = memref.alloc() : memref<64xf32>
        func.call @f(%x, %b) : (memref<64xf32>, memref<64xf32>) -> ()
        func.call @g(%half) : (memref<32xf32, strided<[1]>>) -> ()
        return
      }
      func.func private @f(memref<64xf32>, memref<64xf32>)
      func.func private @g(memref<32xf32, strided<[1]>>)"""
    (arena,) = allocs(planned(text))
    assert str(arena.memref.type) == "memref<512xi8>"


def test_frees_of_the_buffers_become_one_of_the_arena(mlir_opt: Callable[..., str]) -> None:
    text = """
      func.func @main(%x: memref<6xi1>, %n: index) {
        %a = memref.alloc() : memref<6xi1>
        %kept = memref.alloc(%n) : memref<?xf32>
        func.call @f(%x, %a) : (memref<6xi1>, memref<6xi1>) -> ()
        memref.dealloc %a : memref<6xi1>
        memref.dealloc %kept : memref<?xf32>
        return
      }
      func.func private @f(memref<6xi1>, memref<6xi1>)"""
    module = planned(text)
    mlir_opt(module)
    printed = str(module)
    assert printed.count("memref.dealloc") == 2 and "memref.dealloc %arena : memref<6xi8>" in printed
    assert "%kept = memref.alloc(%n)" in printed  # its size is not known here


def test_zero_bytes_and_unused_buffers_take_no_place() -> None:
    text = """
      func.func @main() {
        %a = memref.alloc() : memref<0x7xf32>
        %b = memref.alloc() : memref<f64>
        return
      }"""
    (arena,) = allocs(planned(text))
    assert str(arena.memref.type) == "memref<8xi8>"


def test_a_planned_host_is_not_planned_again_as_an_arena_in_an_arena() -> None:
    text = """
      func.func @main(%x: memref<6xf32>) {
        %a = memref.alloc() : memref<6xf32>
        func.call @f(%x, %a) : (memref<6xf32>, memref<6xf32>) -> ()
        return
      }
      func.func private @f(memref<6xf32>, memref<6xf32>)"""
    once = planned(text)
    assert str(planned(str(once))) == str(once)
