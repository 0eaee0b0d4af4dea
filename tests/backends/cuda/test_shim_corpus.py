"""The corpus as CUDA text on this processor, in several orders of threads and blocks, against the nd evaluator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from corpus import assert_same, programs

from rung.backends.cuda.shim.compile import wrapped
from rung.backends.cuda.shim.runs import How, KernelFault
from rung.backends.cuda.target import CUDA
from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context
from rung.pipeline import lower

PARTS = 4
"""Each part is compiled as one text: the compiler takes 0.3 s for a program, 2 s for thirty."""

HOWS = (How("forward"), How("reversed"), How("shuffled", 1), How("interleaved", 2))


@pytest.mark.parametrize("part", range(PARTS))
def test_cuda_text_computes_what_nd_says_in_every_order_of_threads(
    part: int, cuda_cpu: Any, verdict: Callable[..., None]
) -> None:
    chosen, ctx = programs()[part::PARTS], make_context()
    modules = [lower(ctx, each.module(), cuda_cpu.machine) for each in chosen]
    wrong: list[str] = []
    for each, executable in zip(chosen, cuda_cpu.build_all(modules, "main")):
        inputs = each.inputs()
        want = evaluate(each.module(), "main", inputs)
        try:
            for how in HOWS:
                got = executable.run_as(how, inputs)
                got = [g.view(w.dtype) if g.dtype.kind in "iu" else g for g, w in zip(got, want)]
                assert_same(got, want, what=f"{each.name}, {how}:")
        except (AssertionError, KernelFault) as problem:
            wrong.append(f"{each.name}: {problem}")
    assert not wrong, "\n".join(wrong)
    verdict("CUDA C", "the shim runs it, four orders of threads", len(chosen))


def test_the_text_is_the_one_that_nvrtc_gets(cuda_cpu: Any) -> None:
    """To the letter, helpers and kernels: what is compiled here holds it whole."""
    module = lower(make_context(), programs()[0].module(), cuda_cpu.machine)
    assert cuda_cpu.spell(module) == CUDA.spell(module)
    assert CUDA.spell(module).rstrip("\n") in wrapped([cuda_cpu.spell(module)])
