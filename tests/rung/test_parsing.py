"""Whatever the bytes are: a module, or a message with a place and what was expected. Never a traceback."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from rung.dialects.upstream import make_context
from rung.parsing import Malformed, check_input, parse_bytes

GOOD = b"""func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kernel} {
  %b = nd.unary "exp2" %a : tensor<4xf32>
  %c = arith.constant dense<[1.0, 0x7F800000]> : tensor<2xf32>
  scf.forall (%i) in (8) {
    %d = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)
  } {mapping = [#gpu.block<x>]}
  return %b : tensor<4xf32>
}
"""


def refusal(data: bytes, **more) -> str:
    with pytest.raises(Malformed) as refused:
        check_input(parse_bytes(data, "in.mlir", make_context(), **more))
    return str(refused.value)


MALFORMED = {
    "nothing": (b"", "in.mlir:1:1: error: found the end of the text, expected an operation"),
    "only a comment": (b"// nothing\n", "in.mlir:2:1: error: found the end of the text, expected an operation"),
    "not UTF-8": (b"func.func @f() {\n  \xff\n}", "in.mlir:2:3: error: found byte 0xff, expected UTF-8 text"),
    "bytecode": (b"ML\xefR\x06MLIR22.0", "in.mlir:1:1: error: this is MLIR bytecode, expected text (mlir-opt prints it)"),
    "null bytes": (b"\0\0\0", "in.mlir:1:1: error: "),
    "string that is not closed": (b'func.func @f() attributes {a = "b} {\n  return\n}', "in.mlir:1:32: error: "),
    "undefined value": (
        b"func.func @f() {\n  %a = arith.constant 1 : i32\n  %b = arith.addi %a, %zz : i32\n  return\n}",
        "in.mlir:3:23: error: %zz is used but not defined\n    %b = arith.addi %a, %zz : i32\n                        ^^^",
    ),
    "unknown op": (
        b'%a = nd.unari "exp2" %a : f32',
        "in.mlir:1:6: error: Operation nd.unari is not registered, expected an op that rung-opt knows; did you mean nd.unary",
    ),
    "type missing": (b"%a = arith.constant 1 :\n%b = arith.constant 2 : i32", "in.mlir:2:1: error: type expected\n  %b = arith"),
    "brace missing": (
        b"func.func @f() {\n  return\n",
        "in.mlir:3:1: error: found the end of the text, expected an operation or the end of the region, '}'",
    ),
    "arrow where none belongs": (
        b'func.func @f(%a: tensor<4xf32>) {\n  %b = nd.unary "neg" %a : tensor<4xf32> -> tensor<4xf32>\n',
        "in.mlir:2:42: error: found '->', expected an operation or the end of the region, '}'",
    ),
    "arrow missing": (
        b'func.func @f(%a: tensor<4xf32>) {\n  %b = nd.binary "add" %a, %a : tensor<4xf32>\n  return\n}',
        "in.mlir:3:3: error: found 'return', expected '->'",
    ),
    "function defined twice": (b"func.func @f() {\n  return\n}\nfunc.func @f() {\n  return\n}", "in.mlir:"),
    "brace too many": (b"func.func @f() {\n  return\n}}", "in.mlir:3:2: error: found '}', expected an operation"),
    "text behind the module": (b"module {\n} garbage", "in.mlir:2:3: error: "),
    "nested too deep": (b"module {\n" * 5000, "error: nested too deeply, expected fewer levels of regions or brackets"),
    "brackets too deep": (b"module attributes {a = " + b"[" * 20000, "in.mlir:1:"),
    "type of 100,000 dimensions": (
        b"%a = tensor.empty() : tensor<" + b"1x" * 100_000 + b"f32>",
        "in.mlir:1:30: error: found a type of more than 1000 dimensions, expected fewer",
    ),
    "named op without its operands": (  # xDSL's parser trips over its own feet
        b"func.func @f(%a: tensor<4xf32>) {\n  %x = linalg.fill of(%a : f32) outs(%a : tensor<4xf32>)",
        "in.mlir:2:20: error: malformed here or just before (IndexError: tuple index out of range)",
    ),
    "combiner that is none": (b"%a = vector.reduction <sum>, %b : vector<4xf32> into f32", "in.mlir:1:"),
    "integer of 5000 digits": (b"%a = arith.constant " + b"1" * 5000 + b" : i32", "in.mlir:1:"),
    "redefinition": (b"%a = arith.constant 1 : i32\n%a = arith.constant 1 : i32", "in.mlir:2:1: error: "),
    "wrong number of results": (b"%a, %b = arith.constant 1 : i32", "in.mlir:1:1: error: "),
    "dense of wrong length": (b"%a = arith.constant dense<[1, 2]> : tensor<3xi8>", "in.mlir:1:"),
    "dynamic dense": (b"%a = arith.constant dense<1> : tensor<?xi8>", "in.mlir:1:"),
    "integer too large": (b"%a = arith.constant 300 : i8", "in.mlir:1:"),
    "constant of a type that is none": (b"%a = arith.constant 1 : tensor<4xi32>", "in.mlir:1:"),
    "negative extent": (b"%a = tensor.empty() : tensor<-4xf32>", "in.mlir:1:"),
    "matmul without operands": (b'"linalg.matmul"() : () -> ()', "in.mlir:1:1: error: "),
    "matmul with maps": (
        b"func.func @f(%a: tensor<2x2xf32>) {\n  %b = linalg.matmul indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>] "
        b"ins(%a, %a : tensor<2x2xf32>, tensor<2x2xf32>) outs(%a : tensor<2x2xf32>) -> tensor<2x2xf32>\n  return\n}",
        "in.mlir:2:",
    ),
    "result that does not verify": (
        b'func.func @f(%a: tensor<4xf32>) {\n  %b = "nd.unary"(%a) {kind = "exp3"} : (tensor<4xf32>) -> tensor<4xf32>\n  return\n}',
        "in.mlir:2:3: error: nd.unary %b in @f: ",
    ),
    "use before definition": (
        b'func.func @f(%a: f32) {\n  %b = "arith.addf"(%a, %c) : (f32, f32) -> f32\n  %c = arith.addf %a, %a : f32\n  return\n}',
        "in.mlir:2:3: error: ",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_text_has_a_place_and_says_what_is_wrong(case):
    data, message = MALFORMED[case]
    told = refusal(data)
    assert message in told
    assert re.match(r"in\.mlir:\d+:\d+: error: \S", told), told
    assert "Traceback" not in told


def test_lines_before_a_chunk_count():
    assert refusal(b"\n  foo.bar", line_offset=10).startswith("in.mlir:12:")
    assert refusal(b"\n \xff", line_offset=10).startswith("in.mlir:12:2: ")


def test_long_line_is_not_shown():
    told = refusal(b'module attributes {a = "' + b"x" * 1000 + b'", b = }{}')
    assert told.count("\n") == 0


def test_good_text_is_a_module_with_located_ops():
    module = parse_bytes(GOOD, "in.mlir", make_context())
    check_input(module, None)
    op = next(op for op in module.walk() if op.name == "nd.unary")
    assert (op.location.line.data, op.location.column.data) == (2, 3)


def test_module_must_be_explicit_where_asked():
    assert isinstance(parse_bytes(b"module {\n}", "in.mlir", make_context(), implicit_module=False), ModuleOp)
    assert "module" in refusal(b"func.func @f() {\n  return\n}", implicit_module=False)


def tried(data: bytes) -> None:
    try:
        check_input(parse_bytes(data, "in.mlir", make_context()))
    except Malformed as problem:
        assert str(problem).startswith("in.mlir:")


FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_nothing_else(data):
    tried(data)


@FEW
@given(st.integers(0, len(GOOD)), st.integers(0, 30), st.binary(max_size=4))
def test_good_text_with_a_piece_exchanged_raises_nothing_else(start, length, piece):
    tried(GOOD[:start] + piece + GOOD[start + length :])


TOKENS = [token.encode() for token in re.findall(r"[\w.#@%!]+|\S", GOOD.decode())]


@FEW
@given(st.integers(0, len(TOKENS) - 1), st.lists(st.sampled_from(TOKENS), max_size=3))
def test_good_text_with_tokens_exchanged_raises_nothing_else(index, tokens):
    tried(b" ".join([*TOKENS[:index], *tokens, *TOKENS[index + 1 :]]))
