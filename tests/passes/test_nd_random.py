"""Random programs through every nd pass under every kind of option, and through nd-to-linalg, which judges legality by itself."""

import warnings

import pytest
from corpus import assert_same, make_inputs, parse
from random_programs import random_program
from xdsl.context import Context
from xdsl.passes import ModulePass

from rung.backends.reference import evaluate
from rung.lowering.nd_to_linalg import NdToLinalgPass
from rung.passes.nd_mark_kernels import NdMarkKernelsPass
from rung.passes.nd_outline_kernels import NdOutlineKernelsPass
from rung.passes.nd_simplify import NdSimplifyPass
from rung.passes.nd_split_reduce import NdSplitReducePass

MARKS = (
    NdMarkKernelsPass(),
    NdMarkKernelsPass(min_rows=1),
    NdMarkKernelsPass(min_rows=1, launch_ops=0),
    NdMarkKernelsPass(min_rows=2, launch_ops=0, recompute_cost=0, max_copies=1),
)
SPLIT = tuple(
    NdSplitReducePass(target=target, min_results=1000, min_elements=2, max_parts=5, min_chunk=2) for target in ("cpu", "nvidia")
)


@pytest.mark.parametrize("seed", range(240))
def test_every_pass_keeps_the_numbers(seed: int) -> None:
    module = parse(str(random_program(seed)))
    inputs = make_inputs(module, seed)
    passes: list[ModulePass] = [MARKS[seed % 4], NdOutlineKernelsPass(), NdToLinalgPass()]
    if seed % 3:
        passes.insert(0, NdSimplifyPass())
    if seed % 5 == 0:
        passes.insert(0, SPLIT[seed % 2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        want = evaluate(module, "main", inputs)
        for each in passes:
            each.apply(Context(), module)
            module.verify()
            got = evaluate(module, "main", inputs)
            assert_same([g.view(w.dtype) for g, w in zip(got, want)], want, what=each.name)
