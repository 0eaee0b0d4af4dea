"""Which values are materialised: one small program for each rule, and one just beside it where the rule must not apply."""

import pytest
from corpus import parse, program, programs
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr

from rung.passes.kernel_legality import REALIZE
from rung.passes.nd_mark_kernels import NdMarkKernelsPass


def marked(module: ModuleOp, **options: object) -> list[str | None]:
    """Names of the values that are materialised, in order."""
    NdMarkKernelsPass(**options).apply(Context(), module)  # pyright: ignore[reportArgumentType]
    module.verify()
    return [op.results[0].name_hint for op in module.walk() if REALIZE in op.attributes]


def body(lines: str, arguments: str = "%x: tensor<40x12xf32>", returns: str = "%r : tensor<40x12xf32>") -> ModuleOp:
    types = ", ".join(part.split(":")[1].strip() for part in returns.split(";"))
    names = ", ".join(part.split(":")[0].strip() for part in returns.split(";"))
    return parse(f"func.func @main({arguments}) -> ({types}) {{\n{lines}\n  return {names} : {types}\n}}")


def reduce(name: str, source: str, rows: int = 40, columns: int = 12, kind: str = "sum") -> str:
    return f'%{name} = nd.reduce "{kind}" {source} axes [1] : tensor<{rows}x{columns}xf32> -> tensor<{rows}xf32>\n'


def broadcast(name: str, source: str, rows: int = 40, columns: int = 12) -> str:
    return (
        f"%{name}_1 = nd.reshape {source} : tensor<{rows}xf32> -> tensor<{rows}x1xf32>\n"
        f"%{name} = nd.expand %{name}_1 : tensor<{rows}x1xf32> -> tensor<{rows}x{columns}xf32>\n"
    )


def binary(name: str, kind: str, a: str, b: str, shape: str = "40x12") -> str:
    return f'%{name} = nd.binary "{kind}" {a}, {b} : tensor<{shape}xf32> -> tensor<{shape}xf32>\n'


def unary(name: str, kind: str, a: str, shape: str = "40x12") -> str:
    return f'%{name} = nd.unary "{kind}" {a} : tensor<{shape}xf32>\n'


FORMED = {
    "softmax_rows": ["softmax"],
    "softmax_columns": ["softmax"],
    "softmax_middle_axis": ["softmax"],
    "softmax_two_rows": ["max", "sum", "softmax"],
    "softmax_of_matmul": ["scores", "softmax"],
    "layernorm_rows": ["layernorm"],
    "rmsnorm_rows": ["rmsnorm"],
    "logsumexp": ["logsumexp"],
    "argmax_rows": ["argmax"],
    "divide_by_total": ["total", "share"],
    "matmul_bias_relu": ["relu"],
    "matmul_f16_in_f32": ["matmul_f16"],
    "mlp_two_layers": ["hidden", "logits"],
    "nearest_neighbour": ["x_norm", "y_norm", "distance", "argmin"],
    "conv2d_stride2_bias_relu": ["relu"],
    "mean_pool_1d": ["mean"],
    "gather_one_hot": ["gathered"],
    "reduce_of_reduce": ["max", "sum", "prod"],
    "variance_and_mean": ["mean", "variance"],
    "expensive_in_two_reduces": ["down", "across"],
    "polynomial_degree_24": ["s23"],
    "attention_causal": ["scores", "max", "sum", "attention"],
    "outputs_movement_only": ["x", "x", "x"],
    "common_and_dead": ["add"],
}
"""Kernels of the corpus by the values they make. Fewer is better; a change has to be looked at."""


@pytest.mark.parametrize("name", FORMED)
def test_kernels_of_the_corpus(name: str) -> None:
    assert marked(program(name).module()) == FORMED[name]


@pytest.mark.parametrize("each", programs(), ids=lambda p: p.name)
def test_marking_again_changes_nothing(each: object) -> None:
    module = each.module()  # pyright: ignore[reportAttributeAccessIssue]
    first = marked(module)
    assert marked(module) == first
    assert marked(module, clear=True) == first


