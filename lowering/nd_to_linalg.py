"""Each kernel function becomes one linalg.generic, or a fused group that shares its leading loops.

Movement disappears into indexing maps; what a map cannot say (a guard, a mirrored or divided index) is a tensor.extract of the
argument inside the body. Unsigned integers become signless, their meaning moves into the op chosen.

before
    func.func private @scale(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<8x4xf32> attributes {kernel} {
      %a = nd.reshape %s : tensor<8xf32> -> tensor<1x8xf32>
      %b = nd.expand %a : tensor<1x8xf32> -> tensor<4x8xf32>
      %y = nd.binary "mul" %x, %b : tensor<4x8xf32> -> tensor<4x8xf32>
      %t = nd.permute %y [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
      return %t : tensor<8x4xf32>
    }
after
    func.func private @scale(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<8x4xf32> attributes {kernel, spine = 2 : i64} {
      %e = tensor.empty() : tensor<8x4xf32>
      %t = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]
      } ins(%x, %s : tensor<4x8xf32>, tensor<8xf32>) outs(%e : tensor<8x4xf32>) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %y = arith.mulf %a, %b : f32
        linalg.yield %y : f32
      } -> tensor<8x4xf32>
      return %t : tensor<8x4xf32>
    }

Why here: the last rung on which what to compute and how to loop over it are apart. Needs kernels outlined; leaves rung linalg.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, linalg, tensor
from xdsl.dialects.builtin import AffineMapAttr, FunctionType, IntegerAttr, ModuleOp, TensorType, i64
from xdsl.dialects.linalg.attrs import IteratorType, IteratorTypeAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from rung.dialects.nd.base import element_of, shape_of

from .nd_body import BodyBuilder
from .nd_scalar import COMBINE, Scalar, ScalarEmitter, neutral, signless, signless_tensor
from .nd_stages import Stage, plan_kernel

PARALLEL = IteratorTypeAttr(IteratorType.PARALLEL)
REDUCTION = IteratorTypeAttr(IteratorType.REDUCTION)


class KernelLowering:
    """The new body of one kernel function: constants first, then the stages in order."""

    def __init__(self, kernel: func.FuncOp):
        self.old = kernel.body.block
        self.block = Block(arg_types=[signless_tensor(a.type) for a in self.old.args])
        self.sources: dict[SSAValue, SSAValue] = {}
        for before, after in zip(self.old.args, self.block.args):
            after.name_hint = before.name_hint
            self.sources[before] = after
        self._constants: dict[Attribute, SSAValue] = {}
        self._last_constant: Operation | None = None

    def constant(self, value: Scalar) -> SSAValue:
        """A scalar constant at the head of the kernel, shared by all stages."""
        if value not in self._constants:
            op = arith.ConstantOp(value)
            if isinstance(value, IntegerAttr) and value.value.data >= 0:
                op.result.name_hint = f"c{value.value.data}"
            if self._last_constant is not None:
                self.block.insert_op_after(op, self._last_constant)
            elif self.block.first_op is not None:
                self.block.insert_op_before(op, self.block.first_op)
            else:
                self.block.add_op(op)
            self._constants[value] = op.result
            self._last_constant = op
        return self._constants[value]

    def _add(self, op: Operation) -> SSAValue:
        self.block.add_op(op)
        return op.results[0]

    def stage(self, stage: Stage, spine: int, *, last: bool) -> None:
        element = signless(element_of(stage.value))
        shape = shape_of(stage.value) if last else stage.extents[:spine]
        result_type = TensorType(element, shape)
        hint = stage.value.name_hint
        init = self._add(tensor.EmptyOp([], result_type))
        reduction = stage.reduction
        if reduction is not None:
            start = self.constant(neutral(reduction.combiner.data, element_of(stage.value)))
            init = self._add(linalg.ops.FillOp([start], [init], [result_type]))
        body = BodyBuilder(stage, self.sources, spine, self.constant)
        start_from = stage.value if reduction is None else reduction.src
        if 0 in stage.extents:
            # Nothing is computed, so nothing is read: upstream refuses a map that begins beyond its operand even then.
            result = self.constant(neutral("sum", element_of(start_from)))
        else:
            result = body.element(start_from, stage.index)
        shaped = self._shape_operand(stage, body)
        accumulator = body.block.insert_arg(element, len(body.block.args))
        accumulator.name_hint = "acc" if reduction is not None else "out"
        if reduction is not None:
            emitter = ScalarEmitter(lambda op: (body.block.add_op(op), op.results[0])[1], self.constant)
            kind = COMBINE[reduction.combiner.data]
            result = emitter.binary(kind, element_of(stage.value), accumulator, result, reassoc=True)
        body.block.add_op(linalg.ops.YieldOp(result))
        loops = len(stage.extents)
        out_map = AffineMap(loops, 0, tuple(AffineDimExpr(p) for p in stage.output))
        inputs = [*body.inputs, *shaped]
        generic = linalg.ops.GenericOp(
            [source for source, _ in inputs],
            [init],
            Region(body.block),
            [AffineMapAttr(map_) for _, map_ in (*inputs, (init, out_map))],
            [PARALLEL] * (loops - stage.reduced) + [REDUCTION] * stage.reduced,
            [result_type],
        )
        self.sources[stage.value] = self._add(generic)
        generic.results[0].name_hint = hint

    def _shape_operand(self, stage: Stage, body: BodyBuilder) -> list[tuple[SSAValue, AffineMap]]:
        """Loops that no operand shows the extent of get a tensor that is never read, as upstream's pooling ops do."""
        shown = set(stage.output)
        for _, map_ in body.inputs:
            shown |= {e.position for e in map_.results if isinstance(e, AffineDimExpr)}
        hidden = [p for p in range(len(stage.extents)) if p not in shown]
        if not hidden:
            return []
        element = signless(element_of(stage.value))
        empty = self._add(tensor.EmptyOp([], TensorType(element, [stage.extents[p] for p in hidden])))
        empty.name_hint = "window"
        body.block.insert_arg(element, len(body.block.args)).name_hint = "unused"
        return [(empty, AffineMap(len(stage.extents), 0, tuple(AffineDimExpr(p) for p in hidden)))]


