"""How wrong an answer is: what a judge says of it, with a word for the kind of difference in front.

A reduction keeps the kind: an element that is wrong must not become one that is rounded in another way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from rung.backends.reference import assert_close
from rung.backends.reference.values import Array, EvaluationError
from rung.judges.run.inputs import make
from rung.judges.run.judge import functions, parameters_of, run
from rung.passes.runner import PassJudge

_FOUND = re.compile(r"found (\S+?), expected (\S+?)(?:[,;\s]|$)")


def changed(pass_name: str, reason: str) -> str:
    """The complaint about a pass after which `--judge run` finds another answer, for its `reason`."""
    text = reason.removeprefix("run: ").partition("; input ")[0]
    if "no longer runs" in text:
        return f"pass {pass_name}: {text}"
    if text.startswith("("):
        return f"pass {pass_name} changes the answer {text}"
    return f"pass {pass_name} changes the answer ({kind_of(text)}): {text}"


def kind_of(text: str) -> str:
    """A word for a difference, from how the judge tells it."""
    if (match := _FOUND.search(text)) is None:
        return "another shape"
    found, expected = match.groups()
    if ("nan" in found) != ("nan" in expected):
        return "NaN"
    if ("inf" in found) != ("inf" in expected):
        return "infinity"
    return "last places" if "away in the last place" in text else "elements"


@dataclass
class PlainJudge(PassJudge):
    """Like `--judge run`, on one round of plain numbers and with a tolerance: a hundredth of the work, and it finds most.

    That judge runs a program again and again to learn how far each element may be off, and what its author might have meant.
    """

    answers: dict[str, tuple[list[Array], list[Array]]] = field(default_factory=dict[str, tuple[list[Array], list[Array]]])
    """For each function its inputs and results."""
    flags: str = ""

    def begin(self, module: ModuleOp) -> None:
        for name in functions(module):
            try:
                inputs = make(parameters_of(module, name), "plain", 0)
                self.answers[name] = (inputs, run(module, name, inputs, "forward", 0))
            except EvaluationError:  # it has no meaning to begin with, so none can be lost
                continue

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        for name, (inputs, expected) in self.answers.items():
            if name not in functions(module, private=True):
                raise VerifyException(f"run: @{name} is gone")
            try:
                found = run(module, name, inputs, "forward", 0)
            except EvaluationError as problem:
                raise VerifyException(f"run: @{name} no longer runs: {problem}") from None
            for position, (a, b) in enumerate(zip(found, expected)):
                if (wrong := _difference(a, b, f"result {position} of @{name}")) is not None:
                    raise VerifyException(f"run: {wrong}")


def differs_on(module: ModuleOp, target: str) -> str | None:
    """How the compiled module differs from the evaluated one, or why it does not compile. None also where it has no meaning."""
    from rung.backends.errors import BackendError, BuildError, DeviceError
    from rung.compile import compile_module
    from rung.frontend.runtime import HostBuffer

    for name in functions(module):
        try:
            inputs = make(parameters_of(module, name), "plain", 0)
            expected = run(module, name, inputs, "forward", 0)
        except EvaluationError:
            continue
        try:
            program = compile_module(module, target, function=name, cache=False)
            found = [buffer.numpy() for buffer in program.run([HostBuffer(np.asarray(array)) for array in inputs])]
        except (BackendError, BuildError, DeviceError, ValueError, TypeError) as problem:
            return f"{target}: {type(problem).__name__}: {problem}"
        for position, (a, b) in enumerate(zip(found, expected)):
            if (wrong := _difference(a, b, f"result {position} of @{name}")) is not None:
                return f"{target} differs from the evaluator {wrong}"
    return None


def _difference(found: Array, expected: Array, what: str) -> str | None:
    try:
        assert_close(found, expected, what=what, reorder=True)
    except AssertionError as problem:
        return f"({_kind(found, expected)}): {problem}"
    return None


def _kind(a: Array, b: Array) -> str:
    if a.shape != b.shape or a.dtype.itemsize != b.dtype.itemsize:
        return "another shape"
    if b.dtype.kind in "iub":
        return "elements"
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    if (np.isnan(wide_a) != np.isnan(wide_b)).any():
        return "NaN"
    if (np.isinf(wide_a) != np.isinf(wide_b)).any():
        return "infinity"
    with np.errstate(all="ignore"):
        error = np.nanmax(np.where(wide_a == wide_b, 0, np.abs(wide_a - wide_b)), initial=0)
        return "elements" if error > 0.01 * np.nanmax(np.abs(wide_b), initial=0) else "last places"
