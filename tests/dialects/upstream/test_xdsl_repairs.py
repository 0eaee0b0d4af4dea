"""Each fault of xDSL that `xdsl_repairs` works around: still there in xDSL alone, gone with us.

A test of the first kind that fails is good news: xDSL has fixed it. Delete the repair, and the fault here.
"""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects import test as test_dialect
from xdsl.dialects.builtin import (
    Float16Type,
    IndexType,
    MemRefType,
    TensorType,
    VectorType,
    f16,
    f32,
    i1,
    i32,
    i64,
)
from xdsl.dialects.vector import CombiningKindAttr, CombiningKindFlag, ReductionOp
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.utils.exceptions import ParseError, VerifyException

from rung.dialects.upstream import parse
from rung.dialects.upstream.xdsl_repairs import element_of, splat, with_element

# Runs in a process of its own that never imports rung: each entry is True while xDSL has the fault.
PLAIN_XDSL = r"""
import json
import time
from xdsl.utils.mlir_lexer import MLIRLexer
from xdsl.context import Context
from xdsl.dialects import arith, get_all_dialects, scf
from xdsl.dialects.builtin import VectorType, f32, i1, i32, i64
from xdsl.dialects.test import TestOp
from xdsl.dialects.vector import CombiningKindAttr, CombiningKindFlag, ReductionOp
from xdsl.parser import Parser
from xdsl.traits import Pure

def parse(text):
    ctx = Context()
    for name, make in get_all_dialects().items():
        ctx.register_dialect(name, make)
    module = Parser(ctx, text).parse_module()
    module.verify()
    return module

def unprintable(text):
    module = parse(text)
    try:
        str(module)
    except NotImplementedError:
        return True
    return False

def refused(text):
    try:
        parse(text)
    except Exception:
        return True
    return False

V = '%a, %b, %i, %j, %c, %x = "test.op"() : () -> (vector<4xf32>, vector<4xf32>, vector<4xi32>, vector<4xi64>, vector<4xi1>, vector<4xindex>)\n'
a, i = TestOp(result_types=[VectorType(f32, [4])]).results[0], TestOp(result_types=[VectorType(i32, [4])]).results[0]
first = lambda text: list(parse(text).ops)[1].results[0].type
CASTS = {
    "sitofp": "%i : vector<4xi32> to vector<4xf32>", "uitofp": "%i : vector<4xi32> to vector<4xf32>",
    "fptosi": "%a : vector<4xf32> to vector<4xi32>", "fptoui": "%a : vector<4xf32> to vector<4xi32>",
    "extsi": "%i : vector<4xi32> to vector<4xi64>", "extui": "%i : vector<4xi32> to vector<4xi64>",
    "trunci": "%j : vector<4xi64> to vector<4xi32>", "index_cast": "%x : vector<4xindex> to vector<4xi64>",
}
scalar = '%m, %t = "test.op"() : () -> (memref<8xf32>, tensor<4xf32>)\n%c0 = arith.constant 0 : index\n%f = arith.constant 1.0 : f32\n'
maps = "{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [\"parallel\"]}"
start = time.perf_counter()
MLIRLexer._unescaped_characters_regex.match('"' + "a" * 22)
faults = {
    "open string takes exponential time": time.perf_counter() - start > 0.02,
    "cmpf of vectors builds i1": arith.CmpfOp(a, a, "olt").result.type == i1,
    "cmpi of vectors builds i1": arith.CmpiOp(i, i, "slt").result.type == i1,
    "cmpf of vectors reads as i1": first(V + "%r = arith.cmpf olt, %a, %b : vector<4xf32>") == i1,
    "cmpi of vectors reads as i1": first(V + "%r = arith.cmpi slt, %i, %i : vector<4xi32>") == i1,
    "select by a vector is refused": refused(V + "%r = arith.select %c, %a, %b : vector<4xi1>, vector<4xf32>"),
    **{f"{cast} of vectors is refused": refused(V + f"%r = arith.{cast} {rest}") for cast, rest in CASTS.items()},
    "trunci overflow is refused": refused('%l = "test.op"() : () -> i64\n%r = arith.trunci %l overflow<nsw> : i64 to i32'),
    "extsi is not pure": not arith.ExtSIOp.has_trait(Pure),
    "negf keeps fastmath as an attribute": "fastmath" in arith.NegfOp(a, arith.FastMathFlagsAttr("fast")).attributes,
    "vector.reduction builds a vector": isinstance(
        ReductionOp(a, CombiningKindAttr(CombiningKindFlag.ADD)).dest.type, VectorType
    ),
    "dense hex reads as a number": "4.28" in str(parse("%r = arith.constant dense<0xFF800000> : vector<2xf32>")),
    "generic with two results is refused": refused(
        scalar + "%g:2 = linalg.generic " + maps.replace("]", ", affine_map<(d0) -> (d0)>]", 1)
        + " ins(%t : tensor<4xf32>) outs(%t, %t : tensor<4xf32>, tensor<4xf32>) {\n^bb0(%x: f32, %y: f32, %z: f32):\n"
        + "  linalg.yield %x, %y : f32, f32\n} -> (tensor<4xf32>, tensor<4xf32>)"
    ),
    "memref.copy has no custom syntax": refused(scalar + "memref.copy %m, %m : memref<8xf32> to memref<8xf32>"),
    "memref.cast has no custom syntax": refused(scalar + "%u = memref.cast %m : memref<8xf32> to memref<?xf32>"),
    "memref.memory_space_cast has no custom syntax": refused(
        scalar + "%u = memref.memory_space_cast %m : memref<8xf32> to memref<8xf32, 1>"
    ),
    "scf.reduce has no comma between regions": "}, {" not in str(
        parse(
            scalar + '%r, %s = "scf.parallel"(%c0, %c0, %c0, %f, %f) <{operandSegmentSizes = array<i32: 1, 1, 1, 2>}> ({\n^bb0(%i: index):\n'
            "scf.reduce(%f, %f : f32, f32) {\n^bb1(%l: f32, %q: f32):\n scf.reduce.return %l : f32\n} {\n^bb2(%l: f32, %q: f32):\n"
            " scf.reduce.return %l : f32\n}\n}) : (index, index, index, f32, f32) -> (f32, f32)"
        )
    ),
    "f80 is read and not printed": unprintable("%r = arith.constant 1.0 : f80"),
    "empty vector verifies": not refused('%e = "test.op"() : () -> vector<0xf32>'),
    "slice of another type verifies": not refused(scalar + "%s = tensor.extract_slice %t[0] [2] [1] : tensor<4xf32> to tensor<3xf32>"),
    "subview of another type verifies": not refused(
        scalar + "%u = memref.subview %m[0] [4] [1] : memref<8xf32> to memref<5xf32, strided<[1]>>"
    ),
    "scf.parallel has no custom syntax": refused(scalar + "scf.parallel (%i) = (%c0) to (%c0) step (%c0) {\n}"),
}
print(json.dumps(faults))
"""


