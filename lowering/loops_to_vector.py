"""Turn the dims of loop nests that were asked for into vector lanes; the other loops become plain sequential ones.

before
    func.func private @scale(%x: memref<20xf32>, %out: memref<20xf32>) attributes {kernel, outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c20 = arith.constant 20 : index
      %two = arith.constant 2.0 : f32
      scf.parallel (%i) = (%c0) to (%c20) step (%c1) {
        %a = memref.load %x[%i] : memref<20xf32>
        %b = arith.mulf %a, %two : f32
        memref.store %b, %out[%i] : memref<20xf32>
      } {vector = array<i64: 8>}
      return
    }
after
    func.func private @scale(%x: memref<20xf32>, %out: memref<20xf32>) attributes {kernel, outs = 1 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c20 = arith.constant 20 : index
      %two = arith.constant 2.0 : f32
      %zero = arith.constant 0.0 : f32
      %two_1 = arith.constant dense<2.0> : vector<8xf32>
      %c16 = arith.constant 16 : index
      %c8 = arith.constant 8 : index
      scf.for %i = %c0 to %c16 step %c8 {
        %a = vector.transfer_read %x[%i], %zero {in_bounds = [true]} : memref<20xf32>, vector<8xf32>
        %b = arith.mulf %a, %two_1 : vector<8xf32>
        vector.transfer_write %b, %out[%i] {in_bounds = [true]} : vector<8xf32>, memref<20xf32>
      }
      scf.for %i = %c16 to %c20 step %c1 {
        %a = memref.load %x[%i] : memref<20xf32>
        %b = arith.mulf %a, %two : f32
        memref.store %b, %out[%i] : memref<20xf32>
      }
      return
    }

What is asked for is `vector = array<i64: ..>` on a loop, one entry for each of its indices (linalg-to-loops puts it there), or in
a kernel where no loop says anything, the last entries of `vector` in its schedule. Three kinds of loops take lanes: the indices
of an scf.parallel (a register tile of all values inside, reductions included), the index of a reducing scf.for (each lane
reduces its part, the lanes are combined at the end), and an scf.parallel inside of loops that stayed scalar. Extents that are no
multiple of the lanes get a second nest with fewer lanes or rows, then scalar loops. A nest that cannot take the lanes that were
asked for says why, in the attribute `scalar` of its outermost loop; the reductions inside it take them if they can, and if not,
lanes may also read across rows.

Why here: accesses are still affine in loop indices, which is what makes lanes provable. Needs rung `loops`, leaves rung `vector`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from xdsl.context import Context
from xdsl.dialects import func, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import I64, DenseArrayBase, DictionaryAttr, ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.hints import isa

from rung.dialects.upstream.scf import ForallOp
from rung.lowering.constant_pool import INDEX, ConstantPool, static_index
from rung.lowering.vector_nest import Study, choose, static_extent
from rung.lowering.vector_reduce import Chain, find_chain, widen_chain
from rung.lowering.vector_widen import Widener


@dataclass(frozen=True)
class LoopsToVectorPass(ModulePass):
    """Loop nests into vectors, remainders and declined nests into scalar loops."""

    name = "loops-to-vector"
    narrow: int = 8
    """Lanes of the second nest for what the full vectors leave: one register of f32 on AVX2."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, func.FuncOp) and "kernel" in function.attributes and function.body.blocks:
                _Kernel(function, self.narrow).run()


