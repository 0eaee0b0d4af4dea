"""Failing modules of every rung are cut to a known minimum; what is kept is always valid, smaller and fails as before."""

from __future__ import annotations

import random

import pytest
from corpus import program
from corpus import programs as corpus_programs
from xdsl.dialects.builtin import ModuleOp

from rung.backends.machine import MACHINES
from rung.dialects.upstream import make_context, parse
from rung.judges.reduce import REDUCTIONS, DoesNotFail, Reducer, reduce_module, symptom
from rung.judges.structure import verify_structure
from rung.passes.runner import PassRunner
from rung.pipeline import lower

RUNGS = ("nd", "linalg", "loops", "vector", "gpu")


def on_rung(name: str, rung: str, machine: str = "cpu") -> ModuleOp:
    """A program of the corpus at the end of a rung."""
    module = program(name).module()
    return (
        module
        if rung == "nd"
        else lower(make_context(), module, MACHINES[machine], stop_at=rung, runner=PassRunner(crash_dir=None))
    )


def holds(*names: str):
    """A check that fails as long as there is an op of each of these names."""
    return lambda module: f"has {', '.join(names)}" if set(names) <= {op.name for op in module.walk()} else None


def body(module: ModuleOp) -> list[str]:
    """The names of the ops in functions, terminators aside."""
    frame = {"builtin.module", "func.func", "func.return", "gpu.module", "gpu.func", "gpu.return", "linalg.yield", "scf.yield"}
    return [op.name for op in module.walk() if op.name not in frame]


MINIMA = [
    ("attention_causal", "nd", ["nd.reduce"], []),
    ("conv2d_padded", "nd", ["nd.pad", "nd.reduce"], []),
    ("softmax_rows", "linalg", ["math.exp2", "linalg.generic"], []),
    ("matmul_17x33x65", "linalg", ["scf.forall", "linalg.fill"], ["scf.forall.in_parallel"]),
    ("matmul_17x33x65", "loops", ["scf.parallel", "arith.mulf"], ["scf.reduce"]),
    ("softmax_rows", "vector", ["vector.reduction"], []),
    ("matmul_65x128x33", "gpu", ["scf.for", "gpu.block_id"], []),
    ("mlp_two_layers", "gpu", ["gpu.launch_func"], []),
]
"""A program, a rung, the ops that a check needs, and what these cannot do without, constants aside."""


@pytest.mark.parametrize(("name", "rung", "needed", "more"), MINIMA, ids=[f"{m[1]}-{'-'.join(m[2])}" for m in MINIMA])
def test_a_program_on_each_rung_becomes_the_ops_that_the_check_needs(name, rung, needed, more, mlir_opt):
    module = on_rung(name, rung)
    smallest = reduce_module(module, holds(*needed))
    verify_structure(smallest)
    mlir_opt(smallest)
    assert sorted(name for name in body(smallest) if name != "arith.constant") == sorted(needed + more), str(smallest)


def test_extents_become_ones_one_by_one_and_types_plain():
    module = parse("""
func.func @main(%x: tensor<64x64xf64>, %y: tensor<64x64xf64>) -> tensor<64x64xf64> {
  %t = nd.permute %y [1, 0] : tensor<64x64xf64> -> tensor<64x64xf64>
  %s = nd.binary "sub" %x, %t : tensor<64x64xf64> -> tensor<64x64xf64>
  return %s : tensor<64x64xf64>
}""")

    def check(module: ModuleOp) -> str | None:
        # as a fault that needs three rows would
        return (
            "three rows"
            if any(op.name == "nd.binary" and op.results[0].type.get_shape()[0] >= 3 for op in module.walk())
            else None
        )

    smallest = str(reduce_module(module, check))
    assert 'nd.binary "sub" %x, %x : tensor<3x1xf32> -> tensor<3x1xf32>' in smallest
    assert smallest.count("nd.") == 1


def test_constants_and_bounds_become_simple():
    module = parse("""
func.func @main(%x: memref<512xf32>) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c512 = arith.constant 512 : index
  %k = arith.constant 0.7213 : f32
  scf.for %i = %c0 to %c512 step %c64 {
    %v = memref.load %x[%i] : memref<512xf32>
    %w = arith.mulf %v, %k : f32
    memref.store %w, %x[%i] : memref<512xf32>
  }
  return
}""")
    smallest = str(reduce_module(module, holds("scf.for", "memref.store")))
    assert "memref<1xf32>" in smallest and "512" not in smallest and "64" not in smallest and "0.7" not in smallest


