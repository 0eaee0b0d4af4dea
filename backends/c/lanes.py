"""Single lanes of registers: taken out, and put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xdsl.ir import Attribute, SSAValue

from .elements import is_mask, shape_of
from .expression import Expr
from .precedence import EQUALITY

if TYPE_CHECKING:
    from .printer import KernelPrinter


def lane_of(p: KernelPrinter, expr: Expr, lane: int) -> Expr:
    """One lane of a part, which must be a variable if it has several."""
    if expr.lanes == 1:
        return expr
    text = expr.at_least(16) + p.language.lane.format(number=lane, digit=f"{lane:x}")
    if is_mask(expr.code):
        return Expr(f"{text} != 0", "i1", 1, EQUALITY, expr.reads, expr.mutable)
    return Expr(text, expr.code, reads=expr.reads, mutable=expr.mutable)


def halves(p: KernelPrinter, expr: Expr) -> tuple[Expr, Expr]:
    """The lower and the upper lanes of a variable."""
    if expr.lanes == 2:
        return lane_of(p, expr, 0), lane_of(p, expr, 1)
    texts = (form.format(vector=expr.text) for form in p.language.halves)
    low, high = (Expr(text, expr.code, expr.lanes // 2, reads=expr.reads, mutable=expr.mutable) for text in texts)
    return low, high


def assemble(p: KernelPrinter, type_: Attribute, lane: Callable[[tuple[int, ...]], Expr]) -> tuple[Expr, ...]:
    """The parts of a vector from its elements, `lane(position)` each."""
    exprs: list[Expr] = []
    shape = shape_of(type_)
    for leading, offset, width in p.grid(type_).cells():
        lanes = [lane((*leading, offset + number) if shape else ()) for number in range(width)]
        exprs.append(lanes[0] if all(one is lanes[0] for one in lanes) else build(p, lanes))
    return tuple(exprs)


def build(p: KernelPrinter, lanes: list[Expr]) -> Expr:
    """A register from single elements."""
    if lanes[0].code == "i1":
        code = "m32"
        bits = [p.as_mask(lane, code, 0) for lane in lanes]
    else:
        code = lanes[0].code
        bits = [p.coerce(lane, code) for lane in lanes]
    reads = frozenset[str]().union(*(lane.reads for lane in lanes))
    mutable = frozenset[str]().union(*(lane.mutable for lane in lanes))
    text = p.language.build.format(type=p.type(code, len(lanes)), lanes=", ".join(bit.text for bit in bits))
    return Expr(text, code, len(lanes), 15, reads, mutable)


class Elements:
    """The elements of a vector value by position."""

    def __init__(self, p: KernelPrinter, value: SSAValue):
        self.p = p
        parts = p.get(value)
        if any(expr.lanes > 1 and not expr.atomic for expr in parts.exprs):
            parts = p.declare(parts, p.hint(value))
        self.parts = parts
        self._made: dict[tuple[int, int], Expr] = {}

    def __call__(self, position: tuple[int, ...]) -> Expr:
        part, lane = self.parts.grid.find(position)
        expr = self.parts.exprs[part if len(self.parts.exprs) > 1 else 0]
        return self._made.setdefault((id(expr), lane if expr.lanes > 1 else 0), lane_of(self.p, expr, lane))
