"""The walk of nd-simplify: sharing, removing, names and marks. The rules it applies are tested beside the dialect."""

import warnings

import pytest
from corpus import Program, assert_same, parse, program, programs
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from rung.backends.reference import evaluate
from rung.passes.nd_simplify import NdSimplifyPass


def simplify(module: ModuleOp) -> ModuleOp:
    NdSimplifyPass().apply(Context(), module)
    module.verify()
    return module


def kinds(module: ModuleOp) -> list[str]:
    return [op.name for op in module.walk() if op.name.startswith("nd.")]


@pytest.mark.parametrize("special", [False, True], ids=["normal data", "special values"])
@pytest.mark.parametrize("each", programs(), ids=lambda p: p.name)
def test_numbers_of_the_corpus_stay_bit_for_bit(each: Program, special: bool) -> None:
    module = each.module()
    inputs = each.inputs(special=special)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        want = evaluate(module, "main", inputs)
        assert_same(evaluate(simplify(module), "main", inputs), want, exact=True)


@pytest.mark.parametrize("each", programs(), ids=lambda p: p.name)
def test_one_walk_is_the_fixpoint(each: Program) -> None:
    text = str(simplify(each.module()))
    assert str(simplify(parse(text))) == text


def test_ops_that_differ_only_in_an_attribute_are_not_shared() -> None:
    module = parse("""
      func.func @f(%x: tensor<4x4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
        %a = nd.reduce "sum" %x axes [0] : tensor<4x4xf32> -> tensor<4xf32>
        %b = nd.reduce "sum" %x axes [1] : tensor<4x4xf32> -> tensor<4xf32>
        %c = nd.reduce "sum" %x axes [0] : tensor<4x4xf32> -> tensor<4xf32>
        return %a, %b, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
      }""")
    returned = list(simplify(module).walk())[-1]
    assert [v.name_hint for v in returned.operands] == ["a", "b", "a"]


def test_constants_of_equal_bits_are_shared_and_zeros_of_different_sign_are_not() -> None:
    module = parse("""
      func.func @f() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
        %a = nd.const 0.0 : f32 -> tensor<4xf32>
        %b = nd.const -0.0 : f32 -> tensor<4xf32>
        %c = nd.const 0.0 : f32 -> tensor<4xf32>
        return %a, %b, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
      }""")
    returned = list(simplify(module).walk())[-1]
    assert [v.name_hint for v in returned.operands] == ["a", "b", "a"]


def test_a_marked_op_is_not_shared_with_one_that_is_not() -> None:
    module = parse("""
      func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
        %a = nd.unary "sin" %x {realize} : tensor<4xf32>
        %b = nd.unary "sin" %x : tensor<4xf32>
        %c = nd.binary "add" %a, %b : tensor<4xf32> -> tensor<4xf32>
        return %c : tensor<4xf32>
      }""")
    assert kinds(simplify(module)) == ["nd.unary", "nd.unary", "nd.binary"]


def test_what_replaces_a_value_takes_its_name_unless_it_has_one() -> None:
    module = parse("""
      func.func @f(%x: tensor<4x6xf32>, %y: tensor<4x1xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
        %zero = nd.const 0.0 : f32 -> tensor<4x6xf32>
        %same = nd.binary "sub" %x, %zero : tensor<4x6xf32> -> tensor<4x6xf32>
        %wide = nd.expand %y : tensor<4x1xf32> -> tensor<4x6xf32>
        %root = nd.unary "sqrt" %wide : tensor<4x6xf32>
        return %same, %root : tensor<4x6xf32>, tensor<4x6xf32>
      }""")
    returned = list(simplify(module).walk())[-1]
    assert [v.name_hint for v in returned.operands] == ["x", "root"]


def test_dead_chains_go_whole_and_arguments_stay() -> None:
    module = simplify(program("common_and_dead").module())
    assert kinds(module) == ["nd.unary", "nd.binary"]
    assert "%unused" in str(simplify(program("outputs_shared").module()))


def test_every_function_is_simplified_and_other_ops_are_kept() -> None:
    module = parse("""
      func.func private @extern(tensor<4xf32>) -> tensor<4xf32>
      func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32> {
        %a = nd.unary "neg" %x : tensor<4xf32>
        %b = nd.unary "neg" %a : tensor<4xf32>
        return %b : tensor<4xf32>
      }
      func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
        %r = nd.reshape %x : tensor<4xf32> -> tensor<4xf32>
        %y = func.call @extern(%r) : (tensor<4xf32>) -> tensor<4xf32>
        %z = func.call @k(%y) : (tensor<4xf32>) -> tensor<4xf32>
        return %x : tensor<4xf32>
      }""")
    text = str(simplify(module))
    assert kinds(module) == []
    assert text.count("func.call") == 2, "a call may have effects"


def test_a_rule_that_builds_ops_has_them_simplified_as_well() -> None:
    """A shrink of a repeated axis to extent 1: the expand repeats nothing, the reduction adds nothing, and both vanish."""
    module = parse("""
      func.func @f(%x: tensor<1x6xi32>) -> tensor<6xi32> {
        %w = nd.expand %x : tensor<1x6xi32> -> tensor<3x6xi32>
        %n = nd.shrink %w start [0, 0] stop [1, 6] step [1, 1] : tensor<3x6xi32> -> tensor<1x6xi32>
        %s = nd.reduce "sum" %n axes [0] : tensor<1x6xi32> -> tensor<6xi32>
        return %s : tensor<6xi32>
      }""")
    assert kinds(simplify(module)) == ["nd.reshape"]
