"""Dominance, which xDSL does not check, and what a refusal says."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import pytest

from rung.dialects.contract_rules import Refusal
from rung.dialects.upstream import parse
from rung.passes.checks import check_module, verify_dominance

REFUSED = {
    "use before definition": (
        'func.func @f(%a: f32) {\n  %b = "arith.addf"(%a, %c) : (f32, f32) -> f32\n  %c = arith.addf %a, %a : f32\n  return\n}',
        "arith.addf %b in @f: operand 1 %c is the result of arith.addf %c in @f, which does not dominate the use",
    ),
    "use of an op's own result": (
        'func.func @f(%a: f32) {\n  %b = "arith.addf"(%b, %a) : (f32, f32) -> f32\n  return\n}',
        "arith.addf %b in @f: operand 0 %b is the result of arith.addf %b in @f",
    ),
    "use inside the region of the op that gives it": (
        "func.func @f(%c: i1) {\n  %r = scf.if %c -> (i1) {\n    scf.yield %r : i1\n  } else {\n    scf.yield %c : i1\n  }\n  return\n}",
        "scf.yield in @f: operand 0 %r is the result of scf.if %r in @f",
    ),
    "block that does not dominate": (
        "func.func @f(%c: i1) {\n  cf.cond_br %c, ^bb1, ^bb2\n^bb1:\n  %x = arith.constant 1.0 : f32\n  cf.br ^bb2\n^bb2:\n"
        '  "test.op"(%x) : (f32) -> ()\n  return\n}',
        "test.op in @f: operand 0 %x is the result of arith.constant %x in @f, which does not dominate the use",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_use_that_is_not_dominated_is_refused(case):
    text, message = REFUSED[case]
    module = parse(text)
    with pytest.raises(Refusal) as refused:
        verify_dominance(module)
    assert message in str(refused.value)
    assert refused.value.op.parent_op() is not None


def test_value_of_a_sibling_region_is_refused():
    module = parse(
        "func.func @f(%c: i1) {\n  scf.if %c {\n    %x = arith.constant 1.0 : f32\n  }\n  scf.if %c {\n"
        '    %y = arith.constant 2.0 : f32\n    "test.op"(%y) : (f32) -> ()\n  }\n  return\n}'
    )
    ops = {op.results[0].name_hint if op.results else op.name: op for op in module.walk()}
    verify_dominance(module)
    ops["test.op"].operands[0] = ops["x"].results[0]
    module.verify()  # xDSL sees nothing
    with pytest.raises(Refusal, match=r"test\.op in @f: operand 0 %x is the result of arith\.constant %x in @f"):
        verify_dominance(module)


def test_value_used_after_its_region_is_refused():
    module = parse(
        "func.func @f(%c: i1) {\n  scf.if %c {\n    %x = arith.constant 1.0 : f32\n  }\n"
        '  %y = arith.constant 2.0 : f32\n  "test.op"(%y) : (f32) -> ()\n  return\n}'
    )
    ops = {op.results[0].name_hint if op.results else op.name: op for op in module.walk()}
    ops["test.op"].operands[0] = ops["x"].results[0]
    with pytest.raises(Refusal, match=r"operand 0 %x is the result of arith\.constant %x"):
        verify_dominance(module)


def test_argument_of_a_sibling_loop_is_refused():
    module = parse(
        "func.func @f(%n: index) {\n  scf.for %i = %n to %n step %n {\n  }\n  scf.for %j = %n to %n step %n {\n"
        '    "test.op"(%j) : (index) -> ()\n  }\n  return\n}'
    )
    loop, user = (next(op for op in module.walk() if op.name == name) for name in ("scf.for", "test.op"))
    user.operands[0] = loop.regions[0].block.args[0]
    with pytest.raises(Refusal, match=r"test\.op in @f: operand 0 %i is an argument of scf\.for in @f"):
        verify_dominance(module)


@pytest.mark.parametrize(
    "text",
    [
        "func.func @f(%c: i1) -> f32 {\n  %a = arith.constant 1.0 : f32\n  cf.cond_br %c, ^bb1, ^bb2\n^bb1:\n"
        "  %b = arith.addf %a, %a : f32\n  cf.br ^bb3(%b : f32)\n^bb2:\n  cf.br ^bb3(%a : f32)\n^bb3(%r: f32):\n"
        "  %s = arith.addf %r, %a : f32\n  return %s : f32\n}",
        "func.func @loop(%c: i1) {\n  cf.br ^bb1\n^bb1:\n  %x = arith.constant 1.0 : f32\n  cf.cond_br %c, ^bb1, ^bb2\n^bb2:\n"
        '  "test.op"(%x) : (f32) -> ()\n  return\n}',
        "func.func @nested(%n: index) {\n  %a = arith.constant 1.0 : f32\n  scf.for %i = %n to %n step %n {\n"
        '    %b = arith.addf %a, %a : f32\n    scf.for %j = %i to %n step %n {\n      "test.op"(%b, %i, %j) : (f32, index, index) -> ()\n'
        "    }\n  }\n  return\n}",
        "func.func private @declared(f32)",
    ],
    ids=["diamond", "cycle", "nested loops", "declaration"],
)
def test_dominated_uses_pass(text):
    check_module(parse(text))


def test_op_that_does_not_verify_is_named_without_the_whole_module():
    module = parse("func.func @f(%a: f32) -> f32 {\n  %b = arith.constant 1 : i32\n  return %b : i32\n}")
    with pytest.raises(Refusal) as refused:
        check_module(module)
    assert str(refused.value).startswith("func.return in @f: ")
    assert "\n" not in str(refused.value)
    assert refused.value.op.name == "func.return"


def test_attribute_that_does_not_verify_is_named():
    module = parse(
        'gpu.module @k { "gpu.func"() <{function_type = () -> ()}> ({\n^bb0:\n gpu.return\n}) {sym_name = "f"} : () -> () }'
    )
    kernel = next(op for op in module.walk() if op.name == "gpu.func")
    del kernel.attributes["sym_name"]
    with pytest.raises(
        Refusal, match=r"gpu\.func in a function without a name: attribute 'sym_name' expected in operation 'gpu\.func'"
    ):
        check_module(module)


def test_contract_is_asked_only_where_a_rung_is_claimed():
    module = parse("func.func @f(%x: tensor<?xf32>) {\n  return\n}")
    check_module(module)
    with pytest.raises(Refusal, match=r"rung nd: func\.func in @f: block argument has type"):
        check_module(module, "nd")
