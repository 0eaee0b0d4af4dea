"""Two-phase reductions: which are split and into what, and that the numbers stay at extents that nothing divides."""

import warnings

import pytest
from corpus import Program, assert_same, make_inputs, parse, programs
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from rung.backends.reference import evaluate
from rung.passes.nd_simplify import NdSimplifyPass
from rung.passes.nd_split_reduce import NdSplitReducePass, parts_of


def split(module: ModuleOp, **options: object) -> ModuleOp:
    NdSplitReducePass(**options).apply(Context(), module)  # pyright: ignore[reportArgumentType]
    module.verify()
    return module


def reduction(shape: str, axes: str, result: str, element: str = "f32", combiner: str = "sum") -> ModuleOp:
    result = f"{result}x{element}" if result else element
    return parse(f"""
      func.func @main(%x: tensor<{shape}x{element}>) -> tensor<{result}> {{
        %sum = nd.reduce "{combiner}" %x axes [{axes}] : tensor<{shape}x{element}> -> tensor<{result}>
        return %sum : tensor<{result}>
      }}""")


def shapes(module: ModuleOp) -> list[str]:
    """`op source -> result` of each op."""
    found: list[str] = []
    for op in module.walk():
        if op.name.startswith("nd."):
            types = [str(v.type).removeprefix("tensor<").removesuffix(">") for v in (*op.operands, *op.results)]
            found.append(f"{op.name.removeprefix('nd.')} {' '.join(types)}".replace("xf32", "").replace("f32", "1"))
    return found


def test_a_full_reduction_is_cut_into_contiguous_chunks() -> None:
    want = ["reshape 16777216 256x65536", "reduce 256x65536 256", "reduce 256 1"]
    assert shapes(split(reduction("16777216", "0", ""))) == want


def test_few_column_sums_are_cut_along_the_rows() -> None:
    want = ["reshape 1000000x8 32x31250x8", "reduce 32x31250x8 32x8", "reduce 32x8 8"]
    assert shapes(split(reduction("1000000x8", "0", "8"))) == want


def test_row_sums_of_few_long_rows_are_cut_inside_the_rows() -> None:
    want = ["reshape 4x1048576 4x64x16384", "reduce 4x64x16384 4x64", "reduce 4x64 4"]
    assert shapes(split(reduction("4x1048576", "1", "4"))) == want


def test_an_outer_axis_too_short_for_the_parts_goes_with_the_chunk() -> None:
    want = ["reshape 3x524288x2 3x128x4096x2", "reduce 3x128x4096x2 128", "reduce 128 1"]
    assert shapes(split(reduction("3x524288x2", "0, 1, 2", ""), max_parts=128)) == want


def test_an_outer_axis_of_about_as_many_parts_needs_no_reshape() -> None:
    assert shapes(split(reduction("64x16384", "0, 1", ""))) == ["reduce 64x16384 64", "reduce 64 1"]


def test_a_rest_is_reduced_beside_the_parts_and_combined() -> None:
    module = split(reduction("1048583", "0", ""))
    assert shapes(module) == [
        "shrink 1048583 1048576",
        "shrink 1048583 7",
        "reduce 7 1",
        "reshape 1048576 64x16384",
        "reduce 64x16384 64",
        "reduce 64 1",
        "binary 1 1 1",
    ]


def test_a_gpu_gets_neighbouring_elements_and_more_than_two_phases() -> None:
    module = split(reduction("16777216", "0", ""), target="nvidia")
    assert shapes(module)[:2] == ["reshape 16777216 256x65536", "reduce 256x65536 65536"]
    assert "axes [0]" in str(next(op for op in module.walk() if op.name == "nd.reduce"))
    assert len([s for s in shapes(module) if s.startswith("reduce")]) == 4


