"""Copy what a tile reads again and again into memory of its own, in the order in which it is read.

before
    func.func private @product(%a: tensor<8x6xf32>, %b: tensor<6x8xf32>) -> tensor<8x8xf32> attributes {
      kernel, spine = 2 : i64,
      schedule = {tile = array<i64: 8, 4>, vector = array<i64: 2, 4>, vector_dims = array<i64: 0, 1>, threads = array<i64: 1, 1>,
                  promote = array<i64: 1>}
    } {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<8x8xf32>
      %r = scf.forall (%i, %j) = (0, 0) to (8, 8) step (8, 4) shared_outs(%out = %e) -> (tensor<8x8xf32>) {
        %o = tensor.extract_slice %out[0, %j] [8, 4] [1, 1] : tensor<8x8xf32> to tensor<8x4xf32>
        %f = linalg.fill ins(%zero : f32) outs(%o : tensor<8x4xf32>) -> tensor<8x4xf32>
        %bt = tensor.extract_slice %b[0, %j] [6, 4] [1, 1] : tensor<6x8xf32> to tensor<6x4xf32>
        %p = linalg.generic {
          indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
          iterator_types = ["parallel", "parallel", "reduction"]
        } ins(%a, %bt : tensor<8x6xf32>, tensor<6x4xf32>) outs(%f : tensor<8x4xf32>) {
        ^bb0(%x: f32, %y: f32, %acc: f32):
          %xy = arith.mulf %x, %y : f32
          %s = arith.addf %acc, %xy fastmath<reassoc> : f32
          linalg.yield %s : f32
        } -> tensor<8x4xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %p into %out[0, %j] [8, 4] [1, 1] : tensor<8x4xf32> into tensor<8x8xf32>
        }
      }
      return %r : tensor<8x8xf32>
    }
after
    func.func private @product(%a: tensor<8x6xf32>, %b: tensor<6x8xf32>) -> tensor<8x8xf32> attributes {
      kernel, spine = 2 : i64,
      schedule = {tile = array<i64: 8, 4>, vector = array<i64: 2, 4>, vector_dims = array<i64: 0, 1>, threads = array<i64: 1, 1>,
                  promote = array<i64: 1>}
    } {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<8x8xf32>
      %r = scf.forall (%i, %j) = (0, 0) to (8, 8) step (8, 4) shared_outs(%out = %e) -> (tensor<8x8xf32>) {
        %o = tensor.extract_slice %out[0, %j] [8, 4] [1, 1] : tensor<8x8xf32> to tensor<8x4xf32>
        %f = linalg.fill ins(%zero : f32) outs(%o : tensor<8x4xf32>) -> tensor<8x4xf32>
        %bt = tensor.extract_slice %b[0, %j] [6, 4] [1, 1] : tensor<6x8xf32> to tensor<6x4xf32>
        %near = tensor.empty() : tensor<6x4xf32>
        %packed = linalg.generic {
          indexing_maps = [affine_map<(k, j) -> (k, j)>, affine_map<(k, j) -> (k, j)>], iterator_types = ["parallel", "parallel"]
        } ins(%bt : tensor<6x4xf32>) outs(%near : tensor<6x4xf32>) attrs = {vector = array<i64: 1, 4>} {
        ^bb0(%y: f32, %there: f32):
          linalg.yield %y : f32
        } -> tensor<6x4xf32>
        %p = linalg.generic {
          indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
          iterator_types = ["parallel", "parallel", "reduction"]
        } ins(%a, %packed : tensor<8x6xf32>, tensor<6x4xf32>) outs(%f : tensor<8x4xf32>) {
        ^bb0(%x: f32, %y: f32, %acc: f32):
          %xy = arith.mulf %x, %y : f32
          %s = arith.addf %acc, %xy fastmath<reassoc> : f32
          linalg.yield %s : f32
        } -> tensor<8x4xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %p into %out[0, %j] [8, 4] [1, 1] : tensor<8x4xf32> into tensor<8x8xf32>
        }
      }
      return %r : tensor<8x8xf32>
    }

`promote` in the schedule names operands of the op that reduces, by number. The copy has the reduced dims outermost and the dim of
the vector lanes innermost, so that the inner loop reads neighbours; and it lies in few pages and in all sets of a cache (a matmul
of 1024 that reads B in place finds each row in the same set: 16 ms instead of 9). An operand whose index is no plain loop dim is
left where it is, and so is one that is there for its shape only.

Why here: a tile is a slice, whose copy cannot alias anything. Needs and keeps rung linalg.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import linalg, tensor
from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, DenseArrayBase, ModuleOp, TensorType, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from rung.dialects.upstream.scf import ForallOp
from rung.schedules.nests import Linear, Nest, fail, kernels, map_of, shape_of
from rung.schedules.schedule import Schedule, read_schedule


@dataclass(frozen=True)
class LinalgPromoteOperandsPass(ModulePass):
    """Give each tile a packed copy of the operands that its schedule promotes."""

    name = "linalg-promote-operands"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in kernels(op):
            schedule = read_schedule(func)
            if schedule is not None and schedule.promote:
                promote_operands(func, schedule)


def promote_operands(func: FuncOp, schedule: Schedule) -> None:
    """Pack the operands numbered in `schedule.promote`, in every tile of `func`. Errors: the reducing op has no such operand."""
    for forall in func.body.block.ops:
        if not isinstance(forall, ForallOp):
            continue
        nests = [Nest.of(op) for op in forall.body.block.ops if isinstance(op, linalg.ops.GenericOp)]
        reducing = [nest for nest in nests if nest.reductions]
        if not reducing:
            continue
        core = max(reducing, key=lambda nest: nest.points)
        for number in schedule.promote:
            if not 0 <= number < len(core.operands) - 1:
                raise fail(core.op, f"schedule promotes operand {number}, expected 0..{len(core.operands) - 2}")
            _promote(core, number, schedule)


def _promote(core: Nest, number: int, schedule: Schedule) -> None:
    op, value, axes = core.op, core.operands[number], core.axes[number]
    assert isinstance(op, linalg.ops.GenericOp)
    if not isa(value.type, TensorType[Attribute]) or not axes or any(axis.dim is None for axis in axes):
        return
    if not op.body.block.args[number].uses:  # there for its shape only, as the window of a pooling: nobody wrote it
        return
    lanes = dict(zip(schedule.vector_dims, schedule.vector))
    across = schedule.vector_dims[-1] if schedule.vector_dims else -1

    def depth(position: int) -> tuple[bool, bool, int]:
        dim = axes[position].dim
        return dim == across, dim not in core.reductions, position

    order = sorted(range(len(axes)), key=depth)
    shape = shape_of(value)
    packed_shape = [shape[position] for position in order]
    # lanes of the copy: along what is contiguous on each side, a square where these differ
    width = lanes.get(across, 1) if axes[order[-1]].dim == across else 1
    copy_lanes = [1] * len(order)
    copy_lanes[-1] = width
    if order[-1] != len(order) - 1:
        copy_lanes[-1] = copy_lanes[order.index(len(order) - 1)] = min(width, 16)
    empty = tensor.EmptyOp([], TensorType(value.type.element_type, packed_shape))
    source = AffineMap(len(order), 0, tuple(AffineDimExpr(order.index(position)) for position in range(len(order))))
    packed = _copy(value, empty.tensor, source, copy_lanes)
    block = op.parent
    assert block is not None
    block.insert_ops_before([empty, packed], op)
    packed.results[0].name_hint = f"{(value.name_hint or 'operand').removesuffix('_tile')}_packed"
    maps = list(op.indexing_maps.data)
    maps[number] = AffineMapAttr(map_of(len(core.extents), [Linear(axes[position].factors, 0) for position in order]))
    op.properties["indexing_maps"] = ArrayAttr(maps)
    op.operands[number] = packed.results[0]


def _copy(value: SSAValue, into: SSAValue, source: AffineMap, lanes: list[int]) -> linalg.ops.GenericOp:
    """A generic that writes `into`, element by element in its own order, what `source` says of `value`."""
    assert isa(value.type, TensorType[Attribute])
    rank = source.num_dims
    body = Block(arg_types=[value.type.element_type] * 2)
    body.args[0].name_hint, body.args[1].name_hint = value.name_hint, "there"
    body.add_op(linalg.ops.YieldOp(body.args[0]))
    maps = ArrayAttr([AffineMapAttr(source), AffineMapAttr(AffineMap.identity(rank))])
    parallel = linalg.attrs.IteratorTypeAttr(linalg.attrs.IteratorType.PARALLEL)
    copy = linalg.ops.GenericOp([value], [into], Region(body), maps, ArrayAttr([parallel] * rank), [into.type])
    if any(lane > 1 for lane in lanes):
        copy.attributes["vector"] = DenseArrayBase.from_list(i64, lanes)
    return copy
