"""From bytes to a module: whatever the bytes are, a mistake in them has a place and says what was found and expected."""

from __future__ import annotations

import difflib
import re

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.utils.exceptions import ParseError, VerifyException

from rung.dialects.contract_rules import Refusal
from rung.files import LocatingParser, UsageError, place
from rung.judges.structure import check_module

_RANK = 1000
_TOO_MANY_DIMENSIONS = re.compile(rf"(?:[\d?]{{1,20}}x){{{_RANK + 1}}}")
"""xDSL's lexer reads the rest of a shape once for each of its dimensions: a rank of 100,000 takes it ten seconds."""


class Malformed(UsageError):
    """Text that is no valid module; reads `file:line:column: error: what was found and expected`, then the line it is about."""


def parse_bytes(data: bytes, name: str, ctx: Context, *, line_offset: int = 0, implicit_module: bool = True) -> ModuleOp:
    """The module that `data` spells, its ops located; not verified.

    line_offset  how many lines of the file stand before `data`
    Raises Malformed, whatever the bytes: not UTF-8, empty parentheses, nested deeper than Python's stack.
    """
    if data.startswith(b"ML\xefR"):
        raise Malformed(f"{name}:1:1: error: this is MLIR bytecode, expected text (mlir-opt prints it)")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        before = data[: problem.start].decode("utf-8", "replace")
        where = _position(before, len(before), name, line_offset)
        raise Malformed(f"{where}: error: found byte 0x{data[problem.start]:02x}, expected UTF-8 text") from None
    if len(text) > 2 * _RANK and (shape := _TOO_MANY_DIMENSIONS.search(text)):
        where = _position(text, shape.start(), name, line_offset)
        raise Malformed(f"{where}: error: found a type of more than {_RANK} dimensions, expected fewer")
    parser: LocatingParser | None = None
    try:
        # the lines before are there as empty ones, so that every place that the parser names is one of the file
        parser = LocatingParser(ctx, "\n" * line_offset + text, name)
        module = parser.parse_module(implicit_module)
        if not isinstance(module.location, FileLineColLoc):  # a module that the text leaves out begins where the text does
            module.location = FileLineColLoc(StringAttr(name), IntAttr(1 + line_offset), IntAttr(1))
        return module
    except ParseError as problem:
        raise Malformed(_located(problem, parser)) from None
    except RecursionError:
        where = name if parser is None else _position(parser.lexer.input.content, parser.pos, name)
        raise Malformed(f"{where}: error: nested too deeply, expected fewer levels of regions or brackets") from None
    except Exception as problem:
        # A constructor or attribute of xDSL that raises while it is parsed knows no place; the parser has just got there.
        where = name if parser is None else _position(parser.lexer.input.content, parser.pos, name)
        says = " ".join(str(problem).split())
        if says and isinstance(problem, VerifyException | ValueError | NotImplementedError):
            raise Malformed(f"{where}: error: just before this: {says}") from problem
        # the text of others, a KeyError for one, says nothing; it is for whoever looks into xDSL's parser
        raise Malformed(f"{where}: error: malformed here or just before ({type(problem).__name__}: {says})") from problem


def check_input(module: ModuleOp, rung: str | None = None) -> None:
    """Raise Malformed with the place of the op that does not verify, or breaks the contract of `rung`."""
    try:
        check_module(module, rung)
    except Refusal as problem:
        raise Malformed(f"{place(problem.op)}: error: {problem}") from None
    except RecursionError:
        raise Malformed(f"{place(module)}: error: nested too deeply, expected fewer levels of regions") from None


def _position(text: str, offset: int, name: str, line_offset: int = 0) -> str:
    line = text.count("\n", 0, offset) + 1 + line_offset
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return f"{name}:{line}:{column}"


def _located(problem: ParseError, parser: LocatingParser | None) -> str:
    """`file:line:column: error: message`, the line, and a caret under what it is about."""
    span, message = problem.span, problem.msg.strip()
    if "used but not defined" in message and parser is not None:
        # xDSL notices at the end of the file; what helps is the first use
        for value in parser.forward_ssa_references:
            content = parser.lexer.input.content
            found = content.find(f"%{value}")
            if found >= 0:
                return _with_line(content, found, found + len(value) + 1, span.input.name, f"%{value} is used but not defined")
    found = repr(span.text) if span.text else "the end of the text"
    if message == "Could not parse entire input!":
        message = f"found {found}, expected an operation"
    elif message == "in block definition":
        message = f"found {found}, expected an operation or the end of the region, '}}'"
    elif message.startswith("in "):
        message = f"unexpected {found} {message}"
    elif message.startswith("Expected "):
        message = f"found {found}, e{message[1:]}"
    elif (unknown := re.search(r"([\w.]+) is not registered", message)) and parser is not None:
        name = unknown.group(1)
        message = f"{message}, expected an op that rung-opt knows{_similar(name, parser.ctx)}"
        # xDSL points at what comes after the name
        start = parser.lexer.input.content.rfind(name, 0, span.start)
        if start >= 0:
            return _with_line(parser.lexer.input.content, start, start + len(name), span.input.name, message)
    content = span.input.content
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    return _with_line(text, span.start, span.end, span.input.name, message)


def _similar(name: str, ctx: Context) -> str:
    close = difflib.get_close_matches(name, [op.name for op in ctx.loaded_ops], 3)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _with_line(text: str, start: int, end: int, name: str, message: str) -> str:
    begin = text.rfind("\n", 0, start) + 1
    line = text[begin:].partition("\n")[0].rstrip("\r")
    first = " ".join(message.split())
    if len(line) > 400:  # a line of a machine's making says nothing
        return f"{_position(text, start, name)}: error: {first}"
    caret = " " * (start - begin) + "^" * max(1, min(end, begin + len(line)) - start)
    return f"{_position(text, start, name)}: error: {first}\n  {line}\n  {caret}"
