"""Tiling keeps the numbers at tiles that divide, tiles that leave edges, and tiles of one element."""

import numpy as np
import pytest
from linalg_kernels import KERNELS, elementwise, softmax
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.dialects.upstream.scf import ForallOp
from rung.passes.linalg_tile_to_forall import LinalgTileToForallPass
from rung.schedules.nests import Group, kernels
from rung.schedules.tiling import Range, regions, tile_to_forall


def tiled(text: str, sizes: tuple[int, ...]) -> tuple[ModuleOp, list[ForallOp]]:
    module = parse(text)
    foralls = tile_to_forall(next(kernels(module)), sizes)
    module.verify()
    return module, foralls


def same(name: str, module: ModuleOp, rng: np.random.Generator) -> None:
    inputs = KERNELS[name].inputs(rng)
    (got,) = evaluate(module, "k", inputs, thread_order="shuffled")
    np.testing.assert_allclose(got, KERNELS[name].want(*inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", KERNELS)
def test_tile_with_edges_keeps_numbers_and_upstream_accepts(name: str, rng, mlir_opt) -> None:
    module, _ = tiled(KERNELS[name].text, KERNELS[name].tile)
    mlir_opt(module)
    same(name, module, rng)


@pytest.mark.parametrize("name", KERNELS)
def test_whole_tile_is_one_iteration(name: str, rng, mlir_opt) -> None:
    extents = Group.of(next(kernels(parse(KERNELS[name].text)))).spine_extents
    module, foralls = tiled(KERNELS[name].text, extents)
    assert [(upper - lower) // step for f in foralls for lower, upper, step in f.static_bounds()] in (
        [[1] * max(len(extents), 1)] if foralls else [[]]
    )
    mlir_opt(module)
    same(name, module, rng)


@pytest.mark.parametrize("name", ["matmul_bias_relu", "padded_flip", "conv1d", "normalize_columns", "window_max_stride_2"])
def test_tile_of_one_element_keeps_numbers(name: str, rng) -> None:
    spine = Group.of(next(kernels(parse(KERNELS[name].text)))).spine
    module, foralls = tiled(KERNELS[name].text, (1,) * spine)
    assert len(foralls) == 1
    same(name, module, rng)


def test_each_dim_that_does_not_divide_doubles_the_regions() -> None:
    assert [len(tiled(elementwise(4, 6), sizes)[1]) for sizes in ((2, 3), (3, 3), (3, 4))] == [1, 2, 4]
    assert regions((7, 4), (3, 4)) == [(Range(0, 6, 3), Range(0, 4, 4)), (Range(6, 7, 1), Range(0, 4, 4))]


def test_region_with_one_tile_has_static_offsets() -> None:
    module, _ = tiled(elementwise(7), (4,))
    assert "%x[4] [3] [1]" in str(module) and "%x[0] [4] [1]" in str(module)


def test_operand_needed_whole_is_not_sliced() -> None:
    module, _ = tiled(KERNELS["matmul_17x33x65"].text, (1, 33))
    assert "extract_slice %b" not in str(module) and "extract_slice %a" in str(module)


def test_two_uses_of_one_slice_share_it() -> None:
    module, _ = tiled(softmax(8, 16), (2,))
    assert str(module).count("extract_slice %x") == 1


def test_reduction_over_nothing_leaves_the_fill() -> None:
    module, _ = tiled(KERNELS["column_sum_of_nothing"].text, (5,))
    assert "linalg.generic" not in str(module) and "linalg.fill" in str(module)


def test_empty_result_needs_no_forall(mlir_opt) -> None:
    module, foralls = tiled(KERNELS["elementwise_empty"].text, (1, 4))
    assert foralls == [] and "linalg" not in str(module)
    mlir_opt(module)


def test_accumulating_into_an_argument_starts_from_it(rng) -> None:
    text = """
    func.func private @k(%x: tensor<7x5xf32>, %y: tensor<7xf32>) -> tensor<7xf32> attributes {kernel, spine = 1 : i64} {
      %r = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]
      } ins(%x : tensor<7x5xf32>) outs(%y : tensor<7xf32>) {
      ^bb0(%a: f32, %acc: f32):
        %s = arith.addf %acc, %a fastmath<reassoc> : f32
        linalg.yield %s : f32
      } -> tensor<7xf32>
      return %r : tensor<7xf32>
    }"""
    module, _ = tiled(text, (3,))
    x, y = rng.standard_normal((7, 5), np.float32), rng.standard_normal(7, np.float32)
    (got,) = evaluate(module, "k", [x, y])
    np.testing.assert_allclose(got, y + x.sum(1), rtol=1e-5)


def test_pass_uses_the_schedule_and_leaves_the_rest_alone() -> None:
    untouched = KERNELS["fill_only"].text.replace("kernel, ", "").replace("@k", "@plain")
    text = KERNELS["elementwise_1d_prime"].text.replace("{kernel, ", "{kernel, schedule = {tile = array<i64: 37>}, ")
    module = parse(text + untouched)
    LinalgTileToForallPass().apply(make_context(), module)
    once = str(module)
    assert once.count("scf.forall (") == 1
    LinalgTileToForallPass().apply(make_context(), module)
    assert str(module) == once, "a kernel that is tiled stays as it is"


def test_kernel_without_schedule_is_told() -> None:
    with pytest.raises(PassFailedException, match="@k: has no schedule; run linalg-choose-schedule"):
        LinalgTileToForallPass().apply(make_context(), parse(KERNELS["fill_only"].text))


SIZES = {
    (4,): "gets 1 tile sizes, expected 2",
    (4, 0): "tile size 1 of @k is 0, expected 1..33",
    (18, 1): "is 18, expected 1..17",
}


@pytest.mark.parametrize("sizes", SIZES)
def test_sizes_that_do_not_fit_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(PassFailedException, match=SIZES[sizes]):
        tiled(KERNELS["matmul_17x33x65"].text, sizes)


EDITS = {  # of the softmax kernel: (old, new, message)
    "group_without_spine": ("spine = 1 : i64", "other", "has several linalg ops and no attribute 'spine"),
    "spine_too_deep": ("spine = 1 : i64", "spine = 3 : i64", r"spine is 3, expected 0\.\.2"),
    "spine_that_is_reduced": ("spine = 1 : i64", "spine = 2 : i64", "reduces one of its first 2 loop dims"),
    "spine_of_another_type": ("spine = 1 : i64", "spine = 1.0 : f32", "expected an integer"),
    "returns_argument": ("return %out", "return %x", "returns the result of a linalg.generic or linalg.fill"),
    "divided_index": (
        "affine_map<(d0, d1) -> (d0, d1)>",
        "affine_map<(d0, d1) -> (d0, d1 floordiv 2)>",
        "is no sum of loop dims",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_group_that_is_none_is_refused(name: str) -> None:
    old, new, message = EDITS[name]
    text = softmax(5, 4)
    assert old in text
    with pytest.raises(PassFailedException, match=message):
        tiled(text.replace(old, new), (1,))


def test_loop_dim_without_extent_is_refused() -> None:
    text = KERNELS["window_max_stride_1"].text
    text = text.replace("%window = tensor.empty() : tensor<3x2xf32>", "%window = tensor.empty() : tensor<f32>")
    text = text.replace("tensor<3x2xf32>", "tensor<f32>").replace(
        "affine_map<(d0, d1, d2, d3) -> (d2, d3)>", "affine_map<(d0, d1, d2, d3) -> ()>"
    )
    with pytest.raises(PassFailedException, match="no operand's shape says how often d2, d3 runs"):
        tiled(text, (1, 1))


def test_intermediate_read_at_another_row_is_refused() -> None:
    text = softmax(4, 4)
    last = 'iterator_types = ["parallel", "parallel"]'
    head, tail = text.split(last)
    start = head.rindex("affine_map<(d0, d1) -> (d0)>")
    head = head[:start] + "affine_map<(d0, d1) -> (d1)>" + head[start + len("affine_map<(d0, d1) -> (d0)>") :]
    with pytest.raises(PassFailedException, match=r"reads the group's intermediate %sum at \(d1\), expected each of the first 1"):
        tiled(head + last + tail, (2,))
