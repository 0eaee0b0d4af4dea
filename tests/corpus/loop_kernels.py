"""Kernels on the loops rung as the tests of the vectorizer write them, and what these tests ask of the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.scf import ParallelOp

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.lowering.loops_to_vector import LoopsToVectorPass

Array = np.ndarray[Any, np.dtype[Any]]
Upstream = Callable[..., str]

CONSTANTS = "\n".join(f"%c{n} = arith.constant {n} : index" for n in (*range(68), 100, 1024))


def kernel(body: str, *types: str, outs: int = 1) -> str:
    """A kernel @k with parameters %p0, %p1, .. of these memref types and index constants %c0 .. %c67."""
    parameters = ", ".join(f"%p{place}: memref<{type_}>" for place, type_ in enumerate(types))
    head = f"func.func @k({parameters}) attributes {{kernel, outs = {outs} : i64}}"
    return f"{head} {{\n{CONSTANTS}\nscf.forall (%block) in (1) {{\n{body}\n}}\nreturn\n}}"


def vectorized(text: str) -> ModuleOp:
    module = parse(text)
    LoopsToVectorPass().apply(make_context(), module)
    module.verify()
    assert not any(isinstance(op, ParallelOp) for op in module.walk())
    return module


def reasons(module: ModuleOp) -> list[str]:
    found = [op.attributes.get("scalar") for op in module.walk()]
    return [reason.data for reason in found if isinstance(reason, StringAttr)]


def widest(module: ModuleOp) -> int:
    """The most lanes in any value."""
    sizes = [1]
    for op in module.walk():
        for result in op.results:
            shape = getattr(result.type, "get_shape", None)
            if result.type.name == "vector" and shape is not None:
                sizes.append(int(np.prod(shape())))
    return max(sizes)


def same_numbers(text: str, arguments: Sequence[Array], upstream: Upstream, rtol: float = 0) -> ModuleOp:
    """The kernel vectorized; it computes what the loops computed, in any order of the blocks, and upstream accepts it."""
    want = evaluate(parse(text), "k", arguments)
    module = vectorized(text)
    upstream(module)
    got = evaluate(module, "k", arguments)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, rtol=rtol, equal_nan=True)
    return module
