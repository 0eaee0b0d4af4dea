"""Read a program from a file so that every mistake in it has a place: file, line and column, what was found and expected."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Generator
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from rung.dialects.upstream import UpstreamParser, make_context


class UsageError(Exception):
    """What the user gave does not fit; the text says where, what was found and what was expected."""


class LocatingParser(UpstreamParser):
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


@contextlib.contextmanager
def replacing(path: str | Path) -> Generator[IO[bytes]]:
    """A file to write into that becomes `path` when all is written: whoever is killed before leaves the old one whole.

    Keeps mode and links as they are. What is no regular file (/dev/stdout), or lies in a folder that takes no new one, is written
    in place.
    """
    target = Path(os.path.realpath(path))
    before = target.stat() if target.exists() else None
    if before is not None and not (stat.S_ISREG(before.st_mode) and os.access(target.parent, os.W_OK)):
        with open(target, "wb") as file:
            yield file
        return
    if before is not None:
        open(target, "ab").close()  # raises where the file may not be written: a replaced one would not mind
    try:
        descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    except OSError as problem:
        problem.filename = str(path)  # the user knows of no other
        raise
    try:
        with os.fdopen(descriptor, "wb") as file:
            if before is not None:
                os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
                with contextlib.suppress(OSError):  # only root may give files away
                    os.fchown(descriptor, before.st_uid, before.st_gid)
            else:
                os.fchmod(descriptor, 0o666 & ~_umask())
            yield file
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


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
