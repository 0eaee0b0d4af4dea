"""Rules of `affine.apply`, `min` and `max`: an affine expression becomes a closure over ints, or over arrays of indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import Operation
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap

from .interpreter import Frame, Rule, Scope, Step

Eval = Callable[[Sequence[Any]], Any]
"""From the values of the dims, then the symbols, to the value of the expression."""


def compile_expr(expr: AffineExpr, num_dims: int) -> Eval:
    """Division rounds down and mod is never negative, as affine maps have it for positive divisors, and Python too."""
    if isinstance(expr, AffineConstantExpr):
        value = expr.value
        return lambda dims: value
    if isinstance(expr, AffineDimExpr):
        position = expr.position
        return lambda dims: dims[position]
    if isinstance(expr, AffineBinaryOpExpr):
        a, b = compile_expr(expr.lhs, num_dims), compile_expr(expr.rhs, num_dims)
        match expr.kind:
            case AffineBinaryOpKind.Add:
                return lambda dims: a(dims) + b(dims)
            case AffineBinaryOpKind.Mul:
                return lambda dims: a(dims) * b(dims)
            case AffineBinaryOpKind.Mod:
                return lambda dims: a(dims) % b(dims)
            case AffineBinaryOpKind.FloorDiv:
                return lambda dims: a(dims) // b(dims)
            case AffineBinaryOpKind.CeilDiv:
                return lambda dims: -(-a(dims) // b(dims))
    symbol: int = expr.position  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    return lambda dims: dims[num_dims + symbol]


def affine_map(op: Operation, name: str = "map") -> AffineMap:
    attr = op.properties[name]
    assert isinstance(attr, AffineMapAttr)
    return attr.data


def _apply(scope: Scope, op: Operation) -> Step:
    map_ = affine_map(op)
    operands, r = scope.slots(op.operands), scope.slot(op.results[0])
    expr = map_.results[0]
    compute = compile_expr(expr, map_.num_dims)
    if isinstance(expr, AffineBinaryOpExpr) and expr.kind is AffineBinaryOpKind.Add and len(operands) == 2:
        if {expr.lhs, expr.rhs} == {AffineExpr.dimension(0), AffineExpr.dimension(1)}:
            a, b = operands

            def add(frame: Frame) -> None:
                frame[r] = frame[a] + frame[b]

            return add

    def step(frame: Frame) -> None:
        frame[r] = compute([frame[operand] for operand in operands])

    return step


def _extreme(scalar: Callable[[list[Any]], Any], wide: Any) -> Rule:
    def rule(scope: Scope, op: Operation) -> Step:
        map_ = affine_map(op)
        operands, r = scope.slots(op.operands), scope.slot(op.results[0])
        computes = [compile_expr(expr, map_.num_dims) for expr in map_.results]

        def step(frame: Frame) -> None:
            values = [compute([frame[operand] for operand in operands]) for compute in computes]
            if any(isinstance(value, np.ndarray) for value in values):
                found = values[0]
                for value in values[1:]:
                    found = wide(found, value)
                frame[r] = found
            else:
                frame[r] = scalar(values)

        return step

    return rule


RULES: dict[str, Rule] = {
    "affine.apply": _apply,
    "affine.min": _extreme(min, np.minimum),
    "affine.max": _extreme(max, np.maximum),
}