def test_a_mark_made_by_hand_stays_and_clear_forgets_it() -> None:
    lines = unary("e", "neg", "%x").replace("%x :", "%x {realize} :") + binary("r", "add", "%e", "%x")
    assert marked(body(lines)) == ["e", "r"]
    assert marked(body(lines), clear=True) == ["r"]


def test_a_mark_splits_a_row_group_and_the_rest_is_still_formed() -> None:
    module = program("softmax_rows").module()
    for op in module.walk():
        if op.results and op.results[0].name_hint == "exp":
            op.attributes[REALIZE] = UnitAttr()
    assert marked(module) == ["exp", "softmax"]


ROW_GROUP = reduce("s", "%x") + broadcast("b", "%s") + binary("r", "div", "%x", "%b")


def test_rows_enough_form_a_group_and_too_few_do_not() -> None:
    assert marked(body(ROW_GROUP)) == ["r"]
    assert marked(body(ROW_GROUP), min_rows=41) == ["s", "r"]


def test_a_whole_epilogue_needs_no_rows() -> None:
    """sqrt(sum x) of rank 0: nothing runs in parallel either way, so nothing is lost."""
    lines = '%s = nd.reduce "sum" %x axes [0, 1] : tensor<40x12xf32> -> tensor<f32>\n%r = nd.unary "sqrt" %s : tensor<f32>'
    assert marked(body(lines, returns="%r : tensor<f32>")) == ["r"]


def test_a_reduction_used_by_two_kernels_is_stored() -> None:
    lines = reduce("s", "%x") + unary("r", "neg", "%s", "40") + unary("q", "abs", "%s", "40")
    assert marked(body(lines, returns="%r : tensor<40xf32>; %q : tensor<40xf32>")) == ["s", "r", "q"]


def test_a_reduction_needed_at_other_rows_is_stored() -> None:
    """x - sum over rows - sum over columns: one group keeps its rows, the other reduction is a kernel."""
    lines = (
        '%across = nd.reduce "sum" %x axes [1] : tensor<40x40xf32> -> tensor<40xf32>\n'
        '%down = nd.reduce "sum" %x axes [0] : tensor<40x40xf32> -> tensor<40xf32>\n'
        + broadcast("a", "%across", 40, 40)
        + "%d_1 = nd.reshape %down : tensor<40xf32> -> tensor<1x40xf32>\n"
        "%d = nd.expand %d_1 : tensor<1x40xf32> -> tensor<40x40xf32>\n"
        + binary("y", "sub", "%x", "%a", "40x40")
        + binary("r", "sub", "%y", "%d", "40x40")
    )
    assert marked(body(lines, "%x: tensor<40x40xf32>", "%r : tensor<40x40xf32>")) == ["across", "r"]


def test_a_reduction_behind_a_flip_of_its_rows_is_stored() -> None:
    lines = reduce("s", "%x") + "%f = nd.flip %s axes [0] : tensor<40xf32> -> tensor<40xf32>\n" + broadcast("b", "%f")
    assert marked(body(lines + binary("r", "div", "%x", "%b"))) == ["s", "r"]


def test_a_group_is_seen_through_a_permute() -> None:
    lines = (
        reduce("s", "%x")
        + broadcast("b", "%s")
        + binary("d", "div", "%x", "%b")
        + "%r = nd.permute %d [1, 0] : tensor<40x12xf32> -> tensor<12x40xf32>\n"
    )
    assert marked(body(lines, returns="%r : tensor<12x40xf32>")) == ["r"]


def test_a_contraction_takes_no_row_group_and_no_contraction() -> None:
    assert "scores" in marked(program("softmax_of_matmul").module())
    assert marked(program("mlp_two_layers").module()) == ["hidden", "logits"]


def test_a_streaming_reduction_gives_way_to_a_contraction() -> None:
    """Both could stay in the kernel of the distances, but for different rows; the contraction is worth more."""
    assert marked(program("nearest_neighbour").module(), min_rows=2)[:3] == ["x_norm", "y_norm", "distance"]


# costs: recompute or store


