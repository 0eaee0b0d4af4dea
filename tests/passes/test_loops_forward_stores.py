"""Stores are forwarded to loads that surely see them; each doubt leaves memory as it is."""

import numpy as np
import pytest
from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.loops_forward_stores import LoopsForwardStoresPass


def program(body: str) -> ModuleOp:
    """`body` reads x[i], has memory %t of two elements, and leaves %r, which goes to y[i]."""
    return parse(f"""
    func.func private @g(memref<2xf32>)
    func.func @f(%x: memref<5xf32>, %y: memref<5xf32>) attributes {{outs = 1 : i64}} {{
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %true = arith.constant true
      scf.forall (%i) in (5) {{
        %t = memref.alloca() : memref<2xf32>
        %v = memref.load %x[%i] : memref<5xf32>
        {body}
        memref.store %r, %y[%i] : memref<5xf32>
      }}
      return
    }}""")


def forwarded(module: ModuleOp) -> ModuleOp:
    LoopsForwardStoresPass().apply(make_context(), module)
    module.verify()
    return module


def loads_of_memory(module: ModuleOp) -> int:
    return sum(isinstance(op, memref.LoadOp) and isinstance(op.memref.owner, memref.AllocaOp) for op in module.walk())


STORE, LOAD = "memref.store %v, %t[%c0] : memref<2xf32>", "%r = memref.load %t[%c0] : memref<2xf32>"
DOUBLED = "%w = arith.addf %v, %v : f32"
FIRES = {
    "straight": f"{STORE}\n{LOAD}",
    "equal_constants": f"%zero_too = arith.constant 0 : index\nmemref.store %v, %t[%zero_too] : memref<2xf32>\n{LOAD}",
    "the_last_of_two": f"{STORE}\n{DOUBLED}\nmemref.store %w, %t[%c0] : memref<2xf32>\n{LOAD}",
    "within_one_iteration": f"""%r = scf.for %k = %c0 to %c3 step %c1 iter_args(%acc = %zero) -> (f32) {{
          {STORE}
          %l = memref.load %t[%c0] : memref<2xf32>
          %s = arith.addf %acc, %l : f32
          scf.yield %s : f32
        }}""",
    "from_outside_a_loop": f"""{STORE}
        %r = scf.for %k = %c0 to %c3 step %c1 iter_args(%acc = %zero) -> (f32) {{
          %l = memref.load %t[%c0] : memref<2xf32>
          %s = arith.addf %acc, %l : f32
          scf.yield %s : f32
        }}""",
    "into_a_branch": f"""{STORE}
        %r = scf.if %true -> (f32) {{
          %l = memref.load %t[%c0] : memref<2xf32>
          {DOUBLED}
          memref.store %w, %t[%c0] : memref<2xf32>
          scf.yield %l : f32
        }} else {{
          scf.yield %zero : f32
        }}""",
}
DECLINES = {
    "another_index_was_stored_last": f"{STORE}\nmemref.store %zero, %t[%c1] : memref<2xf32>\n{LOAD}",
    "store_in_a_loop_load_outside": f"""{STORE}
        scf.for %k = %c0 to %c3 step %c1 {{
          {DOUBLED}
          memref.store %w, %t[%c0] : memref<2xf32>
        }}
        {LOAD}""",
    "store_in_a_branch_load_outside": f"""{STORE}
        scf.if %true {{
          {DOUBLED}
          memref.store %w, %t[%c0] : memref<2xf32>
        }}
        {LOAD}""",
    "load_of_what_the_last_iteration_stored": f"""{STORE}
        %r = scf.for %k = %c0 to %c3 step %c1 iter_args(%acc = %zero) -> (f32) {{
          %l = memref.load %t[%c0] : memref<2xf32>
          %s = arith.addf %l, %v : f32
          memref.store %s, %t[%c0] : memref<2xf32>
          scf.yield %s : f32
        }}""",
    "element_by_element": f"""%c2 = arith.constant 2 : index
        scf.for %k = %c0 to %c2 step %c1 {{
          memref.store %v, %t[%k] : memref<2xf32>
        }}
        {LOAD}""",
    "someone_else_holds_the_memory": f"""{STORE}
        func.call @g(%t) : (memref<2xf32>) -> ()
        {LOAD}""",
}


@pytest.mark.parametrize("name", FIRES)
def test_memory_becomes_a_register(name: str, rng, mlir_opt) -> None:
    module = program(FIRES[name])
    x = rng.standard_normal(5).astype(np.float32)
    want = evaluate(module, "f", [x])[0]
    forwarded(module)
    assert not any(isinstance(op, memref.AllocaOp) for op in module.walk())
    mlir_opt(module)
    np.testing.assert_array_equal(evaluate(module, "f", [x])[0], want)


@pytest.mark.parametrize("name", DECLINES)
def test_doubt_leaves_the_load(name: str) -> None:
    module = program(DECLINES[name])
    before = str(module)
    assert str(forwarded(module)) == before
    assert loads_of_memory(module) == 1


def test_one_load_of_two_is_forwarded_and_the_store_stays(rng) -> None:
    module = program(f"""{STORE}
        %a = memref.load %t[%c0] : memref<2xf32>
        scf.for %k = %c0 to %c3 step %c1 {{
          {DOUBLED}
          memref.store %w, %t[%c0] : memref<2xf32>
        }}
        %b = memref.load %t[%c0] : memref<2xf32>
        %r = arith.addf %a, %b : f32""")
    x = rng.standard_normal(5).astype(np.float32)
    forwarded(module)
    assert loads_of_memory(module) == 1
    np.testing.assert_allclose(evaluate(module, "f", [x])[0], 3 * x, rtol=1e-6)


def test_memory_that_nothing_loads_goes() -> None:
    module = forwarded(program(f"{STORE}\n{DOUBLED}\n%r = arith.addf %w, %v : f32"))
    assert "memref<2xf32>" not in str(module).replace("@g(memref<2xf32>)", "")


def test_memory_of_the_caller_is_never_touched() -> None:
    module = parse("""
    func.func @f(%x: memref<1xf32>, %y: memref<1xf32>) {
      %c0 = arith.constant 0 : index
      %v = memref.load %x[%c0] : memref<1xf32>
      memref.store %v, %y[%c0] : memref<1xf32>
      %w = memref.load %y[%c0] : memref<1xf32>
      memref.store %w, %x[%c0] : memref<1xf32>
      return
    }""")
    before = str(module)
    assert str(forwarded(module)) == before