class _Kernel:
    """One kernel function, its constants and what its loops ask for."""

    def __init__(self, function: func.FuncOp, narrow: int):
        self.body = function.body.block
        self.pool = ConstantPool(self.body)
        self.narrow = narrow
        self.wanted = _wanted(function)

    def run(self) -> None:
        self.ops(list(self.body.ops))

    def ops(self, ops: Sequence[Operation]) -> None:
        """Rewrite the loops among `ops`, and those inside them, in place."""
        for op in ops:
            match op:
                case scf.ParallelOp():
                    self.parallel(op)
                case scf.ForOp():
                    self.reduction(op)
                case ForallOp() | scf.IfOp():
                    for region in op.regions:
                        for block in region.blocks:
                            self.ops(list(block.ops))
                case _:
                    pass

    def parallel(self, op: scf.ParallelOp) -> None:
        wanted = self.wanted.get(op, ())
        if all(lanes <= 1 for lanes in wanted):
            self.scalars(op)
            return
        extents = [static_extent(*bounds) for bounds in zip(op.lowerBound, op.upperBound, op.step, strict=True)]
        static = [extent for extent in extents if extent is not None]
        if len(static) < len(extents):
            self.scalars(op, "has loop bounds that are not static")
            return
        study = Study(op.body.block.args)
        study.block(op.body.block)
        trips = [trips for _, trips in static]
        choice = choose(study, wanted, trips)
        if not choice.lanes and not self.hand_down(op, wanted):
            choice = choose(study, wanted, trips, gather=True)
        reason = "; ".join(choice.reasons)
        if choice.lanes:
            self.vectors(op, study, choice.lanes, static, reason)
        else:
            self.scalars(op, reason)

    def hand_down(self, op: scf.ParallelOp, wanted: Sequence[int]) -> bool:
        """Let the innermost reductions in `op` have the lanes that its own indices cannot take, if each of them can."""
        reductions = [loop for loop in op.body.walk() if isinstance(loop, scf.ForOp) and loop.iter_args]
        innermost = [loop for loop in reductions if not any(other in reductions for other in loop.body.walk())]
        lanes = min(prod(wanted), 4 * self.narrow)
        chains = [find_chain(loop, {loop: lanes}) for loop in innermost]
        if not chains or not all(isinstance(chain, Chain) and chain.lanes >= self.narrow for chain in chains):
            return False
        self.wanted.update((loop, (lanes,)) for loop in innermost if loop not in self.wanted)
        return True

    def vectors(
        self, op: scf.ParallelOp, study: Study, lanes: dict[int, int], static: Sequence[tuple[int, int]], reason: str
    ) -> None:
        """Widened copies of the nest, then the scalar loops over what they leave."""
        inner = next(reversed(lanes))
        segments = [_rows(low, trips, lanes.get(bit, 1)) for bit, (low, trips) in enumerate(static)]
        emitted: list[Operation] = []
        low, left = static[inner]
        for width in (lanes[inner], self.narrow):
            if left < width or width > lanes[inner]:
                continue
            high = low + left - left % width
            segments[inner] = [(low, high, width)]
            for segment in product(*segments):
                shape = {bit: segment[bit][2] for bit in lanes if segment[bit][2] > 1}
                widener = Widener(self.pool, study, shape)
                _nest(widener, op.body.block, segment)
                emitted += widener.ops
            low, left = high, low + left - high
        block = op.parent
        assert block is not None
        block.insert_ops_before(emitted, op)
        if reason:
            _note(block, emitted, reason)
        if left:
            op.operands[inner] = self.pool.index(low)
            self.scalars(op)
        else:
            op.detach()
            op.erase()

    def scalars(self, op: scf.ParallelOp, reason: str = "") -> None:
        """The nest as scf.for loops around the same body, in which loops may still become vectors."""
        parent, old = op.parent, op.body.block
        assert parent is not None
        *body, terminator = old.ops
        terminator.detach()
        terminator.erase()
        for inner in body:
            inner.detach()
        nest: list[Operation] = body
        for iv, lower, upper, step in reversed(list(zip(old.args, op.lowerBound, op.upperBound, op.step, strict=True))):
            if static_extent(lower, upper, step) == (static_index(lower), 1):
                self._fix(iv, lower, body)
                continue
            block = Block(arg_types=[INDEX])
            block.args[0].name_hint = iv.name_hint
            iv.replace_all_uses_with(block.args[0])
            block.add_ops((*nest, scf.YieldOp()))
            nest = [scf.ForOp(lower, upper, step, [], Region(block))]
        parent.insert_ops_before(nest, op)
        op.detach()
        op.erase()
        if reason:
            _note(parent, nest, reason)
        self.ops([inner for inner in body if inner.parent is not None])

    def _fix(self, iv: SSAValue, value: SSAValue, body: list[Operation]) -> None:
        """`iv` is always the constant `value`: fold it into the indices computed from it, in `body` or deeper inside."""
        users = {use.operation for use in iv.uses}
        iv.replace_all_uses_with(value)
        for user in users:
            if isinstance(user, ApplyOp):
                new: list[Operation] = []
                folded = self.pool.apply(user.map, user.operands, user.result.name_hint, new.append)
                if user.parent is not None:
                    user.parent.insert_ops_before(new, user)
                    user.detach()
                else:
                    place = body.index(user)
                    body[place : place + 1] = new
                user.result.replace_all_uses_with(folded)
                user.erase()

    def reduction(self, op: scf.ForOp) -> None:
        lanes: dict[Operation, int] = {loop: sizes[0] for loop, sizes in self.wanted.items() if isinstance(loop, scf.ForOp)}
        found = find_chain(op, lanes)
        if found is None or isinstance(found, str):
            if found is not None and lanes.get(op, 1) > 1:
                op.attributes["scalar"] = StringAttr(found)
            self.ops(list(op.body.block.ops))
            return
        emitted, values, left = widen_chain(self.pool, found, self.narrow)
        block = op.parent
        assert block is not None
        block.insert_ops_before(emitted, op)
        if left:
            op.operands[0] = self.pool.index(found.lower + found.trips - left)
            for place, value in enumerate(values):
                op.operands[3 + place] = value
            return
        for result, value in zip(op.results, values):
            result.replace_all_uses_with(value)
        op.detach()
        op.erase()


