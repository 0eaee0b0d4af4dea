"""vector.reduction: halves of registers combined until one lane is left, or lane after lane where order counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

from xdsl.dialects import vector
from xdsl.dialects.utils.fast_math import FastMathFlag
from xdsl.ir import Operation

from .elements import FLOATS
from .expression import LONGEST_EXPRESSION, Expr
from .expressions import ELEMENTWISE
from .lanes import halves, lane_of
from .parts import Grid, Parts

if TYPE_CHECKING:
    from .printer import KernelPrinter

COMBINE = {
    "add": ("arith.addf", "arith.addi"),
    "mul": ("arith.mulf", "arith.muli"),
    "and": ("", "arith.andi"),
    "or": ("", "arith.ori"),
    "xor": ("", "arith.xori"),
    "minimumf": ("arith.minimumf", ""),
    "maximumf": ("arith.maximumf", ""),
    "minnumf": ("arith.minnumf", ""),
    "maxnumf": ("arith.maxnumf", ""),
    "minsi": ("", "arith.minsi"),
    "maxsi": ("", "arith.maxsi"),
    "minui": ("", "arith.minui"),
    "maxui": ("", "arith.maxui"),
}
"""Kind of a vector.reduction -> the op that combines floats, and integers."""


def reduction(p: KernelPrinter, op: Operation) -> None:
    """Halve until one is left. A float sum or product that may not be reordered goes lane by lane instead."""
    assert isinstance(op, vector.ReductionOp)
    code = p.code(op.dest.type)
    kind = op.kind.data.value
    name = COMBINE[kind][code not in FLOATS]
    reorder = code not in FLOATS or kind not in ("add", "mul") or FastMathFlag.REASSOC in op.fastmath.data
    combine = _combiner(p, op, name, code)
    start = [p.get(op.acc).scalar] if op.acc is not None else []
    source = p.get(op.vector)
    grid = p.grid(op.vector.type)
    if not reorder:
        named = p.declare(source, p.hint(op.vector)) if any(not e.atomic for e in source.exprs) else source
        found = [lane_of(p, e, n) for e, (_, _, width) in zip(named.exprs, grid.cells()) for n in range(width)]
        p.bind(op.dest, Parts(Grid.of(None, 1), (reduce(combine, [*start, *found]),)))
        return
    by_width: dict[int, list[Expr]] = {}
    for expr, (_, _, width) in zip(source.exprs, grid.cells()):
        by_width.setdefault(width, []).append(_widened(p, expr, width) if expr.lanes == 1 and width > 1 else expr)
    hint = p.hint(op.vector)
    scalars: list[Expr] = start
    for width, exprs in by_width.items():
        whole = _tree(p, hint, combine, exprs)
        while width > 1:
            whole = p.atom(whole, hint)
            half = width // 2
            low, high = halves(p, whole)
            whole, width = combine(low, high), half
        scalars.append(whole)
    p.bind(op.dest, Parts(Grid.of(None, 1), (_tree(p, hint, combine, scalars),)))


def _widened(p: KernelPrinter, expr: Expr, width: int) -> Expr:
    """One scalar for all lanes, as a vector: of truths, which C has no vectors of, as lanes of a comparison."""
    return p.as_mask(expr, "m32", width) if expr.code == "i1" else p.widen(expr, width)


def _combiner(p: KernelPrinter, op: Operation, name: str, code: str) -> Callable[[Expr, Expr], Expr]:
    p.expect(bool(name), op, f"on {code}")
    rule = ELEMENTWISE[name]
    return lambda lhs, rhs: rule(p, op, code, [lhs, rhs])


def _tree(p: KernelPrinter, hint: str, combine: Callable[[Expr, Expr], Expr], exprs: list[Expr]) -> Expr:
    while len(exprs) > 1:
        if any(len(expr.text) > LONGEST_EXPRESSION // 2 for expr in exprs):
            exprs = [p.atom(expr, hint) for expr in exprs]
        exprs = [combine(*exprs[i : i + 2]) if i + 1 < len(exprs) else exprs[i] for i in range(0, len(exprs), 2)]
    return exprs[0]
