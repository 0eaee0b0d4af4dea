"""Read a program from a file so that every mistake in it has a place: file, line and column, what was found and expected."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException

from rung.dialects.upstream import make_context


class UsageError(Exception):
    """What the user gave does not fit; the text says where, what was found and what was expected."""


class LocatingParser(Parser):
    """xDSL's parser, giving each op the line and column where its text begins; xDSL itself reads only explicit `loc(...)`."""

    @cached_property
    def starts(self) -> list[int]:
        """The position at which each line begins."""
        return [0, *accumulate(len(line) for line in self.lexer.input.content.splitlines(keepends=True))]

    def parse_operation(self) -> Operation:
        start = self.pos
        op = super().parse_operation()
        if not isinstance(op.location, FileLineColLoc):
            line = bisect_right(self.starts, start)
            name = StringAttr(self.lexer.input.name)
            op.location = FileLineColLoc(name, IntAttr(line), IntAttr(start - self.starts[line - 1] + 1))
        return op


def place(op: Operation) -> str:
    """Where an op, or else the nearest op around it, was written: `file:line:column`."""
    at: Operation | None = op
    while at is not None:
        if isinstance(at.location, FileLineColLoc):
            return f"{at.location.filename.data}:{at.location.line.data}:{at.location.column.data}"
        at = at.parent_op()
    return "<generated>"


def read_module(path: str, ctx: Context | None = None) -> ModuleOp:
    """The verified module in a file, or on standard input where `path` is `-`. Raises UsageError, located."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise UsageError(f"{path}: {reason}") from problem
    name = "<stdin>" if path == "-" else path
    try:
        module = LocatingParser(ctx or make_context(), text, name).parse_module()
    except ParseError as problem:
        raise UsageError(_undefined(problem, name, text) or str(problem).strip()) from problem
    except DiagnosticException as problem:  # an op's own parser or constructor refused
        raise UsageError(f"{name}: {problem}") from problem
    verify_located(module)
    return module


def _undefined(problem: ParseError, name: str, text: str) -> str | None:
    """A located message for values that are used but never defined: xDSL finds them at the end of the file."""
    if "used but not defined" not in problem.msg:
        return None
    value = re.search(r"%[\w$.-]+", problem.msg)
    use = re.search(re.escape(value.group()) + r"(?![\w$.-])", text) if value else None
    if value is None or use is None:
        return None
    line = text.count("\n", 0, use.start()) + 1
    column = use.start() - (text.rfind("\n", 0, use.start()) + 1) + 1
    return f"{name}:{line}:{column}: {value.group()} is used but not defined"


def verify_located(module: ModuleOp) -> None:
    """Verify op by op, inner ones first. Raises UsageError that names the place, the op and the verifier's reason."""
    for op in module.walk(reverse=True):
        try:
            op.verify(verify_nested_ops=False)
        except DiagnosticException as problem:
            raise UsageError(f"{place(op)}: '{op.name}': {_reason(problem)}") from problem
    try:
        module.verify()
    except VerifyException as problem:
        raise UsageError(f"{place(module)}: {_reason(problem)}") from problem


def _reason(problem: Exception) -> str:
    """The verifier's own words, without the whole module that xDSL prints around them."""
    cause = problem.__cause__ or problem
    return str(cause).strip().splitlines()[0]


def entry(module: ModuleOp, name: str | None = None) -> FuncOp:
    """The function to run: the public one called `name`, else `main`, else the only public one. Raises UsageError."""
    public = {
        op.sym_name.data: op
        for op in module.ops
        if isinstance(op, FuncOp) and not op.is_declaration and (op.sym_visibility is None or op.sym_visibility.data == "public")
    }
    found = ", ".join(f"@{each}" for each in public) or "none"
    if name is None:
        name = "main" if "main" in public or len(public) != 1 else next(iter(public))
    if name not in public:
        raise UsageError(f"{place(module)}: no public function @{name}; found {found}")
    return public[name]