def test_a_fault_in_dead_code_is_kept_and_the_rest_goes():
    module = parse("""
func.func @main(%x: f32) -> f32 {
  %dead = math.exp2 %x : f32
  %live = math.sqrt %x : f32
  %more = arith.addf %live, %live : f32
  return %more : f32
}""")

    def dead_exponential(module: ModuleOp) -> str | None:
        found = [op for op in module.walk() if op.name == "math.exp2" and op.results[0].first_use is None]
        return "a dead exponential" if found else None

    assert body(reduce_module(module, dead_exponential)) == ["math.exp2"]


def test_jumps_become_straight_code():
    module = parse("""
func.func @main(%c: i1, %x: f32) -> f32 {
  cf.cond_br %c, ^a(%x : f32), ^b
^a(%y: f32):
  %z = math.exp2 %y : f32
  cf.br ^c(%z : f32)
^b:
  %w = math.sqrt %x : f32
  cf.br ^c(%w : f32)
^c(%r: f32):
  return %r : f32
}""")
    smallest = reduce_module(module, holds("math.sqrt"))
    assert body(smallest) == ["math.sqrt"] and "^" not in str(smallest)


def test_ops_of_a_dialect_from_elsewhere_are_cut_like_ours():
    module = parse("""
func.func @main(%x: memref<8x8xf32>) {
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 8 {
      %v = affine.load %x[%i, %j] : memref<8x8xf32>
      %w = arith.mulf %v, %v : f32
      affine.store %w, %x[%i, %j] : memref<8x8xf32>
    }
  }
  return
}""")
    assert body(reduce_module(module, holds("arith.mulf"))) == ["arith.mulf"]


# What is kept


def test_another_failure_is_not_taken_for_the_first():
    """Without the sum there is a second failure, which is not the one to reduce."""
    module = on_rung("softmax_rows", "nd")

    def check(module: ModuleOp) -> str | None:
        sums = [op for op in module.walk() if op.name == "nd.reduce" and '"sum"' in str(op)]
        return "the sum is wrong" if sums else "no sum at all"

    smallest = reduce_module(module, check)
    assert check(smallest) == "the sum is wrong" and body(smallest) == ["nd.reduce"]


def test_numbers_in_a_complaint_may_change():
    def check(module: ModuleOp) -> str | None:
        ops = sum(1 for op in module.walk() if op.name == "nd.unary")
        return f"pass x: {ops} unary ops in @main, expected 0" if ops else None

    assert body(reduce_module(on_rung("attention_causal", "nd"), check)) == ["nd.unary"]


def test_a_module_that_does_not_fail_is_refused():
    with pytest.raises(DoesNotFail, match="finds nothing wrong"):
        reduce_module(on_rung("softmax_rows", "nd"), lambda module: None)


def test_time_limit_keeps_the_best_so_far():
    module, now, kept = on_rung("attention_causal", "nd"), [0.0], list[str]()

    def check(module: ModuleOp) -> str | None:
        now[0] += 1.0
        return holds("nd.reduce")(module)

    reducer = Reducer(module, lambda module, text: check(module), seconds=4.0, keep=kept.append, clock=lambda: now[0])
    reducer.run()
    assert reducer.timed_out and reducer.checks <= 7
    assert kept[-1] == reducer.text and len(kept) > 1
    assert holds("nd.reduce")(parse(kept[-1])) is not None


def test_an_interrupt_leaves_the_best_so_far_with_the_keeper():
    module, kept, checks = on_rung("attention_causal", "nd"), list[str](), [0]

    def check(module: ModuleOp) -> str | None:
        checks[0] += 1
        if checks[0] == 8:
            raise KeyboardInterrupt
        return holds("nd.reduce")(module)

    with pytest.raises(KeyboardInterrupt):
        reduce_module(module, check, keep=kept.append)
    sizes = [len(list(parse(text).walk())) for text in kept]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < sizes[0]
    assert holds("nd.reduce")(parse(kept[-1])) is not None


def test_no_text_is_checked_twice():
    seen = list[str]()

    def check(module: ModuleOp) -> str | None:
        seen.append(str(module))
        return holds("nd.reduce")(module)

    reduce_module(on_rung("attention_causal", "nd"), check)
    assert len(seen) == len(set(seen))


