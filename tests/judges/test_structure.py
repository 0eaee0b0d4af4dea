"""Dominance, which xDSL does not check, and what a refusal says."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp, i64
from xdsl.ir import Data, Operation
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.rewriter import Rewriter

from rung.backends.machine import CPU
from rung.dialects.contract_rules import Refusal
from rung.dialects.upstream import make_context, parse
from rung.judges.structure import check_module, verify_dominance
from rung.pipeline import PIPELINE

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
    "use by an op of what its own region defines": (  # xDSL's parser leaves a value there that has no owner
        "func.func @f(%x: tensor<4xf32>) {\n  %r = scf.forall (%i) = (0) to (4) step (1) shared_outs(%o = %late) -> (tensor<4xf32>) {\n"
        "    %late = tensor.empty() : tensor<4xf32>\n    scf.forall.in_parallel {\n    }\n  }\n  return\n}",
        "scf.forall %r in @f: operand 0 is defined inside the op that uses it",
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


def find(module, name):
    return next(op for op in module.walk() if op.name == name)


def test_what_was_verified_once_is_asked_again_where_a_property_changes():
    module = parse(
        "func.func @f(%v: vector<4x8xf32>) {\n  %w = vector.transpose %v, [1, 0] : vector<4x8xf32> to vector<8x4xf32>\n  return\n}"
    )
    check_module(module)
    check_module(module)
    find(module, "vector.transpose").properties["permutation"] = DenseArrayBase.from_list(i64, [0, 1])
    with pytest.raises(Refusal, match=r"vector\.transpose %w in @f: result type is vector<8x4xf32>, expected vector<4x8xf32>"):
        check_module(module)


def test_what_was_verified_once_is_asked_again_where_a_type_changes():
    module = parse("func.func @f(%m: memref<4xf32>, %i: index) {\n  %x = memref.load %m[%i] : memref<4xf32>\n  return\n}")
    check_module(module)
    Rewriter.replace_value_with_new_type(find(module, "memref.load").results[0], i64)
    with pytest.raises(Refusal, match=r"memref\.load %x in @f: "):
        check_module(module)


def test_what_was_verified_once_is_asked_again_in_another_parent():
    module = parse(
        "func.func @f(%x: tensor<4xf32>) {\n  %r = scf.forall (%i) in (4) shared_outs(%o = %x) -> (tensor<4xf32>) {\n"
        "    scf.forall.in_parallel {\n      tensor.parallel_insert_slice %x into %o[0] [4] [1] : tensor<4xf32> into tensor<4xf32>\n"
        "    }\n  }\n  return\n}"
    )
    check_module(module)
    insert = find(module, "tensor.parallel_insert_slice")
    insert.detach()
    insert.operands[1] = insert.operands[0]
    find(module, "func.func").body.block.insert_op_before(insert, find(module, "scf.forall"))
    with pytest.raises(Refusal, match=r"tensor\.parallel_insert_slice in @f: .*in_parallel"):
        check_module(module)


def test_region_that_loses_its_terminator_is_refused():
    module = parse("func.func @f(%c: i1) {\n  scf.if %c {\n    %x = arith.constant 1.0 : f32\n  }\n  return\n}")
    check_module(module)
    find(module, "scf.yield").detach()
    with pytest.raises(Refusal, match=r"arith\.constant %x in @f: it is the last of its block, expected a terminator"):
        check_module(module)
    find(module, "arith.constant").detach()
    with pytest.raises(Refusal, match=r"scf\.if in @f: its only block is empty, expected at least a terminator"):
        check_module(module)


def test_branch_in_the_middle_and_into_another_region_is_refused():
    text = "func.func @f() {\n  cf.br ^bb1\n^bb1:\n  return\n}\nfunc.func @g() {\n  cf.br ^bb1\n^bb1:\n  return\n}"
    module = parse(text)
    branch = find(module, "cf.br")
    branch.successors = [list(module.ops)[1].body.blocks[1]]
    with pytest.raises(Refusal, match=r"cf\.br in @f: it branches to a block of another region, expected one of its own"):
        check_module(module)
    module = parse(text)
    branch = find(module, "cf.br")
    branch.parent.insert_op_after(arith.ConstantOp.from_int_and_width(1, 32), branch)
    with pytest.raises(Refusal, match=r"cf\.br in @f: it has successors, expected it at the end of its block"):
        check_module(module)


def test_op_with_a_wrong_parent_pointer_is_refused():
    module = parse("func.func @f() {\n  %a = arith.constant 1 : i32\n  return\n}")
    find(module, "arith.constant").parent = module.body.block
    with pytest.raises(Refusal, match="its parent is another block than the one it is in"):
        check_module(module)


def test_value_from_outside_of_a_function_is_refused():
    module = parse("%a = arith.constant 1 : i32\nfunc.func @f() -> i32 {\n  %b = arith.constant 2 : i32\n  return %b : i32\n}")
    find(module, "func.return").operands[0] = find(module, "arith.constant").results[0]
    with pytest.raises(Refusal, match=r"func\.return in @f: operand 0 %a is the result of arith\.constant %a in the module"):
        check_module(module)


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


def test_attribute_that_cannot_be_hashed_is_verified_each_time():
    @irdl_attr_definition
    class Listed(Data[list[int]]):
        name = "test.listed"

        @classmethod
        def parse_parameter(cls, parser: AttrParser) -> list[int]:
            return []

        def print_parameter(self, printer: Printer) -> None: ...

    module = parse("func.func @f() { return }")
    for op in module.ops:
        op.attributes["listed"] = Listed([1])
    check_module(module)
    for op in module.ops:
        op.properties.pop("function_type")
        op.attributes["listed"] = Listed([1])
    with pytest.raises(Refusal, match="function_type"):
        check_module(module)


def test_contract_is_asked_only_where_a_rung_is_claimed():
    module = parse("func.func @f(%x: tensor<?xf32>) {\n  return\n}")
    check_module(module)
    with pytest.raises(Refusal, match=r"rung nd: func\.func in @f: block argument has type"):
        check_module(module, "nd")


CORPUS = Path(__file__).resolve().parent.parent / "corpus"


def mutate(module: ModuleOp, random: Random) -> Operation:
    """Break one op of the module, or not: another operand or property, one fewer, or the op taken out."""
    ops = list(module.walk())
    op = random.choice(ops[1:])
    values = [result for other in ops for result in other.results]
    donors = [value for other in ops for value in other.properties.values()]
    kind = random.randrange(5)
    if kind == 0 and op.operands:
        op.operands[random.randrange(len(op.operands))] = random.choice(values)
    elif kind == 1 and op.operands:
        op.operands = list(op.operands)[:-1]
    elif kind == 2 and op.properties:
        op.properties.pop(random.choice(list(op.properties)))
    elif kind == 3 and op.properties:
        op.properties[random.choice(list(op.properties))] = random.choice(donors)
    elif kind == 4 and not op.results:
        op.detach()
    return op


@pytest.mark.parametrize("name", ["softmax_rows", "conv2d_padded"])
def test_mutants_of_every_rung_are_refused_where_xdsl_refuses_them(name):
    random, refused = Random(name), 0
    module, ctx = parse((CORPUS / f"{name}.mlir").read_text()), make_context()
    for step in PIPELINE:
        step.make(CPU).apply(ctx, module)
        check_module(module)  # so that what the mutants share with it is remembered
        for _ in range(6):
            mutant = module.clone()
            op = mutate(mutant, random)
            theirs = ours = None
            try:
                mutant.verify()
            except Exception as problem:
                theirs = problem
            try:
                check_module(mutant)
            except Refusal as problem:
                ours = problem
                refused += 1
            if theirs is not None:
                assert ours is not None, f"{op.name} after {step.name}: xDSL says {theirs}"
            elif ours is not None:
                assert "does not dominate the use" in str(ours)
    assert refused > 30
