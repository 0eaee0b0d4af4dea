"""Random programs before every judge: at least 500 with fixed seeds, small ones, in each run of the tests."""

import os
from functools import partial

import pytest

from rung.judges.fuzzing import Sizes
from rung.judges.fuzzing.hunt import SMALL, alternating, hunt
from rung.judges.fuzzing.ladder import judge_ladder

CHUNK = 50
PER_TARGET = 100
MANY = int(os.environ.get("RUNG_FUZZ_PROGRAMS", "500"))


@pytest.mark.parametrize("first", range(0, MANY, CHUNK))
def test_every_pass_keeps_the_numbers_of_random_programs(first):
    """Schedules of a CPU and of a GPU in turn, threads in shuffled order, every rung's contract."""
    seeds = range(first, first + CHUNK)
    tally = hunt(seeds, sizes=SMALL, machines=alternating, judge=partial(judge_ladder, upstream=False))
    assert tally.programs == CHUNK
    assert not tally.failures, "\n".join(map(str, tally.failures))


@pytest.mark.parametrize("first", range(100_000, 100_000 + PER_TARGET, CHUNK))
def test_opencl_computes_random_programs(first, pocl):
    tally = hunt(range(first, first + CHUNK), "opencl", Sizes(ops=3, elements=200, points=1500))
    assert not tally.failures, "\n".join(map(str, tally.failures))


def test_nvrtc_compiles_random_programs(nvrtc):
    tally = hunt(range(150_000, 150_020), "nvrtc", SMALL)
    assert not tally.failures, "\n".join(map(str, tally.failures))


def test_upstream_accepts_every_rung_of_random_programs(mlir_opt):
    tally = hunt(range(200_000, 200_040), sizes=SMALL, machines=alternating)
    assert not tally.failures, "\n".join(map(str, tally.failures))