@pytest.fixture(scope="module")
def faults():
    done = subprocess.run([sys.executable, "-c", PLAIN_XDSL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


FAULTS = [
    "open string takes exponential time",
    "cmpf of vectors builds i1",
    "cmpi of vectors builds i1",
    "cmpf of vectors reads as i1",
    "cmpi of vectors reads as i1",
    "select by a vector is refused",
    *(f"{cast} of vectors is refused" for cast in "sitofp uitofp fptosi fptoui extsi extui trunci index_cast".split()),
    "trunci overflow is refused",
    "extsi is not pure",
    "negf keeps fastmath as an attribute",
    "vector.reduction builds a vector",
    "dense hex reads as a number",
    "generic with two results is refused",
    "memref.copy has no custom syntax",
    "memref.cast has no custom syntax",
    "memref.memory_space_cast has no custom syntax",
    "scf.reduce has no comma between regions",
    "slice of another type verifies",
    "empty vector verifies",
    "f80 is read and not printed",
    "subview of another type verifies",
    "scf.parallel has no custom syntax",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_plain_xdsl_still_has_the_fault(fault, faults):
    assert faults[fault], f"xDSL has fixed `{fault}`: delete our repair and this test"


def test_every_fault_is_watched(faults):
    assert sorted(faults) == sorted(FAULTS)


def value(type_):
    return test_dialect.TestOp(result_types=[type_]).results[0]


V4F, V4I = VectorType(f32, [4]), VectorType(i32, [4])


def test_compares_of_vectors_and_tensors_build_i1_of_the_shape():
    assert arith.CmpfOp(value(V4F), value(V4F), "olt").result.type == VectorType(i1, [4])
    assert arith.CmpiOp(value(V4I), value(V4I), "slt").result.type == VectorType(i1, [4])
    assert arith.CmpfOp(value(TensorType(f32, [2])), value(TensorType(f32, [2])), 4).result.type == TensorType(i1, [2])
    assert arith.CmpiOp(value(IndexType()), value(IndexType()), "eq").result.type == i1


def test_compare_of_two_types_and_of_unknown_predicate_is_refused():
    with pytest.raises(TypeError, match="must have same type"):
        arith.CmpfOp(value(V4F), value(f32), "olt")
    with pytest.raises(Exception, match="Unknown comparison mnemonic: lt"):
        arith.CmpfOp(value(f32), value(f32), "lt")


def test_every_predicate_keeps_its_number():
    for names, op, type_ in (
        (arith.CMPI_COMPARISON_OPERATIONS, arith.CmpiOp, i32),
        (arith.CMPF_COMPARISON_OPERATIONS, arith.CmpfOp, f32),
    ):
        assert [op(value(type_), value(type_), name).predicate.value.data for name in names] == list(range(len(names)))


def test_casts_of_vectors_build_and_verify():
    for op, source, target in (
        (arith.SIToFPOp, V4I, V4F),
        (arith.UIToFPOp, V4I, V4F),
        (arith.FPToSIOp, V4F, V4I),
        (arith.FPToUIOp, V4F, V4I),
        (arith.ExtSIOp, V4I, VectorType(i64, [4])),
        (arith.ExtUIOp, V4I, VectorType(i64, [4])),
        (arith.TruncIOp, V4I, VectorType(i1, [4])),
        (arith.IndexCastOp, VectorType(IndexType(), [4]), V4I),
    ):
        cast = op(value(source), target)
        cast.verify()
        assert cast.result.type == target


def test_repaired_ops_keep_class_and_still_match_as_before():
    module = parse('%a, %b = "test.op"() : () -> (f32, f32)\n%c = arith.cmpf olt, %a, %b : f32')
    compare = next(op for op in module.walk() if op.name == "arith.cmpf")
    assert type(compare) is arith.CmpfOp
    assert isinstance(compare, arith.ComparisonOperation)
    assert compare.lhs is compare.operands[0]


def test_canonicalize_folds_vector_compare_of_equal_operands_to_a_vector():
    module = parse(
        "func.func @f(%a: vector<4xi32>) -> vector<4xi1> {\n  %c = arith.cmpi sle, %a, %a : vector<4xi32>\n  return %c : vector<4xi1>\n}"
    )
    CanonicalizePass().apply(Context(), module)
    module.verify()
    assert "arith.constant dense<true> : vector<4xi1>" in str(module)


def test_canonicalize_folds_scalar_compare_of_equal_operands():
    module = parse("func.func @f(%a: i32) -> i1 {\n  %c = arith.cmpi slt, %a, %a : i32\n  return %c : i1\n}")
    CanonicalizePass().apply(Context(), module)
    module.verify()
    assert "arith.constant false" in str(module)


def test_reduction_of_a_vector_is_a_scalar():
    reduction = ReductionOp(value(V4F), CombiningKindAttr(CombiningKindFlag.ADD), value(f32))
    assert reduction.dest.type == f32
    reduction.verify()


def test_negf_takes_its_flags_as_a_property():
    negf = arith.NegfOp(value(V4F), arith.FastMathFlagsAttr("fast"))
    negf.verify()
    assert negf.fastmath == arith.FastMathFlagsAttr("fast")
    assert not negf.attributes


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("dense<0xFF800000> : vector<2xf32>", [float("-inf")] * 2),
        ("dense<[0x7F800000, 2.0]> : vector<2xf32>", [float("inf"), 2.0]),
        ("dense<0xFC00> : vector<1xf16>", [float("-inf")]),
        ("dense<0x4000> : vector<1xbf16>", [2.0]),
        ("dense<0x10> : vector<1xi32>", [16]),
    ],
)
def test_dense_hex_of_floats_is_bits_and_of_integers_a_number(text, want):
    constant = next(op for op in parse(f"%r = arith.constant {text}").walk() if op.name == "arith.constant")
    assert list(constant.value.get_values()) == want


def test_what_xdsl_prints_of_infinity_in_a_list_is_read_back():
    module = parse("%r = arith.constant dense<[0xFF800000, 0x7F800000, 1.5]> : vector<3xf32>")
    assert module.is_structurally_equivalent(parse(str(module)))


def test_string_that_is_not_closed_is_refused_at_once():
    start = time.perf_counter()
    with pytest.raises(ParseError, match="before closing string literal"):
        parse('module attributes {a = "' + "x" * 5000)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("text", ['""', '"plain"', r'"tab \t quote \" back \\ byte \41"'])
def test_closed_strings_are_read_as_before(text):
    module = parse(f"module attributes {{a = {text}}} {{\n}}")
    assert module.is_structurally_equivalent(parse(str(module)))


def test_parallel_without_a_body_terminator_gets_one():
    module = parse("%c = arith.constant 1 : index\nscf.parallel (%i) = (%c) to (%c) step (%c) {\n}")
    parallel = next(op for op in module.walk() if op.name == "scf.parallel")
    assert isinstance(parallel.body.block.last_op, scf.ReduceOp)


def test_with_element_keeps_shapes():
    assert with_element(VectorType(f32, [2, 3]), i1) == VectorType(i1, [2, 3])
    assert with_element(TensorType(f32, [5]), i32) == TensorType(i32, [5])
    assert with_element(f32, i1) == i1
    assert element_of(VectorType(f16, [2])) == Float16Type()
    assert element_of(MemRefType(f32, [2])) == MemRefType(f32, [2])


def test_splat_has_the_value_everywhere():
    assert list(splat(VectorType(f32, [3]), 2.5).get_values()) == [2.5] * 3


@pytest.mark.parametrize("type_", ["vector<0xf32>", "vector<4x0xf32>"])
def test_vector_without_elements_is_refused(type_):
    with pytest.raises(VerifyException, match="expected positive ones"):
        parse(f'%e = "test.op"() : () -> {type_}')


@pytest.mark.parametrize("type_", ["f80", "f128"])
def test_constant_that_cannot_be_printed_is_refused(type_):
    with pytest.raises((ParseError, VerifyException), match="expected a float of at most 64 bits"):
        parse(f"%r = arith.constant 1.0 : {type_}")
