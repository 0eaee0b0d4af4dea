"""Mark the values to materialise with `{realize}`: the roots of kernels. All others are computed where they are used.

before
    func.func @mean_rows(%x: tensor<40x8xf32>, %w: tensor<8x5xf32>) -> tensor<40x5xf32> {
      %sum = nd.reduce "sum" %x axes [1] : tensor<40x8xf32> -> tensor<40xf32>
      %s1 = nd.reshape %sum : tensor<40xf32> -> tensor<40x1xf32>
      %s2 = nd.expand %s1 : tensor<40x1xf32> -> tensor<40x8xf32>
      %share = nd.binary "div" %x, %s2 : tensor<40x8xf32> -> tensor<40x8xf32>
      %a1 = nd.reshape %share : tensor<40x8xf32> -> tensor<40x8x1xf32>
      %a2 = nd.expand %a1 : tensor<40x8x1xf32> -> tensor<40x8x5xf32>
      %b1 = nd.reshape %w : tensor<8x5xf32> -> tensor<1x8x5xf32>
      %b2 = nd.expand %b1 : tensor<1x8x5xf32> -> tensor<40x8x5xf32>
      %p = nd.binary "mul" %a2, %b2 : tensor<40x8x5xf32> -> tensor<40x8x5xf32>
      %y = nd.reduce "sum" %p axes [1] : tensor<40x8x5xf32> -> tensor<40x5xf32>
      return %y : tensor<40x5xf32>
    }
options  {launch-ops=1000}
after
    func.func @mean_rows(%x: tensor<40x8xf32>, %w: tensor<8x5xf32>) -> tensor<40x5xf32> {
      %sum = nd.reduce "sum" %x axes [1] : tensor<40x8xf32> -> tensor<40xf32>
      %s1 = nd.reshape %sum : tensor<40xf32> -> tensor<40x1xf32>
      %s2 = nd.expand %s1 : tensor<40x1xf32> -> tensor<40x8xf32>
      %share = nd.binary "div" %x, %s2 {realize} : tensor<40x8xf32> -> tensor<40x8xf32>
      %a1 = nd.reshape %share : tensor<40x8xf32> -> tensor<40x8x1xf32>
      %a2 = nd.expand %a1 : tensor<40x8x1xf32> -> tensor<40x8x5xf32>
      %b1 = nd.reshape %w : tensor<8x5xf32> -> tensor<1x8x5xf32>
      %b2 = nd.expand %b1 : tensor<1x8x5xf32> -> tensor<40x8x5xf32>
      %p = nd.binary "mul" %a2, %b2 : tensor<40x8x5xf32> -> tensor<40x8x5xf32>
      %y = nd.reduce "sum" %p axes [1] {realize} : tensor<40x8x5xf32> -> tensor<40x5xf32>
      return %y : tensor<40x5xf32>
    }

An op that is marked already stays marked, so the decision can be edited and the pass run again. Function results are always
materialised. A reduction stays inside the kernel that uses it where `passes/kernel_legality.py` allows it and the kernel keeps
enough rows to work on; a contraction (matmul, window) takes an elementwise epilogue and nothing else. A value that would be
computed again, in several kernels or along an expand, is materialised if that costs more than to store and load it.

Why here: the last decision about the whole graph; below, each kernel is on its own. Needs and keeps rung nd.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from rung.dialects.nd import MOVEMENT, ConstOp, IotaOp, PadOp, ReduceOp
from rung.dialects.nd.base import shape_of

from .kernel_costs import Costs
from .kernel_legality import REALIZE, REDUCED, KernelWalk, Use, reduction_of, result_roots

NEVER_ROOTS = (*(kind for kind in MOVEMENT if kind is not PadOp), ConstOp, IotaOp)
"""Cheaper to do again than to store, always: an index map or no data at all."""

COPIED_COST = 64
"""Operations that may be copied into further kernels, however few the elements: about a millisecond of compiling for each."""

PASS_DISCOUNT = 4
"""A second pass over the same row counts a quarter: exp2 (10) twice in a softmax stays, a chain of 20 operations is stored."""


@dataclass(frozen=True)
class NdMarkKernelsPass(ModulePass):
    """Mark the values that are materialised with `{realize}`."""

    name = "nd-mark-kernels"

    min_rows: int = 32
    """A row group (softmax) is formed from this many rows on; with fewer, rows apart keep more of the machine busy."""
    recompute_cost: int = 4
    """Operations an element that cost as much as storing and loading it (see `kernel_costs`)."""
    launch_ops: int = 16384
    """Operations in the time of one more launch (about 20 us on PoCL, November 2026): less is always computed again."""
    max_copies: int = 8
    """Places in one kernel that may compute the same value at different indices (stencils of stencils grow exponentially)."""
    clear: bool = False
    """Forget existing marks and decide afresh."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.body.block.ops:
            if isinstance(function, func.FuncOp) and not function.is_declaration and "kernel" not in function.attributes:
                self._mark(function.body.block)

    def _mark(self, block: Block) -> None:
        ops = [op for op in block.ops if op.name.startswith("nd.")]
        if self.clear:
            for op in ops:
                op.attributes.pop(REALIZE, None)
        roots = result_roots(block) | {op for op in ops if REALIZE in op.attributes}
        costs = Costs(ops)
        # Two things are known only when the reductions before an op were visited. An op that would be costly to compute again
        # is first hoped to be one that its kernel computes once a row (the square root in an rmsnorm). And a reduction that was
        # fused may be in the way of a contraction, which is worth more (the norms in a table of distances). Each round makes at
        # least one more root of these, so this ends; one or two rounds are usual.
        while True:
            walk, chosen, hoped, in_the_way = self._walk(ops, roots, costs)
            failed: dict[Operation, Operation] = {}
            for op in hoped:
                if not walk.is_once_a_row(op):
                    # One for each kernel, the last: once it is stored, those before it may be fine where they are.
                    failed.setdefault(next(iter(walk.uses_of(op))).root, op)
            if not failed and not in_the_way:
                break
            roots |= in_the_way.union(failed.values())
        mark = UnitAttr()
        for op in chosen:
            op.attributes[REALIZE] = mark

    def _walk(
        self, ops: list[Operation], roots: set[Operation], costs: Costs
    ) -> tuple[KernelWalk, list[Operation], list[Operation], set[Operation]]:
        walk = KernelWalk()
        in_the_way: set[Operation] = set()
        chosen: list[Operation] = []
        hoped: list[Operation] = []
        for op in reversed(ops):
            if op not in roots and not walk.uses_of(op):
                continue  # nobody reads it
            root = op in roots
            if not root:
                reduction = reduction_of(op)
                if reduction is not None:
                    root = walk.refusal(reduction) is not None or not self._worth_fusing(reduction, walk, costs)
                    if not root:
                        walk.fuse(reduction)
                    elif costs.is_contraction(reduction):
                        in_the_way.update(self._in_the_way(reduction, walk))
                elif not isinstance(op, NEVER_ROOTS) and self._worth_storing(op, walk, costs):
                    root = not self._may_be_once_a_row(op, walk, costs)
                    if not root:
                        hoped.append(op)
            if root:
                walk.begin_kernel(op)
                chosen.append(op)
            walk.enter(op)
        return walk, chosen, hoped, in_the_way

    def _worth_fusing(self, reduction: ReduceOp, walk: KernelWalk, costs: Costs) -> bool:
        use = next(iter(walk.uses_of(reduction)))
        others = walk.fused.get(use.root, [])
        if costs.is_contraction(reduction):
            return not others and self._is_epilogue(use)
        if any(costs.is_contraction(other) for other in others):
            return False
        return _is_whole(use) or prod(shape_of(reduction.res)) >= self.min_rows

    @staticmethod
    def _is_epilogue(use: Use) -> bool:
        """Whether the kernel finishes each element of a contraction by elementwise work: its tile in registers has room for that,
        not for another pass over a row."""
        return _is_whole(use) and reduction_of(use.root) is None

    def _in_the_way(self, contraction: ReduceOp, walk: KernelWalk) -> list[ReduceOp]:
        """The reductions in the kernel that uses a contraction, if without them it could take the contraction in."""
        uses = list(walk.uses_of(contraction))
        alone = len({(use.root, use.axes) for use in uses}) == 1 and all(0 <= axis < REDUCED for axis in uses[0].rows())
        return list(walk.fused.get(uses[0].root, [])) if alone and self._is_epilogue(uses[0]) else []

    def _worth_storing(self, op: Operation, walk: KernelWalk, costs: Costs) -> bool:
        """Whether computing this value wherever it is used costs more than storing it and loading it back."""
        result = op.results[0]
        if not costs.own(op) or (not costs.reads_memory(result) and costs.cone(result) <= self.recompute_cost):
            return False  # a little index arithmetic costs no more than the load that would replace it
        uses = list(walk.uses_of(op))
        if self._copies(uses) > self.max_copies:
            return True
        elements = prod(shape_of(result))
        evaluations: dict[Operation, dict[Operation, int]] = {}
        for use in uses:
            passes = evaluations.setdefault(use.root, {})
            once_a_row = use.rows() == walk.spines.get(use.root)
            passes[use.nest] = passes.get(use.nest, 0) + (elements if once_a_row else max(use.points, elements))
        cost = costs.cone(result)
        if cost * (len(evaluations) - 1) > COPIED_COST:
            return True
        again = -elements
        for passes in evaluations.values():
            most = max(passes.values())
            # To store what two passes over a row share would break the row group: that costs a launch and both kernels' traffic.
            again += most + (sum(passes.values()) - most) // PASS_DISCOUNT
        return cost * again > max(self.recompute_cost * elements, self.launch_ops)

    @staticmethod
    def _copies(uses: list[Use]) -> int:
        """How many places of one loop nest compute the value."""
        counts: dict[Operation, int] = {}
        for use in uses:
            counts[use.nest] = counts.get(use.nest, 0) + 1
        return max(counts.values())

    def _may_be_once_a_row(self, op: Operation, walk: KernelWalk, costs: Costs) -> bool:
        uses = list(walk.uses_of(op))
        if not costs.follows_reduction(op.results[0]) or len({(use.root, use.axes) for use in uses}) != 1:
            return False
        return all(0 <= axis < REDUCED for axis in uses[0].rows())


def _is_whole(use: Use) -> bool:
    """Whether the value is needed once at each element of the kernel's result."""
    shape = shape_of(use.root.results[0])
    return use.rows() == frozenset(axis for axis, extent in enumerate(shape) if extent != 1)
