"""Kinds of kernels, default schedules on each machine, and what a schedule written by hand may say."""

from math import prod

import linalg_kernels as lk
import pytest
from linalg_kernels import KERNELS
from xdsl.dialects.builtin import DenseArrayBase, DictionaryAttr, i64
from xdsl.utils.exceptions import PassFailedException

from rung.backends.machine import CPU, MACHINES, NVIDIA
from rung.dialects.upstream import make_context, parse
from rung.passes.linalg_choose_schedule import LinalgChooseSchedulePass
from rung.schedules.classify import classify
from rung.schedules.default import default_schedule, divisor, spread, vector_width, whole_inner
from rung.schedules.nests import Group, kernels
from rung.schedules.schedule import Schedule, read_schedule

KINDS = {
    "elementwise_3d": "elementwise",
    "transpose_5x9": "elementwise",
    "iota_7x6": "elementwise",
    "fill_only": "elementwise",
    "softmax_37x10": "row",
    "full_sum_7x9": "full",
    "column_sum_33x50": "column",
    "normalize_columns": "column",
    "matmul_17x33x65": "contraction",
    "matmul_bias_relu": "contraction",
    "conv1d": "contraction",
    "window_max_stride_2": "window",
    "matmul_inner_1": "column",  # with one product an output there is nothing to keep in registers
}


def group(text: str) -> Group:
    return Group.of(next(kernels(parse(text))))


def chosen(text: str, target: str = "cpu", **hand: tuple[int, ...]) -> Schedule:
    """The schedule on the kernel after the pass, `hand` having been written on it before."""
    module = parse(text)
    func = next(kernels(module))
    if hand:
        func.attributes["schedule"] = DictionaryAttr({name: DenseArrayBase.from_list(i64, v) for name, v in hand.items()})
    LinalgChooseSchedulePass(target).apply(make_context(), module)
    found = read_schedule(func)
    assert found is not None
    return found


@pytest.mark.parametrize("name", KINDS)
def test_kind_is_as_the_rule_says(name: str) -> None:
    assert classify(group(KERNELS[name].text)).kind == KINDS[name]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", KERNELS)
def test_default_schedule_is_valid_and_upstream_reads_it(name: str, machine: str, mlir_opt) -> None:
    module = parse(KERNELS[name].text)
    LinalgChooseSchedulePass(machine).apply(make_context(), module)  # checks what it chose as it checks what a user wrote
    mlir_opt(module)


@pytest.mark.parametrize("shape", [(1 << 24,), (4096, 4096), (1000, 1000, 3), (20011,), (7, 300001)])
def test_elementwise_tile_has_16k_elements_with_whole_inner_dims(shape: tuple[int, ...]) -> None:
    tile = chosen(lk.elementwise(*shape)).tile
    assert 8 * 1024 <= prod(tile) <= 32 * 1024
    split = next((dim for dim, (size, extent) in enumerate(zip(tile, shape)) if size > 1), len(shape))
    assert tile[split + 1 :] == shape[split + 1 :]


def test_transpose_gets_square_blocks() -> None:
    assert chosen(lk.transpose(4096, 4096)).tile == (32, 32)


@pytest.mark.parametrize(("size", "rows"), [(128, 32), (256, 64), (512, 256), (1024, 256), (2048, 256)])
def test_matmul_gets_at_least_16_blocks_of_4x16_registers(size: int, rows: int) -> None:
    promote = (1,) if size > 512 else ()
    columns = 64 if size > 128 else 32
    assert chosen(lk.matmul(size, size, size)) == Schedule((rows, columns), (4, 16), (0, 1), (1, 1), promote)
    assert chosen(lk.matmul(size, size, size), "cpu-512").vector == (8, 32)


