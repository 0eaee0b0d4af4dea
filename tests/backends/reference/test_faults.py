"""Programs that are wrong on purpose: the judge has to notice, and to name the op, the index and what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.reference import EvaluationError, evaluate
from rung.dialects.upstream import parse

Run = Callable[..., Any]


def kernel(body: str, *, size: int = 8) -> str:
    return f"""func.func @f(%x: memref<{size}xf32>, %o: memref<{size}xf32>) attributes {{outs = 1 : i64}} {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %n = arith.constant {size} : index
      %zero = arith.constant 0.0 : f32
      {body}
      return
    }}"""


X = np.arange(8, dtype=np.float32)

OUT_OF_BOUNDS = {
    "load past the end": ("%v = memref.load %x[%n] : memref<8xf32>", r"memref.load \(%v\) in @f: index \(8,\) is out of bounds"),
    "load before the start": (
        "%m = arith.constant -1 : index\n%v = memref.load %x[%m] : memref<8xf32>",
        r"index \(-1,\) is out of bounds, expected it in the shape \(8,\)",
    ),
    "store past the end": ("memref.store %zero, %o[%n] : memref<8xf32>", r"memref.store in @f: index \(8,\)"),
    "subview past the end": (
        "%v = memref.subview %x[%c2] [7] [1] : memref<8xf32> to memref<7xf32, strided<[1], offset: ?>>",
        "axis 0 takes 2 to 8, expected within 0 to 7",
    ),
    "subview with a stride past the end": (
        "%v = memref.subview %x[0] [5] [2] : memref<8xf32> to memref<5xf32, strided<[2]>>",
        "axis 0 takes 0 to 8, expected within 0 to 7",
    ),
    "transfer_read that claims to be in bounds": (
        "%v = vector.transfer_read %x[%c2], %zero {in_bounds = [true]} : memref<8xf32>, vector<7xf32>",
        "dim 0 takes 2 to 8 of axis 0, expected within 0 to 7: in_bounds is true",
    ),
    "vector.load past the end": ("%v = vector.load %x[%c1] : memref<8xf32>, vector<8xf32>", "takes 1 to 8 of axis 0"),
    "vector.store past the end": (
        "%v = vector.broadcast %zero : f32 to vector<4xf32>\n%m = arith.constant 5 : index\n"
        "vector.store %v, %o[%m] : memref<8xf32>, vector<4xf32>",
        "vector.store in @f: dim 0 takes 5 to 8",
    ),
    "view past its arena": (
        "%a = memref.alloc() : memref<16xi8>\n%v = memref.view %a[%c2][] : memref<16xi8> to memref<4xf32>",
        "takes bytes 2 to 18, expected within 0 to 16",
    ),
    "view at an odd byte": (
        "%a = memref.alloc() : memref<18xi8>\n%v = memref.view %a[%c2][] : memref<18xi8> to memref<4xf32>",
        "starts at byte 2, expected a multiple of 4 for float32",
    ),
    "extract_slice past the end": (
        "%t = tensor.empty() : tensor<4xf32>\n%v = tensor.extract_slice %t[%c2] [3] [1] : tensor<4xf32> to tensor<3xf32>",
        "axis 0 takes 2 to 4, expected within 0 to 3",
    ),
    "tensor.extract past the end": (
        "%t = tensor.empty() : tensor<4xf32>\n%v = tensor.extract %t[%n] : tensor<4xf32>",
        r"tensor.extract \(%v\) in @f: index \(8,\)",
    ),
    "write into an input": ("memref.store %zero, %x[%c0] : memref<8xf32>", "writes into an input of the function"),
}


@pytest.mark.parametrize("name", OUT_OF_BOUNDS)
def test_bad_access_is_named(run: Run, name: str) -> None:
    body, message = OUT_OF_BOUNDS[name]
    with pytest.raises(EvaluationError, match=message):
        run(kernel(body), X)


RACES = {
    "two iterations store one element": (
        """scf.forall (%i) in (8) {
             memref.store %zero, %o[%c0] : memref<8xf32>
           }""",
        r"memref.store in @f: an element is written by two iterations, index \(0,\)",
    ),
    "tiles that overlap": (
        """%v = vector.broadcast %zero : f32 to vector<4xf32>
           scf.forall (%i) = (0) to (6) step (3) {
             vector.transfer_write %v, %o[%i] {in_bounds = [true]} : vector<4xf32>, memref<8xf32>
           }""",
        "vector.transfer_write in @f: an element is written by two iterations, at",
    ),
    "scf.parallel over a reduction": (
        """scf.parallel (%i) = (%c0) to (%n) step (%c1) {
             %a = memref.load %x[%i] : memref<8xf32>
             memref.store %a, %o[%c1] : memref<8xf32>
           }""",
        r"written by two iterations, index \(1,\)",
    ),
    "the inner loop of two": (
        """scf.forall (%i) in (2) {
             %b = memref.alloca() : memref<4xf32>
             scf.parallel (%j) = (%c0) to (%c2) step (%c1) {
               memref.store %zero, %b[%c0] : memref<4xf32>
             }
           }""",
        "written by two iterations",
    ),
    "through two views of one buffer": (
        """%u = memref.subview %o[2] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 2>>
           scf.forall (%i) in (4) {
             memref.store %zero, %o[%i] : memref<8xf32>
             memref.store %zero, %u[%i] : memref<4xf32, strided<[1], offset: 2>>
           }""",
        "written by two iterations",
    ),
    "through two types of one arena": (
        """%a = memref.alloc() : memref<32xi8>
           %p = memref.view %a[%c0][] : memref<32xi8> to memref<8xf32>
           %c4 = arith.constant 4 : index
           %q = memref.view %a[%c4][] : memref<32xi8> to memref<4xi32>
           %k = arith.constant 1 : i32
           scf.forall (%i) in (4) {
             memref.store %zero, %p[%i] : memref<8xf32>
             memref.store %k, %q[%i] : memref<4xi32>
           }""",
        "written by two iterations",
    ),
    "a linalg op over the whole buffer": (
        """scf.forall (%i) in (2) {
             linalg.fill ins(%zero : f32) outs(%o : memref<8xf32>)
           }""",
        "linalg.fill in @f: an element is written by two iterations",
    ),
}


@pytest.mark.parametrize("order", ["forward", "reversed", "shuffled"])
@pytest.mark.parametrize("name", RACES)
def test_race_is_found_in_every_order(run: Run, name: str, order: str) -> None:
    body, message = RACES[name]
    with pytest.raises(EvaluationError, match=message):
        run(kernel(body), X, thread_order=order)


def test_read_of_what_another_iteration_writes_is_found_in_the_order_where_the_write_comes_first(run: Run) -> None:
    text = kernel("""scf.forall (%i) in (7) {
      %a = memref.load %o[%i] : memref<8xf32>
      %j = arith.addi %i, %c1 : index
      memref.store %a, %o[%j] : memref<8xf32>
    }""")
    for order in ("forward", "shuffled"):
        with pytest.raises(EvaluationError, match="read by one iteration and written by another"):
            run(text, X, thread_order=order)
    assert run(text, X, thread_order="reversed").shape == (8,)


LEGAL = {
    "each iteration writes its own element, in two loops": """
      scf.forall (%i) in (8) { memref.store %zero, %o[%i] : memref<8xf32> }
      scf.forall (%i) in (8) { memref.store %zero, %o[%i] : memref<8xf32> }""",
    "each iteration writes its element twice": """
      scf.forall (%i) in (8) {
        memref.store %zero, %o[%i] : memref<8xf32>
        scf.for %j = %c0 to %c2 step %c1 {
          %a = memref.load %o[%i] : memref<8xf32>
          memref.store %a, %o[%i] : memref<8xf32>
        }
      }""",
    "two loops inside one iteration, one after the other": """
      scf.forall (%k) in (4) {
        scf.parallel (%i) = (%c0) to (%c2) step (%c1) {
          %j = affine.apply affine_map<(d0, d1) -> (d0 * 2 + d1)>(%k, %i)
          memref.store %zero, %o[%j] : memref<8xf32>
        }
        scf.parallel (%i) = (%c0) to (%c2) step (%c1) {
          %j = affine.apply affine_map<(d0, d1) -> (d0 * 2 - d1 + 1)>(%k, %i)
          %a = memref.load %o[%j] : memref<8xf32>
          memref.store %a, %o[%j] : memref<8xf32>
        }
      }""",
    "memory of the iteration itself": """
      scf.forall (%i) in (8) {
        %b = memref.alloca() : memref<1xf32>
        memref.store %zero, %b[%c0] : memref<1xf32>
        %a = memref.load %b[%c0] : memref<1xf32>
        memref.store %a, %o[%i] : memref<8xf32>
      }""",
}


@pytest.mark.parametrize("order", ["forward", "reversed", "shuffled"])
@pytest.mark.parametrize("name", LEGAL)
def test_no_race_is_seen_where_there_is_none(run: Run, name: str, order: str) -> None:
    assert run(kernel(LEGAL[name]), X, thread_order=order).tolist() == [0] * 8


def test_forall_on_tensors_refuses_overlapping_slices(run: Run) -> None:
    text = """func.func @f(%x: tensor<4xf32>) -> tensor<8xf32> {
      %e = tensor.empty() : tensor<8xf32>
      %r = scf.forall (%i) = (0) to (6) step (3) shared_outs(%o = %e) -> (tensor<8xf32>) {
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %x into %o[%i] [4] [1] : tensor<4xf32> into tensor<8xf32>
        }
      }
      return %r : tensor<8xf32>
    }"""
    with pytest.raises(
        EvaluationError, match=r"parallel_insert_slice in @f: iteration \(3,\) writes where another one has written"
    ):
        run(text, X[:4])


def test_forall_on_tensors_reads_the_outs_as_they_came_in(run: Run) -> None:
    text = """func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %r = scf.forall (%i) in (3) shared_outs(%o = %x) -> (tensor<4xf32>) {
        %t = tensor.extract_slice %o[%i] [1] [1] : tensor<4xf32> to tensor<1xf32>
        %j = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %t into %o[%j] [1] [1] : tensor<1xf32> into tensor<4xf32>
        }
      }
      return %r : tensor<4xf32>
    }"""
    for order in ("forward", "reversed"):
        assert run(text, X[:4], thread_order=order).tolist() == [0, 0, 1, 2]


UNIFORM = """module attributes {{gpu.container_module}} {{
  func.func @f(%o: memref<8xf32>) attributes {{outs = 1 : i64}} {{
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    gpu.launch_func @k::@g blocks in (%c2, %c1, %c1) threads in ({threads}, %c1, %c1) args(%o : memref<8xf32>)
    return
  }}
  gpu.module @k {{
    gpu.func @g(%o: memref<8xf32>) workgroup(%w: memref<4xf32, #gpu.address_space<workgroup>>) kernel
        attributes {{known_block_size = array<i32: 4, 1, 1>}} {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %one = arith.constant 1.0 : f32
      %b = gpu.block_id x
      %t = gpu.thread_id x
      %i = gpu.global_id x
      {body}
      gpu.return
    }}
  }}
}}"""

GPU_FAULTS = {
    "a barrier that some threads skip": (
        """%low = arith.cmpi ult, %t, %c3 : index
           scf.if %low { gpu.barrier }""",
        r"gpu.barrier in @f: 3 of 4 threads wait in block \(., 0, 0\), thread \(3, 0, 0\) has ended.*\(kernel @k::@?g\)",
    ),
    "two barriers on two sides": (
        """%low = arith.cmpi ult, %t, %c3 : index
           scf.if %low { gpu.barrier } else { gpu.barrier }""",
        "wait at different places",
    ),
    "a loop with a barrier, of uneven length": (
        """scf.for %j = %c0 to %t step %c1 { gpu.barrier }""",
        "threads wait in block",
    ),
    "workgroup memory without a barrier": (
        """memref.store %one, %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
           %u = arith.subi %c3, %t : index
           %v = memref.load %w[%u] : memref<4xf32, #gpu.address_space<workgroup>>
           memref.store %v, %o[%i] : memref<8xf32>""",
        r"memref.load \(%v\) in @k::g: an element is read by one iteration and written by another",
    ),
    "two blocks write one element": ("memref.store %one, %o[%t] : memref<8xf32>", "written by two iterations"),
    "two threads write one element, a barrier too late": (
        "memref.store %one, %w[%c0] : memref<4xf32, #gpu.address_space<workgroup>>\ngpu.barrier",
        "written by two iterations",
    ),
}


@pytest.mark.parametrize("order", ["forward", "reversed", "shuffled"])
@pytest.mark.parametrize("name", GPU_FAULTS)
def test_gpu_fault_is_found_in_every_order(run: Run, name: str, order: str) -> None:
    body, message = GPU_FAULTS[name]
    with pytest.raises(EvaluationError, match=message):
        run(UNIFORM.format(body=body, threads="%c4"), thread_order=order)


@pytest.mark.parametrize("order", ["forward", "reversed", "shuffled"])
def test_gpu_exchange_through_workgroup_memory_with_barriers_is_fine(run: Run, order: str) -> None:
    body = """%f = arith.index_cast %i : index to i32
      %v = arith.sitofp %f : i32 to f32
      memref.store %v, %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
      gpu.barrier
      %u = arith.subi %c3, %t : index
      %r = memref.load %w[%u] : memref<4xf32, #gpu.address_space<workgroup>>
      gpu.barrier
      memref.store %r, %w[%t] : memref<4xf32, #gpu.address_space<workgroup>>
      memref.store %r, %o[%i] : memref<8xf32>"""
    assert run(UNIFORM.format(body=body, threads="%c4"), thread_order=order).tolist() == [3, 2, 1, 0, 7, 6, 5, 4]


def test_launch_of_another_block_size_than_known_is_refused(run: Run) -> None:
    with pytest.raises(EvaluationError, match=r"launches block \(2, 1, 1\), expected the known_block_size \(4, 1, 1\) of @k::g"):
        run(UNIFORM.format(body="", threads="%c2"))


def test_unwritten_memory_is_poison(run: Run) -> None:
    text = """func.func @f(%x: memref<8xf32>, %o: memref<8xf32>, %i: memref<2xi16>, %b: memref<2xi1>)
        attributes {outs = 3 : i64} {
      return
    }"""
    floats, ints, bools = run(text, X)
    assert np.isnan(floats).all() and ints.tolist() == [-32768] * 2 and bools.tolist() == [True] * 2


def test_arena_that_nobody_wrote_is_nan_in_every_float_type(run: Run) -> None:
    text = kernel("""%a = memref.alloc() : memref<32xi8>
      %v = memref.view %a[%c0][] : memref<32xi8> to memref<8xf32>
      %w = memref.load %v[%c1] : memref<8xf32>
      memref.store %w, %o[%c0] : memref<8xf32>""")
    assert np.isnan(run(text, X)[0])


def test_freed_memory_is_poisoned(run: Run) -> None:
    text = kernel("""%a = memref.alloc() : memref<1xf32>
      memref.store %zero, %a[%c0] : memref<1xf32>
      memref.dealloc %a : memref<1xf32>
      %w = memref.load %a[%c0] : memref<1xf32>
      memref.store %w, %o[%c0] : memref<8xf32>""")
    assert np.isnan(run(text, X)[0])


def test_op_without_a_rule_is_named() -> None:
    text = "func.func @g(%x: complex<f32>) { %r = complex.abs %x : complex<f32> return }"
    with pytest.raises(EvaluationError, match=r"reference: no rule for complex.abs in @g"):
        evaluate(parse(text), "g", [np.complex64(1)])


def test_call_of_a_function_that_is_missing_lists_what_there_is() -> None:
    module = parse("func.func @f() { return } func.func private @g() { return }")
    with pytest.raises(EvaluationError, match="there is no function @h; the module has @f, @g"):
        evaluate(module, "h", [])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([np.zeros((3, 4), np.float32)], r"called with 1 arguments, expected 2"),
        ([np.zeros((4, 3), np.float32), 1], r"argument 0 \(%x\) of @f is float32 \(4, 3\), expected float32 \(3, 4\)"),
        ([np.zeros((3, 4)), 1], r"argument 0 \(%x\) of @f is float64 \(3, 4\), expected float32 \(3, 4\)"),
    ],
)
def test_argument_that_does_not_fit_is_named(args: list[Any], message: str) -> None:
    text = "func.func @f(%x: tensor<3x4xf32>, %n: i32) -> tensor<3x4xf32> { return %x : tensor<3x4xf32> }"
    with pytest.raises(EvaluationError, match=message):
        evaluate(parse(text), "f", args)


def test_unsigned_array_fits_a_signless_parameter(run: Run) -> None:
    text = "func.func @f(%x: tensor<2xi8>) -> tensor<2xi8> { return %x : tensor<2xi8> }"
    assert run(text, np.uint8([1, 255])).tolist() == [1, -1]


def test_observer_sees_every_op_that_runs() -> None:
    seen: list[str] = []
    text = kernel("scf.for %i = %c0 to %c2 step %c1 { memref.store %zero, %o[%i] : memref<8xf32> }")
    evaluate(parse(text), "f", [X], observer=lambda op, value: seen.append(op.name))
    assert seen.count("memref.store") == 2 and seen.count("scf.for") == 1


def test_memref_function_without_outs_writes_in_place(run: Run) -> None:
    text = """func.func @f(%x: memref<2x3xf32>) {
      %z = arith.constant 1.0 : f32
      linalg.fill ins(%z : f32) outs(%x : memref<2x3xf32>)
      return
    }"""
    x = np.zeros((3, 2), np.float32)
    assert run(text, x.T) == []
    assert x.sum() == 6


@pytest.mark.parametrize(
    "loop",
    [
        "scf.for %i = %c0 to %huge step %c1 {\n  }",
        "scf.parallel (%i, %j) = (%c0, %c0) to (%c4, %huge) step (%c1, %c1) {\n    scf.reduce\n  }",
        "scf.forall (%i, %j) in (4, 1000000007) {\n  }",
    ],
)
def test_loop_that_takes_hours_is_refused_at_once_and_takes_no_memory(loop):
    text = f"""func.func @main() {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %huge = arith.constant 9223372036854775807 : index
  {loop}
  func.return
}}"""
    with pytest.raises(EvaluationError, match=r"@main: \d+ iterations, expected at most 100000000 where the evaluator runs them"):
        evaluate(parse(text), "main", [])


@pytest.mark.parametrize("order", ["forward", "reversed", "shuffled"])
def test_long_and_empty_ranges_are_all_visited(order):
    text = """func.func @main(%out: memref<70000xi32>) attributes {outs = 1 : i64} {
  %c1 = arith.constant 1 : i32
  scf.forall (%i, %j) = (0, 0) to (70000, 2) step (1, 2) {
    memref.store %c1, %out[%i] : memref<70000xi32>
  }
  scf.forall (%i, %j) in (70000, 0) {
    memref.store %c1, %out[%j] : memref<70000xi32>
  }
  func.return
}"""
    (out,) = evaluate(parse(text), "main", [], thread_order=order)
    assert (out == 1).all()


ENDLESS = "func.func @main() {\n  func.call @main() : () -> ()\n  func.return\n}"
BEYOND = "func.func @main(%o: memref<9000000x9000000xf32>) attributes {outs = 1 : i64} {\n  func.return\n}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENDLESS, "nested too deeply, or a function that calls itself"),
        (BEYOND, "no memory for a result of type memref<9000000x9000000xf32>"),
    ],
)
def test_endless_calls_and_results_beyond_memory_are_told(text, message):
    with pytest.raises(EvaluationError, match=message):
        evaluate(parse(text), "main", [])
