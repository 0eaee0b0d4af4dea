"""One way to write each `nd` program: the rules that canonicalization applies, as data, and the pattern that hands them to xDSL.

A rule looks at one op and the ops its operands come from, and answers with the value that replaces the result: one that exists,
or one it builds. It never looks at users, so that a single walk from the first op to the last, applying rules to what they
build as well, reaches the fixpoint (`nd-simplify`). xDSL's own `canonicalize` runs the same rules through `NdCanonicalization`.

Rules keep every number, bit for bit where the op says what the bits are. An op marked `{realize}` is left alone and not looked
through: where to materialise is a decision, not an accident of spelling.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from .base import element_of, shape_of
from .elementwise import BinaryOp, BitcastOp, CastOp, SelectOp, UnaryOp
from .movement import ExpandOp, FlipOp, PadOp, PermuteOp, ReshapeOp, ShrinkOp
from .reduce import ReduceOp
from .rules_elementwise import simplify_binary, simplify_bitcast, simplify_cast, simplify_select, simplify_unary
from .rules_movement import simplify_expand, simplify_flip, simplify_pad, simplify_permute, simplify_reshape, simplify_shrink
from .rules_reduce import simplify_reduce
from .rules_support import REALIZE, Build, const
from .sources import IotaOp, splat

Rule = Callable[[Operation, Build], SSAValue | None]


def simplify_iota(op: IotaOp, build: Build) -> SSAValue | None:
    """The index along an axis of extent 1 is 0."""
    shape = shape_of(op.res)
    return const(build, splat(0, element_of(op.res)), shape) if shape[op.axis.value.data] == 1 else None


RULES: dict[type[Operation], Rule] = {
    UnaryOp: simplify_unary,
    BinaryOp: simplify_binary,
    SelectOp: simplify_select,
    CastOp: simplify_cast,
    BitcastOp: simplify_bitcast,
    ReduceOp: simplify_reduce,
    ReshapeOp: simplify_reshape,
    PermuteOp: simplify_permute,
    ExpandOp: simplify_expand,
    PadOp: simplify_pad,
    ShrinkOp: simplify_shrink,
    FlipOp: simplify_flip,
    IotaOp: simplify_iota,
}  # pyright: ignore[reportAssignmentType]
"""The rules for each op class, tried in the order in which its function lists them."""


def simplify(op: Operation, build: Build) -> SSAValue | None:
    """The value that an op's result can be replaced with, or None. Ops it needs are passed to `build`, operands first."""
    rule = RULES.get(type(op))
    if rule is None or REALIZE in op.attributes:
        return None
    shape = shape_of(op.results[0])
    if 0 in shape:
        zero: Attribute = splat(0, element_of(op.results[0]))
        return const(build, zero, shape)
    return rule(op, build)


class NdCanonicalization(RewritePattern):
    """Apply the rules of `nd` to one op, for drivers of xDSL patterns."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        def build(new: Operation) -> SSAValue:
            rewriter.insert(new)
            return new.results[0]

        value = simplify(op, build)
        if value is not None:
            if value.name_hint is None:
                value.name_hint = op.results[0].name_hint
            rewriter.replace(op, (), (value,))