def test_matmul_128_is_cut_finer_to_have_16_blocks() -> None:
    tile = chosen(lk.matmul(128, 128, 128)).tile
    assert (128 // tile[0]) * (128 // tile[1]) >= 16


@pytest.mark.parametrize(("m", "n"), [(360, 1440), (96, 1000), (1797, 720)])
def test_matmul_tile_divides_where_a_divisor_is_near(m: int, n: int) -> None:
    tile = chosen(lk.matmul(m, n, 64)).tile
    assert n % tile[1] == 0
    assert m % tile[0] == 0 or m == 1797  # 3 * 599: nothing between 32 and 128


def test_softmax_takes_rows_and_vectors_along_them() -> None:
    assert chosen(lk.softmax(4096, 1024)) == Schedule((4,), (32,), (1,), (1,))
    assert chosen(lk.softmax(64, 100_000)).tile == (1,)


def test_rows_too_short_for_a_vector_are_vectors_across_results() -> None:
    found = chosen(lk.window_max(256, 256, 2, 2, 2))
    assert found.vector_dims == (1,) and found.vector == (32,)


def test_column_sum_has_vectors_across_columns() -> None:
    assert chosen(lk.column_sum(4096, 4096)) == Schedule((256,), (128,), (0,), (1,))


def test_gpu_elementwise_gives_a_thread_four_neighbours() -> None:
    assert chosen(lk.elementwise(4096, 1024), "nvidia") == Schedule((1, 4), (4,), (1,), (1, 256))


def test_gpu_matmul_is_16x16_threads_of_4x4() -> None:
    assert chosen(lk.matmul(512, 512, 512), "nvidia") == Schedule((4, 4), (4, 4), (0, 1), (16, 16))


def test_wider_elements_take_fewer_lanes() -> None:
    single, double = lk.elementwise(4096), lk.elementwise(4096).replace("f32", "f64")
    assert default_schedule(group(double), CPU).vector[0] * 2 == default_schedule(group(single), CPU).vector[0]


def test_schedule_by_hand_is_kept_and_completed() -> None:
    assert chosen(KERNELS["matmul_17x33x65"].text, tile=(8, 11), vector=(2, 8)) == Schedule((8, 11), (2, 8), (0, 1), (1, 1))
    assert chosen(KERNELS["softmax_37x10"].text, tile=(2,), vector=(4,)) == Schedule((2,), (4,), (1,), (1,))
    full = Schedule((5,), (2,), (0,), (1,))
    assert chosen(KERNELS["softmax_37x10"].text, **vars(full)) == full


BAD = {
    "tile_of_wrong_length": ({"tile": (4,)}, r"has 1 tile sizes, expected 2, one for each spine dim \[17, 33\]"),
    "tile_of_zero": ({"tile": (0, 4)}, r"has tile\[0\] = 0, expected 1\.\.17"),
    "tile_beyond_extent": ({"tile": (4, 34)}, r"has tile\[1\] = 34, expected 1\.\.33"),
    "no_tile": ({"vector": (4,)}, "has no field 'tile'"),
    "unknown_field": ({"tile": (4, 4), "tiles": (1,)}, "has a field 'tiles', expected one of tile, vector"),
    "vector_without_dim": ({"tile": (4, 4), "vector": (4, 4), "vector_dims": (1,)}, "has 2 vector sizes, expected 1"),
    "dim_twice": (
        {"tile": (4, 4), "vector": (4, 4), "vector_dims": (1, 1)},
        r"has vector_dims = \[1, 1\], expected no dim twice",
    ),
    "dim_out_of_range": (
        {"tile": (4, 4), "vector": (4,), "vector_dims": (3,)},
        r"has 3 in vector_dims, expected loop dims 0\.\.2",
    ),
    "vector_of_zero": ({"tile": (4, 4), "vector": (0,), "vector_dims": (1,)}, "has a vector or thread count below 1"),
    "threads_for_one_dim": ({"tile": (4, 4), "threads": (8,)}, "has 1 thread counts, expected 2"),
    "too_many_threads": ({"tile": (4, 4), "threads": (128, 128)}, "has 16384 threads a block, expected at most 4096"),
}


@pytest.mark.parametrize("name", BAD)
def test_schedule_by_hand_that_does_not_fit_is_refused(name: str) -> None:
    hand, message = BAD[name]
    with pytest.raises(PassFailedException, match="schedule of @k .*" + message):
        chosen(KERNELS["matmul_17x33x65"].text, **hand)


def test_schedule_that_is_no_dictionary_is_refused() -> None:
    text = KERNELS["full_sum_one"].text.replace("{kernel, ", "{kernel, schedule = 3 : i64, ")
    with pytest.raises(PassFailedException, match="is 3 : i64, expected a dictionary"):
        LinalgChooseSchedulePass().apply(make_context(), parse(text))
    text = text.replace("schedule = 3 : i64", "schedule = {tile = [1]}")
    with pytest.raises(PassFailedException, match="expected array<i64"):
        LinalgChooseSchedulePass().apply(make_context(), parse(text))


def test_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(PassFailedException, match="target is 'amiga', expected one of cpu, cpu-512, nvidia, opencl-gpu"):
        chosen(KERNELS["fill_only"].text, "amiga")


def test_function_that_is_no_kernel_gets_nothing() -> None:
    module = parse(KERNELS["fill_only"].text.replace("kernel, ", ""))
    LinalgChooseSchedulePass().apply(make_context(), module)
    assert "schedule" not in str(module)


def test_helpers_at_their_edges() -> None:
    assert [vector_width(extent, 32) for extent in (1, 3, 12, 24, 33, 50, 1000)] == [1, 1, 4, 8, 32, 32, 32]
    assert whole_inner((3, 5, 7), 1000) == (3, 5, 7)
    assert whole_inner((0, 4), 16) == (1, 4)
    assert divisor(131, 64, 32, 128) == 64 and divisor(120, 64, 32, 128) == 60 and divisor(29, 64, 32, 128) == 29
    assert spread((4096, 1024), (1, 4), {1: 256}, NVIDIA.max_threads) == (1, 256)
    assert spread((7, 12), (1, 4), {1: 256}, NVIDIA.max_threads) == (8, 4)
    assert spread((512, 512), (4, 4), {0: 16, 1: 16}, 64) == (4, 16)
