"""Structured ops on memrefs become loops: one `scf.parallel` over the dims a group shares, reductions carried in `scf.for`.

before
    func.func private @center(%x: memref<8x6xf32>, %y: memref<8x6xf32>) attributes {
      kernel, outs = 1 : i64, spine = 1 : i64,
      schedule = {tile = array<i64: 4>, vector = array<i64: 2>, vector_dims = array<i64: 1>, threads = array<i64: 1>}
    } {
      %zero = arith.constant 0.0 : f32
      scf.forall (%tile) = (0) to (8) step (4) {
        %sum = memref.alloca() : memref<4xf32>
        linalg.fill ins(%zero : f32) outs(%sum : memref<4xf32>)
        %xt = memref.subview %x[%tile, 0] [4, 6] [1, 1] : memref<8x6xf32> to memref<4x6xf32, strided<[6, 1], offset: ?>>
        linalg.generic {
          indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
          iterator_types = ["parallel", "reduction"]
        } ins(%xt : memref<4x6xf32, strided<[6, 1], offset: ?>>) outs(%sum : memref<4xf32>) {
        ^bb0(%a: f32, %acc: f32):
          %s = arith.addf %acc, %a fastmath<reassoc> : f32
          linalg.yield %s : f32
        }
        %yt = memref.subview %y[%tile, 0] [4, 6] [1, 1] : memref<8x6xf32> to memref<4x6xf32, strided<[6, 1], offset: ?>>
        linalg.generic {
          indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
          iterator_types = ["parallel", "parallel"]
        } ins(%xt, %sum : memref<4x6xf32, strided<[6, 1], offset: ?>>, memref<4xf32>)
          outs(%yt : memref<4x6xf32, strided<[6, 1], offset: ?>>) {
        ^bb0(%a: f32, %m: f32, %o: f32):
          %d = arith.subf %a, %m : f32
          linalg.yield %d : f32
        }
      }
      return
    }
after
    func.func private @center(%x: memref<8x6xf32>, %y: memref<8x6xf32>) attributes {
      kernel, outs = 1 : i64, spine = 1 : i64,
      schedule = {tile = array<i64: 4>, vector = array<i64: 2>, vector_dims = array<i64: 1>, threads = array<i64: 1>}
    } {
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c6 = arith.constant 6 : index
      %c4 = arith.constant 4 : index
      scf.forall (%tile) = (0) to (8) step (4) {
        %sum = memref.alloca() : memref<4xf32>
        %xt = memref.subview %x[%tile, 0] [4, 6] [1, 1] : memref<8x6xf32> to memref<4x6xf32, strided<[6, 1], offset: ?>>
        %yt = memref.subview %y[%tile, 0] [4, 6] [1, 1] : memref<8x6xf32> to memref<4x6xf32, strided<[6, 1], offset: ?>>
        "scf.parallel"(%c0, %c4, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
        ^bb0(%i: index):
          %s = scf.for %j = %c0 to %c6 step %c1 iter_args(%acc = %zero) -> (f32) {
            %a = memref.load %xt[%i, %j] : memref<4x6xf32, strided<[6, 1], offset: ?>>
            %t = arith.addf %acc, %a fastmath<reassoc> : f32
            scf.yield %t : f32
          } {vector = array<i64: 2>}
          memref.store %s, %sum[%i] : memref<4xf32>
          %m = memref.load %sum[%i] : memref<4xf32>
          "scf.parallel"(%c0, %c6, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
          ^bb1(%j: index):
            %a = memref.load %xt[%i, %j] : memref<4x6xf32, strided<[6, 1], offset: ?>>
            %d = arith.subf %a, %m : f32
            memref.store %d, %yt[%i, %j] : memref<4x6xf32, strided<[6, 1], offset: ?>>
            scf.reduce
          }) {vector = array<i64: 2>} : (index, index, index) -> ()
          scf.reduce
        }) : (index, index, index) -> ()
      }
      return
    }

Loops of one iteration are dropped. `vector` on a loop says how many lanes the schedule wants along each of its dims.

Why here: sharing the leading loops leaves of every intermediate one element an iteration, which loops-forward-stores then keeps
in a register. Needs memrefs (linalg-bufferize); leaves rung loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects import arith, linalg, memref, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import I64, DenseArrayBase, IntegerAttr, MemRefType, ModuleOp, TensorType, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from rung.dialects.upstream.scf import ForallOp, InParallelOp
from rung.lowering.decided_guards import decide_guards
from rung.lowering.index_expr import Index, constant
from rung.lowering.loop_groups import Step, base_of, shared_spine, steps_of
from rung.lowering.loop_indices import Constants, Indices, Place, index
from rung.schedules.nests import Linear, Nest, Structured, fail, shape_of
from rung.schedules.schedule import read_schedule

GROUPED = (linalg.ops.GenericOp, linalg.ops.FillOp)
PASSIVE = (*GROUPED, memref.SubviewOp, memref.AllocaOp, memref.AllocOp, ApplyOp, arith.ConstantOp, InParallelOp)
"""Ops that a block of one group may hold: the group's own, and those that read and write nothing."""


