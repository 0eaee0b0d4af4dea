"""Each rule of each rung's contract, with an input that earns its message; and samples of every rung that keep theirs."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import IndexType, MemRefType, f32, i1
from xdsl.utils.exceptions import VerifyException

from rung.dialects.contract_rules import bytes_of, is_affine_index
from rung.dialects.contracts import RUNGS, check_rung
from rung.dialects.upstream import parse
from rung.judges.structure import check_module

ND = """
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = func.call @kernel(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func private @kernel(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel} {
  %y = nd.unary "exp2" %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
"""
LINALG = """
func.func private @rows(%x: tensor<37x10xf32>) -> tensor<37xf32> attributes {kernel, spine = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<37xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<37xf32>) -> tensor<37xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<37x10xf32>) outs(%i : tensor<37xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %n = arith.addf %acc, %a fastmath<reassoc> : f32
    linalg.yield %n : f32
  } -> tensor<37xf32>
  return %s : tensor<37xf32>
}
func.func private @on_memrefs(%x: memref<37x10xf32>, %o: memref<37x10xf32>) attributes {kernel, outs = 1 : i64} {
  scf.forall (%i) in (37) {
    %xs = memref.subview %x[%i, 0] [1, 10] [1, 1] : memref<37x10xf32> to memref<1x10xf32, strided<[10, 1], offset: ?>>
    %b = memref.alloca() : memref<1x10xf32>
    memref.copy %xs, %b : memref<1x10xf32, strided<[10, 1], offset: ?>> to memref<1x10xf32>
  }
  return
}
"""
LOOPS = """
func.func private @copy(%a: memref<64x64xf32>, %o: memref<64x64xf32>) attributes {kernel, outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.forall (%i0) = (0) to (64) step (8) {
    scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
      %ii = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%i0, %i)
      scf.for %j = %c0 to %ii step %c1 {
        %v = memref.load %a[%ii, %j] : memref<64x64xf32>
        memref.store %v, %o[%ii, %j] : memref<64x64xf32>
      }
    }
  }
  return
}
"""
VECTOR = """
func.func private @copy(%a: memref<64x64xf32>, %o: memref<64x64xf32>) attributes {kernel, outs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (64) {
    %v = vector.transfer_read %a[%i, %c0], %pad {in_bounds = [true]} : memref<64x64xf32>, vector<64xf32>
    vector.transfer_write %v, %o[%i, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32>
  }
  return
}
"""
GPU = """
module attributes {{gpu.container_module}} {{
  func.func @main(%x: memref<64xf32>, %o: memref<64xf32>) attributes {{outs = 1 : i64}} {{
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    %t = memref.alloc() : memref<64xf32>
    {host}
    gpu.launch_func @kernels::@f blocks in (%c2, %c1, %c1) threads in (%c32, %c1, %c1) args(%x : memref<64xf32>, %o : memref<64xf32>)
    return
  }}
  gpu.module @kernels {{
    gpu.func @f(%x: memref<64xf32>, %o: memref<64xf32>) workgroup(%w : memref<32xf32, #gpu.address_space<workgroup>>) kernel attributes {{known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 2, 1, 1>}} {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %b = gpu.block_id x
      %t = gpu.thread_id x
      {kernel}
      gpu.return
    }}
  }}
}}
"""


def gpu_module(kernel="", host=""):
    return GPU.format(kernel=kernel, host=host)


def func(body, arguments="", rest=""):
    return f"func.func @f({arguments}) {{\n  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  {body}\n  return\n}}\n{rest}"


UNIFORM = """scf.for %i = %c0 to %c8 step %c1 {
  %odd = arith.cmpi eq, %i, %b : index
  scf.if %odd {
    gpu.barrier
  }
}"""


@pytest.mark.parametrize(
    ("rung", "text"),
    [
        ("nd", ND),
        ("linalg", LINALG),
        ("loops", LOOPS),
        ("vector", VECTOR),
        ("gpu", gpu_module()),
        ("gpu", gpu_module(UNIFORM)),
        ("gpu", gpu_module("gpu.barrier", "memref.copy %x, %t : memref<64xf32> to memref<64xf32>")),
    ],
)
def test_sample_keeps_its_rungs_contract(rung, text):
    check_module(parse(text), rung, workgroup_bytes=128)


@pytest.mark.parametrize("rung", RUNGS)
def test_sample_of_another_rung_is_refused(rung):
    for other, text in {"nd": ND, "linalg": LINALG, "loops": LOOPS, "vector": VECTOR, "gpu": gpu_module()}.items():
        if other != rung:
            with pytest.raises(VerifyException, match=f"rung {rung}: "):
                check_rung(parse(text), rung)


REFUSED = {
    # what occurs
    "tensor on loops": (
        "loops",
        func("%t = tensor.empty() : tensor<4xf32>"),
        "rung loops: tensor.empty %t in @f: tensors are gone; use memref",
    ),
    "linalg on vector": (
        "vector",
        func("linalg.fill ins(%s : f32) outs(%m : memref<4xf32>)", "%s: f32, %m: memref<4xf32>"),
        "rung vector: linalg.fill in @f: structured ops are gone; use loops",
    ),
    "nd on linalg": (
        "linalg",
        'func.func @f(%x: tensor<4xf32>) {\n  %y = nd.unary "neg" %x : tensor<4xf32>\n  return\n}',
        "rung linalg: nd.unary %y in @f: nd-to-linalg leaves nothing of nd",
    ),
    "arith on nd": ("nd", func(""), "rung nd: arith.constant %c0 in @f: it has no place on this rung, which has ops of func, nd"),
    "loop on nd": (
        "nd",
        "func.func @f(%i: index) {\n  scf.for %k = %i to %i step %i {\n  }\n  return\n}",
        "rung nd: scf.for in @f: nd has no control flow; use nd.select",
    ),
    "while on loops": (
        "loops",
        func(
            "%r = scf.while (%i = %c0) : (index) -> index {\n %t = arith.constant true\n scf.condition(%t) %i : index\n} do {\n^bb0(%i: index):\n scf.yield %i : index\n}"
        ),
        "rung loops: scf.while %r in @f: its trip count has no bound; use scf.for",
    ),
    "jump on loops": (
        "loops",
        "func.func @f() {\n  cf.br ^bb1\n^bb1:\n  return\n}",
        "rung loops: cf.br in @f: jumps have no bound; use scf.for and scf.if",
    ),
    "affine.for on loops": (
        "loops",
        'func.func @f() {\n  "affine.for"() <{lowerBoundMap = affine_map<() -> (0)>, upperBoundMap = affine_map<() -> (8)>, step = 1 : index, operandSegmentSizes = array<i32: 0, 0, 0>}> ({\n^bb0(%i: index):\n "affine.yield"() : () -> ()\n}) : () -> ()\n  return\n}',
        "of affine only affine.apply is on the rungs",
    ),
    "memref.dim on loops": (
        "loops",
        func("%d = memref.dim %m, %c0 : memref<4xf32>", "%m: memref<4xf32>"),
        "rung loops: memref.dim %d in @f: shapes are static; use arith.constant",
    ),
    "parallel on vector": (
        "vector",
        func("scf.parallel (%i) = (%c0) to (%c1) step (%c1) {\n}"),
        "rung vector: scf.parallel in @f: it is gone here; use scf.for",
    ),
    "forall on gpu": (
        "gpu",
        gpu_module("scf.forall (%i) in (8) {\n}"),
        "rung gpu: scf.forall in @f: parallel loops are gone; use gpu.block_id and gpu.thread_id",
    ),
    "parallel on gpu": (
        "gpu",
        gpu_module("scf.parallel (%i) = (%c0) to (%c8) step (%c1) {\n}"),
        "rung gpu: scf.parallel in @f: parallel loops are gone; use gpu.block_id and gpu.thread_id",
    ),
    "loop on the host of gpu": (
        "gpu",
        gpu_module(host="scf.for %i = %c1 to %c2 step %c1 {\n}"),
        "rung gpu: scf.for in @main: the host is launches and copies; a loop belongs into a kernel",
    ),
    "thread id on the host of gpu": (
        "gpu",
        gpu_module(host="%id = gpu.thread_id x"),
        "rung gpu: gpu.thread_id %id in @main: the host is launches and copies; this op belongs into a kernel",
    ),
    # shapes
    "dynamic result": (
        "loops",
        func("%m = memref.alloc(%c1) : memref<?xf32>"),
        "rung loops: memref.alloc %m in @f: result has type memref<?xf32>, expected a static shape",
    ),
    "dynamic argument": (
        "nd",
        "func.func @f(%x: tensor<?xf32>) {\n  return\n}",
        "rung nd: func.func in @f: block argument has type tensor<?xf32>, expected a static shape",
    ),
    "unranked argument": (
        "loops",
        func("", "%m: memref<*xf32>"),
        "block argument has type memref<*xf32>, expected a rank and a static shape",
    ),
    "scalable vector": (
        "vector",
        func("%v = vector.broadcast %s : f32 to vector<[4]xf32>", "%s: f32"),
        "vector.broadcast %v in @f: result has type vector<[4]xf32>, expected a vector of fixed length",
    ),
    # calls
    "function that calls itself": (
        "nd",
        "func.func @f() {\n  func.call @f() : () -> ()\n  return\n}",
        "rung nd: func.call in @f: calls @f -> @f, expected no recursion",
    ),
    "functions that call each other": (
        "loops",
        "func.func @a() {\n  func.call @b() : () -> ()\n  return\n}\nfunc.func @b() {\n  func.call @c() : () -> ()\n  return\n}\n"
        "func.func @c() {\n  func.call @b() : () -> ()\n  return\n}",
        "rung loops: func.call in @c: calls @b -> @c -> @b, expected no recursion",
    ),
    # iterators
    "parallel dim that the output lacks": (
        "linalg",
        LINALG.replace('["parallel", "reduction"]', '["parallel", "parallel"]'),
        "linalg.generic %s in @rows: d1 is parallel and not in the output map (d0, d1) -> (d0), expected it true",
    ),
    "reduction dim that the output has": (
        "linalg",
        LINALG.replace('["parallel", "reduction"]', '["reduction", "reduction"]'),
        "linalg.generic %s in @rows: d0 is reduction and in the output map (d0, d1) -> (d0), expected it true",
    ),
    # bounds
    "bound that is an argument": (
        "loops",
        func("scf.for %i = %c0 to %n step %c1 {\n}", "%n: index"),
        "rung loops: scf.for in @f: bound %n is an argument, expected a constant or affine in outer indices",
    ),
    "bound that is loaded": (
        "loops",
        func(
            "%n = memref.load %m[%c0] : memref<4xindex>\n scf.parallel (%i) = (%c0) to (%n) step (%c1) {\n}",
            "%m: memref<4xindex>",
        ),
        "rung loops: scf.parallel in @f: bound %n comes from memref.load, expected a constant or affine in outer indices",
    ),
    "bound of a forall that is an argument": (
        "linalg",
        "func.func @f(%n: index) {\n  scf.forall (%i) in (%n) {\n  }\n  return\n}",
        "rung linalg: scf.forall in @f: bound %n is an argument, expected a constant or affine in outer indices",
    ),
    "bound that is carried by a loop": (
        "loops",
        func(
            "%r = scf.for %i = %c0 to %c1 step %c1 iter_args(%n = %c0) -> (index) {\n scf.for %j = %c0 to %n step %c1 {\n }\n scf.yield %n : index\n}"
        ),
        "bound %n is an argument, expected a constant or affine in outer indices",
    ),
    "step of zero": (
        "loops",
        func("scf.for %i = %c0 to %c1 step %c0 {\n}"),
        "rung loops: scf.for in @f: step %c0 is 0, expected a positive constant",
    ),
    "step that varies": (
        "vector",
        func("scf.for %i = %c1 to %c1 step %c1 {\n scf.for %j = %c0 to %c1 step %i {\n }\n}"),
        "rung vector: scf.for in @f: step %i is an argument, expected a positive constant",
    ),
    # the gpu rung
    "barrier under a condition on the thread": (
        "gpu",
        gpu_module("%first = arith.cmpi eq, %t, %c0 : index\nscf.if %first {\n gpu.barrier\n}"),
        "rung gpu: gpu.barrier in @f: stands under scf.if on %first, which may differ between threads; expected the same for all",
    ),
    "barrier in a loop up to the thread": (
        "gpu",
        gpu_module("scf.for %i = %c0 to %t step %c1 {\n gpu.barrier\n}"),
        "gpu.barrier in @f: stands under scf.for on %t, which may differ between threads",
    ),
    "barrier under a condition on what is loaded": (
        "gpu",
        gpu_module("%v = memref.load %x[%c0] : memref<64xf32>\n%p = arith.cmpf ogt, %v, %v : f32\nscf.if %p {\n gpu.barrier\n}"),
        "stands under scf.if on %p, which may differ between threads",
    ),
    "barrier under a condition carried by a loop": (
        "gpu",
        gpu_module(
            "%false = arith.constant false\n%first = arith.cmpi eq, %t, %c0 : index\n"
            "%r = scf.for %i = %c0 to %c8 step %c1 iter_args(%p = %false) -> (i1) {\n scf.if %p {\n  gpu.barrier\n }\n scf.yield %first : i1\n}"
        ),
        "stands under scf.if on %p, which may differ between threads",
    ),
    "barrier under the result of a condition on the thread": (
        "gpu",
        gpu_module(
            "%true = arith.constant true\n%false = arith.constant false\n%first = arith.cmpi eq, %t, %c0 : index\n"
            "%p = scf.if %first -> (i1) {\n scf.yield %true : i1\n} else {\n scf.yield %false : i1\n}\nscf.if %p {\n gpu.barrier\n}"
        ),
        "stands under scf.if on %p, which may differ between threads",
    ),
    "launch of another block size": (
        "gpu",
        gpu_module().replace("threads in (%c32,", "threads in (%c2,"),
        "rung gpu: gpu.launch_func in @main: block is [2, 1, 1], expected the known size [32, 1, 1] of @kernels::@f",
    ),
    "launch of another grid size": (
        "gpu",
        gpu_module().replace("blocks in (%c2,", "blocks in (%c32,"),
        "gpu.launch_func in @main: grid is [32, 1, 1], expected the known size [2, 1, 1] of @kernels::@f",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_broken_contract_names_rung_op_function_and_reason(case):
    rung, text, message = REFUSED[case]
    module = parse(text)
    module.verify()
    with pytest.raises(VerifyException) as refused:
        check_rung(module, rung)
    assert message in str(refused.value)


ALLOCA = "%more = memref.alloca() : memref<24xf32, #gpu.address_space<workgroup>>"
GLOBAL = '"memref.global"() <{sym_name = "tile", sym_visibility = "private", type = memref<32xf32, 3>, initial_value}> : () -> ()\n    gpu.func @f'


@pytest.mark.parametrize(
    ("text", "used"),
    [
        (gpu_module(), 128),
        (gpu_module(ALLOCA), 128 + 96),
        (gpu_module().replace("gpu.func @f", GLOBAL), 128 + 128),
        (gpu_module("%own = memref.alloca() : memref<999xf32>"), 128),
    ],
    ids=["attribution", "alloca too", "global too", "private memory does not count"],
)
def test_workgroup_memory_is_counted_and_held_to_the_limit(text, used):
    module = parse(text)
    check_rung(module, "gpu")
    check_rung(module, "gpu", workgroup_bytes=used)
    with pytest.raises(VerifyException) as refused:
        check_rung(module, "gpu", workgroup_bytes=used - 1)
    assert f"rung gpu: gpu.func in @f: uses {used} bytes of workgroup memory, expected at most {used - 1}" in str(refused.value)


def test_unknown_rung_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="no rung 'lops', expected one of nd, linalg, loops, vector, gpu"):
        check_rung(parse(ND), "lops")


def test_long_chain_of_calls_is_no_recursion():
    functions = [f"func.func @f{i}() {{\n  func.call @f{i + 1}() : () -> ()\n  return\n}}" for i in range(2000)]
    check_rung(parse("\n".join([*functions, "func.func @f2000() {\n  return\n}"])), "nd")


def test_sizes_of_buffers():
    assert bytes_of(MemRefType(f32, [3, 5])) == 60
    assert bytes_of(MemRefType(i1, [7])) == 7
    assert bytes_of(MemRefType(IndexType(), [2])) == 16


@pytest.mark.parametrize(
    ("value", "affine"),
    [("%sum", True), ("%scaled", True), ("%square", False), ("%b", True), ("%carried", False), ("%i", True)],
)
def test_affine_indices_are_told_from_others(value, affine):
    module = parse(
        gpu_module(
            "%sum = arith.addi %b, %t : index\n%scaled = arith.muli %sum, %c8 : index\n%square = arith.muli %t, %t : index\n"
            "%r = scf.for %i = %c0 to %c8 step %c1 iter_args(%carried = %c0) -> (index) {\n scf.yield %carried : index\n}"
        )
    )
    found = {
        v.name_hint: v
        for op in module.walk()
        for v in (*op.results, *(a for region in op.regions for block in region.blocks for a in block.args))
    }
    assert is_affine_index(found[value.removeprefix("%")]) is affine
