"""One walk over a kernel: each op with its iterations, each access to memory with its indices as affine functions.

Everything static comes from here, so each op is looked at once: its line in the table of costs, times the points of its block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects.builtin import AffineMapAttr, DenseArrayBase, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.utils.hints import isa

from .affine import Condition, Linear, combined, compared, negated, of_map, product
from .iterations import Dims, Iterations, loop
from .operations import CostError

PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
"""Of arith.cmpi, by number."""

Size3 = tuple[int, int, int]


@dataclass(frozen=True)
class Statement:
    """The ops of one block, which all run in the same iterations. What is around them is known when a statement is given."""

    ops: Sequence[Operation]
    iterations: Iterations


@dataclass
class Values:
    """What is known of the values of a function: index values as affine functions, truths as conditions."""

    linear: dict[SSAValue, Linear] = field(default_factory=dict[SSAValue, Linear])
    truths: dict[SSAValue, Condition] = field(default_factory=dict[SSAValue, Condition])


class Walk:
    """The statements of one function. `values` is complete when all of them have been taken."""

    def __init__(self, grid: Size3 | None = None, block: Size3 | None = None, functions: Mapping[str, Operation] | None = None):
        self.values = Values()
        self.space = Dims()
        self.start = Iterations(self.space)
        self.functions = functions or {}
        self.sizes = {"grid_dim": grid, "block_dim": block}
        self.ids: dict[str, list[Linear]] = {}
        for kind, size in (("block_id", grid), ("thread_id", block)):
            self.ids[kind] = []
            for extent in size or ():
                value, self.start = (Linear(), self.start) if extent == 1 else self.start.over(extent)
                self.ids[kind].append(value)

    def function(self, op: Operation) -> Iterator[Statement]:
        yield from self.region(op.regions[0], self.start)

    def region(self, region: Region, iterations: Iterations) -> Iterator[Statement]:
        if len(region.blocks) > 1:
            parent = region.parent_op()
            assert parent is not None
            raise CostError(parent, f"it has {len(region.blocks)} blocks, expected structured control flow (one block)")
        for block in region.blocks:
            yield from self.block(block, iterations)

    def block(self, block: Block, iterations: Iterations) -> Iterator[Statement]:
        for op in block.ops:
            rule = CONTROL.get(op.name)
            if rule is not None:
                yield from rule(self, op, iterations)
            elif op.regions:
                raise CostError(op, "how often its region runs is not known")
            else:
                self.learn(op)
        # at the end, when the values that its accesses use are known
        yield Statement(list(block.ops), iterations)

    def index(self, value: SSAValue) -> Linear | None:
        return self.values.linear.get(value)

    def learn(self, op: Operation) -> None:
        """Note the result of an op, where it is an affine function or a condition."""
        if not op.results:
            return
        result = op.results[0]
        if (rule := AFFINE.get(op.name)) is not None:
            if isa(result.type, IndexType | IntegerType) and (found := rule(self, op)) is not None:
                if self.fits(found, result):
                    self.values.linear[result] = found
        elif op.name == "arith.cmpi":
            a, b = (self.index(operand) for operand in op.operands)
            predicate = op.properties["predicate"]
            if a is not None and b is not None and isinstance(predicate, IntegerAttr):
                name = PREDICATES[predicate.value.data]
                self.values.truths[result] = compared(name, a, b, self.space.ranges)
        if isa(result.type, IntegerType) and result.type.width.data == 1 and op.name in LOGIC:
            first, second = (self.values.truths.get(operand) for operand in op.operands)
            self.values.truths[result] = combined(LOGIC[op.name], first, second)

    def fits(self, value: Linear, result: SSAValue) -> bool:
        """Whether no iteration wraps it."""
        width = result.type.width.data if isa(result.type, IntegerType) else 64
        low, high = value.range(self.space.ranges)
        return width > 1 and -(1 << (width - 1)) <= low and high < 1 << (width - 1)


# Rules of index arithmetic


def _constant(walk: Walk, op: Operation) -> Linear | None:
    value = op.properties["value"]
    if isinstance(value, IntegerAttr):
        if isa(op.results[0].type, IntegerType) and op.results[0].type.width.data == 1:
            walk.values.truths[op.results[0]] = value.value.data != 0
        return Linear(value.value.data)
    return None


def _apply(walk: Walk, op: Operation) -> Linear | None:
    map_ = op.properties["map"]
    assert isinstance(map_, AffineMapAttr)
    return of_map(map_.data.results[0], [walk.index(operand) for operand in op.operands])


def _sum(times: int) -> Any:
    def rule(walk: Walk, op: Operation) -> Linear | None:
        a, b = (walk.index(operand) for operand in op.operands)
        return None if a is None or b is None else a.plus(b, times)

    return rule


def _product(walk: Walk, op: Operation) -> Linear | None:
    a, b = (walk.index(operand) for operand in op.operands)
    return None if a is None or b is None else product(a, b)


def _quotient(*, remainder: bool, down: bool) -> Any:
    """By a positive constant. What rounds toward zero, or means unsigned numbers, is a floor where nothing is negative."""

    def rule(walk: Walk, op: Operation) -> Linear | None:
        a, b = (walk.index(operand) for operand in op.operands)
        if a is None or b is None or b.terms or b.constant <= 0 or (not down and a.range(walk.space.ranges)[0] < 0):
            return None
        quotient = a.floor(b.constant)
        return a.plus(quotient, -b.constant) if remainder else quotient

    return rule


def _cast(walk: Walk, op: Operation) -> Linear | None:
    return walk.index(op.operands[0])


def _id(walk: Walk, op: Operation) -> Linear | None:
    dimension: Any = op.properties["dimension"]
    axis, kind = "xyz".index(dimension.data.value), op.name.removeprefix("gpu.")
    if kind in walk.ids:
        return walk.ids[kind][axis] if walk.ids[kind] else None
    if kind == "global_id":
        blocks, threads, size = walk.ids["block_id"], walk.ids["thread_id"], walk.sizes["block_dim"]
        return threads[axis].plus(blocks[axis], size[axis]) if blocks and threads and size else None
    size = walk.sizes[kind]
    return Linear(size[axis]) if size else None


AFFINE: dict[str, Any] = {
    "arith.constant": _constant,
    "affine.apply": _apply,
    "arith.addi": _sum(1),
    "arith.subi": _sum(-1),
    "arith.muli": _product,
    "arith.divsi": _quotient(remainder=False, down=False),
    "arith.divui": _quotient(remainder=False, down=False),
    "arith.floordivsi": _quotient(remainder=False, down=True),
    "arith.remsi": _quotient(remainder=True, down=False),
    "arith.remui": _quotient(remainder=True, down=False),
    "arith.index_cast": _cast,
    "arith.extsi": _cast,
    "gpu.block_id": _id,
    "gpu.thread_id": _id,
    "gpu.global_id": _id,
    "gpu.block_dim": _id,
    "gpu.grid_dim": _id,
}
"""op name -> the affine function that its result is."""

LOGIC = {"arith.andi": "and", "arith.ori": "or", "arith.xori": "xor"}


# Rules of control flow


def _for(walk: Walk, op: Operation, iterations: Iterations) -> Iterator[Statement]:
    low, high, step = (walk.index(operand) for operand in op.operands[:3])
    yield from _loop(walk, op, iterations, [(low, high, step)])


def _loop(walk: Walk, op: Operation, iterations: Iterations, bounds: Sequence[tuple[Any, Any, Any]]) -> Iterator[Statement]:
    block = op.regions[0].block
    for argument, (low, high, step) in zip(block.args, bounds):
        if low is None or high is None or step is None or step.terms or step.constant <= 0:
            raise CostError(op, "how often it runs depends on data, expected bounds that are affine and a constant step")
        value, iterations = loop(iterations, low, high, step.constant)
        walk.values.linear[argument] = value
    yield from walk.block(block, iterations)


def _parallel(walk: Walk, op: Operation, iterations: Iterations) -> Iterator[Statement]:
    rank = len(op.regions[0].block.args)
    bounds = [walk.index(operand) for operand in op.operands[: 3 * rank]]
    yield from _loop(walk, op, iterations, list(zip(bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :])))


def _forall(walk: Walk, op: Operation, iterations: Iterations) -> Iterator[Statement]:
    operands = iter(op.operands)
    bounds: list[list[Linear | None]] = []
    for name in ("staticLowerBound", "staticUpperBound", "staticStep"):
        static = op.properties[name]
        assert isinstance(static, DenseArrayBase)
        dynamic = -(1 << 63)
        bounds.append([walk.index(next(operands)) if n == dynamic else Linear(int(n)) for n in static.get_values()])
    yield from _loop(walk, op, iterations, list(zip(*bounds)))


def _if(walk: Walk, op: Operation, iterations: Iterations) -> Iterator[Statement]:
    condition = walk.values.truths.get(op.operands[0])
    yield from walk.region(op.regions[0], iterations.where(condition))
    yield from walk.region(op.regions[1], iterations.where(negated(condition)))


def _inline(walk: Walk, op: Operation, iterations: Iterations) -> Iterator[Statement]:
    for region in op.regions:
        yield from walk.region(region, iterations)


def _call(walk: Walk, op: Operation, iterations: Iterations) -> Iterator[Statement]:
    callee: Any = op.properties["callee"]
    function = walk.functions.get(callee.string_value())
    if function is None or not function.regions[0].blocks:
        raise CostError(op, f"there is no body of @{callee.string_value()} to count")
    for operand, argument in zip(op.operands, function.regions[0].block.args):
        known = walk.index(operand)
        if known is None:
            walk.values.linear.pop(argument, None)
        else:
            walk.values.linear[argument] = known
    yield from walk.region(function.regions[0], iterations)


CONTROL: dict[str, Any] = {
    "scf.for": _for,
    "scf.parallel": _parallel,
    "scf.forall": _forall,
    "scf.if": _if,
    "scf.execute_region": _inline,
    "scf.reduce": _inline,
    "scf.forall.in_parallel": _inline,
    "memref.alloca_scope": _inline,
    "func.call": _call,
}
"""op name -> what runs in its regions, and how often."""