def test_a_check_may_change_what_it_is_given():
    def check(module: ModuleOp) -> str | None:
        found = holds("nd.reduce")(module)
        for op in list(module.body.block.ops):
            op.detach()
            op.erase()
        return found

    assert body(reduce_module(on_rung("attention_causal", "nd"), check)) == ["nd.reduce"]


def test_the_module_given_stays_as_it_is():
    module = on_rung("attention_causal", "nd")
    before = str(module)
    reduce_module(module, holds("nd.reduce"))
    assert str(module) == before


def test_a_contract_that_the_module_keeps_is_kept():
    """A launch of four blocks and a kernel that knows another number of them would be refused on the gpu rung."""
    smallest = reduce_module(on_rung("softmax_rows", "gpu", "nvidia"), holds("gpu.launch_func", "gpu.thread_id"))
    from rung.dialects.contracts import check_rung

    check_rung(smallest, "gpu")


def test_text_that_xdsl_does_not_read_back_is_written_generically():
    """xDSL prints linalg.matmul without its indexing maps."""
    module = parse("""
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x3xf32>, tensor<4x3xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main"}> ({
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>, %c: tensor<2x4xf32>):
    %r = "linalg.matmul"(%a, %b, %c) <{indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb1(%x: f32, %y: f32, %z: f32):
      %m = "arith.mulf"(%x, %y) : (f32, f32) -> f32
      %s = "arith.addf"(%z, %m) : (f32, f32) -> f32
      "linalg.yield"(%s) : (f32) -> ()
    }) : (tensor<2x3xf32>, tensor<4x3xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    "func.return"(%r) : (tensor<2x4xf32>) -> ()
  }) : () -> ()
}) : () -> ()""")  # noqa: E501
    reducer = Reducer(module, lambda module, text: holds("linalg.matmul")(module))
    assert reducer.generic
    reducer.run()
    assert "linalg.matmul" in {op.name for op in parse(reducer.text).walk()}


# Properties


@pytest.mark.parametrize("seed", range(40))
def test_what_is_left_fails_verifies_and_is_no_larger(seed):
    """Any program of the corpus on any rung, failing as long as two ops drawn from it are there."""
    rng = random.Random(seed)
    name = rng.choice([each.name for each in corpus_programs()])
    module = on_rung(name, RUNGS[seed % len(RUNGS)], rng.choice(("cpu", "nvidia")))
    check = holds(*rng.sample(sorted({op.name for op in module.walk()} - {"builtin.module"}), 2))
    sizes = list[int]()
    reducer = Reducer(module, lambda module, text: check(module), keep=lambda text: sizes.append(len(list(parse(text).walk()))))
    smallest = reducer.run()
    assert not reducer.faults, reducer.faults
    assert check(smallest) == check(module)
    verify_structure(smallest)
    assert sizes == sorted(sizes, reverse=True)
    assert reducer.ops <= 14, reducer.text
    assert smallest.is_structurally_equivalent(parse(reducer.text))


def test_every_line_of_the_table_says_what_it_takes():
    assert len({reduction.says for reduction in REDUCTIONS}) == len(REDUCTIONS)
    assert all(reduction.edits.__doc__ for reduction in REDUCTIONS)


# Symptoms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pass nd-simplify: %x_1 is 7, expected 64", "pass nd-simplify: %y is 1, expected 2"),
        ("f.mlir:12:3: error: shape is (8, 4), expected (4,)", "../a/cand.mlir:2:3: error: shape is (1,), expected (1,)"),
        ("is tensor<4x8xf32>, expected memref<1xf64, strided<[1], offset: ?>>", "is tensor<1xf16>, expected memref<1x1xf32>"),
        ("2 of 5 of float32, at (0, 3): found 1.5e-3, expected inf", "1 of 1 of int8, at (0,): found nan, expected -2"),
        ("upstream refuses: use of undeclared `%a = f(%b)`", "upstream refuses: use of undeclared `%q`"),
        ("launch passes (f32, f32), expected (memref<8xf32>)", "launch passes (), expected (f32)"),
    ],
)  # fmt: skip
def test_one_symptom_in_other_words(one, other):
    assert symptom(one) == symptom(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pass nd-simplify: KeyError: 3", "pass nd-to-linalg: KeyError: 3"),
        ("exit status 1: error: no", "exit status 2: error: no"),
        ("killed by SIGSEGV: ", "killed by SIGABRT: "),
        ("AssertionError: too large", "AssertionError: too small"),
    ],
)
def test_two_symptoms(one, other):
    assert symptom(one) != symptom(other)
