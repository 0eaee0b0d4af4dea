"""Outlining: one kernel for each root, the program's names, equal kernels shared, marks judged, numbers kept."""

import re
import warnings

import pytest
from corpus import Program, assert_same, parse, program, programs
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.dialects.nd import ReduceOp
from rung.passes.kernel_names import TAKEN
from rung.passes.nd_mark_kernels import NdMarkKernelsPass
from rung.passes.nd_outline_kernels import NdOutlineKernelsPass
from rung.passes.nd_simplify import NdSimplifyPass


def outline(module: ModuleOp, *, mark: bool = True) -> ModuleOp:
    if mark:
        NdMarkKernelsPass().apply(Context(), module)
    NdOutlineKernelsPass().apply(Context(), module)
    module.verify()
    return module


def functions(module: ModuleOp) -> dict[str, func.FuncOp]:
    return {f.sym_name.data: f for f in module.body.block.ops if isinstance(f, func.FuncOp)}


def calls(function: func.FuncOp) -> list[str]:
    return [op.callee.string_value() for op in function.body.block.ops if isinstance(op, func.CallOp)]


@pytest.mark.parametrize("each", programs(), ids=lambda p: p.name)
def test_every_program_of_the_corpus_keeps_its_shape_and_numbers(each: Program) -> None:
    module = each.module()
    inputs = each.inputs()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        want = evaluate(module, "main", inputs)
        NdSimplifyPass().apply(Context(), module)
        outline(module)
        assert_same(evaluate(module, "main", inputs), want, exact=True)
    for name, function in functions(module).items():
        if "kernel" in function.attributes:
            assert re.fullmatch(r"[A-Za-z_]\w*", name) and name not in TAKEN
            assert len(function.function_type.outputs) == 1
            assert all(op.name.startswith("nd.") for op in list(function.body.block.ops)[:-1])
            assert "realize" not in str(function)
            assert all(argument.uses for argument in function.args), f"@{name} has an argument that nobody reads"
        else:
            assert all(isinstance(op, func.CallOp | func.ReturnOp) for op in function.body.block.ops)


def test_a_kernel_reads_each_value_once_however_often_it_uses_it() -> None:
    module = outline(program("softmax_rows").module())
    kernel = functions(module)["softmax"]
    assert [a.name_hint for a in kernel.args] == ["x"]
    assert kernel.sym_visibility is not None and kernel.sym_visibility.data == "private"


def test_kernels_of_one_structure_are_outlined_once_and_called_twice() -> None:
    module = outline(program("twin_kernels").module())
    assert calls(functions(module)["main"]) == ["norm_kernel", "norm_kernel"]
    assert list(functions(module)) == ["main", "norm_kernel"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"sum" %square_1', '"max" %square_1'),  # another attribute
        ("%y, %y : tensor<9xf32>", "%y, %x : tensor<9xf32>"),  # other operands
    ],
)
def test_kernels_that_differ_in_one_place_are_not_shared(old: str, new: str) -> None:
    text = str(program("twin_kernels").module())
    assert old in text
    module = outline(parse(text.replace(old, new)))
    assert calls(functions(module)["main"]) == ["norm_kernel", "norm_kernel_2"]


def test_an_argument_that_is_returned_stays_one() -> None:
    main = functions(outline(program("outputs_are_arguments").module()))["main"]
    returned = main.get_return_op()
    assert returned is not None
    assert [value in main.args for value in returned.operands] == [True, False, True]


def test_constants_and_views_that_are_returned_are_kernels() -> None:
    assert calls(functions(outline(program("outputs_without_inputs").module()))["main"]) == ["c", "index", "add_kernel"]
    views = calls(functions(outline(program("outputs_movement_only").module()))["main"])
    assert views == ["permute_copy", "reshape_copy", "expand_copy"]


def test_every_public_function_is_outlined_and_names_stay_unique() -> None:
    text = program("two_entries").module_text.replace("@other", "@neg_kernel")
    module = outline(parse(text))
    assert list(functions(module)) == ["main", "neg_kernel", "neg_kernel_2", "mul_kernel"]


def test_function_results_are_outlined_without_marks() -> None:
    module = outline(program("chain_prime").module(), mark=False)
    assert calls(functions(module)["main"]) == ["root"]


