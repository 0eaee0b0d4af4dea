"""Show a finding to the NumPy evaluator: it runs the module on inputs that lead to the counterexample, and says what it met.

The evaluator stops at accesses out of bounds, at two parallel runs that touch one element, at barriers that some threads miss, at
writes into inputs and at divisions by 0; an output that nothing wrote still holds poison. It does not see an element that one run
writes twice, memory that is read before it is written, recursion, or how much workgroup memory a machine has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from rung.backends.reference import evaluate
from rung.backends.reference.values import EvaluationError, dtype_of, is_shaped, poison, shape_of

from .report import Finding

Array = np.ndarray[Any, np.dtype[Any]]
ORDERS: tuple[Literal["forward", "reversed", "shuffled"], ...] = ("forward", "reversed", "shuffled")

EVIDENCE: dict[str, tuple[str, ...]] = {
    "bounds": ("out of bounds", "expected within"),
    "race": ("written by two iterations", "read by one iteration"),
    "barrier": ("threads wait", "wait at different places"),
    "input written": ("writes into an input",),
    "division": ("division by zero",),
    "missing write": (),
}
"""By kind of finding: what the evaluator's message has to say to confirm it."""


def replay(module: ModuleOp, finding: Finding) -> str | None:
    """What the evaluator says where it meets the same fault; None where it does not, or cannot."""
    words = EVIDENCE.get(finding.kind)
    name = _entry(module, finding)
    if words is None or name is None:
        return None
    function = next(op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == name)
    for args in _inputs(function, finding):
        for order in ORDERS:
            try:
                outs = evaluate(module, name, [np.array(arg) for arg in args], thread_order=order)
            except EvaluationError as error:
                if any(word in str(error) for word in words):
                    return str(error)
                continue
            if finding.kind == "missing write" and (said := _unwritten(function, outs, finding)) is not None:
                return said
    return None


def _entry(module: ModuleOp, finding: Finding) -> str | None:
    """The function to run: the one of the finding, or one that launches the kernel of the finding."""
    for op in module.ops:
        if isinstance(op, FuncOp) and op.body.blocks:
            if op.sym_name.data == finding.function or finding.function in _launched(op):
                return op.sym_name.data
    return None


def _launched(function: Operation) -> Iterator[str]:
    for op in function.walk():
        if op.name == "gpu.launch_func":
            kernel: Any = op.properties["kernel"]
            yield "::".join([kernel.root_reference.data, *(part.data for part in kernel.nested_references)])


def _inputs(function: FuncOp, finding: Finding) -> Iterator[list[Array]]:
    """Arguments to try: integers are what the counterexample has read from memory, then small random ones, then zeros."""
    outs: Any = function.attributes.get("outs")
    parameters = function.args[: len(function.args) - (outs.value.data if outs is not None else 0)]
    numbers: list[int] = []
    named: dict[str, int] = {}
    for point in (finding.point, finding.other):
        if point is not None:
            numbers += point.unknowns.values()
            named |= point.unknowns
    rng = np.random.default_rng(0)
    for fill in (*dict.fromkeys(numbers), None, 0):
        yield [_argument(argument, fill, named, rng) for argument in parameters]


def _argument(argument: Any, fill: int | None, named: dict[str, int], rng: np.random.Generator) -> Array:
    dtype = dtype_of(argument.type)
    if not is_shaped(argument.type):
        return np.array(named.get(argument.name_hint or "", fill or 0)).astype(dtype)
    shape = shape_of(argument.type)
    if dtype.kind not in "iub":
        return rng.standard_normal(shape).astype(dtype)
    if fill is None:
        return rng.integers(0, 2 if dtype.kind == "b" else 8, shape).astype(dtype)
    return np.full(shape, fill, np.int64).astype(dtype)


def _unwritten(function: FuncOp, outs: list[Array], finding: Finding) -> str | None:
    """Does the element still hold the poison that outputs begin with?"""
    last = function.args[len(function.args) - len(outs) :]
    for argument, array in zip(last, outs):
        if argument.name_hint == finding.root:
            want = np.asarray(poison(shape_of(argument.type), argument.type))[finding.element]
            found = array[finding.element]
            if found == want or (found != found and want != want):
                return f"element {finding.element} of %{finding.root} still is {found}, which nothing wrote"
    return None