def lower_kernel(kernel: func.FuncOp) -> None:
    """Replace the nd body of one kernel function by linalg. Raises VerifyException if a fused reduction has no fixed row."""
    returned = kernel.body.block.last_op
    if not isinstance(returned, func.ReturnOp) or len(returned.operands) != 1:
        raise VerifyException(
            f"kernel @{kernel.sym_name.data} returns {len(returned.operands) if returned else 0} values, expected 1"
        )
    root = returned.operands[0]
    lowering = KernelLowering(kernel)
    plan = plan_kernel(root)
    for position, stage in enumerate(plan.stages):
        lowering.stage(stage, plan.spine, last=position == len(plan.stages) - 1)
    lowering.block.add_op(func.ReturnOp(lowering.sources[root]))
    kernel.body.detach_block(kernel.body.block).erase(safe_erase=False)
    kernel.body.add_block(lowering.block)
    kernel.attributes["spine"] = IntegerAttr(plan.spine, i64)


def _retype(function: func.FuncOp) -> None:
    """Make the types of a function's signature, arguments and calls signless."""
    kind = function.function_type
    function.properties["function_type"] = FunctionType.from_lists(
        [signless_tensor(t) for t in kind.inputs], [signless_tensor(t) for t in kind.outputs]
    )


@dataclass(frozen=True)
class NdToLinalgPass(ModulePass):
    """Lower every kernel function from nd to linalg on tensors."""

    name = "nd-to-linalg"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        from xdsl.rewriter import Rewriter

        for function in list(op.body.block.ops):
            if not isinstance(function, func.FuncOp) or function.is_declaration:
                continue
            if "kernel" in function.attributes:
                lower_kernel(function)
            else:
                for value in [*function.body.block.args, *(r for o in function.body.block.ops for r in o.results)]:
                    if signless_tensor(value.type) != value.type:
                        Rewriter.replace_value_with_new_type(value, signless_tensor(value.type))
            _retype(function)
        left = sorted({o.name for o in op.walk() if o.name.startswith("nd.")})
        if left:
            raise VerifyException(
                f"{', '.join(left)} left outside kernels; outline them first (nd-mark-kernels, nd-outline-kernels)"
            )