def test_a_cheap_value_is_computed_in_each_kernel_and_an_expensive_one_stored() -> None:
    cheap = unary("v", "neg", "%x") + unary("r", "abs", "%v") + binary("q", "mul", "%v", "%v")
    returns = "%r : tensor<40x12xf32>; %q : tensor<40x12xf32>"
    assert marked(body(cheap, returns=returns), launch_ops=0) == ["r", "q"]
    dear = cheap.replace('"neg"', '"exp2"')
    assert marked(body(dear, returns=returns), launch_ops=0) == ["v", "r", "q"]
    assert marked(body(dear, returns=returns)) == ["r", "q"], "480 exp2 take less than a launch"


def test_a_long_cheap_chain_is_stored_at_its_end_and_nowhere_else() -> None:
    lines = "".join(binary(f"v{i}", "add", f"%v{i - 1}" if i else "%x", "%x") for i in range(9))
    lines += unary("r", "abs", "%v8") + unary("q", "neg", "%v8")
    returns = "%r : tensor<40x12xf32>; %q : tensor<40x12xf32>"
    assert marked(body(lines, returns=returns), launch_ops=0) == ["v8", "r", "q"]


CASTS = """
%h = nd.cast %x : tensor<40x12xf32> -> tensor<40x12xf16>
%v = nd.cast %h : tensor<40x12xf16> -> tensor<40x12xf32>
"""


@pytest.mark.parametrize(("length", "stored"), [(64, False), (65, True)])
def test_a_chain_too_long_to_compile_twice_is_stored_though_its_tensor_is_tiny(length: int, stored: bool) -> None:
    lines = "".join(binary(f"v{i}", "add", f"%v{i - 1}" if i else "%x", "%x", "3") for i in range(length))
    last = f"%v{length - 1}"
    module = body(
        lines + unary("r", "abs", last, "3") + unary("q", "neg", last, "3"),
        "%x: tensor<3xf32>",
        "%r : tensor<3xf32>; %q : tensor<3xf32>",
    )
    assert marked(module) == ([last[1:]] if stored else []) + ["r", "q"]


OPERAND = (
    "%a_1 = nd.reshape %v : tensor<40x12xf32> -> tensor<40x12x1xf32>\n"
    "%a = nd.expand %a_1 : tensor<40x12x1xf32> -> tensor<40x12x9xf32>\n"
    "%b_1 = nd.reshape %w : tensor<12x9xf32> -> tensor<1x12x9xf32>\n"
    "%b = nd.expand %b_1 : tensor<1x12x9xf32> -> tensor<40x12x9xf32>\n"
    '%p = nd.binary "mul" %a, %b : tensor<40x12x9xf32> -> tensor<40x12x9xf32>\n'
    '%r = nd.reduce "sum" %p axes [1] : tensor<40x12x9xf32> -> tensor<40x9xf32>\n'
)


@pytest.mark.parametrize(
    ("made", "stored"),
    [
        (unary("v", "exp2", "%x"), True),
        (binary("v", "add", "%x", "%x"), True),
        (CASTS, False),
        ("%v = nd.flip %x axes [0] : tensor<40x12xf32> -> tensor<40x12xf32>\n", False),
    ],
    ids=["exp2", "add", "casts of floats", "flip"],
)
def test_the_operand_of_a_matmul_is_stored_where_computing_it_each_time_costs(made: str, stored: bool) -> None:
    module = body(made + OPERAND, "%x: tensor<40x12xf32>, %w: tensor<12x9xf32>", "%r : tensor<40x9xf32>")
    assert marked(module, launch_ops=0) == (["v", "r"] if stored else ["r"])


def test_a_pad_read_by_windows_is_stored_so_that_they_need_no_guard() -> None:
    assert marked(program("conv2d_padded").module(), launch_ops=0) == ["padded", "conv"]
    assert marked(program("concatenate").module(), launch_ops=0) == ["add"], "each element is read once: the guard is cheaper"


