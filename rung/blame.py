"""Which op of the user's file an error is about, where the error itself does not say.

A pass makes new ops, which have no place, and an evaluator or printer that fails on one of them knows its name and function at
best. The nearest that the file has is told then: the op that was being looked at, else the function, else the whole module.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator
from types import TracebackType

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation

from rung.files import UsageError, place

_PLACE = re.compile(r"\S:\d+:\d+: ")
_SYMBOL = re.compile(r"@(?:[\w$.\-]+::@?)*([\w$.\-]+)")


def located(problem: BaseException, module: ModuleOp, text: str | None = None) -> str:
    """`file:line:column: text`, or the text as it is where it names a place already, or where no op of `module` has one.

    text  what to tell of the problem; its own message where not given
    """
    text = str(problem).strip() if text is None else text
    if _PLACE.search(text):
        return text
    for op in _candidates(problem, module, text):
        if (where := place(op)) != "<generated>":
            return f"{where}: {text}"
    return text


@contextlib.contextmanager
def telling_where(module: ModuleOp) -> Generator[None]:
    """What a pass, a backend or the evaluator refuses becomes a UsageError with a place in `module`."""
    from rung.backends.errors import BackendError, BuildError, DeviceError
    from rung.backends.reference.values import EvaluationError
    from rung.passes.runner import PassFailure

    try:
        yield
    except (BackendError, BuildError, DeviceError, EvaluationError, PassFailure) as problem:
        raise UsageError(located(problem, module)) from problem


def _candidates(problem: BaseException, module: ModuleOp, text: str) -> Iterator[Operation]:
    """Ops that the problem may be about, the likeliest first."""
    op = getattr(problem, "op", None)
    if isinstance(op, Operation):
        yield op
    yield from _looked_at(problem)
    functions = {name.data: op for op in module.walk() if isinstance(name := op.properties.get("sym_name"), StringAttr)}
    for name in _SYMBOL.findall(text):
        if name in functions:
            yield functions[name]
    yield from functions.values()
    yield module


def _looked_at(problem: BaseException) -> Iterator[Operation]:
    """What the functions that failed call `op`, the innermost first: rules, patterns and printers all name it so."""
    frames: list[TracebackType] = []
    cause: BaseException | None = problem
    while cause is not None:
        at = cause.__traceback__
        while at is not None:
            frames.append(at)
            at = at.tb_next
        cause = cause.__cause__
    for frame in reversed(frames):
        op = frame.tb_frame.f_locals.get("op")
        if isinstance(op, Operation) and not isinstance(op, ModuleOp):
            yield op