def test_dead_ops_and_unused_arguments_are_no_trouble() -> None:
    module = outline(program("common_and_dead").module())
    assert calls(functions(module)["main"]) == ["add_kernel"]
    assert "exp2" not in str(module)


def test_outlining_twice_changes_nothing() -> None:
    module = outline(program("layernorm_rows").module())
    text = str(module)
    assert str(outline(module)) == text


def test_a_program_of_thousands_of_ops_needs_no_deep_stack() -> None:
    lines = "\n".join(f'%v{i + 1} = nd.unary "neg" %v{i} : tensor<4xf32>' for i in range(3000))
    module = outline(
        parse(f"func.func @main(%v0: tensor<4xf32>) -> tensor<4xf32> {{\n{lines}\nreturn %v3000 : tensor<4xf32>\n}}")
    )
    assert calls(functions(module)["main"]) == ["v3000"]


# names


@pytest.mark.parametrize(
    ("hint", "want"),
    [
        ("scores", "scores"),
        ("float", "float_kernel"),
        ("max", "max_kernel"),
        ("main", "main_kernel"),
        ("a.b$c", "a_b_c"),
    ],
)
def test_a_kernel_is_named_after_its_value(hint: str, want: str) -> None:
    line = f'%{hint} = nd.unary "exp2" %x : tensor<4xf32>'
    module = parse(f"func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {{\n{line}\nreturn %{hint} : tensor<4xf32>\n}}")
    assert calls(functions(outline(module))["f"]) == [want]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("softmax_rows", "max_sub_mul_exp2"),
        ("matmul_17x33x65", "contract"),
        ("matmul_bias_relu", "contract_add_max"),
        ("gather_one_hot", "cmpeq_select_sum"),
        ("sum_to_scalar", "sum_kernel"),
        ("cast_from_bool", "cast"),
        ("outputs_without_inputs", "fill"),
        ("flip_of_pad", "flip_copy"),
    ],
)
def test_without_a_name_a_kernel_is_named_after_its_ops(name: str, want: str) -> None:
    module = program(name).module()
    for op in module.walk():
        for result in op.results:
            result.name_hint = None
    assert calls(functions(outline(module))["main"])[0] == want


# marks edited by hand


def test_an_illegal_mark_is_refused_by_name() -> None:
    module = program("softmax_of_matmul").module()
    NdMarkKernelsPass().apply(Context(), module)
    scores = next(op for op in module.walk() if isinstance(op, ReduceOp) and op.res.name_hint == "scores")
    del scores.attributes["realize"]
    with pytest.raises(PassFailedException) as refusal:
        outline(module, mark=False)
    assert str(refusal.value) == (
        'nd.reduce in @main: the kernel of %softmax needs %scores (nd.reduce "sum") at two different indices; mark it {realize}'
    )


def test_an_illegal_mark_of_an_unnamed_value_is_still_located() -> None:
    module = program("reduce_of_reduce").module()
    for op in module.walk():
        for result in op.results:
            result.name_hint = None
    with pytest.raises(
        PassFailedException,
        match=r'kernel of an unnamed nd.reduce needs an unnamed nd.reduce \(nd.reduce "sum"\) at more',
    ):
        outline(module, mark=False)


def test_ops_of_other_dialects_are_refused() -> None:
    module = parse(
        "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
        '%y = nd.unary "neg" %x : tensor<4xf32>\n%z = func.call @f(%y) : (tensor<4xf32>) -> tensor<4xf32>\n'
        "return %z : tensor<4xf32>\n}"
    )
    with pytest.raises(PassFailedException, match=r"func\.call in @f: .* expected ops of nd only"):
        outline(module)


@pytest.mark.parametrize(
    "name",
    [
        "M_PI",
        "NAN",
        "float4",
        "size_t",
        "read_only",
        "generic",
        "pipe",
        "native_sin",
        "vload8",
        "as_float",
        "dim3",
        "std",
        "sinf",
        "signbit",
    ],
)
def test_value_called_like_something_of_the_language_gives_a_kernel_of_another_name(name: str) -> None:
    head, body = "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32>", f'%{name} = nd.unary "neg" %x : tensor<4xf32>'
    text = f"{head} {{\n  {body}\n  return %{name} : tensor<4xf32>\n}}"
    module = parse(text)
    outline(module)
    assert [op.sym_name.data for op in module.ops if isinstance(op, func.FuncOp)] == ["main", f"{name}_kernel"]