def linalg_to_loops(func: FuncOp) -> None:
    """Replace every linalg op of `func` by loops. Errors: an op on tensors; an indexing map that is no sum of loop dims."""
    if func.is_declaration:
        return
    lower = _Lowering(func)
    # loops that are there already carry tiles of a schedule; those in the bodies of structured ops are no blocks of their own
    tiles = [op.body.block for op in func.walk() if isinstance(op, ForallOp) or (isinstance(op, scf.ForOp) and _holds_ops(op))]
    for block in [*func.body.blocks, *tiles]:
        lower.block(block)
    decide_guards(func, lower.indices, lower.constants)


def _holds_ops(loop: scf.ForOp) -> bool:
    return any(isinstance(op, Structured) for op in loop.body.block.ops)


@dataclass
class _Levels:
    """The loops around the point where code is being added, outermost first, each with the values of its dims."""

    places: list[Place]
    dims: dict[int, Index] = field(default_factory=dict[int, Index])

    def inner(self, block: Block) -> _Levels:
        return _Levels([*self.places, (block, None)], dict(self.dims))

    def add(self, op: Operation) -> None:
        block, before = self.places[-1]
        if before is None:
            block.add_op(op)
        else:
            block.insert_op_before(op, before)


class _Lowering:
    """The lowering of one function."""

    def __init__(self, func: FuncOp):
        self.constants = Constants(func)
        self.indices = Indices(self.constants)
        spine = func.attributes.get("spine")
        self.spine = spine.value.data if isinstance(spine, IntegerAttr) else 0
        schedule = read_schedule(func)
        self.lanes = dict(zip(schedule.vector_dims, schedule.vector)) if schedule is not None else {}

    def block(self, block: Block) -> None:
        """Lower the structured ops that stand directly in `block`: as one group where nothing else happens between them."""
        ops = [op for op in block.ops if isinstance(op, Structured)]
        if not ops:
            return
        for op in ops:
            if any(isinstance(v.type, TensorType) for v in op.operands):
                raise fail(op, "linalg-to-loops needs memrefs; run linalg-bufferize before")
        tile = block.parent_op()
        for iv in tile.induction_variables if isinstance(tile, ForallOp) else ():
            self.indices.of(iv)  # known first, so that an index reads (%tile, %i)
        grouped = isinstance(tile, ForallOp) and all(isinstance(op, (*PASSIVE, *Structured.__args__)) for op in block.ops)
        packed = [op for op in ops if "vector" in op.attributes]  # copies of operands: before the group, in loops of their own
        rest = [op for op in ops if op not in packed]
        for group in [*([op] for op in packed), rest] if grouped else [[op] for op in ops]:
            self._group(steps_of(group), block, block.last_op if group is rest else group[-1])
        for op in ops:
            op.detach()
            op.erase()
        for op in list(block.ops):  # tensors that only told an extent
            if isinstance(op, memref.AllocaOp) and not op.memref.uses:
                op.detach()
                op.erase()

    def _group(self, steps: Sequence[Step], block: Block, before: Operation | None) -> None:
        outer = _Levels([(block, before)])
        spine = shared_spine(steps, self.spine) if len(steps) > 1 else None
        if spine is None:
            for step in steps:
                self._step(step, outer, ())
            return
        shared = tuple(range(spine))
        inside, finish = self._parallel(steps[0].nest, shared, outer)
        for step in steps:
            levels = _Levels(list(inside.places), dict(inside.dims))
            self._step(step, levels, shared)
        finish()

    def _step(self, step: Step, outer: _Levels, done: tuple[int, ...]) -> None:
        """The loops of one op inside those over the dims `done`."""
        nest = step.nest
        rest = tuple(dim for dim in nest.parallel if dim not in done)
        inside, finish = self._parallel(nest, rest, outer)
        if isinstance(nest.op, linalg.ops.FillOp):
            result = nest.op.inputs[0]
        else:
            result = self._reduce(step, inside)
        inside.add(memref.StoreOp.get(result, nest.init, self._at(nest.out_axes, nest.init, inside)))
        finish()

    def _parallel(self, nest: Nest, dims: Sequence[int], outer: _Levels) -> tuple[_Levels, Callable[[], None]]:
        """An scf.parallel over those of `dims` that run more than once; none if there is none."""
        loops = [dim for dim in dims if nest.extents[dim] != 1]
        block = Block(arg_types=[index] * len(loops))
        inside = outer.inner(block) if loops else _Levels(list(outer.places), dict(outer.dims))
        for dim in dims:
            inside.dims[dim] = constant(0)
        for dim, iv in zip(loops, block.args):
            iv.name_hint = f"i{dim}"
            inside.dims[dim] = self.indices.atom(iv, max(nest.extents[dim], 2))

        def finish() -> None:
            if not loops:
                return
            zero, one = self.constants.index(0), self.constants.index(1)
            block.add_op(scf.ReduceOp())
            upper = [self.constants.index(nest.extents[dim]) for dim in loops]
            op = scf.ParallelOp([zero] * len(loops), upper, [one] * len(loops), [block])
            self._annotate(op, nest, loops)
            outer.add(op)

        return inside, finish

    def _reduce(self, step: Step, levels: _Levels) -> SSAValue:
        """The nested scf.for of an op's reductions around its body; the value to store."""
        nest, op = step.nest, step.nest.op
        acc = op.body.block.args[-1]
        start = step.start
        if start is None and (nest.reductions or acc.uses):
            load = memref.LoadOp.get(nest.init, self._at(nest.out_axes, nest.init, levels))
            levels.add(load)
            load.res.name_hint = nest.init.name_hint
            start = load.res
        for dim in nest.reductions:
            levels.dims[dim] = constant(0)
        opened: list[tuple[_Levels, Block, int, SSAValue]] = []
        inside = levels
        for dim in sorted(nest.reductions):
            if nest.extents[dim] == 1:
                continue
            assert start is not None
            block = Block(arg_types=[index, start.type])
            iv, carried = block.args
            iv.name_hint, carried.name_hint = f"i{dim}", acc.name_hint or "acc"
            opened.append((inside, block, dim, start))
            inside = inside.inner(block)
            inside.dims[dim] = self.indices.atom(iv, max(nest.extents[dim], 2))
            start = carried
        result = self._body(nest, start, inside)
        for outside, block, dim, begin in reversed(opened):
            block.add_op(scf.YieldOp(result))
            zero, one = self.constants.index(0), self.constants.index(1)
            loop = scf.ForOp(zero, self.constants.index(nest.extents[dim]), one, [begin], block)
            self._annotate(loop, nest, [dim])
            outside.add(loop)
            result = loop.res[0]
            result.name_hint = (nest.init.name_hint or "acc").removesuffix("_tile")
        return result

    def _body(self, nest: Nest, start: SSAValue | None, levels: _Levels) -> SSAValue:
        """Move the body of an op to `levels`, its operands loaded as far out as their indices allow."""
        body = nest.op.body.block
        loaded: dict[tuple[SSAValue, tuple[SSAValue, ...]], SSAValue] = {}
        for value, axes, scalar in zip(nest.operands[:-1], nest.axes, body.args):
            if not scalar.uses:
                continue
            if not isinstance(value.type, MemRefType):
                scalar.replace_all_uses_with(value)
                continue
            indices = tuple(self._at(axes, value, levels))
            if (value, indices) not in loaded:
                load = memref.LoadOp.get(value, list(indices))
                load.res.name_hint = scalar.name_hint
                self._depth(nest, value, axes, levels).add(load)
                loaded[value, indices] = load.res
            scalar.replace_all_uses_with(loaded[value, indices])
        if start is not None:
            body.args[-1].replace_all_uses_with(start)
        dissolved: list[Operation] = []
        for op in list(body.ops):
            for inner in list(op.walk()):
                if isinstance(inner, linalg.ops.IndexOp):
                    self.indices.known[inner.result] = levels.dims[inner.dim.value.data]
                    dissolved.append(inner)
                elif isinstance(inner, ApplyOp):
                    self.indices.of(inner.result)
                    dissolved.append(inner)
                else:
                    self._place_operands(inner, op, levels)
            if isinstance(op, arith.ConstantOp):
                self.constants.adopt(op)
            elif not isinstance(op, linalg.ops.IndexOp | ApplyOp | linalg.ops.YieldOp):
                op.detach()
                levels.add(op)
        terminator = body.last_op
        assert terminator is not None
        result = terminator.operands[0]
        terminator.detach()
        terminator.erase()
        for op in reversed(dissolved):
            op.detach()
            op.erase()
        return result

    def _place_operands(self, op: Operation, top: Operation, levels: _Levels) -> None:
        """Let `op`, inside the body's op `top`, use index values that exist at `levels`."""
        for position, operand in enumerate(op.operands):
            if isinstance(operand.owner, linalg.ops.IndexOp | ApplyOp):
                stack = [*levels.places, *_nested(op, top)]
                op.operands[position] = self.indices.place(self.indices.of(operand), stack, operand.name_hint)

    def _depth(self, nest: Nest, value: SSAValue, axes: Sequence[Linear], levels: _Levels) -> _Levels:
        """The outermost level at which an operand can be loaded: where its indices are known and nothing writes it inside."""
        if base_of(value) is base_of(nest.init):
            return levels
        used = [levels.dims[dim] for axis in axes for dim, _ in axis.factors]
        homes = {self.indices.values[p].owner for i in used for p in i.dims()}
        for depth in range(len(levels.places), 1, -1):
            if levels.places[depth - 1][0] in homes:
                return _Levels(levels.places[:depth])
        return _Levels(levels.places[:1])

    def _at(self, axes: Sequence[Linear], value: SSAValue, levels: _Levels) -> list[SSAValue]:
        """The index values of one access."""
        found: list[SSAValue] = []
        for axis, extent in zip(axes, shape_of(value)):
            terms = [self.indices.space.mul(levels.dims[dim], factor) for dim, factor in axis.factors]
            whole = self.indices.space.add(*terms, constant(axis.constant)) if extent != 1 else constant(0)
            found.append(self.indices.place(whole, levels.places))
        return found

    def _annotate(self, op: Operation, nest: Nest, dims: Sequence[int]) -> None:
        """Write the lanes the schedule wants on the loop, clamped to what its dims offer."""
        own = nest.op.attributes.get("vector")
        wanted = dict(enumerate(own.get_values())) if isa(own, DenseArrayBase[I64]) else self.lanes
        lanes = [clamp(wanted.get(dim, 1), nest.extents[dim], last=dim == dims[-1]) for dim in dims]
        if any(lane > 1 for lane in lanes):
            op.attributes["vector"] = DenseArrayBase.from_list(i64, lanes)


