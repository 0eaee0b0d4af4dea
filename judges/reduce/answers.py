"""Does a module still compute what it did? The evaluator before and after each pass, or against a compiled target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from rung.backends.reference import assert_close, evaluate
from rung.backends.reference.values import Array, EvaluationError, dtype_of, is_shaped, is_vector, shape_of

from .edits import outs_of

Answers = dict[str, list[Array]]
MAX_ELEMENTS = 1 << 24


def entries(module: ModuleOp) -> list[FuncOp]:
    """The functions that can be run: public, with a body."""
    return [
        op
        for op in module.ops
        if isinstance(op, FuncOp) and not op.is_declaration and (op.sym_visibility is None or op.sym_visibility.data == "public")
    ]


def inputs_of(function: FuncOp) -> list[Any]:
    """Seeded data for each parameter that is not an out; the same for equal types in equal order. Raises EvaluationError."""
    types = list(function.function_type.inputs)
    rng = np.random.default_rng(0)
    return [_array(rng, kind) for kind in types[: len(types) - outs_of(function)]]


def _array(rng: np.random.Generator, kind: Attribute) -> Any:
    if is_vector(kind):
        raise EvaluationError(f"a parameter is {kind}, expected a tensor, a memref or a scalar")
    dtype = dtype_of(kind)
    shape = shape_of(kind) if is_shaped(kind) else ()
    if any(extent < 0 for extent in shape) or np.prod(shape, dtype=float) > MAX_ELEMENTS:
        raise EvaluationError(f"{kind} has no static shape, or more than {MAX_ELEMENTS} elements")
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind in "iu":
        return rng.integers(0 if dtype.kind == "u" else -9, 10, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def run_all(module: ModuleOp, inputs: dict[str, list[Any]]) -> Answers:
    """The results of each function for which there are inputs. Raises EvaluationError."""
    return {name: evaluate(module, name, arrays) for name, arrays in inputs.items()}


def difference(found: Answers, expected: Answers) -> str | None:
    """What kind of wrong the first differing result is, and where; None where all agree."""
    for name, wanted in expected.items():
        if name not in found:
            return f"@{name} is gone"
        for position, (a, b) in enumerate(zip(found[name], wanted)):
            try:
                assert_close(a, b, what=f"result {position} of @{name}", reorder=True)
            except AssertionError as problem:
                return f"{_kind(a, b)}: {problem}"
        if len(found[name]) != len(wanted):
            return f"@{name} has {len(found[name])} results, expected {len(wanted)}"
    return None


def _kind(a: Array, b: Array) -> str:
    """A word for how wrong: a rounding that grew is another mistake than a wrong element."""
    if a.shape != b.shape or a.dtype.itemsize != b.dtype.itemsize or b.dtype.kind in "iub":
        return "other elements"
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    if (np.isnan(wide_a) != np.isnan(wide_b)).any():
        return "NaN instead of numbers, or the reverse"
    with np.errstate(all="ignore"):
        error = np.nanmax(np.where(wide_a == wide_b, 0, np.abs(wide_a - wide_b)), initial=0)
        largest = np.nanmax(np.abs(wide_b), initial=0)
    return "far off" if error > 0.01 * largest else "slightly off"


def changed_by(module: ModuleOp, apply: Sequence[tuple[str, Callable[[ModuleOp], None]]]) -> str | None:
    """The first pass that changes the answer of `module`, in words. None also where the module itself cannot be run.

    apply  the name of each pass, and what runs it
    """
    try:
        # made once: below nd integers are signless, and other types would get other data
        inputs = {function.sym_name.data: inputs_of(function) for function in entries(module)}
        expected = run_all(module, inputs)
    except EvaluationError:
        return None
    for name, run in apply:
        run(module)
        try:
            found = run_all(module, inputs)
        except EvaluationError as problem:
            return f"pass {name}: the evaluator stops: {problem}"
        if (wrong := difference(found, expected)) is not None:
            return f"pass {name} changes the answer: {wrong}"
    return None


def differs_on(module: ModuleOp, target: str) -> str | None:
    """How the compiled module differs from the evaluated one, or why it does not compile. None where it cannot be evaluated."""
    from rung.backends.errors import BackendError, BuildError, DeviceError
    from rung.compile import compile_module
    from rung.frontend.runtime import HostBuffer

    try:
        inputs = {function.sym_name.data: inputs_of(function) for function in entries(module)}
        expected = run_all(module, inputs)
    except EvaluationError:
        return None
    for name in expected:
        try:
            program = compile_module(module, target, function=name, cache=False)
            buffers = [HostBuffer(np.asarray(array)) for array in inputs[name]]
            found = [buffer.numpy() for buffer in program.run(buffers)]
        except (BackendError, BuildError, DeviceError, ValueError, TypeError) as problem:
            return f"{target}: {type(problem).__name__}: {problem}"
        if (wrong := difference({name: found}, {name: expected[name]})) is not None:
            return f"{target} differs from the evaluator: {wrong}"
    return None
