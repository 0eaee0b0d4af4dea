"""Read a program from a file so that every mistake in it has a place: file, line and column, what was found and expected."""

from __future__ import annotations

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
    """The checked module in a file, or on standard input where `path` is `-`. Raises UsageError, located."""
    from rung.parsing import check_input, parse_bytes

    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}") from problem
    module = parse_bytes(data, "<stdin>" if path == "-" else path, ctx or make_context())
    check_input(module)
    return module


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
    if len(public[name].body.blocks) != 1:
        raise UsageError(f"{place(public[name])}: @{name} has {len(public[name].body.blocks)} blocks, expected 1: no branches")
    return public[name]