def clamp(lanes: int, extent: int, *, last: bool) -> int:
    """As many lanes as a loop of `extent` iterations can fill: along the last dim a power of two, which is a hardware vector;
    along an outer one, where lanes are unrolled rows, rather a divisor of the extent than a remainder."""
    if last:
        return lanes if lanes <= extent else 1 << max(extent.bit_length() - 1, 0)
    return next((n for n in range(min(lanes, extent), lanes // 2, -1) if extent % n == 0), max(min(lanes, extent), 1))


def _nested(op: Operation, top: Operation) -> list[Place]:
    """The blocks between `top`, which is being moved, and `op` inside it."""
    places: list[Place] = []
    while op is not top:
        block = op.parent
        assert block is not None
        places.insert(0, (block, op))
        parent = block.parent_op()
        assert parent is not None
        op = parent
    return places


@dataclass(frozen=True)
class LinalgToLoopsPass(ModulePass):
    """Lower linalg on memrefs to scf loops, one scf.parallel for the loops that a group shares."""

    name = "linalg-to-loops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.block.ops:
            if isinstance(func, FuncOp):
                linalg_to_loops(func)
        left = sorted({inner.name for inner in op.walk() if inner.name.startswith("linalg.")})
        if left:
            raise fail(op, f"linalg-to-loops has no rule for {', '.join(left)}")
