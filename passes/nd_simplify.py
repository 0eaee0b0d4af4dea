"""Simplify nd programs: fold constants, drop what changes nothing, merge movement, share equal ops, remove dead ones.

before
    func.func @f(%x: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<2x12xf32>) {
      %one = nd.const 1.0 : f32 -> tensor<1x6xf32>
      %ones = nd.expand %one : tensor<1x6xf32> -> tensor<4x6xf32>
      %y = nd.binary "mul" %x, %ones : tensor<4x6xf32> -> tensor<4x6xf32>
      %e1 = nd.unary "exp2" %y : tensor<4x6xf32>
      %e2 = nd.unary "exp2" %x : tensor<4x6xf32>
      %a = nd.binary "add" %e1, %e2 : tensor<4x6xf32> -> tensor<4x6xf32>
      %flat = nd.reshape %e2 : tensor<4x6xf32> -> tensor<24xf32>
      %b = nd.reshape %flat : tensor<24xf32> -> tensor<2x12xf32>
      %dead = nd.unary "sin" %a : tensor<4x6xf32>
      return %a, %b : tensor<4x6xf32>, tensor<2x12xf32>
    }
after
    func.func @f(%x: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<2x12xf32>) {
      %e1 = nd.unary "exp2" %x : tensor<4x6xf32>
      %a = nd.binary "add" %e1, %e1 : tensor<4x6xf32> -> tensor<4x6xf32>
      %b = nd.reshape %e1 : tensor<4x6xf32> -> tensor<2x12xf32>
      return %a, %b : tensor<4x6xf32>, tensor<2x12xf32>
    }

The rules are those of `dialects/nd/canonicalize.py`, which xDSL's `canonicalize` runs too; as they never look at users, one
walk from the first op to the last reaches the fixpoint, several times faster than a worklist of patterns.

Why here: kernels are formed by counting uses and by seeing through movement, and both want one spelling. Needs and keeps rung nd.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from rung.dialects.nd import Nd
from rung.dialects.nd.canonicalize import simplify

ND_OPS = frozenset(Nd.operations)


@dataclass(frozen=True)
class NdSimplifyPass(ModulePass):
    """Fold, merge, share and remove ops of nd."""

    name = "nd-simplify"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.body.block.ops:
            if isinstance(function, func.FuncOp) and not function.is_declaration:
                _Simplifier(function.body.block).run()


class _Simplifier:
    """One walk over a block. `known` holds the first op of each kind, attributes and operands."""

    def __init__(self, block: Block):
        self.block = block
        self.known: dict[object, SSAValue] = {}

    def run(self) -> None:
        for op in list(self.block.ops):
            if type(op) in ND_OPS:
                old = op.results[0]
                value = self._simplified(op)
                if value is not old:
                    if value.name_hint is None:
                        value.name_hint = old.name_hint
                    old.replace_all_uses_with(value)
                    self.block.erase_op(op)
        for op in reversed(list(self.block.ops)):
            if type(op) in ND_OPS and not op.results[0].uses:
                self.block.erase_op(op)

    def _simplified(self, op: Operation) -> SSAValue:
        """The value that stands for an op's result: another value if a rule fires or an equal op came before."""

        def build(new: Operation) -> SSAValue:
            self.block.insert_op_before(new, op)
            value = self._simplified(new)
            if value is not new.results[0]:
                self.block.erase_op(new)
            elif value.name_hint is None:
                value.name_hint = op.results[0].name_hint
            return value

        value = simplify(op, build)
        if value is not None:
            return value
        key = (type(op), tuple(op.attributes.items()), *op.operands, op.results[0].type)
        return self.known.setdefault(key, op.results[0])