def test_an_expensive_value_of_a_row_is_computed_once_a_row_and_not_stored() -> None:
    assert marked(program("rmsnorm_rows").module(), launch_ops=0) == ["rmsnorm"]
    assert marked(program("rmsnorm_rows").module(), launch_ops=0, min_rows=99) == ["rms", "rmsnorm"], "no rows: store the root"


def test_an_expensive_operand_of_a_broadcast_without_rows_is_stored() -> None:
    lines = (
        '%v = nd.unary "log2" %g : tensor<12xf32>\n%v_1 = nd.reshape %v : tensor<12xf32> -> tensor<1x12xf32>\n'
        "%b = nd.expand %v_1 : tensor<1x12xf32> -> tensor<40x12xf32>\n" + binary("r", "add", "%x", "%b")
    )
    assert marked(body(lines, "%x: tensor<40x12xf32>, %g: tensor<12xf32>"), launch_ops=0) == ["v", "r"]


def test_a_one_hot_mask_stays_inside_the_gather_that_reads_it() -> None:
    assert marked(program("gather_one_hot").module(), launch_ops=0) == ["gathered"]


def test_index_arithmetic_stays_where_it_is_used_unless_it_is_long() -> None:
    start = "%i0 = nd.iota 1 -> tensor<1x12xi32>\n%c = nd.const 7 : i32 -> tensor<1x12xi32>\n"

    def index(steps: int) -> str:
        chain = [f'%i{k + 1} = nd.binary "mul" %i{k}, %c : tensor<1x12xi32> -> tensor<1x12xi32>\n' for k in range(steps)]
        wide = f"%w = nd.expand %i{steps} : tensor<1x12xi32> -> tensor<40x12xi32>\n"
        return start + "".join(chain) + wide + '%r = nd.binary "add" %x, %w : tensor<40x12xi32> -> tensor<40x12xi32>'

    arguments, returns = "%x: tensor<40x12xi32>", "%r : tensor<40x12xi32>"
    assert marked(body(index(4), arguments, returns), launch_ops=0) == ["r"]
    assert marked(body(index(5), arguments, returns), launch_ops=0) == ["i5", "r"]


def test_two_passes_over_a_row_share_an_exponential_but_not_a_long_chain() -> None:
    assert marked(program("softmax_rows").module(), launch_ops=0) == ["softmax"]
    chain = "".join(unary(f"v{i}", "sin", f"%v{i - 1}" if i else "%x") for i in range(3))
    lines = chain + reduce("s", "%v2") + broadcast("b", "%s") + binary("r", "div", "%v2", "%b")
    assert marked(body(lines), launch_ops=0) == ["v2", "r"]


def test_stencils_of_stencils_are_cut_before_their_copies_explode() -> None:
    lines, last = "", "%x"
    for i in range(8):
        for side, (low, high) in {"l": (0, 1), "r": (1, 0)}.items():
            start, stop = 1 - low, 64 - low
            lines += (
                f"%{side}{i}_1 = nd.shrink {last} start [{start}] stop [{stop}] step [1] : tensor<64xf32> -> tensor<63xf32>\n"
                f"%{side}{i} = nd.pad %{side}{i}_1 low [{low}] high [{high}] value 0.0 : f32 : tensor<63xf32> -> tensor<64xf32>\n"
            )
        lines += binary(f"s{i}", "add", f"%l{i}", f"%r{i}", "64")
        last = f"%s{i}"
    names = marked(body(lines, "%x: tensor<64xf32>", "%s7 : tensor<64xf32>"), launch_ops=10**9)
    assert names[-1] == "s7"
    assert 1 < len(names) < 8


def test_dead_ops_are_not_marked() -> None:
    assert marked(body(reduce("s", "%x") + unary("r", "neg", "%x"))) == ["r"]


def test_functions_without_a_body_and_kernels_are_left_alone() -> None:
    module = parse(
        "func.func private @extern(tensor<4xf32>) -> tensor<4xf32>\n"
        "func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel} {\n"
        '  %y = nd.unary "neg" %x : tensor<4xf32>\n  return %y : tensor<4xf32>\n}'
    )
    assert marked(module) == []