def _wanted(function: func.FuncOp) -> dict[Operation, tuple[int, ...]]:
    """The lanes asked for along each index of each loop; takes the attributes off the loops."""
    loops = [op for op in function.body.walk() if isinstance(op, scf.ParallelOp | scf.ForOp)]
    wanted: dict[Operation, tuple[int, ...]] = {}
    for loop in loops:
        lanes = loop.attributes.pop("vector", None)
        if lanes is None:
            continue
        rank = 1 if isinstance(loop, scf.ForOp) else len(loop.lowerBound)
        if not isa(lanes, DenseArrayBase[I64]) or len(lanes) != rank:
            name = function.sym_name.data
            raise PassFailedException(f"loops-to-vector: vector of {loop.name} in @{name} is {lanes}, expected {rank} of i64")
        wanted[loop] = lanes.get_values()
    if wanted:
        return wanted
    schedule = function.attributes.get("schedule")
    lanes = schedule.data.get("vector") if isinstance(schedule, DictionaryAttr) else None
    if not isa(lanes, DenseArrayBase[I64]) or not len(lanes):
        return wanted
    sizes = lanes.get_values()
    for loop in loops:
        if isinstance(loop, scf.ForOp):
            wanted[loop] = sizes[-1:] if loop.iter_args else (1,)
        else:
            rank = len(loop.lowerBound)
            wanted[loop] = ((1,) * rank + sizes)[-rank:]
    return wanted


def _rows(low: int, trips: int, lanes: int) -> list[tuple[int, int, int]]:
    """(lower, upper, step) of the full rows of a register tile, then of what is left: any number of rows is fine."""
    rest = trips % lanes
    full = low + trips - rest
    return [segment for segment in ((low, full, lanes), (full, low + trips, rest)) if segment[0] < segment[1]]


def _nest(widener: Widener, body: Block, segment: Sequence[tuple[int, int, int]]) -> None:
    def level(dim: int) -> None:
        if dim == len(segment):
            widener.block(body)
        else:
            widener.loop(body.args[dim], *segment[dim], lambda: level(dim + 1))

    level(0)


def _note(block: Block, ops: Sequence[Operation], reason: str) -> None:
    """Leave the reason on the nest's first loop, or if it has none on the op around it."""
    op = next((op for op in ops if isinstance(op, scf.ForOp)), block.parent_op())
    if op is not None:
        op.attributes["scalar"] = StringAttr(reason)
