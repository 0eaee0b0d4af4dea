"""What a program leaves open, and the rules of the evaluator with that taken as strictly as the program says.

An answer that two legal runs of a program give differently says nothing about a pass. So a program is run several times, each
time with whatever it leaves open decided anew (`draw`): a sum that may be reordered is moved by a random part of what reordering
can do to it (the rounding of its type, relative to the sum of the summands' *magnitudes*: cancellation is seen), and what is
unspecified becomes random bits. The rest of the program then carries that on, through comparisons, divisions and casts alike. How
far the answers of such runs lie apart is how far the answer after a pass may lie from the one before it: `policy`.

Open in every program
  nd.reduce "sum", "prod" of floats        the order (nd: "unspecified"), and the sign of a zero
  ops that carry fastmath<reassoc>         the same; in nests of scf.for, linalg and vector.reduction for the whole chain
  scf.reduce, vector.contract of floats    the same: a parallel loop and an unrolled contraction have no order
  fastmath<contract>                       whether the product is rounded
  fastmath<arcp>                           whether a division is a multiplication by the reciprocal
  fastmath<afn>                            a few units in the last place of a function
  fastmath<nsz>; max, min of 0.0 and -0.0  the sign of a zero (nd: "-0.0 and 0.0 are equal")
  fastmath<nnan>, <ninf>                   what comes of a NaN, of an infinity
  float to integer, where it does not fit  any integer (nd: "unspecified"; upstream: poison)
  arith shifts by the width or more        any integer (upstream: poison); in nd they are defined and must agree
  arith.divsi of the smallest by -1        any integer (upstream: undefined); in nd it wraps and must agree
Division by zero is defined in nd; in arith it is undefined, and inputs that lead to it are not used: `judge`.

All else is not open: sums without a flag run in the order of their loops, functions such as exp2 are NumPy's on both sides, NaN
stays NaN, subnormals stay what they are. A pass that takes more freedom than that says so: `GRANTS`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.arith import FastMathFlagsAttr
from xdsl.ir import Operation

from rung.backends.reference.evaluate import RULES
from rung.backends.reference.interpreter import Frame, Rule, Scope, Step
from rung.backends.reference.linalg import Structured, gather
from rung.backends.reference.values import Array, dtype_of, is_float_dtype, word

GRANTS = {
    "contracts": "it fuses multiplications with additions that carry no fastmath<contract>",
    "reassociates": "it reorders float sums and products that carry no fastmath<reassoc>",
    "reciprocals": "it multiplies by a reciprocal where the program divides, whatever overflows on the way",
    "approximates": "it computes divisions, roots and functions in another way, right to a few units in the last place",
    "flushes": "it may take subnormal numbers for zero",
}
"""What a pass may say of itself, in a class attribute: `numerics = ("reassociates",)`. Without one it has to keep every bit."""

FLAGS = {"reassoc": "reassociates", "contract": "contracts", "arcp": "reciprocals", "afn": "approximates"}
"""The freedom that a fast-math flag gives to the op that carries it."""

SUMS = {"arith.addf": "add", "arith.subf": "add", "arith.mulf": "mul"}
"""What chains are made of."""


def flags(op: Operation) -> frozenset[str]:
    """The fast-math flags an op carries."""
    held = op.properties.get("fastmath", op.attributes.get("fastmath"))
    if not isinstance(held, FastMathFlagsAttr):
        return frozenset()
    return frozenset(flag.value for flag in held.data)


def grants_of(op: Operation, granted: frozenset[str]) -> frozenset[str]:
    """The freedoms that an op has by its flags or that the pass takes."""
    return granted | {FLAGS[flag] for flag in flags(op) if flag in FLAGS}


def in_order(op: Operation, acc: Any, value: Array, axes: tuple[int, ...]) -> Any:
    """What linalg's reduction gives in the order of its loops, which is the only one where no flag says otherwise."""
    kind = SUMS.get(op.name)
    if kind is None or "reassoc" in flags(op):
        return gather(op, acc, value, axes)
    lined, _ = lined_up(value, axes, acc)
    kept = tuple(1 if axis in axes else extent for axis, extent in enumerate(value.shape))
    ufunc = np.add if kind == "add" else np.multiply
    return ufunc.accumulate(lined, axis=-1)[..., -1].reshape(kept)


def lined_up(value: Array, axes: tuple[int, ...], acc: Any) -> tuple[Array, tuple[int, ...]]:
    """The operands of each reduction along a last axis, `acc` first where there is one, and the shape of what comes of it."""
    rest = tuple(axis for axis in range(value.ndim) if axis not in axes)
    shape = tuple(value.shape[axis] for axis in rest)
    lined = value.transpose((*rest, *axes)).reshape((*shape, -1))
    if acc is None:
        return lined, shape
    kept = tuple(1 if axis in axes else extent for axis, extent in enumerate(value.shape))
    full = np.broadcast_to(np.asarray(acc), kept) if np.ndim(acc) else np.full(kept, acc)
    first = full.transpose((*rest, *axes)).reshape((*shape, 1))
    return np.concatenate([first.astype(value.dtype), lined], axis=-1), shape


def _structured_in_order(base: Rule) -> Rule:
    def rule(scope: Scope, op: Operation) -> Step | None:
        step = base(scope, op)
        if isinstance(step, Structured):
            step.gather = in_order
        return step

    return rule


def _reduction_in_order(base: Rule) -> Rule:
    """vector.reduction of floats: lane after lane, from the accumulator, where no flag says otherwise."""

    def rule(scope: Scope, op: Operation) -> Step | None:
        kind = word(op.properties["kind"])
        if kind not in ("add", "mul") or "reassoc" in flags(op) or not is_float_dtype(dtype_of(op.results[0].type)):
            return base(scope, op)
        (v, *acc), r = scope.slots(op.operands), scope.slot(op.results[0])
        ufunc = np.add if kind == "add" else np.multiply

        def step(frame: Frame) -> None:
            lanes = frame[v] if not acc else np.concatenate([np.reshape(frame[acc[0]], 1), frame[v]])
            frame[r] = ufunc.accumulate(lanes)[-1]

        return step

    return rule


STRICT: dict[str, Rule] = {
    **{name: _structured_in_order(rule) if name.startswith("linalg.") else rule for name, rule in RULES.items()},
    "vector.reduction": _reduction_in_order(RULES["vector.reduction"]),
}
"""The evaluator's rules, with the order of sums taken as strictly as their flags say. (Its own are free to use NumPy's.)"""