DECLINES = {
    "enough results": ("1048576x32", "0", "32", {}),
    "too little data": ("262143", "0", "", {}),
    "chunks would be too small": ("262144", "0", "", {"min_chunk": 200_000}),
    "no axes": ("1048576", "", "1048576", {"min_results": 1 << 30}),
    "no elements": ("0x1048576", "0, 1", "", {"min_elements": 0}),
    "parts of one element": ("7", "0", "", {"min_elements": 0, "min_chunk": 1}),
}


@pytest.mark.parametrize("what", DECLINES)
def test_declines(what: str) -> None:
    shape, axes, result, options = DECLINES[what]
    module = reduction(shape, axes, result)
    before = str(module)
    assert str(split(module, **options)) == before


SMALL = {"min_results": 1000, "min_elements": 2, "min_chunk": 2}


@pytest.mark.parametrize("target", ["cpu", "nvidia"])
@pytest.mark.parametrize("max_parts", [4, 7, 64])
@pytest.mark.parametrize("each", programs(), ids=lambda p: p.name)
def test_numbers_of_the_corpus_stay(each: Program, target: str, max_parts: int) -> None:
    module = each.module()
    inputs = each.inputs()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        want = evaluate(module, "main", inputs)
        assert_same(evaluate(split(module, target=target, max_parts=max_parts, **SMALL), "main", inputs), want)
        parts = sum(op.name == "nd.reduce" for op in module.walk())
        NdSimplifyPass().apply(Context(), module)
        assert_same(evaluate(module, "main", inputs), want)
    # What nd-simplify turns into something else is not counted.
    unit = ("matmul_inner_extent_1", "reduce_unit_axes", "reduce_of_nothing", "all_extents_1", "reduce_no_axes")
    nothing = "nothing_of_a_window_that_begins_at_the_end"
    if each.name not in (*unit, nothing) and "argm" not in each.name and parts:
        assert parts >= sum(op.name == "nd.reduce" for op in module.walk()) > 0


@pytest.mark.parametrize("combiner", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize("element", ["i8", "ui16", "i64", "f64"])
@pytest.mark.parametrize("extent", [2, 3, 17, 97, 127, 128, 130])
def test_each_combiner_at_awkward_extents(combiner: str, element: str, extent: int) -> None:
    for axes, result in (("0", "3"), ("1", str(extent)), ("0, 1", "")):
        module = reduction(f"{extent}x3", axes, result, element, combiner)
        inputs = make_inputs(module, seed=extent)
        want = evaluate(module, "main", inputs)
        split(module, max_parts=16, **SMALL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            assert_same(evaluate(module, "main", inputs), want)


@given(st.integers(1, 5000), st.integers(2, 300), st.sampled_from([1, 64]))
def test_parts_cover_the_extent_but_for_a_small_rest(extent: int, most: int, align: int) -> None:
    most = min(most, extent)
    if most < 2:
        return
    parts, chunk = parts_of(extent, most, align)
    rest = extent - parts * chunk
    assert max(2, most // 4) <= parts <= most and chunk >= 1
    assert 0 <= rest < parts * align
    if any(extent % p == 0 for p in range(max(2, most // 4), most + 1)):
        assert rest == 0, "a divisor is there"


def test_a_mark_moves_to_what_makes_the_result() -> None:
    module = reduction("1048583", "0", "")
    text = str(module).replace("axes [0]", "axes [0] {realize}")
    marked = [op for op in split(parse(text)).walk() if "realize" in op.attributes]
    assert [op.name for op in marked] == ["nd.binary"]


def test_an_unknown_target_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="target is 'tpu', expected one of cpu, cpu-512, nvidia, opencl-gpu"):
        split(reduction("8", "0", ""), target="tpu")


def test_names_say_which_phase_a_value_is_of() -> None:
    module = split(reduction("1048583", "0", ""))
    names = [op.results[0].name_hint for op in module.walk() if op.name.startswith("nd.")]
    assert names == ["sum_main", "sum_rest", "sum_rest", "sum_split", "sum_parts", "sum", "sum"]
