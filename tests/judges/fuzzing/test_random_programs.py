"""Random programs before every judge: at least 500 with fixed seeds, small ones, in each run of the tests."""

import os
from functools import partial

import pytest

from rung.judges.fuzzing import Sizes
from rung.judges.fuzzing.hunt import alternating, hunt
from rung.judges.fuzzing.judges import names, why_absent
from rung.judges.fuzzing.ladder import judge_ladder
from rung.pipeline import LADDER, PIPELINE

CHUNK = 50
TINY = Sizes(ops=4, elements=120, points=1200)
"""Here many programs count for more than large ones; `rung fuzz` draws larger ones."""
MANY = int(os.environ.get("RUNG_FUZZ_PROGRAMS", "500"))


@pytest.mark.parametrize("first", range(0, MANY, CHUNK))
def test_every_pass_keeps_the_numbers_of_random_programs(first, verdict):
    """Schedules of a CPU and of a GPU in turn, threads in shuffled order, every rung's contract."""
    seeds = range(first, first + CHUNK)
    tally = hunt(seeds, sizes=TINY, machines=alternating, judge=partial(judge_ladder, upstream=False))
    assert tally.programs == CHUNK
    assert not tally.failures, "\n".join(map(str, tally.failures))
    for step in PIPELINE:
        verdict(step.name, "fuzz", CHUNK)
    for rung in LADDER:
        verdict(f"rung {rung}", "fuzz", CHUNK)


@pytest.mark.parametrize("first", [100_000, 100_040])
def test_opencl_computes_random_programs(first, pocl, verdict):
    tally = hunt(range(first, first + 40), "opencl", Sizes(ops=3, elements=200, points=1500))
    assert not tally.failures, "\n".join(map(str, tally.failures))
    verdict("OpenCL C", "random programs on PoCL", 40)


@pytest.mark.parametrize("target", [name for name in names() if name not in ("reference", "nvrtc", "opencl")])
def test_other_targets_compute_random_programs(target, verdict):
    if (problem := why_absent(target)) is not None:
        pytest.skip(f"{target}: {problem}")
    tally = hunt(range(120_000, 120_020), target, TINY)
    assert not tally.failures, "\n".join(map(str, tally.failures))
    verdict({"cpu": "LLVM IR", "cuda-cpu": "CUDA C"}.get(target, "CUDA C"), f"random programs on {target}", 20)


def test_nvrtc_compiles_random_programs(nvrtc):
    tally = hunt(range(150_000, 150_020), "nvrtc", TINY)
    assert not tally.failures, "\n".join(map(str, tally.failures))


def test_upstream_accepts_every_rung_of_random_programs(mlir_opt):
    tally = hunt(range(200_000, 200_030), sizes=TINY, machines=alternating)
    assert not tally.failures, "\n".join(map(str, tally.failures))
