"""Guards that the loops' bounds decide: gone where they always or never hold, kept where it depends or the index is data."""

import numpy as np
import pytest

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.lowering.linalg_to_loops import LinalgToLoopsPass


def kernel(compare, extent=7, otherwise="%pad"):
    """%o[i] = compare(i) ? %x[i] : pad, as one linalg.generic over `extent` elements."""
    return parse(f"""
func.func @main(%x: memref<{extent}xf32>, %o: memref<{extent}xf32>) attributes {{outs = 1 : i64, kernel}} {{
  %pad = arith.constant 5.0 : f32
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c7 = arith.constant 7 : index
  linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}} outs(%o : memref<{extent}xf32>) {{
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %at = affine.apply affine_map<(d0) -> (d0 + 1)> (%i)
    %back = affine.apply affine_map<(d0) -> (d0 - 1)> (%i)
    {compare}
    %v = scf.if %holds -> (f32) {{
      %l = memref.load %x[%i] : memref<{extent}xf32>
      scf.yield %l : f32
    }} else {{
      scf.yield {otherwise} : f32
    }}
    linalg.yield %v : f32
  }}
  return
}}""")


CASES = {
    "%holds = arith.cmpi slt, %at, %c2 : index": (None, lambda i: i + 1 < 2),
    "%holds = arith.cmpi sge, %at, %c0 : index": (True, lambda i: True),
    "%holds = arith.cmpi sgt, %at, %c0 : index": (True, lambda i: True),
    "%holds = arith.cmpi sle, %at, %c7 : index": (True, lambda i: True),
    "%holds = arith.cmpi slt, %at, %c7 : index": (None, lambda i: i + 1 < 7),
    "%holds = arith.cmpi sgt, %at, %c7 : index": (False, lambda i: False),
    "%holds = arith.cmpi sge, %back, %c7 : index": (False, lambda i: False),
    "%holds = arith.cmpi slt, %back, %c0 : index": (None, lambda i: i < 1),
    "%holds = arith.cmpi slt, %at, %c0 : index": (False, lambda i: False),
    "%holds = arith.cmpi eq, %at, %c0 : index": (None, lambda i: False),  # a predicate that is left alone
    "%a = arith.cmpi sge, %at, %c0 : index\n    %b = arith.cmpi slt, %i, %c2 : index\n    %holds = arith.andi %a, %b : i1": (
        None,
        lambda i: i < 2,
    ),
    "%a = arith.cmpi slt, %i, %c2 : index\n    %b = arith.cmpi slt, %at, %c0 : index\n    %holds = arith.andi %a, %b : i1": (
        False,
        lambda i: False,
    ),
}


@pytest.mark.parametrize("compare", CASES)
def test_guard_of_indices_0_to_6(compare):
    decided, holds = CASES[compare]
    module = kernel(compare)
    LinalgToLoopsPass().apply(make_context(), module)
    module.verify()
    text = str(module)
    assert ("scf.if" in text) == (decided is None)
    assert ("memref.load" in text) == (decided is not False)
    assert decided is None or ("arith.cmpi" not in text and "affine.apply" not in text), "what only the guard needed is gone"
    x = np.arange(10, 17, dtype=np.float32)
    want = [x[i] if holds(i) else np.float32(5) for i in range(7)]
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], want)


def test_one_guard_of_two_that_always_holds_leaves_the_other():
    module = kernel(
        "%a = arith.cmpi sge, %at, %c0 : index\n    %b = arith.cmpi slt, %i, %c2 : index\n    %holds = arith.andi %a, %b : i1"
    )
    LinalgToLoopsPass().apply(make_context(), module)
    assert str(module).count("arith.cmpi") == 1 and "arith.andi" not in str(module)


def test_an_index_that_is_data_may_be_negative_so_its_guard_stays():
    module = parse("""
func.func @main(%n: memref<3xi32>, %o: memref<3xf32>) attributes {outs = 1 : i64, kernel} {
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  %c0 = arith.constant 0 : index
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%n : memref<3xi32>) outs(%o : memref<3xf32>) {
  ^bb0(%a: i32, %out: f32):
    %at = arith.index_cast %a : i32 to index
    %holds = arith.cmpi sge, %at, %c0 : index
    %v = scf.if %holds -> (f32) {
      scf.yield %one : f32
    } else {
      scf.yield %two : f32
    }
    linalg.yield %v : f32
  }
  return
}""")
    LinalgToLoopsPass().apply(make_context(), module)
    (got,) = evaluate(module, "main", [np.array([-1, 0, 1], np.int32)])
    np.testing.assert_array_equal(got, [2, 1, 1])
